"""What f and F would do: which findings, and the question before it. Pure."""

from collections.abc import Iterable

from services.model.diagnosis import Diagnosis
from services.model.plan import Finding, Plan, Step
from services.text import plain

READ_ONLY = "Read-only: wrapkey was started with --read-only and writes nothing."
CHANGES = {
    "create": "makes",
    "change": "changes",
    "grant": "gives access on",
    "wait": "waits for",
    "verify": "only reads",
    "delete": "DELETES",
}


def can(finding: Finding) -> bool:
    """Whether wrapkey has steps for it."""
    return finding.repair is not None and bool(finding.repair.steps)


def safe(diagnosis: Diagnosis) -> tuple[Finding, ...]:
    """What fails by itself and has a repair that can be undone whole."""
    return tuple(
        one
        for one in diagnosis.findings
        if one.status == "fail" and not one.causes and can(one) and not _final(one)
    )


def unsafe(diagnosis: Diagnosis) -> tuple[Finding, ...]:
    """What fails by itself and has a repair that can't be undone."""
    return tuple(
        one
        for one in diagnosis.findings
        if one.status == "fail" and not one.causes and can(one) and _final(one)
    )


def _final(finding: Finding) -> bool:
    steps = finding.repair.steps if finding.repair else ()
    return any(step.irreversible or deletes(step) for step in steps)


def deletes(step: Step) -> bool:
    """Whether a step takes something away that was there."""
    return step.action == "delete"


def no_repair(finding: Finding, by_id: dict[str, Finding]) -> str:
    """Why f does nothing about a finding."""
    if finding.status in ("ok", "skipped"):
        return "There is nothing to repair."
    causes = [by_id[id] for id in finding.causes if id in by_id]
    if causes:
        told = "; ".join(plain(one.title) for one in causes)
        return f"This follows from something else. Repair that, and it is OK by itself: {told}."
    if finding.status == "unknown":
        return (
            "It could not be read, so nothing is known to be wrong. What is missing stands below."
        )
    text = f" {plain(finding.repair.text)}" if finding.repair else ""
    return f"No step of wrapkey repairs this.{text}"


def question(plan: Plan, more: str = "") -> str:
    """Each step, what it changes, and whether it can be undone."""
    lines = []
    for number, step in enumerate(plan.steps, 1):
        lines += [f"{number}. {plain(step.title)}", f"   {CHANGES[step.action]} {_short(step)}"]
        lines.append(f"   {_undo(step)}")
    rest = [more] if more else []
    return "\n".join([*lines, "", *rest, "Then everything is read again and judged anew."])


def _short(step: Step) -> str:
    """The target by its last name; the whole id stands in the run."""
    return plain(step.target.rstrip("/").rpartition("/")[2] or step.target)


def _undo(step: Step) -> str:
    if step.irreversible:
        return f"CAN'T BE UNDONE: {plain(step.irreversible)}"
    return "can't be undone: what is deleted is gone" if deletes(step) else "can be undone"


def ended(before: Iterable[Finding], after: Diagnosis) -> str:
    """What a repair has brought: what is OK now, what still fails."""
    failed = {one.check for one in before if one.status == "fail" and not one.causes}
    good = [one.title for one in after.findings if one.check in failed and one.status == "ok"]
    left = [one.title for one in after.findings if one.status == "fail" and not one.causes]
    told = [f"OK now: {'; '.join(good)}."] if good else []
    told.append(f"Still fails: {'; '.join(left)}." if left else "Nothing fails any more.")
    return plain(" ".join(told))
