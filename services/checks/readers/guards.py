"""What forbids: locks, and Azure Policy for all that is written."""

import asyncio
from typing import Any

from services.azure import clusters, containergroups, disks, locks, policy, workspaces
from services.checks import machines, needed
from services.checks.facts import Unknown, groups_of, known, known_from
from services.checks.nodefit import version_of
from services.checks.readers.vault import key_of, vault_uri
from services.checks.reading import Reading, by_name
from services.ids import ArmId
from services.model.intent import ClusterSetup, ContainerGroupSetup, WorkspaceSetup
from services.model.resources import (
    ContainerGroup,
    DiskEncryptionSet,
    ManagedCluster,
    ResourceGroup,
    Vault,
)


async def _locks(on: Reading) -> Any:
    """Those of a scope come with those above it; of what is not there yet, those above."""
    vault, des, found = await asyncio.gather(
        on.get("vault"), on.get("encryption_set"), on.get("groups")
    )
    whole = ArmId(on.ids.group.subscription)
    there = {name: isinstance(one, ResourceGroup) for name, one in found.items()}
    scopes = {str(id if there[id.group.lower()] else whole) for id in groups_of(on.ids)}
    if isinstance(vault, Vault):
        scopes.discard(str(on.ids.vault_group))
        scopes |= {
            str(on.ids.vault),
            str(on.ids.group if there[on.ids.group.group.lower()] else whole),
        }
    if isinstance(des, DiskEncryptionSet):
        scopes.add(des.id)
    told = await asyncio.gather(
        *(known_from(locks.list_locks, on.conn, scope) for scope in sorted(scopes))
    )
    merged = {}
    for one in told:
        if isinstance(one, Unknown):
            return one
        merged.update({lock.id.lower(): lock for lock in one})
    return tuple(merged.values())


async def _policy_workspace(on: Reading) -> Any:
    identity = str(on.ids.identity) if on.ids.identity else ""
    key = f"{on.conn.cloud.vault_uri(on.intent.vault.name)}/keys/{on.intent.key.name}"
    if not isinstance(on.intent, WorkspaceSetup):
        return None
    body = needed.workspace(on.intent, str(on.ids.vault), key, identity, on.further)
    return await _restrictions(on, await _group_or_above(on), body, workspaces.API)


async def _policy_vault(on: Reading) -> Any:
    if await on.get("vault") is not None:
        return None
    body = needed.vault(on.intent, on.intent.vault.name, on.caller.tenant_id)
    scope = await _group_or_above(on, on.ids.vault_group.group)
    return await _restrictions(on, scope, body, "2026-02-01")


async def _policy_dependencies(on: Reading) -> Any:
    present = await on.get("present")
    missing = {id: api for id, api in on.further.items() if id.lower() not in present}
    if not missing:
        return None
    scope = await _group_or_above(on)
    bodies = needed.dependencies(on.intent, missing, on.caller.tenant_id)
    told = await asyncio.gather(
        *(_restrictions(on, scope, one, needed.OWN_API[one["type"].lower()]) for one in bodies)
    )
    unread = next((one for one in told if isinstance(one, Unknown)), None)
    return unread or tuple(hit for one in told for hit in one)


async def _policy_cosmos(on: Reading) -> Any:
    key = f"{on.conn.cloud.vault_uri(on.intent.vault.name)}/keys/{on.intent.key.name}"
    return await _managed(on, needed.cosmos(on.intent, key), needed.COSMOS_API)


async def _policy_search(on: Reading) -> Any:
    return await _managed(on, needed.search(on.intent), needed.SEARCH_API)


async def _policy_storage(on: Reading) -> Any:
    return await _managed(on, needed.storage(on.intent), needed.STORAGE_API)


async def _policy_container_group(on: Reading) -> Any:
    if not isinstance(on.intent, ContainerGroupSetup):
        return None
    if isinstance(await on.get("container_group"), ContainerGroup):
        return None
    key = await key_of(on)
    body = machines.container_group(on.intent, on.ids, await vault_uri(on), key.version)
    return await _restrictions(on, await _group_or_above(on), body, containergroups.API)


async def _policy_encryption_set(on: Reading) -> Any:
    if not isinstance(on.intent, ClusterSetup) or on.ids.encryption_set is None:
        return None
    there = isinstance(await on.get("encryption_set"), DiskEncryptionSet)
    if there or not on.intent.cluster.disk_encryption_set.create:
        return None
    body = machines.encryption_set(on.intent, on.ids, await key_of(on))
    scope = await _group_or_above(on, on.ids.encryption_set.group)
    return await _restrictions(on, scope, body, disks.API)


async def _policy_cluster(on: Reading) -> Any:
    if not isinstance(on.intent, ClusterSetup):
        return None
    if isinstance(await on.get("cluster"), ManagedCluster):
        return None
    offered = await on.get("kubernetes_versions")
    body = machines.cluster(on.intent, on.ids, version_of(on.intent, offered))
    return await _restrictions(on, await _group_or_above(on), body, clusters.API)


async def _policy_assignments(on: Reading) -> Any:
    return await known(policy.list_assignments(on.conn, await _group_or_above(on)))


async def _managed(on: Reading, body: needed.Body, api: str) -> Any:
    """At the subscription: the managed group is not there before the workspace is."""
    if not needed.own_resources(on.intent):
        return None
    return await _restrictions(on, str(ArmId(on.ids.group.subscription)), body, api)


async def _restrictions(on: Reading, scope: str, body: needed.Body, api: str) -> Any:
    return await known(policy.check_restrictions(on.conn, scope, body, api))


async def _group_or_above(on: Reading, name: str = "") -> str:
    """A group where it is there, else the subscription; by default that of what is set up."""
    place = ArmId(on.ids.group.subscription, name or on.ids.group.group)
    found = (await on.get("groups"))[place.group.lower()]
    return str(place if isinstance(found, ResourceGroup) else ArmId(place.subscription))


READERS = by_name(
    _locks,
    _policy_workspace,
    _policy_vault,
    _policy_dependencies,
    _policy_cosmos,
    _policy_search,
    _policy_storage,
    _policy_container_group,
    _policy_encryption_set,
    _policy_cluster,
    _policy_assignments,
)
