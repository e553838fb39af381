"""What still says that it can't use the key, although everything behind it is in order: pure.

Services look at their key about once an hour. Who diagnoses right after a repair must not be
told of a new failure.
"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime

import msgspec

from services.checks.facts import Unknown
from services.diagnosis.causes import in_order
from services.diagnosis.facts import Examined
from services.diagnosis.judges.managed import RECOVERS, recent
from services.model.plan import Finding
from services.model.resources import KeyVersion

LAG = ("cosmos-status", "search-compliance")
"""Findings about what a service itself says, which it says anew within the hour."""

_OPERATIONS = ("vaults/write", "accesspolicies/write", "workspaces/write", "roleassignments/write")


def settling(
    findings: Iterable[Finding], live: Examined, lag: Sequence[str] = LAG
) -> tuple[Finding, ...]:
    """The findings, those that wait for a service to look again as WARN.

    ``lag`` names the checks of what a service itself says.
    """
    all_of = tuple(findings)
    changed = max(changes(live), default=None)
    if changed is None or not recent(live, changed):
        return tuple(_unexplained(one) if _lags(one, lag) else one for one in all_of)
    return in_order(_waiting(one, changed) if _lags(one, lag) else one for one in all_of)


def _lags(finding: Finding, lag: Sequence[str]) -> bool:
    return finding.status == "fail" and finding.check in lag and not finding.causes


def _unexplained(finding: Finding) -> Finding:
    """Nothing that can be read explains it: a repair that leaves no trace, or Azure itself."""
    return msgspec.structs.replace(
        finding,
        meaning=f"{finding.meaning} Key, vault, network and grants are in order as far as wrapkey"
        " can read them. It looks again within the hour; where it stays so for two, it is a case"
        " for Microsoft's support.",
    )


def _waiting(finding: Finding, changed: datetime) -> Finding:
    by = changed + RECOVERS
    return msgspec.structs.replace(
        finding,
        status="warn",
        title=f"{finding.title}, but has not looked since the last change",
        meaning="Everything that it depends on is in order now. It looks again within the hour;"
        f" open a support case where it stays so after {by:%H:%M} UTC.",
    )


def changes(live: Examined) -> Iterator[datetime]:
    """When key, grants, vault or workspace were last changed."""
    facts = live.facts
    for key in (facts.key, facts.newest_key):
        if isinstance(key, KeyVersion) and key.updated is not None:
            yield key.updated
    for roles in (facts.cosmos_roles, facts.identity_roles, facts.disks_roles):
        for role in () if isinstance(roles, Unknown) else roles:
            if role.created is not None:
                yield role.created
    for event in () if isinstance(live.activity, Unknown) else live.activity:
        if event.status != "Failed" and event.operation.lower().endswith(_OPERATIONS):
            yield event.at
