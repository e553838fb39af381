"""What a workspace depends on, as a tree with a status at each node: pure."""

from collections.abc import Iterable, Sequence

from services.checks.facts import Unknown
from services.diagnosis.facts import Attached, Live, key_of
from services.ids import ArmId
from services.model.diagnosis import Node
from services.model.plan import Finding, Status
from services.model.resources import KeyVersion, ManagedCluster, Principal, Vault

CHECKS: dict[str, tuple[str, ...]] = {
    "key-version": ("key-enabled", "key-dates", "key-operations", "key-type", "key-probe"),
    "key": ("key-address", "key-exists", "key-deleted", "key-rotation", "newest-version"),
    "vault": (
        *("vault-exists", "vault-deleted", "vault-protection", "vault-region", "vault-tenant"),
        *("vault-address", "vault-network", "vault-network-you", "vault-lock"),
    ),
    "managed-group": ("managed-group",),
    "cosmos": ("cosmos-identity", "cosmos-status", "cosmos-key", "cosmos-region"),
    "search": ("search-compliance", "search-quota"),
    "storage": ("storage-key", "storage-quota"),
    "cosmos-principal": ("cosmos-principal",),
    "cosmos-grant": (
        *("cosmos-grant", "grant-to-app-id", "policy-on-rbac-vault", "grant-propagation"),
        "grants-nobody",
    ),
    "identity": ("identity-exists", "identity-assigned"),
    "identity-grant": ("identity-grant",),
}
"""By node: the checks that judge it. Those of no node are about the workspace."""

OWN = ("own-resources", "own-storage-key")
"""Checks of what the workspace brought: each finding is about one of these."""

ATTACHED = "attached-clusters"
"""The check of what is attached: each finding is about one of these."""

_WORST: tuple[Status, ...] = ("fail", "unknown", "warn", "fix", "ok")


def tree(live: Live, findings: Sequence[Finding]) -> Node:
    """The workspace with everything below it."""
    placed = {check for checks in CHECKS.values() for check in checks}
    placed |= {"managed-resources", ATTACHED, *OWN}
    mine = [one for one in findings if one.check not in placed]
    used = live.workspace.encryption
    below: list[Node] = []
    if used is not None:
        below.append(_key(live, findings))
        if not used.service_side:
            below.append(_managed(live, findings))
            below.append(_cosmos_principal(live, findings))
        if used.identity:
            below.append(_identity(live, findings))
    below += [_own(id, live, findings) for id in live.own]
    below += _attached(live, findings)
    note = "" if used else "encrypted with Microsoft's keys"
    return node("workspace", live.target.id, live.target.name, mine, note=note, below=below)


def node(
    kind: str,
    id: str,
    title: str,
    findings: Iterable[Finding],
    *,
    note: str = "",
    below: Iterable[Node] = (),
    unknown: bool = False,
) -> Node:
    """A node with the gravest word of its findings; ``unknown`` where it could not be read."""
    mine = tuple(findings)
    said = {one.status for one in mine}
    if unknown:
        said.add("unknown")
    return Node(
        id=id,
        kind=kind,
        title=title,
        status=next((word for word in _WORST if word in said), "ok"),
        note=note,
        findings=tuple(one.id for one in mine if one.status not in ("ok", "skipped")),
        below=tuple(below),
    )


def _about(which: str, findings: Iterable[Finding]) -> list[Finding]:
    return [one for one in findings if one.check in CHECKS[which]]


def _key(live: Live, findings: Sequence[Finding]) -> Node:
    used, named, facts = live.workspace.encryption, key_of(live.workspace), live.facts
    assert used is not None
    vault = facts.vault
    where = ArmId.parse(used.vault_id)
    access = ""
    if isinstance(vault, Vault):
        access = f"{vault.location}, {'roles' if vault.rbac else 'access policies'}"
    unread = isinstance(vault, Unknown)
    vault_node = node(
        "vault", used.vault_id, where.name, _about("vault", findings), note=access, unknown=unread
    )
    name = named.name if named else used.key_id
    unread = isinstance(facts.key, Unknown)
    key = node(
        "key",
        named.versionless if named else used.key_id,
        name,
        _about("key", findings),
        below=(vault_node,),
        unknown=unread,
    )
    version = named.version if named else ""
    note = ""
    if isinstance(facts.key, KeyVersion):
        version = facts.key.version
        note = f"{facts.key.type} {facts.key.bits or '??'}"
        note += f", until {facts.key.expires:%-d %b %Y}" if facts.key.expires else ""
    return node(
        "key-version",
        used.key_id,
        version or "newest version",
        _about("key-version", findings),
        note=note,
        below=(key,),
        unknown=unread,
    )


