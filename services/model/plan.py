"""What will be done, what was found, and what happened: Step, Plan, Finding, Event."""

from datetime import datetime
from typing import Any, Literal

import msgspec

from services.model.intent import Intent
from services.model.quota import QuotaLine

Action = Literal["create", "change", "grant", "wait", "verify", "delete"]
Status = Literal["ok", "fix", "warn", "fail", "unknown", "skipped"]


class Step(msgspec.Struct, frozen=True, kw_only=True):
    """One thing to make true. Data only: kind finds the code that knows how."""

    id: str
    """Stable within the plan, for example ``vault`` or ``grant-cosmos``."""
    kind: str
    """Module in services/setup/steps that observes, applies and undoes it."""
    title: str
    """One line for a person, plain words, without a trailing full stop."""
    action: Action
    target: str
    """ARM id or key identifier it works on."""
    params: dict[str, Any] = {}
    """JSON; everything needed to rebuild the request bodies."""
    needs: tuple[str, ...] = ()
    """Ids of steps that must be done first."""
    irreversible: str = ""
    """What can't be undone, as a sentence; empty where everything can."""
    expected_s: int = 0
    """How long it usually takes, in seconds; 0 = at once."""
    vault: str = ""
    """Name of the vault this step writes to; one write at a time on each vault."""


class Evidence(msgspec.Struct, frozen=True, kw_only=True):
    """What was read, and where."""

    call: str
    """Method and resource, for example ``GET kv-ml-prod``."""
    field: str
    value: str
    request_id: str = ""


class Blocked(msgspec.Struct, frozen=True, kw_only=True):
    """A step that the caller can't do now, and who can."""

    step: str
    """Its id."""
    why: str
    """The right that is missing, or the lock that is in the way, as a sentence."""
    who: str
    """Who may, as the beginning of what they are asked."""
    command: str
    """What they enter."""


class Repair(msgspec.Struct, frozen=True, kw_only=True):
    """What would make a finding good: data, never behaviour."""

    text: str
    steps: tuple[Step, ...] = ()
    irreversible: bool = False
    blocked: tuple[Blocked, ...] = ()
    """Steps that only somebody else may do; the run waits for them."""


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """One judgement about one subject."""

    id: str
    check: str
    """Kebab-case id of the check."""
    phase: Literal["preflight", "diagnosis"] = "preflight"
    subject: str
    status: Status
    title: str
    failures: tuple[str, ...] = ()
    """Numbers of the failure catalogue, for example F01."""
    evidence: tuple[Evidence, ...] = ()
    meaning: str = ""
    repair: Repair | None = None
    causes: tuple[str, ...] = ()
    """Ids of the findings that explain this one; empty for a root cause."""
    since: datetime | None = None
    """Since when it is so, where that can be known; UTC."""
    by: str = ""
    """Who made it so, where that can be known; ``??`` where only a log would tell."""
    source: str = ""


Purpose = Literal["setup", "undo", "repair", "rotate", "delete"]


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """What will be done, step by step: an intent made concrete, or a change to what is there."""

    steps: tuple[Step, ...]
    purpose: Purpose = "setup"
    subject: str = ""
    """ARM id of what it is about, for example the workspace that is set up."""
    intent: Intent | None = None
    """What the user wanted; only plans that set something up have one."""
    findings: tuple[Finding, ...] = ()
    quota: tuple[QuotaLine, ...] = ()
    """What it needs of each quota."""
    names: dict[str, str] = {}
    """Names that wrapkey derived, by what they are for (storage, insights, ...)."""
    caller: str = ""
    """Object id of who made the plan."""


def wanted(plan: Plan) -> Intent:
    """The intent of a plan that sets something up; raises ValueError for any other plan."""
    if plan.intent is None:
        raise ValueError(f"a plan to {plan.purpose} has no intent")
    return plan.intent


EventName = Literal[
    "run.started",
    "run.paused",
    "run.proceeded",
    "step.started",
    "step.progress",
    "step.waiting",
    "resource.seen",
    "step.done",
    "step.skipped",
    "step.failed",
    "run.finished",
]


class Event(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One thing that happened in a run; a line of JSON for headless commands."""

    at: datetime
    """UTC."""
    run: str
    event: EventName
    step: str = ""
    resource: str = ""
    detail: dict[str, Any] = {}
