"""Taking back what a step made: what there is of it now, and whether it may go.

Only what this run made goes, and only while it is as the run left it and nobody else uses
it. Everything else stays, with its reason.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Literal, Protocol

import msgspec

from services.azure.connection import Connection
from services.azure.mentions import Mention
from services.ids import ArmId, BadId, same
from services.model.plan import Step
from services.setup.marks import Marks, differences

TOLERANCE = timedelta(minutes=5)
"""How far this machine's clock and Azure's may lie apart."""
NOT_USERS = (
    "microsoft.alertsmanagement/smartdetectoralertrules",
    "microsoft.managedidentity/userassignedidentities",
)
"""Types that name something and do not need it: one only watches, the other names itself."""

Why = Literal["before", "unknown", "changed", "holds", "used"]


class Made(msgspec.Struct, frozen=True, kw_only=True):
    """What the journal says of one thing that a run made; kept in the undo step's params."""

    step: Step
    """The step that made it."""
    id: str
    """ARM id or key identifier of what was made."""
    sent: datetime
    """When its creation was sent, by this machine's clock."""
    certain: bool
    """Azure answered the creation; False: the answer was lost."""
    left: dict[str, Any] = {}
    """The step's result: what it saw last."""
    going: tuple[str, ...] = ()
    """Ids of what the same undo deletes before it: whoever of them uses it is no hindrance."""
    within: tuple[str, ...] = ()
    """Ids of groups whose resources go with one of those (the managed resource group)."""


class Standing(msgspec.Struct, frozen=True, kw_only=True):
    """What there is now of something that was made."""

    there: bool
    created: datetime | None = None
    """When Azure says it was made."""
    marks: Marks = {}
    holds: tuple[str, ...] = ()
    """Ids of what lies in it."""
    busy: bool = False
    """It is being deleted already."""


GONE = Standing(there=False)


class Reason(msgspec.Struct, frozen=True, kw_only=True):
    """Why something stays."""

    why: Why
    text: str


class Undoable(Protocol):
    """What a kind of step has besides observe and apply where it can be taken back."""

    ANSWERED: tuple[int, ...]
    """Statuses of a creation that tell that something new was made."""
    SAYS: str
    """What is lost with it, or what stays of it, as a sentence; may be empty."""

    def wrote(self, step: Step, /) -> str:
        """How the path of the creating write begins, in lower case."""

    def needles(self, conn: Connection, made: Made, /) -> tuple[str, ...]:
        """Texts by which others that use it would name it."""

    async def standing(self, conn: Connection, made: Made, /) -> Standing:
        """What there is of it; never writes. Raises AzureError."""

    async def undo(self, conn: Connection, made: Made, /) -> None:
        """Take it back. Raises AzureError."""

    def undo_command(self, conn: Connection, made: Made, /) -> str:
        """The az command for a person who may do what the caller may not."""


def reason(
    made: Made, now: Standing, found: Sequence[Mention], needles: Sequence[str]
) -> Reason | None:
    """Why it must stay; None where it may go. Pure."""
    if now.created is not None and now.created < made.sent - TOLERANCE:
        return Reason(why="before", text="It was there before this run.")
    if not made.certain and now.created is None:
        return Reason(
            why="unknown",
            text="The answer to its creation was lost and Azure does not tell when it was made:"
            " whether this run made it can't be known.",
        )
    before = made.left.get("marks")
    changed = differences(before, now.marks) if before else []
    if changed:
        return Reason(why="changed", text=f"It has changed since this run: {_few(changed)}.")
    inside = [one for one in now.holds if not any(same(one, id) for id in made.going)]
    if inside:
        return Reason(
            why="holds", text=f"It holds what this undo leaves: {_few(map(_name, inside))}."
        )
    users = [one.id for one in found if _uses(one, made, needles)]
    if users:
        return Reason(why="used", text=f"Others use it: {_few(map(_name, users))}.")
    return None


def of_set(made: Made) -> tuple[str, ...]:
    """Id of the disk encryption set that a grant is for: who uses that needs the grant."""
    of = made.step.params.get("principal_from") == "encryption-set" and made.left.get("grantee")
    return (str(of),) if of else ()


def _uses(one: Mention, made: Made, needles: Sequence[str]) -> bool:
    id = one.id.lower()
    mine = any(same(id, other) for other in made.going)
    below = any(id.startswith(f"{place.lower()}/") for place in made.within)
    itself = f"{made.id.lower()}/".startswith(f"{id}/") or same(id, made.left.get("grantee", ""))
    if mine or below or itself or one.type in NOT_USERS:
        return False
    return any(needle.lower() in one.text for needle in needles)


def _name(id: str) -> str:
    try:
        found = ArmId.parse(id)
    except BadId:
        return id
    return f"{found.type.rpartition('/')[2]} {found.name}"


def _few(names: Any, most: int = 4) -> str:
    told = list(names)
    more = f" and {len(told) - most} more" if len(told) > most else ""
    return ", ".join(told[:most]) + more
