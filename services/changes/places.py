"""What is to be moved to another key, read for a rotation. Writes nothing."""

import asyncio
from collections.abc import Mapping
from typing import Any, TypedDict

import msgspec

from services.azure import (
    authorization,
    calls,
    clusters,
    containergroups,
    disks,
    graph,
    identities,
    locks,
    resourcegraph,
    vaults,
    workspaces,
)
from services.azure.connection import Connection
from services.azure.subscriptions import list_subscriptions
from services.changes.model import AnyPlace, GroupPlace, KeyUser, Place, SetPlace
from services.checks.facts import Unknown, known
from services.checks.rights import UNWRAP, WRAP
from services.checks.users import CONTAINERS
from services.fleet.dependents import VAULTS
from services.ids import ArmId, BadId, KeyId, same
from services.model.diagnosis import Target
from services.model.fleet import Dependent
from services.model.resources import (
    ContainerGroup,
    DiskEncryptionSet,
    Lock,
    ManagedCluster,
    Permission,
    Vault,
)
from services.setup import recreation

CLUSTERS = "microsoft.containerservice/managedclusters"


class NoRotation(ValueError):
    """What was asked for is no rotation; the message says the rule."""


class _Held(TypedDict):
    locks: tuple[Lock, ...] | Unknown
    permissions: tuple[Permission, ...] | Unknown


async def place(conn: Connection, asked: Target, sources: Mapping[str, str]) -> AnyPlace:
    """What is there, with locks and rights; a cluster stands for its disk encryption set.

    ``sources`` are those of a Wish. Raises NoRotation where it has no key of the customer's, or
    is not there, and AzureError.
    """
    match asked.kind:
        case "workspace":
            return await _workspace(conn, asked.id)
        case "container-group":
            return await _group(conn, asked.id, sources)
        case "cluster":
            return await _set(conn, await _set_of(conn, asked.id))
        case "disk-encryption-set":
            return await _set(conn, asked.id)


async def with_users(
    conn: Connection, one: AnyPlace, vault: Vault | Unknown, key: str, users: tuple[Dependent, ...]
) -> AnyPlace:
    """The same with what is only known once vault and key are: who may use it, which clusters."""
    if isinstance(one, Place):
        return one
    roles = await _roles(conn, one.user, vault, key)
    user = msgspec.structs.replace(one.user, roles=roles)
    if isinstance(one, GroupPlace):
        return msgspec.structs.replace(one, user=user)
    ids = [x.id for x in users if x.type == CLUSTERS and same(x.via, one.set.id)]
    found = await asyncio.gather(*(known(clusters.get_cluster(conn, id)) for id in ids))
    unread = next((x for x in found if isinstance(x, Unknown)), None)
    there = tuple(x for x in found if isinstance(x, ManagedCluster))
    return msgspec.structs.replace(one, user=user, clusters=unread or there)


async def _workspace(conn: Connection, id: str) -> Place:
    name, found = ArmId.parse(id).name, await workspaces.get_workspace(conn, id)
    if found is None:
        raise NoRotation(f"Workspace {name} is not there.")
    if found.encryption is None:
        raise NoRotation(
            f"Workspace {name} is encrypted with Microsoft's keys: it has no key of yours to rotate,"
            " and can't be given one any more."
        )
    key = _key(f"Workspace {name}", found.encryption.key_id)
    return Place(workspace=found, key=key, **await _held(conn, found.id))


async def _set_of(conn: Connection, id: str) -> str:
    """The disk encryption set of a cluster."""
    name, found = ArmId.parse(id).name, await clusters.get_cluster(conn, id)
    if found is None:
        raise NoRotation(f"Cluster {name} is not there.")
    if not found.encryption_set:
        etcd = f" Its etcd is encrypted with {found.kms_key}: that is another thing, changed by az"
        etcd += f" aks update --ids {id} --azure-keyvault-kms-key-id" if found.kms_key else ""
        raise NoRotation(
            f"The OS disks of cluster {name} are encrypted with the platform's keys: there is no key"
            f" of yours to rotate.{etcd if found.kms_key else ''}"
        )
    return found.encryption_set


async def _set(conn: Connection, id: str) -> SetPlace:
    name, found = ArmId.parse(id).name, await disks.get_set(conn, id)
    if found is None:
        raise NoRotation(f"Disk encryption set {name} is not there.")
    user = KeyUser(
        name=f"disk encryption set {name}", object_id=await _of_set(conn, found), keys=WRAP
    )
    key = _key(f"Disk encryption set {name}", found.key_url)
    return SetPlace(set=found, key=key, user=user, **await _held(conn, found.id))


