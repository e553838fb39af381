"""Findings as rows and as text: root causes first, what they cause below them. Pure."""

from collections.abc import Iterable, Sequence
from datetime import datetime

import msgspec

from screens.setup.findings import WORDS
from screens.widgets.table import Column, Row
from services.diagnosis.causes import linked
from services.diagnosis.repair import taken_back
from services.model.diagnosis import Change, Diagnosis, TargetKind
from services.model.plan import Finding
from services.text import plain

FINDINGS = (Column("State", status=True), Column("Finding", prose=True))
SUMMARY = "summary"
"""Key of the row that says that nothing fails."""
SO = "  so: "
GOOD = ("ok", "skipped")

_LATER = "Services look at their key about once an hour: what changed since shows later."
_THEMSELVES = "Only the services themselves know whether your data can be read at this moment."
UNTOLD: dict[TargetKind, tuple[str, ...]] = {
    "workspace": (
        "AI Search never tells which key it uses, only whether it complies.",
        _LATER,
        _THEMSELVES,
    ),
    "container-group": (
        "A group needs its key when it starts: whether it can, only a start shows.",
    ),
    "cluster": (
        "What is inside of the cluster: volumes that wait, and the events of Kubernetes.",
        _LATER,
        _THEMSELVES,
    ),
    "disk-encryption-set": (_LATER, _THEMSELVES),
}
"""What no reading can show, by kind of target, also where all is in order."""


def when(at: datetime, *, local: bool = False) -> str:
    """A time, UTC with Z, or by the clock of this machine."""
    return f"{at.astimezone():%d %b %Y %H:%M}" if local else f"{at:%d %b %Y %H:%MZ}"


def since(finding: Finding) -> str:
    """Since when and by whom, as far as that is known."""
    if finding.since is None:
        return ""
    return f"since {when(finding.since)}" + (f", by {plain(finding.by)}" if finding.by else "")


def since_short(finding: Finding, room: int) -> str:
    """The same for the end of a row, without the year; without the name where it is too long.

    Where not even the time has room it is told all the same: the title gives way then.
    """
    if finding.since is None:
        return ""
    begun = f"since {finding.since:%d %b %H:%MZ}"
    whole = f"{begun}, by {plain(finding.by)}" if finding.by else begun
    return whole if len(whole) <= room else begun


def under_way(found: Iterable[Finding]) -> tuple[Finding, ...]:
    """Findings that have come so far, in the order that all of them will have."""
    return linked(found)


def rows(found: Sequence[Finding], about: str = "") -> list[Row]:
    """The findings in their order; above them, where nothing fails, a row about the target.

    ``about`` is its id when all of them have come.
    """
    listed = [_row(one) for one in found]
    if about and not any(one.status == "fail" for one in found):
        listed.insert(0, Row(SUMMARY, ("OK", nothing_fails(found)), about))
    return listed


def _row(finding: Finding) -> Row:
    title = f"{SO}{plain(finding.title)}" if finding.causes else plain(finding.title)
    return Row(
        finding.id,
        (WORDS[finding.status], title),
        finding.subject,
        raw=msgspec.to_builtins(finding),
        also=f"{since(finding)} {' '.join(finding.failures)} {finding.check}",
        data=finding,
    )


def nothing_fails(found: Sequence[Finding]) -> str:
    """What is told of a target in order."""
    held = sum(one.status in GOOD for one in found)
    unread = sum(one.status == "unknown" for one in found)
    left = f"; {unread} could not be read" if unread else ""
    return f"Nothing fails: {held} of {len(found)} checks hold{left}"


def counts(found: Iterable[Finding]) -> str:
    """How many of each word; what a root cause brought about is counted by itself."""
    all_of = tuple(found)
    follow = sum(bool(one.causes) for one in all_of)
    told = []
    for status in ("fail", "warn", "unknown", "ok"):
        count = sum(one.status == status and not one.causes for one in all_of)
        if count:
            more = f", {follow} follow" if status == "fail" and follow else ""
            told.append(f"{count} {WORDS[status]}{more}")
    return "  ".join(told)


