"""Findings in the form every judge gives them."""

from collections.abc import Callable, Iterator, Mapping
from typing import TypeVar

from services.checks.facts import Facts, Unknown
from services.checks.registry import BY_ID
from services.model.intent import ClusterSetup, ContainerGroupSetup, Intent, WorkspaceSetup
from services.model.plan import Evidence, Finding, Repair, Status
from services.text import plain

Judge = Callable[[Intent, Facts], Iterator[Finding]]
Setup = TypeVar("Setup", WorkspaceSetup, ContainerGroupSetup, ClusterSetup)


def only(
    setup: type[Setup], judges: Mapping[str, Callable[[Setup, Facts], Iterator[Finding]]]
) -> dict[str, Judge]:
    """Judges of one kind of intent; of another kind they say nothing."""

    def of(judge: Callable[[Setup, Facts], Iterator[Finding]]) -> Judge:
        def judged(intent: Intent, facts: Facts) -> Iterator[Finding]:
            if isinstance(intent, setup):
                yield from judge(intent, facts)

        return judged

    return {check: of(judge) for check, judge in judges.items()}


def seen(facts: Facts, fact: str, field: str, value: object) -> Evidence:
    """What a fact's request told in a field."""
    asked = facts.asked.get(fact)
    shown = str(value).lower() if isinstance(value, bool) else plain(str(value))
    if asked is None:
        return Evidence(call=fact.replace("_", " "), field=field, value=shown)
    return Evidence(call=asked.call, field=field, value=shown, request_id=asked.request_id)


def found(
    check: str,
    status: Status,
    subject: str,
    title: str,
    *evidence: Evidence,
    meaning: str = "",
    repair: str = "",
    irreversible: bool = False,
    part: str = "",
) -> Finding:
    """A finding of a check. ``part`` tells several findings about one subject apart."""
    about = BY_ID[check]
    good = status in ("ok", "skipped")
    return Finding(
        id=":".join(one for one in (check, subject, part) if one),
        check=check,
        subject=subject,
        status=status,
        title=plain(title, 300),
        failures=() if good else about.failures,
        evidence=evidence,
        meaning=meaning,
        repair=Repair(text=repair, irreversible=irreversible) if repair else None,
        source=about.source,
    )


def unread(
    check: str, subject: str, title: str, why: Unknown, *evidence: Evidence, part: str = ""
) -> Finding:
    """That something could not be read, and why."""
    meaning = plain(why.reason)
    return found(check, "unknown", subject, title, *evidence, meaning=meaning, part=part)


def skipped(check: str, subject: str, why: str) -> Finding:
    """That a check does not apply to this intent."""
    return found(check, "skipped", subject, why)


def holds(check: str, subject: str, facts: Facts) -> Finding:
    """That nothing is wrong: "allowed", never "will succeed"."""
    about = BY_ID[check]
    calls = [seen(facts, fact, "", "read") for fact in about.reads if fact in facts.asked]
    return found(check, "ok", subject, about.title, *calls)
