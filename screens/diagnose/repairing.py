"""What f and F would do: which findings, and the question before it. Pure."""

from datetime import datetime

from services.diagnosis.expiry import RULE, BadEnd, parse
from services.diagnosis.repair import outcome, taken_back
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


def left_out(diagnosis: Diagnosis) -> str:
    """What fails and is not among all that can be undone, and why; empty where nothing is."""
    told = []
    for one in diagnosis.findings:
        if one.status != "fail" or one.causes or (can(one) and not _final(one)):
            continue
        why = "can't be undone: f on it asks for it" if can(one) else "no step repairs it now"
        told.append(f"{plain(one.title)}: {why}.")
    return " ".join(["Left out:", *told]) if told else ""


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
    """Each step, what it changes, what takes it back, and who else may have to do it."""
    lines = []
    for number, step in enumerate(plan.steps, 1):
        lines += [f"{number}. {plain(step.title)}", f"   {CHANGES[step.action]} {_short(step)}"]
        final = f"CAN'T BE UNDONE: {step.irreversible}" if step.irreversible else taken_back(step)
        lines.append(f"   {plain(final)}")
    others = [other for one in plan.findings if one.repair for other in one.repair.blocked]
    if others:
        lines += ["", "You may not do all of it. The run waits for somebody who may:"]
        lines += [
            f"   {plain(other.why)} {plain(other.who)}: {plain(other.command)}" for other in others
        ]
    rest = [more] if more else []
    return "\n".join([*lines, "", *rest, "Then everything is read again and judged anew."])


def _short(step: Step) -> str:
    """The target by its last name; the whole id stands in the run."""
    return plain(step.target.rstrip("/").rpartition("/")[2] or step.target)


def new_end(plan: Plan) -> str:
    """The day on which the plan lets a key expire; empty where it gives none an end."""
    ends = (step.params["expires"] for step in plan.steps if step.kind == "key-extend")
    return next((str(end)[:10] for end in ends if end), "")


def end_rule(day: str, now: datetime) -> str:
    """What is wrong with a day as the end of a key; empty where nothing is."""
    try:
        return "" if parse(day) > now else f"It must lie in the future. {RULE}"
    except BadEnd as error:
        return str(error)


def ended(plan: Plan, after: Diagnosis) -> str:
    """What a repair has brought: what is OK now, what a service still has to see, what fails."""
    told = outcome(plan, after)
    parts = [f"OK now: {'; '.join(told.good)}."] if told.good else []
    parts.append(
        f"Still fails: {'; '.join(told.left)}." if told.left else "Nothing fails any more."
    )
    if told.waits:
        parts.append(f"{len(told.waits)} WARN: services look again within the hour.")
    return plain(" ".join(parts))
