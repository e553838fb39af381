"""What an undo of a run would do, and the plan that does it.

Only what the journal knows this run created is taken back, in the reverse order of its making.
The preview writes nothing; the plan is carried out like any other.
"""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any, Literal, NamedTuple

import msgspec

from services.azure.connection import Connection
from services.azure.errors import AzureError
from services.azure.mentions import Mention, mentions
from services.ids import ArmId, same
from services.model.plan import Plan, Step
from services.runs.journal import Journal
from services.runs.lock import owner
from services.runs.rows import StepRow, WriteRow
from services.runs.view import subject
from services.setup import steps
from services.setup.steps.undo import kind_of, subscriptions_of
from services.setup.undoing import Made, Standing, Undoable, reason

Verdict = Literal["delete", "stays", "gone"]

_KEY = (
    "It stays unless you ask for it: data may be encrypted with it, and can't be read while it is"
    " deleted."
)
_VAULT = (
    "It stays unless you ask for it: its keys and secrets can't be used while it is deleted, and"
    " its name would stay taken."
)
KEPT = {"key": _KEY, "key-arm": _KEY, "vault": _VAULT}
"""Kinds that only an undo with the key takes back, and why."""
GROUPS = {"workspace": "managed_group", "cluster": "node_group"}
"""Kinds that Azure makes a group for, and which of their values names it."""
HINT = "An undo with the key deletes it softly."


