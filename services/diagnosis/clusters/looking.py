"""Reads everything that a diagnosis of a cluster, or of a set alone, follows from."""

from typing import Any

import msgspec

from services.azure import clusters, disks, nodes
from services.azure.connection import Connection
from services.checks.facts import Asked, Unknown, known
from services.checks.reading import Reading
from services.diagnosis.clusters.facts import ClusterLive, described, ids_in, key_of
from services.diagnosis.clusters.readers import FIELDS, READERS, identity_of, vault_of
from services.diagnosis.clusters.way import checks_for
from services.diagnosis.passes import Heard, Pass, examine, first
from services.diagnosis.registry import reads_of
from services.diagnosis.seen import Gone
from services.model.diagnosis import Target
from services.model.resources import DiskEncryptionSet, Identity, ManagedCluster

ALWAYS = frozenset(
    {
        *("cluster", "encryption_set", "subscription", "providers", "groups", "locks"),
        *("cluster_identity", "set_roles", "node_sets", "node_disks", "set_users", "kms"),
        *("activity", "vault", "permissions"),
    }
)
"""Facts that are read in any case."""
KEYED = frozenset(
    {
        *("deleted_vault", "key", "deleted_key", "newest_key", "rotation"),
        *("versions", "grants", "principals", "audit", "disks_roles", "probe"),
    }
)
"""Facts that are read where the set names a key."""


async def look(
    conn: Connection, target: Target, heard: Heard | None, left_out: frozenset[str]
) -> ClusterLive | Gone:
    """The cluster or set with everything that it depends on; raises AzureError."""
    given: dict[str, tuple[Any, Asked]] = {}
    cluster: ManagedCluster | None = None
    set_id = target.id
    if target.kind == "cluster":
        cluster, asked = await first(conn, target.id, clusters.get_cluster)
        if cluster is None:
            return Gone(asked=asked)
        given["cluster"], set_id = (cluster, asked), cluster.encryption_set
    else:
        given["cluster"] = (None, Asked(""))
    used, told = await _set(conn, set_id, optional=cluster is not None)
    if cluster is None and used is None:
        return Gone(asked=told)
    identity = None
    if isinstance(used, DiskEncryptionSet):
        identity = await identity_of(conn, used)
        used = _working_as(used, identity)
    given["encryption_set"] = (used, told)
    key = key_of(used)
    vault_id = used.vault_id if isinstance(used, DiskEncryptionSet) else ""
    if key is not None and not vault_id:
        vault_id = await vault_of(conn, key.vault)
    facts = (ALWAYS | (KEYED if key else frozenset())) - left_out
    checks = checks_for(cluster, used)
    what = Pass(
        intent=described(cluster, used, vault_id),
        checks=checks,
        facts=facts | {fact for check in checks for fact in reads_of(check)},
        readers=READERS,
        live=lambda made: _live(made, target, set_id, identity),
        given=given,
        ids=lambda ids: ids_in(set_id, target.id, ids),
    )
    return await examine(conn, what, heard)


async def _set(
    conn: Connection, id: str, *, optional: bool
) -> tuple[DiskEncryptionSet | Unknown | None, Asked]:
    """The set; one that a cluster names may be out of the caller's sight."""
    if not id:
        return None, Asked("")
    if not optional:
        return await first(conn, id, disks.get_set)
    return await first(conn, id, lambda conn, id: known(disks.get_set(conn, id)))


def _working_as(used: DiskEncryptionSet, identity: Identity | Unknown | None) -> DiskEncryptionSet:
    """The set with the object id of the user-assigned identity that it works as."""
    if not isinstance(identity, Identity):
        return used
    return msgspec.structs.replace(used, principal_id=identity.principal_id)


def _live(
    made: Reading, target: Target, set_id: str, identity: Identity | Unknown | None
) -> ClusterLive:
    """What has been read until now."""
    had = made.told()
    cluster: ManagedCluster | None = had["cluster"]
    return ClusterLive(
        target=target,
        intent=made.intent,
        facts=made.facts(),
        cluster=cluster,
        encryption_set=had["encryption_set"],
        set_id=set_id,
        power=nodes.power(cluster) if cluster else "",
        set_identity=identity,
        **{field: had[fact] for fact, field in FIELDS.items() if fact in had},
    )
