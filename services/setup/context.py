"""What a step may use while it observes and applies."""

import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any, Protocol

import msgspec

from services.azure.connection import Connection
from services.ids import ArmId
from services.model.plan import EventName, Plan, Step


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """How long things are waited for, in seconds of real time."""

    propagation_s: float = 60.0
    """Assumed age at which a vault honours a role assignment, where nothing was measured.

    Azure documents up to ten minutes; public modules sleep 70 s. A guess, and said so.
    """
    probe_s: float = 5.0
    """Between two probes of a right or a state."""
    own_rights_s: float = 600.0
    """Longest wait for a role of our own to work (documented: up to ten minutes)."""
    poll_s: float = 15.0
    """Between two looks at a step somebody else has to do."""
    look_s: float = 4.0
    """Between two looks at the managed resource group while the workspace is made."""
    ready_s: float = 1800.0
    """Longest wait for one resource or registration."""
    follow_s: float = 90_000.0
    """Longest wait for services to take another version: Storage looks once a day, and a little."""
    grace_s: float = 600.0
    """A refusal this soon after a grant may be the grant not having arrived yet."""
    attempts: int = 4
    """How often a step is tried when Azure answers with a failure that passes."""
    outage_s: float = 600.0
    """How long a step is tried again while Azure can't be reached at all."""
    throttled_s: float = 3600.0
    """How long a step is tried again while Azure refuses it for its request limits."""
    replica_s: float = 120.0
    """How long a grant is tried again for a principal that Azure does not know everywhere yet."""
    steady_s: float = 60.0
    """A try that lasted so long before it failed begins a new count of tries."""
    backoff_s: float = 2.0
    """First pause between two tries where Azure names none; doubles each time up to 15 s."""
    writes: int = 4
    """Most writes on their way at the same time."""


class Observation(msgspec.Struct, frozen=True, kw_only=True):
    """What a step found: whether it is true, and what later steps need from it."""

    done: bool
    values: dict[str, Any] = {}
    """JSON; kept in the journal as the step's result."""
    note: str = ""
    """One line for a person."""


NOT_YET = Observation(done=False)

Emit = Callable[..., Awaitable[None]]
"""``await emit(event, step_id, resource="", **detail)``"""


async def _none(_: str) -> str:
    """For work outside a run: it has no journal that could know of operations."""
    return ""


class StepFailed(Exception):
    """A step cannot become true for a reason that is not an answer of Azure."""

    def __init__(self, what: str, means: str, do: str, *, code: str = "") -> None:
        super().__init__(what)
        self.what = what
        self.means = means
        self.do = do
        self.code = code


def gone(
    kind: str, step: Step, do: str, *, code: str = "NotFound", perhaps: str = ""
) -> StepFailed:
    """What to raise where the target of a step is no more; ``perhaps`` says how that can be."""
    means = "It was there when the plan was made"
    return StepFailed(
        f"{kind} {ArmId.parse(step.target).name} is not there any more",
        f"{means}; {perhaps}." if perhaps else f"{means}.",
        do,
        code=code,
    )


async def _refuse(what: str) -> None:
    """For work outside a run, which can't be paused."""
    raise StepFailed(
        f"{what} can't be read here",
        "A value that never stands in a file is read again where it is needed.",
        "Provide it, then try again.",
        code="SecretMissing",
    )


@dataclass
class Context:
    """The run as its steps see it."""

    conn: Connection
    plan: Plan
    settings: Settings
    emit: Emit
    results: dict[str, dict[str, Any]] = field(default_factory=dict)
    """By step id: the values of its last observation."""
    measured: dict[str, float] = field(default_factory=dict)
    """By vault name: seconds our own new grant on it needed until it worked."""
    granted: dict[str, float] = field(default_factory=dict)
    """By step id: when, on the monotonic clock, this run made the grant."""
    given: dict[str, str] = field(default_factory=dict, repr=False)
    """By source: secrets that somebody typed for this run; in memory alone."""
    absent: Callable[[str], Awaitable[None]] = _refuse
    """Waits until somebody says that a secret is there now; in a run that is a pause of it."""
    running: Callable[[str], Awaitable[str]] = _none
    """By step id: address of an operation that it started and whose end nobody has seen."""

    async def running_operation(self, step: Step) -> str:
        """Address of an operation that ``step`` started, here or in a process before this one.

        Empty where none may still go on. While one does, nothing may be sent again.
        """
        return await self.running(step.id)

    async def say(self, event: EventName, step: Step, resource: str = "", **detail: Any) -> None:
        """Send an event about ``step``."""
        await self.emit(event, step.id, resource, **detail)

    def result(self, step_id: str, name: str) -> Any:
        """A value another step found; raises StepFailed when that step told nothing."""
        value = self.results.get(step_id, {}).get(name)
        if value in (None, ""):
            raise StepFailed(
                f"{step_id} left no {name}",
                "A step this one builds on did not tell what is needed here.",
                "Retry the run from the failed step.",
            )
        return value

    def newest_grant_age(self) -> float | None:
        """Seconds since the last grant of this run; None when it made none."""
        return time.monotonic() - max(self.granted.values()) if self.granted else None


class Kind(Protocol):
    """A module in services/setup/steps: one kind of step."""

    async def observe(self, ctx: Context, step: Step, /) -> Observation:
        """Whether the step is already true; never writes."""

    async def apply(self, ctx: Context, step: Step, /) -> Observation:
        """Make it true and wait until it is."""

    def command(self, ctx: Context, step: Step, /) -> str:
        """The az command for a person who may do what the caller may not."""