class UndoItem(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that the run did, and what an undo makes of it."""

    step: str
    """Id of the step that did it."""
    title: str
    """What the undo does, where it deletes; else what the run made."""
    target: str
    """ARM id or key identifier."""
    verdict: Verdict
    """delete: the undo takes it back; stays: it does not; gone: it is not there any more."""
    why: str
    """Why it stays; or what is lost with it, and what stays of it."""
    code: str = ""
    """Why it stays, as a word: before, unknown, changed, holds, used, kept, unread, for-good."""


class Undo(msgspec.Struct, frozen=True, kw_only=True):
    """What can be taken back of a run. What it found there, and left so, is not named."""

    run: str
    subject: str
    with_key: bool
    items: tuple[UndoItem, ...]
    """In the order they are taken back; what stays stands at its place in that order."""
    made: dict[str, Made] = {}
    """By step id: what is deleted."""
    needs: dict[str, tuple[str, ...]] = {}
    """By step id: the steps whose things must be gone before."""
    caller: str = ""

    @property
    def deletes(self) -> tuple[UndoItem, ...]:
        """What is deleted."""
        return tuple(one for one in self.items if one.verdict == "delete")


async def preview(conn: Connection, journal: Journal, run: str, *, with_key: bool = False) -> Undo:
    """Look at everything a run made; writes nothing.

    ``with_key``: the key and the vaults that the run made too, softly. Raises LookupError for an
    unknown run, one of another cloud, one that goes on, and one that is itself an undo;
    JournalError; AzureError when Resource Graph does not answer.
    """
    row = await journal.run(run)
    if row is None:
        raise LookupError(f"There is no run {run}.")
    if row.cloud != conn.cloud.name:
        raise LookupError(
            f"Run {run} was begun in {row.cloud}, and you are signed in to {conn.cloud.name}:"
            " connect to the other one first."
        )
    if row.plan.purpose == "undo":
        raise LookupError(f"Run {run} is itself an undo: set up again what it took away.")
    theirs = owner(journal.path.parent, run)
    if theirs is not None:
        raise LookupError(f"Run {run} is carried out by {theirs}: stop it first.")
    rows = {one.id: one for one in await journal.steps(run)}
    writes = await journal.writes(run)
    made = creations(row.plan, rows, writes)
    found, users = await asyncio.gather(_look(conn, made), _users(conn, made))
    judged = _judge(conn, made, found, users, with_key=with_key)
    items = [
        judged[step.id].item if step.id in judged else _lasting(step, writes)
        for step in reversed(row.plan.steps)
    ]
    going = {name: one.made for name, one in judged.items() if one.item.verdict == "delete"}
    return Undo(
        run=run,
        subject=str(subject(row.plan)),
        with_key=with_key,
        items=tuple(one for one in items if one is not None),
        made=going,
        needs=_needs(row.plan, set(going)),
        caller=(await conn.who()).object_id,
    )


def plan_undo(undo: Undo) -> Plan:
    """The steps that take back what the preview says: each needs its dependants gone first."""
    return Plan(
        purpose="undo",
        subject=undo.subject,
        caller=undo.caller,
        steps=tuple(_step(undo, one) for one in undo.deletes),
    )


def _step(undo: Undo, item: UndoItem) -> Step:
    made = undo.made[item.step]
    return Step(
        id=f"undo-{item.step}",
        kind="undo",
        title=item.title,
        action="delete",
        target=item.target,
        params={"run": undo.run, "made": msgspec.to_builtins(made)},
        needs=tuple(f"undo-{one}" for one in undo.needs[item.step]),
        irreversible=item.why,
        expected_s=60 if made.step.kind in GROUPS else 5,
        vault=made.step.vault,
    )


def creations(
    plan: Plan, rows: Mapping[str, StepRow], writes: Sequence[WriteRow]
) -> dict[str, Made]:
    """By step id: what the journal says this run created. Pure."""
    found: dict[str, Made] = {}
    for step in plan.steps:
        kind = steps.undoable(step.kind)
        write = _creating(kind, step, writes) if kind else None
        if write is None:
            continue
        found[step.id] = Made(
            step=step,
            id=write.path if step.action == "grant" else step.target,
            sent=write.sent,
            certain=write.status is not None,
            left=rows[step.id].result if step.id in rows else {},
        )
    return {name: _with_principal(one, rows, found) for name, one in found.items()}


def _creating(kind: Undoable, step: Step, writes: Sequence[WriteRow]) -> WriteRow | None:
    """The write that created it: one Azure said yes to, else one that nobody answered."""
    begins = kind.wrote(step)
    mine = [one for one in writes if one.step == step.id and one.path.lower().startswith(begins)]
    answered = [one for one in mine if one.status in kind.ANSWERED]
    silent = [one for one in mine if one.status is None]
    return next(iter(answered or silent), None)


def _with_principal(made: Made, rows: Mapping[str, StepRow], found: Mapping[str, Made]) -> Made:
    """A grant with its principal, with what of this run that is, and, in a vault of the same run,
    with what it had before: nothing."""
    if made.step.action != "grant":
        return made
    name = str(made.step.params.get("principal_from", ""))
    source = rows.get(name)
    who = made.step.params["principal"] or (source.result.get("principal") if source else "")
    new = any(one.step.kind == "vault" and same(one.id, made.step.target) for one in found.values())
    before: dict[str, Any] = {"had": []} if new else {}
    whose = {"grantee": found[name].id} if name in found else {}
    return msgspec.structs.replace(made, left={**before, **whose, "principal": who, **made.left})


async def _look(conn: Connection, made: Mapping[str, Made]) -> dict[str, Standing | AzureError]:
    async def one(item: Made) -> Standing | AzureError:
        try:
            return await kind_of(item).standing(conn, item)
        except AzureError as error:
            return error

    return dict(zip(made, await asyncio.gather(*map(one, made.values())), strict=True))


async def _users(conn: Connection, made: Mapping[str, Made]) -> list[Mention]:
    """Who names any of it: one question for all."""
    needles = {needle for one in made.values() for needle in kind_of(one).needles(conn, one)}
    places = {place for one in made.values() for place in subscriptions_of(one)}
    return await mentions(conn, sorted(places), sorted(needles - {""}))


class _Judged(NamedTuple):
    made: Made
    item: UndoItem


def _judge(
    conn: Connection,
    made: Mapping[str, Made],
    found: Mapping[str, Standing | AzureError],
    users: Sequence[Mention],
    *,
    with_key: bool,
) -> dict[str, _Judged]:
    """Dependants first: what stays counts as a user of what it stands on."""
    judged: dict[str, _Judged] = {}
    going: tuple[str, ...] = ()
    within: tuple[str, ...] = ()
    for name in reversed(list(made)):
        one = msgspec.structs.replace(made[name], going=going, within=within)
        item = _item(conn, one, found[name], users, with_key=with_key)
        judged[name] = _Judged(one, item)
        if item.verdict == "delete":
            going += _ids(one)
            within += _managed(one)
    return judged


def _item(
    conn: Connection,
    made: Made,
    now: Standing | AzureError,
    users: Sequence[Mention],
    *,
    with_key: bool,
) -> UndoItem:
    kind, title = kind_of(made), made.step.title
    if isinstance(now, AzureError):
        told = f"It could not be looked at: {now.what} {now.means}"
        return _about(made.step, title, "stays", told, "unread")
    if not now.there:
        return _about(made.step, title, "gone", "It is not there any more.")
    if made.step.kind == "grant-policy" and "had" not in made.left:
        told = "What the principal had before is not known, so nothing is taken from it."
        return _about(made.step, title, "stays", told, "unknown")
    if made.step.kind in KEPT and not with_key:
        return _about(made.step, title, "stays", f"{KEPT[made.step.kind]} {HINT}", "kept")
    why = reason(made, now, users, [one for one in kind.needles(conn, made) if one])
    if why is not None:
        return _about(made.step, title, "stays", why.text, why.why)
    return _about(made.step, _title(made), "delete", kind.SAYS)


def _about(step: Step, title: str, verdict: Verdict, why: str, code: str = "") -> UndoItem:
    return UndoItem(
        step=step.id, title=title, target=step.target, verdict=verdict, why=why, code=code
    )


def _title(made: Made) -> str:
    if made.step.action == "grant":
        return f"take back: {made.step.title}"
    softly = "delete softly" if made.step.kind in (*KEPT, "workspace") else "delete"
    return f"{softly}: {made.step.title}"


def _lasting(step: Step, writes: Sequence[WriteRow]) -> UndoItem | None:
    """What a step did that can't be taken back; None for one that changed nothing."""
    mine = [one for one in writes if one.step == step.id]
    if not any(one.status is None or one.status < 300 for one in mine):
        return None
    why = steps.stays(step.kind)
    if why:
        return _about(step, step.title, "stays", why, "for-good")
    told = "The journal does not show that this run created it."
    return _about(step, step.title, "stays", told, "unknown")


def _ids(made: Made) -> tuple[str, ...]:
    """Every id under which it may be listed; ARM lists keys below their vault."""
    if made.step.kind in ("key", "key-arm"):
        return made.id, f"{made.step.params['vault_id']}/keys/{made.step.params['name']}"
    return (made.id,)


def _managed(made: Made) -> tuple[str, ...]:
    """The resource group that Azure made for it, and that goes with it."""
    group = made.left.get(GROUPS.get(made.step.kind, ""))
    return (str(ArmId(ArmId.parse(made.id).subscription, str(group))),) if group else ()


def _needs(plan: Plan, going: set[str]) -> dict[str, tuple[str, ...]]:
    """By step id: every step that stood on it, however indirectly, and goes too."""
    above: dict[str, set[str]] = {}
    for step in plan.steps:
        above[step.id] = set(step.needs).union(*(above.get(need, set()) for need in step.needs))
    return {
        name: tuple(step.id for step in plan.steps if step.id in going and name in above[step.id])
        for name in going
    }
