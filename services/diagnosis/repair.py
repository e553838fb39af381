"""A plan that repairs what was diagnosed, for the same engine that sets things up."""

from collections.abc import Iterable
from datetime import datetime

import msgspec

from services.diagnosis.causes import roots
from services.diagnosis.expiry import lasting
from services.diagnosis.mending import closed
from services.diagnosis.settling import LAG
from services.model.diagnosis import Diagnosis
from services.model.plan import Finding, Plan, Step
from services.setup import steps as kinds

LAGGING = (*LAG, "grant-propagation")
"""Checks of what follows a repair within minutes or an hour."""


class NoRepair(ValueError):
    """wrapkey has no step for what was chosen; the message says so for each finding."""


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """What a repair has brought, by a diagnosis made after it."""

    good: tuple[str, ...]
    """Titles of checks that failed before and are OK now."""
    waits: tuple[str, ...]
    """What the repair was for and is a warning now: a service has not looked again yet."""
    left: tuple[str, ...]
    """Titles of root causes that are still there."""


def repairable(diagnosis: Diagnosis) -> tuple[Finding, ...]:
    """Findings that have steps, in the order they are shown."""
    return tuple(one for one in diagnosis.findings if one.repair and one.repair.steps)


def plan_repair(
    diagnosis: Diagnosis, findings: Iterable[str] = (), *, expires: datetime | None = None
) -> Plan:
    """The steps of these findings (ids), each once; of all root causes where none is named.

    ``expires`` is the end that a key gets which is given one. Raises KeyError for an unknown
    id, NoRepair where there is nothing to do and BadEnd where that end can't be.
    """
    by_id = {one.id: one for one in diagnosis.findings}
    chosen = [by_id[id] for id in findings] or list(roots(diagnosis))
    steps = [step for one in chosen if one.repair for step in one.repair.steps]
    if not steps:
        told = "; ".join(_unrepaired(one) for one in chosen) or "nothing fails"
        raise NoRepair(f"There is no step for this: {told}.")
    plan = Plan(
        purpose="repair",
        subject=diagnosis.target.id,
        steps=closed(steps, steps),
        findings=tuple(chosen),
    )
    return plan if expires is None else lasting(plan, expires, diagnosis.at)


def unrepaired(plan: Plan) -> tuple[Finding, ...]:
    """Findings of a repair that none of its steps is for."""
    return tuple(one for one in plan.findings if not (one.repair and one.repair.steps))


def _unrepaired(finding: Finding) -> str:
    text = f". {finding.repair.text}" if finding.repair else ""
    return f"{finding.title}{text}".rstrip(".")


def taken_back(step: Step) -> str:
    """Whether what a step changes can be undone, in a sentence."""
    if step.irreversible:
        return f"Can't be undone: {step.irreversible}"
    if kinds.undoable(step.kind) is not None:
        return "`wrapkey undo` takes it back."
    why = kinds.stays(step.kind)
    return f"`wrapkey undo` leaves it: {why}" if why else "Changes nothing."


def outcome(before: Plan, after: Diagnosis) -> Outcome:
    """What became of everything that the plan was to repair."""
    wanted = {one.check for one in before.findings}
    now = [one for one in after.findings if one.check in {*wanted, *LAGGING}]
    return Outcome(
        good=tuple(one.title for one in now if one.status == "ok" and one.check in wanted),
        waits=tuple(one.title for one in now if one.status == "warn" or _lags(one)),
        left=tuple(one.title for one in roots(after) if one.check not in LAGGING),
    )


def _lags(finding: Finding) -> bool:
    return finding.status == "fail" and finding.check in LAGGING
