"""A plan that repairs what was diagnosed, for the same engine that sets things up."""

from collections.abc import Iterable

from services.diagnosis.causes import roots
from services.diagnosis.repairs import closed
from services.model.diagnosis import Diagnosis
from services.model.plan import Finding, Plan


class NoRepair(ValueError):
    """wrapkey has no step for what was chosen; the message says so for each finding."""


def repairable(diagnosis: Diagnosis) -> tuple[Finding, ...]:
    """Findings that have steps, in the order they are shown."""
    return tuple(one for one in diagnosis.findings if one.repair and one.repair.steps)


def plan_repair(diagnosis: Diagnosis, findings: Iterable[str] = ()) -> Plan:
    """The steps of these findings (ids), each once; of all root causes where none is named.

    Raises KeyError for an unknown id and NoRepair where there is nothing to do.
    """
    by_id = {one.id: one for one in diagnosis.findings}
    chosen = [by_id[id] for id in findings] or list(roots(diagnosis))
    steps = [step for one in chosen if one.repair for step in one.repair.steps]
    if not steps:
        told = "; ".join(one.title for one in chosen) or "nothing fails"
        raise NoRepair(f"There is no step for this: {told}.")
    return Plan(
        purpose="repair",
        subject=diagnosis.target.id,
        steps=closed(steps, steps),
        findings=tuple(chosen),
    )