async def _of_set(conn: Connection, found: DiskEncryptionSet) -> str | Unknown:
    if found.principal_id:
        return found.principal_id
    if not found.identities:
        return Unknown(f"Disk encryption set {found.name} has no identity.")
    return await _of_identity(conn, found.identities[0])


async def _of_identity(conn: Connection, id: str) -> str | Unknown:
    found = await known(identities.get_identity(conn, id))
    if isinstance(found, Unknown):
        return found
    if found is None:
        return Unknown(f"Identity {ArmId.parse(id).name} is not there any more.")
    return found.principal_id


async def _group(conn: Connection, id: str, sources: Mapping[str, str]) -> GroupPlace:
    name, found = ArmId.parse(id).name, await containergroups.get_group(conn, id)
    if found is None:
        raise NoRotation(f"Container group {name} is not there.")
    if not found.key:
        raise NoRotation(
            f"Container group {name} is encrypted with Microsoft's keys: it has no key of yours to"
            " rotate. Which key encrypts a group is settled when it is made."
        )
    parts = (found.vault_uri, "keys", found.key, found.key_version)
    key = _key(f"Container group {name}", "/".join(one for one in parts if one))
    carried = recreation.carried(found.raw)
    unknown = sorted(set(sources) - {one.name for one in carried.holes})
    if unknown:
        names = ", ".join(one.name for one in carried.holes) or "none"
        raise NoRotation(f"Container group {name} has no secret {unknown[0]}. It has: {names}.")
    holes = tuple(
        msgspec.structs.replace(one, source=sources.get(one.name, "")) for one in carried.holes
    )
    return GroupPlace(
        group=found,
        key=key,
        user=KeyUser(
            name=ArmId.parse(found.identity).name if found.identity else CONTAINERS,
            object_id=await _of_group(conn, found),
            keys=UNWRAP,
        ),
        body=carried.body,
        holes=holes,
        refused=carried.refused,
        **await _held(conn, found.id),
    )


async def _of_group(conn: Connection, found: ContainerGroup) -> str | Unknown:
    if found.identity:
        return await _of_identity(conn, found.identity)
    app = await known(graph.service_principal(conn, conn.cloud.container_app_id))
    if isinstance(app, Unknown):
        return app
    return app.object_id if app else Unknown(f"{CONTAINERS} has no principal in this tenant.")


async def _roles(conn: Connection, user: KeyUser, vault: Vault | Unknown, key: str) -> Any:
    if isinstance(vault, Unknown) or isinstance(user.object_id, Unknown):
        return Unknown("Who it works as, or the vault, could not be read.")
    scope = f"{vault.id}/keys/{key}"
    found = await known(authorization.list_assignments(conn, scope, user.object_id))
    return found if isinstance(found, Unknown) else tuple(found)


async def _held(conn: Connection, id: str) -> _Held:
    held, may = await asyncio.gather(
        known(locks.list_locks(conn, id)), known(authorization.list_permissions(conn, id))
    )
    return _Held(
        locks=held if isinstance(held, Unknown) else tuple(held),
        permissions=may if isinstance(may, Unknown) else tuple(may),
    )


def _key(what: str, text: str) -> KeyId:
    try:
        return KeyId.parse(text)
    except BadId as error:
        raise NoRotation(f"{what} names no key of a vault: {error}.") from None


def vault_id_of(one: AnyPlace) -> str:
    """ARM id of the vault that it says it uses; empty where it tells an address only."""
    if isinstance(one, Place):
        return one.workspace.encryption.vault_id if one.workspace.encryption else ""
    return one.set.vault_id if isinstance(one, SetPlace) else ""


async def vault_at(conn: Connection, host: str, known_id: str = "") -> Vault | None:
    """The vault at a host, found by its name where its ARM id is not known; raises AzureError.

    The name of a vault is taken in all of Azure, so that at most one has it.
    """
    if known_id:
        return await vaults.get_vault(conn, known_id)
    name = host.split(".", 1)[0]
    ids = [one.id for one in await list_subscriptions(conn)]
    kql = (
        f"resources | where type =~ '{VAULTS}' and name =~ '{name}' | project id | order by id asc"
    )
    rows = (
        [row async for page in resourcegraph.query(conn, kql, ids) for row in page] if ids else []
    )
    return await vaults.get_vault(conn, calls.arm_id(rows[0].get("id"))) if rows else None
