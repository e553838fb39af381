"""Where it is all to be: subscription, groups, and what is there or under way already."""

import asyncio
from collections.abc import Mapping
from typing import Any

from services.azure import (
    activitylog,
    deployments,
    groups,
    providers,
    resources,
    subscriptions,
    workspaces,
)
from services.checks import needed
from services.checks.facts import HELD, Unknown, known, known_from
from services.checks.reading import Reading, by_name
from services.model.intent import WorkspaceSetup
from services.model.resources import KeyVersion, ResourceGroup, Subscription

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
    names = sorted({on.ids.group.group, on.ids.vault_group.group})
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
    identity = str(on.ids.identity) if on.ids.identity else ""
    if not isinstance(on.intent, WorkspaceSetup):
        return None
    body = needed.workspace(on.intent, str(on.ids.vault), key.id, identity, on.further)
    template = {**body, "apiVersion": workspaces.API}
    return await known(deployments.validate(on.conn, str(on.ids.group), [template]))


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
