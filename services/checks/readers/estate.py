"""Where it is all to be: subscription, groups, and what is there or under way already."""

import asyncio
from collections.abc import Mapping
from typing import Any

from services.azure import (
    activitylog,
    clusters,
    containergroups,
    deployments,
    disks,
    groups,
    providers,
    resources,
    subscriptions,
    workspaces,
)
from services.checks import machines, needed
from services.checks.facts import HELD, Unknown, groups_of, known, known_from
from services.checks.nodefit import version_of
from services.checks.readers.vault import vault_uri
from services.checks.reading import Reading, by_name
from services.ids import KeyId
from services.model.intent import ClusterSetup, ContainerGroupSetup, WorkspaceSetup, noun
from services.model.resources import (
    ContainerGroup,
    DiskEncryptionSet,
    Identity,
    KeyVersion,
    ManagedCluster,
    Raw,
    ResourceGroup,
    Subscription,
)

DELETE = "Microsoft.MachineLearningServices/workspaces/delete"


async def _subscription(on: Reading) -> Subscription | None:
    """None where the caller does not see it."""
    for item in await subscriptions.list_subscriptions(on.conn):
        if item.id == on.ids.group.subscription:
            return item
    return None


async def _providers(on: Reading) -> Any:
    return await known(providers.list_providers(on.conn, on.ids.group.subscription))


async def _groups(on: Reading) -> dict[str, ResourceGroup | Unknown | None]:
    names = sorted(id.group for id in groups_of(on.ids))
    found = await asyncio.gather(
        *(known_from(groups.get_group, on.conn, on.ids.group.subscription, name) for name in names)
    )
    return {name.lower(): one for name, one in zip(names, found, strict=True)}


async def _managed_groups(on: Reading) -> Any:
    found = await known(groups.list_groups(on.conn, on.ids.group.subscription))
    if isinstance(found, Unknown):
        return found
    return tuple(one for one in found if one.managed_by)


async def _deployments(on: Reading) -> Any:
    found = (await on.get("groups"))[on.ids.group.group.lower()]
    if not isinstance(found, ResourceGroup):
        return ()
    return await known(deployments.list_running(on.conn, str(on.ids.group)))


async def _validation(on: Reading) -> Any:
    """Only asked once group, vault and key are there.

    A group that is not there can't be asked, and a key's version is not known before it is made.
    """
    found, (key, _, _) = await asyncio.gather(on.get("groups"), on.get("key"))
    group = found[on.ids.group.group.lower()]
    if not isinstance(group, ResourceGroup) or not isinstance(key, KeyVersion):
        return None
    match on.intent:
        case WorkspaceSetup():
            resources = _workspace_template(on, on.intent, key)
        case ContainerGroupSetup():
            resources = await _group_template(on, on.intent, key)
        case ClusterSetup():
            resources = await _cluster_template(on, on.intent, key)
    if not resources:
        return None
    what = f"validate the {noun(on.intent)}"
    return await known(deployments.validate(on.conn, str(on.ids.group), resources, what))


def _workspace_template(on: Reading, intent: WorkspaceSetup, key: KeyVersion) -> list[Raw]:
    identity = str(on.ids.identity) if on.ids.identity else ""
    body = needed.workspace(intent, str(on.ids.vault), key.id, identity, on.further)
    return [{**body, "apiVersion": workspaces.API}]


async def _group_template(on: Reading, intent: ContainerGroupSetup, key: KeyVersion) -> list[Raw]:
    """Empty where it is there, or its identity is still to be made."""
    there = isinstance(await on.get("container_group"), ContainerGroup)
    if there or not await _identity_is_there(on):
        return []
    body = machines.container_group(intent, on.ids, await vault_uri(on), key.version)
    return [{**body, "apiVersion": containergroups.API}]


async def _cluster_template(on: Reading, intent: ClusterSetup, key: KeyVersion) -> list[Raw]:
    """The cluster, with its set where that is to be made in the same group.

    Empty where the cluster is there, or something that it names is still to be made elsewhere.
    """
    there = isinstance(await on.get("cluster"), ManagedCluster)
    if there or on.ids.encryption_set is None or not await _identity_is_there(on):
        return []
    made: list[Raw] = []
    version = version_of(intent, await on.get("kubernetes_versions"))
    body = {**machines.cluster(intent, on.ids, version), "apiVersion": clusters.API}
    if not isinstance(await on.get("encryption_set"), DiskEncryptionSet):
        beside = on.ids.encryption_set.group.lower() == on.ids.group.group.lower()
        if not beside or not intent.cluster.disk_encryption_set.create:
            return []
        wanted = machines.encryption_set(intent, on.ids, KeyId.parse(key.id))
        made.append({**wanted, "apiVersion": disks.API})
        body["dependsOn"] = [str(on.ids.encryption_set)]
    return [*made, body]


async def _identity_is_there(on: Reading) -> bool:
    return on.ids.identity is None or isinstance(await on.get("identity"), Identity)


async def _workspace(on: Reading) -> Any:
    if not isinstance(on.intent, WorkspaceSetup):
        return None
    return await known(workspaces.get_workspace(on.conn, str(on.ids.target)))


async def _workspace_deletes(on: Reading) -> Any:
    if await on.get("workspace") is not None:
        return ()
    whole, id = on.ids.group.subscription, str(on.ids.target)
    since = on.conn.now() - HELD
    found = await known(activitylog.events(on.conn, whole, since=since, resource_id=id))
    if isinstance(found, Unknown):
        return found
    return tuple(
        one
        for one in found
        if one.operation.lower() == DELETE.lower() and one.status in ("Accepted", "Succeeded")
    )


async def _present(on: Reading) -> frozenset[str]:
    items: Mapping[str, str] = on.further
    found = await asyncio.gather(
        *(known_from(resources.get_resource, on.conn, id, api) for id, api in items.items())
    )
    return frozenset(
        id.lower()
        for id, one in zip(items, found, strict=True)
        if one is not None and not isinstance(one, Unknown)
    )


READERS = by_name(
    _subscription,
    _providers,
    _groups,
    _managed_groups,
    _deployments,
    _validation,
    _workspace,
    _workspace_deletes,
    _present,
)
