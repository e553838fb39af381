"""How the facts are read that only clusters and disk encryption sets have."""

import asyncio
from collections.abc import Sequence
from typing import Any

from services.azure import authorization, disks, identities, keys, nodes, resourcegraph, vaults
from services.azure.connection import Connection
from services.azure.subscriptions import list_subscriptions
from services.checks.facts import Unknown, known
from services.checks.readers import READERS as PREFLIGHT
from services.checks.readers.access import permissions_at, roles_of
from services.checks.readers.vault import told_by
from services.checks.reading import Reader, Reading
from services.diagnosis.clusters.facts import Kms
from services.diagnosis.readers import READERS as COMMON
from services.diagnosis.readers import activity_in
from services.ids import ArmId, BadId, KeyId
from services.model.resources import DiskEncryptionSet, Identity, ManagedCluster, Vault
from services.text import plain

VAULTS = "microsoft.keyvault/vaults"


async def vault_of(conn: Connection, name: str, among: Sequence[str] = ()) -> str:
    """ARM id of a vault that is known by its name alone; empty where none is seen.

    A set does not name the vault of another subscription. ``among`` are subscriptions, by
    default all that the caller sees. Raises AzureError.
    """
    ids = among or [one.id for one in await list_subscriptions(conn)]
    if not ids:
        return ""
    listed = resourcegraph.list_of_types(conn, [VAULTS], ids)
    rows = [row async for page in listed for row in page]
    found = (row for row in rows if plain(row.get("name")).lower() == name.lower())
    return next((str(ArmId.parse(plain(row.get("id")))) for row in found), "")


async def identity_of(conn: Connection, used: DiskEncryptionSet) -> Identity | Unknown | None:
    """The user-assigned identity that a set works as; None where it is gone, or has none."""
    if used.principal_id or not used.identities:
        return None
    return await known(identities.get_identity(conn, used.identities[0]))


async def _vault(on: Reading) -> Any:
    """None for a cluster that names no key for its disks."""
    if not on.intent.vault.name:
        return None
    return await known(vaults.get_vault(on.conn, str(on.ids.vault)))


async def _disks_roles(on: Reading) -> Any:
    """Of whom the set works as; nobody's where that is gone."""
    used = await on.get("encryption_set")
    who = used.principal_id if isinstance(used, DiskEncryptionSet) else ""
    return await roles_of(on, "encryption_set", str(on.ids.vault)) if who else ()


async def _cluster_identity(on: Reading) -> Any:
    there: ManagedCluster | None = await on.get("cluster")
    if there is None or not there.identities:
        return None
    return await known(identities.get_identity(on.conn, there.identities[0]))


async def _set_roles(on: Reading) -> Any:
    """Of the cluster's identity, at the set and above."""
    there, who = await asyncio.gather(on.get("cluster"), on.get("cluster_identity"))
    if there is None or on.ids.encryption_set is None:
        return ()
    return await _roles_of(on, there, who, str(on.ids.encryption_set))


async def _roles_of(on: Reading, there: ManagedCluster, who: Any, scope: str) -> Any:
    if isinstance(who, Unknown):
        return who
    principal = who.principal_id if isinstance(who, Identity) else there.principal_id
    if not principal or (there.identities and who is None):
        return ()
    found = await known(authorization.list_assignments(on.conn, scope, principal))
    return found if isinstance(found, Unknown) else tuple(found)


async def _permissions(on: Reading) -> Any:
    """Of the caller: where preflight looks, and in the groups of cluster, nodes and set.

    What is repaired there may lie in another subscription than the vault.
    """
    told, there = await asyncio.gather(PREFLIGHT["permissions"](on), on.get("cluster"))
    places = [on.ids.encryption_set] if on.ids.encryption_set else []
    if there is not None:
        home = ArmId.parse(there.id)
        places += [home, ArmId(home.subscription, there.node_group or home.group)]
    groups = {str(ArmId(one.subscription, one.group)) for one in places}
    more = await permissions_at(on, (one for one in sorted(groups) if one.lower() not in told))
    return {**told, **more}


