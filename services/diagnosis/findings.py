"""Findings of diagnosis in the form that every judge gives them."""

from collections.abc import Callable, Iterator
from typing import TypeVar

import msgspec

from services.checks import needed
from services.checks.facts import Unknown
from services.checks.findings import seen
from services.diagnosis.facts import Examined, Live
from services.diagnosis.registry import BY_ID, SHARED_BY
from services.model.plan import Evidence, Finding, Repair, Status
from services.model.resources import Vault
from services.text import plain

Looked = TypeVar("Looked", bound=Examined)
JudgeOf = Callable[[Looked], Iterator[Finding]]
Judge = JudgeOf[Live]
"""A judge of workspaces."""


def told(live: Examined, fact: str, field: str, value: object) -> Evidence:
    """What a fact's request told in a field."""
    return seen(live.facts, fact, field, value)


def found(
    check: str,
    status: Status,
    subject: str,
    title: str,
    *evidence: Evidence,
    meaning: str = "",
    repair: str = "",
    failures: tuple[str, ...] | None = None,
    part: str = "",
) -> Finding:
    """A finding of one of diagnosis' own checks; ``failures`` where it can be told finer."""
    about = BY_ID[check]
    good = status in ("ok", "skipped")
    return Finding(
        id=":".join(one for one in (check, subject, part) if one),
        check=check,
        phase="diagnosis",
        subject=subject,
        status=status,
        title=plain(title, 300),
        failures=() if good else about.failures if failures is None else failures,
        evidence=evidence,
        meaning=meaning,
        repair=Repair(text=repair) if repair else None,
        source=about.source,
    )


def unread(check: str, subject: str, title: str, why: Unknown, part: str = "") -> Finding:
    """That something could not be read, and why."""
    return found(check, "unknown", subject, title, meaning=plain(why.reason), part=part)


def holds(check: str, live: Examined) -> Finding:
    """That nothing is wrong."""
    about = BY_ID[check]
    calls = [told(live, fact, "", "read") for fact in about.reads if fact in live.facts.asked]
    return found(check, "ok", live.target.id, about.title, *calls)


def retold(finding: Finding, live: Examined, *, whole: bool) -> Finding:
    """A finding of preflight as diagnosis tells it: nothing is planned, so nothing is FIX.

    ``whole``: the target was made and is in order as far as its own state tells.
    """
    about = SHARED_BY[live.target.kind][finding.check]
    status: Status = "fail" if finding.status == "fix" else finding.status
    if status == "fail" and whole:
        status = "warn" if about.creation or _only_for_more(finding, live) else "fail"
    good = status in ("ok", "skipped")
    text = "" if good else _what_to_do(finding, live)
    return msgspec.structs.replace(
        finding,
        phase="diagnosis",
        status=status,
        title=finding.title.removesuffix(" yet"),
        failures=() if good else _failures(finding, live),
        meaning=about.meaning or finding.meaning if not good else finding.meaning,
        repair=Repair(text=text) if text else None,
    )


def _only_for_more(finding: Finding, live: Examined) -> bool:
    """Whether it is a provider that a workspace which is there can do without.

    Microsoft's page names five providers for a customer-managed key; the others serve what is
    made beside the workspace.
    """
    beside = needed.namespaces(live.intent)[5:] if live.target.kind == "workspace" else ()
    return finding.check == "provider-registered" and finding.id.endswith(
        tuple(f":{one}" for one in beside)
    )


def _failures(finding: Finding, live: Examined) -> tuple[str, ...]:
    """Of the catalogue; a missing grant is another one in a vault of access policies."""
    vault, known = live.facts.vault, SHARED_BY[live.target.kind][finding.check].failures
    other = "F19" if isinstance(vault, Vault) and not vault.rbac else "F20"
    return known if finding.check not in _OF_MODEL else tuple(x for x in known if x != other)


_OF_MODEL = ("cosmos-grant", "disks-grant", "containers-grant")
"""Grants whose failure has one number for roles and another for access policies."""


def _what_to_do(finding: Finding, live: Examined) -> str:
    """Preflight's command, else diagnosis' own word."""
    if finding.repair and _a_command(finding.repair.text):
        return finding.repair.text
    intent = live.intent
    return SHARED_BY[live.target.kind][finding.check].repair.format(
        vault=intent.vault.name,
        key=intent.key.name,
        subscription=intent.subscription,
        workspace=live.target.name,
        group=intent.resource_group,
        subject=finding.subject,
    )


def _a_command(text: str) -> bool:
    """Whether a repair of preflight is more than a word about its plan or its intent."""
    return text.startswith(("az ", "Recover it", "Take the "))
