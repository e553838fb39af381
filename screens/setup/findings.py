"""Findings as rows and as text, and what can be chosen about each."""

from collections.abc import Iterable, Sequence

import msgspec

from screens.widgets.table import Column, Row
from services.checks import repairs
from services.model.plan import Finding
from services.text import plain

CHECKS = (Column("State", status=True), Column("Check", prose=True), Column("Subject", 14))
NO_CHECKS = "There was nothing to check: what the plan works on does not exist yet."
WORDS = {
    "ok": "OK",
    "fix": "FIX",
    "warn": "WARN",
    "fail": "FAIL",
    "unknown": "??",
    "skipped": "--",
}
ORDER = ("fail", "unknown", "fix", "warn", "ok", "skipped")


def failing(findings: Iterable[Finding]) -> list[Finding]:
    """Those that keep a plan from being applied."""
    return [one for one in findings if one.status == "fail"]


def offered(finding: Finding) -> bool:
    """Whether there is a repair that could be taken into the plan."""
    return finding.status == "fail" and finding.repair is not None and bool(finding.repair.steps)


def taken(finding: Finding) -> bool:
    """Whether its repair is in the plan and can be left out again."""
    return finding.status == "fix" and finding.check in repairs.STEPS


def safe(finding: Finding) -> bool:
    """Whether its repair can be taken back."""
    return finding.repair is not None and not finding.repair.irreversible


def final(finding: Finding) -> str:
    """What can't be undone of its repair, step by step."""
    steps = finding.repair.steps if finding.repair else ()
    told = [step for step in steps if step.irreversible]
    return "\n\n".join(f"{step.title}\n{step.irreversible}" for step in told)


def note(finding: Finding) -> str:
    """A finding in a sentence or two, with what f does about it."""
    text = finding.meaning or finding.title
    repair = finding.repair.text if finding.repair else ""
    if offered(finding):
        return f"{text} f takes the repair into the plan: {_steps(finding)}"
    if taken(finding):
        return f"{text} In the plan: {_steps(finding)} f leaves it out."
    return f"{text} {repair}".rstrip()


def _steps(finding: Finding) -> str:
    steps = finding.repair.steps if finding.repair else ()
    return f"{', '.join(plain(step.title) for step in steps)}."


def no_choice(finding: Finding) -> str:
    """Why f does nothing about a finding."""
    if finding.status == "fix":
        return "The plan can't do without this repair."
    if finding.status in ("ok", "skipped"):
        return "There is nothing to repair."
    repair = f" {finding.repair.text}" if finding.repair else ""
    return f"No step of wrapkey repairs this.{repair}"


def in_order(findings: Iterable[Finding]) -> list[Finding]:
    """The gravest first."""
    return sorted(findings, key=lambda one: ORDER.index(one.status))


def row(finding: Finding) -> Row:
    """A row of the checks."""
    name = finding.subject.partition("/keys/")[2] or finding.subject.rstrip("/")
    short = name.partition("/")[0] if "/keys/" in finding.subject else name.rpartition("/")[2]
    cells = (WORDS[finding.status], finding.title, short)
    raw = msgspec.to_builtins(finding)
    return Row(finding.id, cells, finding.subject, raw=raw, data=finding)


def details(finding: Finding) -> str:
    """A finding in full, as lines."""
    text = [f"{WORDS[finding.status]}: {plain(finding.title)}", f"Subject: {finding.subject}"]
    text += [f"Means: {plain(finding.meaning)}"] if finding.meaning else []
    text += [f"Repair: {plain(finding.repair.text)}"] if finding.repair else []
    steps = finding.repair.steps if finding.repair else ()
    if steps:
        text += [
            "",
            "Steps that f takes into the plan" if offered(finding) else "Steps of the plan",
        ]
        text += [f"  {plain(step.title)}" for step in steps]
        text += [f"    can't be undone: {one.irreversible}" for one in steps if one.irreversible]
    if finding.evidence:
        text += ["", "Seen"]
        text += [f"  {one.call}: {one.field} = {plain(one.value)}" for one in finding.evidence]
    return "\n".join([*text, "", f"Source: {finding.source}"] if finding.source else text)


def counts(findings: Sequence[Finding]) -> str:
    """How many of each status, for the tab."""
    counted = [(WORDS[word], sum(one.status == word for one in findings)) for word in ORDER]
    shown = [f"{count} {word}" for word, count in counted if count]
    return " ".join(shown) or "none"