def _managed(live: Live, findings: Sequence[Finding]) -> Node:
    name = live.workspace.managed_group
    subscription = ArmId.parse(live.target.id).subscription
    parts = []
    for kind, words in (("cosmos", "Cosmos DB"), ("search", "AI Search"), ("storage", "Storage")):
        there = getattr(live, kind)
        about = [
            *_about(kind, findings),
            *(one for one in findings if _of_part(one, kind, there)),
        ]
        if isinstance(there, Unknown):
            parts.append(node(kind, "", words, about, note=there.reason, unknown=True))
        elif not there:
            parts.append(node(kind, "", words, about, note="not there"))
        for one in () if isinstance(there, Unknown) else there:
            parts.append(node(kind, one.id, f"{words} {one.name}", about, note=_uses(kind, one)))
    id = str(ArmId(subscription, name)) if name else ""
    unread = isinstance(live.group, Unknown)
    mine = _about("managed-group", findings)
    return node("managed-group", id, name or "none", mine, below=parts, unknown=unread)


def _of_part(finding: Finding, kind: str, there: object) -> bool:
    if finding.check != "managed-resources":
        return False
    ids = {one.id for one in there} if isinstance(there, tuple) else set()
    return finding.subject.endswith(f"/{kind}") or finding.subject in ids


def _uses(kind: str, one: object) -> str:
    """The key that a service says it uses; AI Search never says it."""
    if kind == "search":
        return f"key ??, {getattr(one, 'compliance', '') or '??'}"
    return f"key {getattr(one, 'key_id', '') or '??'}"


def _cosmos_principal(live: Live, findings: Sequence[Finding]) -> Node:
    who = live.facts.cosmos
    grant = _grant(live, "cosmos-grant", findings)
    note = who.object_id if isinstance(who, Principal) else "not in this tenant"
    unread = isinstance(who, Unknown)
    return node(
        "identity",
        who.object_id if isinstance(who, Principal) else "",
        "Azure Cosmos DB",
        _about("cosmos-principal", findings),
        note="??" if unread else note,
        below=(grant,),
        unknown=unread,
    )


def _identity(live: Live, findings: Sequence[Finding]) -> Node:
    used = live.workspace.encryption
    assert used is not None
    unread = isinstance(live.facts.identity, Unknown)
    return node(
        "identity",
        used.identity,
        ArmId.parse(used.identity).name,
        _about("identity", findings),
        below=(_grant(live, "identity-grant", findings),),
        unknown=unread,
    )


def _grant(live: Live, check: str, findings: Sequence[Finding]) -> Node:
    vault = live.facts.vault
    kind = "access policy" if isinstance(vault, Vault) and not vault.rbac else "role"
    return node("grant", "", f"{kind} to read, wrap and unwrap", _about(check, findings))


def _own(id: str, live: Live, findings: Sequence[Finding]) -> Node:
    where = ArmId.parse(id)
    mine = [one for one in findings if one.check in OWN and one.subject == id]
    kind = where.type.rpartition("/")[2]
    unread = isinstance(live.own[id], Unknown)
    return node("own", id, f"{kind} {where.name}", mine, unknown=unread)


def _attached(live: Live, findings: Sequence[Finding]) -> list[Node]:
    mine = [one for one in findings if one.check == ATTACHED]
    if isinstance(live.computes, Unknown):
        title, note = "attached clusters", live.computes.reason
        return [node("attached", "", title, mine, note=note, unknown=True)]
    return [
        node(
            "attached",
            one.compute.cluster,
            f"cluster {ArmId.parse(one.compute.cluster).name}",
            [each for each in mine if each.subject == one.compute.id],
            note=f"attached as {one.compute.name}; {_encrypted(one)}",
            unknown=isinstance(one.cluster, Unknown),
        )
        for one in live.computes
    ]


def _encrypted(one: Attached) -> str:
    """What a cluster says of its disks; whether the set works is told by its own diagnosis."""
    if not isinstance(one.cluster, ManagedCluster):
        return "gone" if one.cluster is None else "disks: not read"
    named = one.cluster.encryption_set
    return f"disks: set {ArmId.parse(named).name}" if named else "disks: Microsoft's keys"