Block = tuple[str, str]
"""A label and what stands beside it."""


def blocks(finding: Finding, by_id: dict[str, Finding]) -> list[Block]:
    """What the pane below the list says of a finding."""
    told = [("Since", since(finding).removeprefix("since "))]
    told += [("Follows", _titles(finding.causes, by_id))]
    for seen in finding.evidence[:2]:
        request = f"   request {seen.request_id}" if seen.request_id else ""
        told.append(("Evidence", f"{_seen(seen.call, seen.field, seen.value)}{request}"))
    told += [("Means", finding.meaning), ("Repair", repair(finding))]
    return [(label, plain(text)) for label, text in told if text]


def _titles(ids: Iterable[str], by_id: dict[str, Finding]) -> str:
    return "; ".join(by_id[id].title for id in ids if id in by_id)


def _seen(call: str, field: str, value: str) -> str:
    return f"{plain(call)}  {plain(field)} = {plain(value)}" if field else plain(call)


def repair(finding: Finding) -> str:
    """What would make it good, in how many steps, and where that can't be undone."""
    if finding.repair is None:
        return ""
    steps = finding.repair.steps
    if not steps:
        return finding.repair.text
    count = f"{len(steps)} step{'' if len(steps) == 1 else 's'}"
    final = ", CAN'T BE UNDONE" if finding.repair.irreversible else ""
    return f"f: {count}{final}: {finding.repair.text}"


def summary(diagnosis: Diagnosis) -> list[Block]:
    """What was checked of a target in order, and what can't be known."""
    held = "; ".join(one.title for one in diagnosis.findings if one.status == "ok")
    unread = "; ".join(f"{one.what}: {one.why}" for one in diagnosis.unread)
    told = [
        ("Not read", unread),
        ("Not known", " ".join(UNTOLD[diagnosis.target.kind])),
        ("Checked", held),
    ]
    return [(label, plain(text)) for label, text in told if text]


def details(finding: Finding, diagnosis: Diagnosis | None) -> str:
    """A finding in full, as lines: every request and correlation id, ready for a ticket."""
    changes = diagnosis.timeline if diagnosis else ()
    by_id = {one.id: one for one in diagnosis.findings} if diagnosis else {}
    known = [
        ("Subject", finding.subject),
        ("Check", finding.check),
        ("Failures", ", ".join(finding.failures)),
        ("Since", since(finding).removeprefix("since ")),
        ("Follows", _titles(finding.causes, by_id)),
        ("Means", finding.meaning),
        ("Repair", repair(finding).removeprefix("f: ")),
        ("Source", finding.source),
    ]
    text = [f"{WORDS[finding.status]}: {plain(finding.title)}"]
    text += [f"{label}: {plain(value)}" for label, value in known if value]
    text += _step_lines(finding)
    if finding.evidence:
        text += ["", "Evidence"]
    for seen in finding.evidence:
        text.append(f"  {_seen(seen.call, seen.field, seen.value)}")
        text += [f"    request id {plain(seen.request_id)}"] if seen.request_id else []
    fits = [one for one in changes if finding.id in one.fits]
    if fits:
        text += ["", "Changes that fit", *(f"  {_change(one)}" for one in fits)]
    return "\n".join(text)


def _step_lines(finding: Finding) -> list[str]:
    steps = finding.repair.steps if finding.repair else ()
    text = ["", "Steps"] if steps else []
    for step in steps:
        text.append(f"  {plain(step.title)}")
        text.append(f"    {plain(taken_back(step))}")
    return text


def _change(change: Change) -> str:
    ids = f", correlation id {change.correlation_id}" if change.correlation_id else ""
    return plain(f"{when(change.at)} {change.what}, by {change.by or 'nobody'}{ids}")
