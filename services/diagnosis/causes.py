"""Which finding explains which: pure. A consequence is never named as a root cause.

A rule stands here only where the cause alone is enough for the consequence. Several causes may
explain one consequence; each of them is a root.
"""

from collections.abc import Iterable, Mapping, Sequence

import msgspec

from services.diagnosis.clusters import registry as clusters
from services.diagnosis.containers import registry as containers
from services.diagnosis.registry import ORDER
from services.model.diagnosis import Diagnosis
from services.model.plan import Finding

GONE = ("vault-deleted", "vault-exists", "vault-tenant")
"""The vault is not there for anybody of this tenant."""
LOST = ("key-deleted", "key-exists")
UNUSABLE = ("key-enabled", "newest-version", "key-dates", "key-operations", "key-type")
BARRED = (
    *("vault-network", "vault-address", "key-address"),
    *("cosmos-principal", "cosmos-grant", "grant-to-app-id", "policy-on-rbac-vault"),
    *("grant-propagation", "identity-exists", "identity-assigned", "identity-grant"),
    "cosmos-identity",
)
ACCESS = (*GONE, *LOST, *UNUSABLE, *BARRED)
"""Everything between a service and the key."""

BY_STATUS: dict[str, tuple[str, ...]] = {
    "F07": ("cosmos-principal", "vault-tenant"),
    "F08": (
        *("cosmos-grant", "grant-to-app-id", "policy-on-rbac-vault", "grant-propagation"),
        "vault-tenant",
    ),
    "F09": (*LOST, "key-address"),
    "F10": ("key-operations", "key-type"),
    "F11": ("key-address", "cosmos-key"),
    "F12": ("vault-deleted", "vault-exists", "vault-address"),
    "F13": ("cosmos-identity",),
    "F14": ("vault-network",),
    "F15": ("vault-deleted", "vault-exists"),
    "F16": ("key-enabled", "newest-version", "key-dates"),
}
"""What Cosmos DB's status says (by the failure it is), to what may be behind it."""

EXPLAINED: dict[str, tuple[str, ...]] = {
    "vault-exists": ("vault-deleted",),
    "key-deleted": GONE,
    "key-exists": (*GONE, "key-deleted", "key-address"),
    "key-operations": ("key-type",),
    "newest-version": (*GONE, "key-deleted", "key-enabled"),
    "cosmos-grant": (
        *GONE,
        *("cosmos-principal", "grant-to-app-id", "policy-on-rbac-vault"),
    ),
    "identity-grant": (*GONE, "identity-exists", "policy-on-rbac-vault"),
    "identity-assigned": ("identity-exists",),
    "ml-contributor": ("ml-principal",),
    "managed-resources": ("managed-group",),
    "search-compliance": ACCESS,
    "storage-key": ACCESS,
    "key-probe": (*GONE, *LOST, *UNUSABLE),
    "azure-diagnose": ("own-resources",),
    **clusters.EXPLAINED,
    **containers.EXPLAINED,
}

SEEMS: dict[str, tuple[str, ...]] = {
    "grant-to-app-id": ("cosmos-grant",),
    "policy-on-rbac-vault": ("cosmos-grant", "identity-grant"),
}
"""What looks like a grant and is none, to the missing grants that it then explains."""

WHOLE = (
    *ACCESS,
    *("vault-region", "vault-protection", "provider-registered", "ml-principal", "ml-contributor"),
    *("lock-read-only", "policy-workspace", "policy-cosmos", "policy-search", "policy-storage"),
    *("cosmos-region", "search-quota", "storage-quota", "managed-group", "own-resources"),
)
"""What can keep a workspace from being made or changed."""


_MAKING: dict[str, tuple[str, ...]] = {
    "creation-error": (),
    "managed-resources": ("creation-error",),
    "workspace-state": ("creation-error", "managed-resources"),
}
"""What an attempt to make the workspace left, each explained by WHOLE and by these."""


def linked(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """The findings with their causes, in order: each root before what it causes."""
    all_of = _weighed(tuple(findings))
    failing: dict[str, list[Finding]] = {}
    for one in all_of:
        if one.status == "fail":
            failing.setdefault(one.check, []).append(one)
    causes: dict[str, tuple[str, ...]] = {}
    for check in sorted(failing, key=_depth):
        for one in failing[check]:
            causes[one.id] = _roots(one, failing, causes)
    return in_order(
        msgspec.structs.replace(one, causes=causes[one.id]) if causes.get(one.id) else one
        for one in all_of
    )


def _weighed(findings: tuple[Finding, ...]) -> tuple[Finding, ...]:
    """Warnings that fail here: what looks like the missing grant, or is too new to count."""
    failing = {one.check: one for one in findings if one.status == "fail"}
    refused = failing.get("cosmos-status")
    waits = refused is not None and "F08" in refused.failures and "cosmos-grant" not in failing

    def weigh(one: Finding) -> bool:
        if one.status != "warn":
            return False
        return (one.check == "grant-propagation" and waits) or any(
            check in failing for check in SEEMS.get(one.check, ())
        )

    changed = msgspec.structs.replace
    return tuple(changed(one, status="fail") if weigh(one) else one for one in findings)


def _depth(check: str) -> tuple[int, int]:
    """Explained after what explains it: workspace, then services, then the rest in order."""
    last = {"creation-error": 1, "managed-resources": 2, "cosmos-status": 1, "workspace-state": 3}
    return last.get(check, 0), ORDER.index(check)


def _roots(
    finding: Finding, failing: Mapping[str, Sequence[Finding]], causes: Mapping[str, Sequence[str]]
) -> tuple[str, ...]:
    """Ids of the roots behind a finding; none where it is one itself."""
    direct = [
        one
        for check in explainers(finding, failing)
        for one in failing[check]
        if one is not finding
    ]
    found = [root for one in direct for root in (causes.get(one.id) or (one.id,))]
    return tuple(dict.fromkeys(root for root in found if root != finding.id))


def explainers(finding: Finding, failing: Iterable[str]) -> tuple[str, ...]:
    """Failing checks that explain a finding."""
    there = set(failing) - {finding.check}
    if finding.check == "cosmos-status":
        # Where nothing fits what it says, it has not looked since something else happened.
        fits = [check for code in finding.failures for check in BY_STATUS[code] if check in there]
        return tuple(fits) or tuple(check for check in ACCESS if check in there)
    if finding.check in _MAKING:
        wanted = (*WHOLE, *_MAKING[finding.check])
        return tuple(dict.fromkeys(check for check in wanted if check in there))
    return tuple(check for check in EXPLAINED.get(finding.check, ()) if check in there)


def in_order(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Root causes first, each followed by its consequences; then the rest, gravest first."""
    ordered = sorted(findings, key=lambda one: ORDER.index(one.check))
    told: dict[str, Finding] = {}
    for root in (one for one in ordered if one.status == "fail" and not one.causes):
        told[root.id] = root
        told.update(
            {one.id: one for one in ordered if root.id in one.causes and one.id not in told}
        )
    grave = {"fail": 0, "warn": 1, "unknown": 2, "fix": 3, "ok": 4, "skipped": 5}
    rest = sorted((one for one in ordered if one.id not in told), key=lambda one: grave[one.status])
    return (*told.values(), *rest)


def roots(diagnosis: Diagnosis) -> tuple[Finding, ...]:
    """Findings that fail and that nothing else explains."""
    return tuple(one for one in diagnosis.findings if one.status == "fail" and not one.causes)


def consequences(diagnosis: Diagnosis, root: str) -> tuple[Finding, ...]:
    """What a root cause brought about."""
    return tuple(one for one in diagnosis.findings if root in one.causes)
