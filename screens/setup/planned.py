"""The steps of a plan as rows and as text."""

import msgspec

from screens.widgets.table import Column, Row
from services.model.plan import Finding, Plan, Step, wanted
from services.text import plain

PLAN = (Column("#", 2, right=True), Column("", 1), Column("Step", prose=True), Column("Takes", 15))
FITS = 53
"""Characters of a step's title that the list shows on 80 columns; more is said below it."""
ACTIONS = {
    "create": "makes something",
    "change": "changes something",
    "grant": "gives access",
    "wait": "waits",
    "verify": "only reads",
}
SIGNS = {"create": "+", "change": "~", "grant": "+", "wait": ".", "verify": "=", "delete": "-"}


def question(plan: Plan, subscription: str) -> str:
    """What the confirmation says: where, what can't be undone, what fails, what is not known.

    What fails was accepted by then, or nothing would be asked.
    """
    lines = [f"Subscription {subscription} ({wanted(plan).subscription})."]
    final = [step for step in plan.steps if step.irreversible]
    if final:
        lines += ["", "These can't be undone:"]
        lines += [f"  {step.title}\n    {step.irreversible}" for step in final]
    for title, status in (("Accepted although it fails:", "fail"), ("Not known:", "unknown")):
        told = [one for one in plan.findings if one.status == status]
        lines += ["", title, *(f"  {_named(one)}" for one in told)] if told else []
    return "\n".join(lines)


def _named(finding: Finding) -> str:
    return f"{finding.check}: {finding.title}" if finding.status == "fail" else finding.title


def takes(seconds: int) -> str:
    """An expected duration."""
    if seconds <= 0:
        return ""
    return f"~{seconds} s" if seconds < 60 else f"~{round(seconds / 60)} min"


def row(number: int, step: Step) -> Row:
    """A row of the plan."""
    last = "CAN'T BE UNDONE" if step.irreversible else takes(step.expected_s)
    cells = (str(number), SIGNS[step.action], step.title, last)
    return Row(step.id, cells, step.target, raw=msgspec.to_builtins(step), data=step)


def details(step: Step) -> str:
    """A step in full, as lines."""
    known = [
        ("Step", step.title),
        ("What", ACTIONS[step.action]),
        ("Target", step.target),
        ("Usually takes", takes(step.expected_s)),
        ("Can't be undone", step.irreversible),
        ("Begins after", ", ".join(step.needs)),
    ]
    text = [f"{name}: {plain(value)}" for name, value in known if value]
    given = {name: plain(value) for name, value in step.params.items() if value != {}}
    values = [f"  {name}: {value}" for name, value in given.items() if value]
    return "\n".join([*text, "", "With", *values] if values else text)


def note(step: Step) -> str:
    """What the row can't show of a step; empty where it shows everything."""
    if step.irreversible:
        return f"{step.title}. This can't be undone: {step.irreversible}"
    return f"{step.title}." if len(step.title) > FITS else ""
