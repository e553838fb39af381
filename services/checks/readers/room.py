"""Room for what is made: quotas, regions and names."""

from typing import Any

from services.azure import registries, storage, usages, vaults
from services.checks import needed
from services.checks.facts import Unknown, known
from services.checks.reading import Reading, by_name
from services.ids import ArmId
from services.model.resources import ResourceGroup


async def _cosmos_location(on: Reading) -> Any:
    return await known(usages.cosmos_region(on.conn, on.ids.group.subscription, on.intent.region))


async def _cosmos_accounts(on: Reading) -> Any:
    return await known(usages.cosmos_accounts(on.conn, on.ids.group.subscription))


async def _search_usages(on: Reading) -> Any:
    call = usages.search_usages(on.conn, on.ids.group.subscription, on.intent.region)
    return await known(call)


async def _storage_usages(on: Reading) -> Any:
    call = usages.storage_usages(on.conn, on.ids.group.subscription, on.intent.region)
    return await known(call)


async def _ml_usages(on: Reading) -> Any:
    call = usages.ml_usages(on.conn, on.ids.group.subscription, on.intent.region)
    return await known(call)


async def _group_workspaces(on: Reading) -> Any:
    found = (await on.get("groups"))[on.ids.group.group.lower()]
    if not isinstance(found, ResourceGroup):
        return found if isinstance(found, Unknown) else 0
    return await known(usages.group_workspaces(on.conn, str(on.ids.group)))


async def _storage_name(on: Reading) -> Any:
    name = await _to_make(on, "Microsoft.Storage/storageAccounts")
    return (
        await known(storage.check_name(on.conn, on.ids.group.subscription, name)) if name else None
    )


async def _secrets_vault_name(on: Reading) -> Any:
    name = await _to_make(on, "Microsoft.KeyVault/vaults")
    return (
        await known(vaults.check_name(on.conn, on.ids.group.subscription, name)) if name else None
    )


async def _registry_name(on: Reading) -> Any:
    name = await _to_make(on, "Microsoft.ContainerRegistry/registries")
    if not name:
        return None
    return await known(registries.check_name(on.conn, on.ids.group.subscription, name))


async def _to_make(on: Reading, kind: str) -> str:
    """The name of the resource of a type that is made; empty where none is, or it is there."""
    id = needed.made(on.further, kind)
    if not id or id.lower() in await on.get("present"):
        return ""
    return ArmId.parse(id).name


READERS = by_name(
    _cosmos_location,
    _cosmos_accounts,
    _search_usages,
    _storage_usages,
    _ml_usages,
    _group_workspaces,
    _storage_name,
    _secrets_vault_name,
    _registry_name,
)
