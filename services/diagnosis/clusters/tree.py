"""What a cluster or a set depends on, as a tree with a status at each node: pure."""

from collections.abc import Iterator, Sequence

from services.checks.facts import Unknown
from services.diagnosis.clusters.facts import ClusterLive, key_of
from services.diagnosis.clusters.judges.sets import used_set
from services.diagnosis.tree import node
from services.ids import ArmId
from services.model.diagnosis import Node
from services.model.plan import Finding
from services.model.resources import KeyVersion, ManagedCluster, NodePool, Vault

CHECKS: dict[str, tuple[str, ...]] = {
    "vault": (
        *("vault-exists", "vault-deleted", "vault-protection", "vault-region", "vault-tenant"),
        *("vault-address", "vault-network", "vault-network-you"),
    ),
    "key": ("key-exists", "key-deleted", "key-rotation", "set-newest"),
    "key-version": ("key-enabled", "key-dates", "key-operations", "key-type"),
    "encryption-set": (
        *("set-there", "set-key", "set-place", "set-rotation", "set-version", "set-state"),
    ),
    "set-identity": ("set-identity",),
    "set-grant": ("disks-grant",),
    "cluster-identity": ("cluster-identity",),
    "cluster-grant": ("cluster-reads-set",),
    "pool": ("pools-made", "nodes-running", "nodes-version"),
    "disks": ("data-disks",),
    "kms": ("kms-key",),
    "kms-grant": ("kms-grant",),
}
"""By node: the checks that judge it. Those of no node are about the target."""


def tree(live: ClusterLive, findings: Sequence[Finding]) -> Node:
    """The cluster with everything below it, or the set with its key."""
    placed = {check for checks in CHECKS.values() for check in checks}
    mine = [one for one in findings if one.check not in placed]
    there = live.cluster
    if there is None:
        return _set(live, findings, mine)
    below = [_set(live, findings, ())] if live.set_id else []
    below += [_pool(one, there, live, findings) for one in there.pools]
    if live.disks:
        below.append(_disks(live, findings))
    below += [_identity(there, live, findings), _kms(live, findings)]
    note = f"Kubernetes {there.version}" if there.encryption_set else "OS disks: Microsoft's keys"
    return node("cluster", there.id, there.name, mine, note=note, below=below)


def _of(which: str, findings: Sequence[Finding]) -> list[Finding]:
    return [one for one in findings if one.check in CHECKS[which]]


def _set(live: ClusterLive, findings: Sequence[Finding], more: Sequence[Finding]) -> Node:
    used = used_set(live)
    below = [] if used is None else list(_key(live, findings))
    if used is not None:
        title = ArmId.parse(used.identities[0]).name if used.identities else "its own identity"
        below.append(
            node(
                "identity",
                used.identities[0] if used.identities else used.principal_id,
                title,
                _of("set-identity", findings),
                note=used.principal_id,
                below=(_grant(live, "set-grant", "read, wrap and unwrap", findings),),
                unknown=isinstance(live.set_identity, Unknown),
            )
        )
    follows = "follows new versions" if used and used.rotates else "stays on its version"
    return node(
        "encryption-set",
        live.set_id,
        ArmId.parse(live.set_id).name,
        [*_of("encryption-set", findings), *more],
        note=follows if used else "",
        below=below,
        unknown=isinstance(live.encryption_set, Unknown),
    )


def _key(live: ClusterLive, findings: Sequence[Finding]) -> Iterator[Node]:
    key, facts = key_of(live.encryption_set), live.facts
    if key is None:
        return
    vault = facts.vault
    access = ""
    if isinstance(vault, Vault):
        access = f"{vault.location}, {'roles' if vault.rbac else 'access policies'}"
    vault_node = node(
        "vault",
        vault.id if isinstance(vault, Vault) else "",
        live.intent.vault.name,
        _of("vault", findings),
        note=access,
        unknown=isinstance(vault, Unknown),
    )
    unread = isinstance(facts.key, Unknown)
    of_key = _of("key", findings)
    name = node("key", key.versionless, key.name, of_key, below=(vault_node,), unknown=unread)
    version, note = key.version, ""
    if isinstance(facts.key, KeyVersion):
        version = facts.key.version
        note = f"{facts.key.type} {facts.key.bits or '??'}"
        note += f", until {facts.key.expires:%-d %b %Y}" if facts.key.expires else ""
    yield node(
        "key-version",
        str(key),
        version or "newest version",
        _of("key-version", findings),
        note=note,
        below=(name,),
        unknown=unread,
    )


def _grant(live: ClusterLive, which: str, verbs: str, findings: Sequence[Finding]) -> Node:
    vault = live.facts.vault
    kind = "access policy" if isinstance(vault, Vault) and not vault.rbac else "role"
    return node("grant", "", f"{kind} to {verbs}", _of(which, findings))


def _pool(
    one: NodePool, there: ManagedCluster, live: ClusterLive, findings: Sequence[Finding]
) -> Node:
    id = f"{there.id}/agentPools/{one.name}"
    sets = () if isinstance(live.nodes, Unknown) else live.nodes
    mine = [node_set for node_set in sets if f"-{one.name}-" in node_set.name]
    subjects = {id, *(node_set.id for node_set in mine)}
    running = sum(node_set.running for node_set in mine)
    note = f"{one.count} x {one.size}, {one.os_disk.lower()} OS disks, {running} running"
    about = [each for each in _of("pool", findings) if each.subject in subjects]
    return node("pool", id, one.name, about, note=note, unknown=isinstance(live.nodes, Unknown))


def _disks(live: ClusterLive, findings: Sequence[Finding]) -> Node:
    unread = isinstance(live.disks, Unknown)
    count = 0 if isinstance(live.disks, Unknown) else len(live.disks)
    words = "??" if unread else str(count)
    return node("disk", "", f"data disks: {words}", _of("disks", findings), unknown=unread)


def _identity(there: ManagedCluster, live: ClusterLive, findings: Sequence[Finding]) -> Node:
    own = there.identities[0] if there.identities else ""
    grant = node("grant", "", "role to read the set", _of("cluster-grant", findings))
    return node(
        "identity",
        own or there.principal_id,
        ArmId.parse(own).name if own else "the cluster's own identity",
        _of("cluster-identity", findings),
        below=(grant,) if live.set_id else (),
        unknown=isinstance(live.cluster_identity, Unknown),
    )


def _kms(live: ClusterLive, findings: Sequence[Finding]) -> Node:
    kms = live.kms
    below = []
    if kms is not None:
        below.append(node("grant", "", "right to encrypt and decrypt", _of("kms-grant", findings)))
    return node(
        "kms",
        kms.key_id if kms else "",
        "etcd",
        _of("kms", findings),
        note=f"key {kms.key_id}" if kms else "Microsoft's keys",
        below=below,
    )