async def _node_sets(on: Reading) -> Any:
    return await _in_nodes(on, nodes.list_node_sets)


async def _node_disks(on: Reading) -> Any:
    return await _in_nodes(on, nodes.list_disks)


async def _in_nodes(on: Reading, listing: Any) -> Any:
    there: ManagedCluster | None = await on.get("cluster")
    if there is None or not there.node_group:
        return ()
    return await known(listing(on.conn, ArmId.parse(there.id).subscription, there.node_group))


async def _set_users(on: Reading) -> Any:
    if on.ids.encryption_set is None or await on.get("encryption_set") is None:
        return ()
    return await known(disks.users(on.conn, str(on.ids.encryption_set)))


async def _kms(on: Reading) -> Kms | None:
    """The key for etcd, its vault, and what the cluster's identity may do there."""
    there: ManagedCluster | None = await on.get("cluster")
    if there is None or not there.kms_key:
        return None
    try:
        key = KeyId.parse(there.kms_key)
    except BadId as error:
        return Kms(key_id=there.kms_key, key=Unknown(f"Its address can't be read: {error}."))
    near = sorted({ArmId.parse(there.id).subscription, on.ids.vault.subscription})
    where = nodes.kms_vault(there) or await known(vault_of(on.conn, key.vault, near))
    if isinstance(where, Unknown):
        return Kms(key_id=there.kms_key, vault=where, key=where)
    vault, told = await asyncio.gather(_kms_vault(on, where), _kms_key(on, key))
    who, deleted = await on.get("cluster_identity"), False
    if isinstance(vault, Vault) and told is None:
        gone = await told_by(on, vault, keys.get_deleted_key(on.conn, vault.uri, key.name))
        deleted = gone is not None and not isinstance(gone, Unknown)
    roles = await _roles_of(on, there, who, where) if isinstance(vault, Vault) else ()
    return Kms(
        key_id=there.kms_key, vault_id=where, vault=vault, key=told, deleted=deleted, roles=roles
    )


async def _kms_vault(on: Reading, id: str) -> Any:
    """The disks' own vault may serve for etcd too: it is read once."""
    if not id:
        return Unknown("The vault of etcd's key is not seen in the cluster's subscription.")
    if on.intent.vault.name and id.lower() == str(on.ids.vault).lower():
        return await on.get("vault")
    return await known(vaults.get_vault(on.conn, id))


async def _kms_key(on: Reading, key: KeyId) -> Any:
    return await known(keys.get_key(on.conn, f"https://{key.host}", key.name, key.version))


async def _activity(on: Reading) -> Any:
    """Of the groups of set, vault, cluster and nodes."""
    there: ManagedCluster | None = await on.get("cluster")
    places = set()
    for id in (on.ids.encryption_set, on.ids.vault if on.intent.vault.name else None):
        if id is not None and id.group:
            places.add((id.subscription, id.group.lower()))
    if there is not None:
        home = ArmId.parse(there.id)
        places.add((home.subscription, home.group.lower()))
        if there.node_group:
            places.add((home.subscription, there.node_group.lower()))
    return await activity_in(on, on.ids.target.subscription, places)


READERS: dict[str, Reader] = {
    **{name: COMMON[name] for name in ("versions", "rotation", "grants", "principals", "audit")},
    "probe": COMMON["probe"],
    "permissions": _permissions,
    "vault": _vault,
    "disks_roles": _disks_roles,
    "cluster_identity": _cluster_identity,
    "set_roles": _set_roles,
    "node_sets": _node_sets,
    "node_disks": _node_disks,
    "set_users": _set_users,
    "kms": _kms,
    "activity": _activity,
}
"""By name of fact."""

FIELDS = {
    "versions": "versions",
    "grants": "grants",
    "principals": "principals",
    "probe": "probe",
    "audit": "audit",
    "activity": "activity",
    "cluster_identity": "cluster_identity",
    "set_roles": "set_roles",
    "node_sets": "nodes",
    "node_disks": "disks",
    "set_users": "users",
    "kms": "kms",
}
"""Name of fact to field of ClusterLive."""
