"""The vault and its key, through Resource Manager and the vault's own address."""

import asyncio
from collections.abc import Awaitable
from typing import Any

from services.azure import armkeys, keys, perimeters, vaults
from services.azure.errors import AzureError, ErrorKind
from services.checks.facts import CLOSED, Unknown, known, unread
from services.checks.reading import Reading, by_name
from services.ids import KeyId
from services.model.resources import DeletedVault, KeyVersion, Vault


async def _vault(on: Reading) -> Vault | Unknown | None:
    return await known(vaults.get_vault(on.conn, str(on.ids.vault)))


async def _deleted_vault(on: Reading) -> DeletedVault | Unknown | None:
    if await on.get("vault") is not None:
        return None
    found = await known(vaults.list_deleted(on.conn, on.ids.vault.subscription))
    if isinstance(found, Unknown):
        return found
    name = on.intent.vault.name.lower()
    return next((item for item in found if item.name.lower() == name), None)


async def _perimeters(on: Reading) -> Any:
    if not isinstance(await on.get("vault"), Vault):
        return ()
    return await known(perimeters.list_perimeters(on.conn, str(on.ids.vault)))


async def _vault_name(on: Reading) -> Any:
    if await on.get("vault") is not None:
        return None
    wanted = on.intent.vault.name
    return await known(vaults.check_name(on.conn, on.ids.vault.subscription, wanted))


async def _key(on: Reading) -> tuple[KeyVersion | Unknown | None, bool, bool]:
    """The key, whether the vault let us in, and whether ARM told of it instead.

    Resource Manager tells of keys to who may read the vault, where the data plane refuses.
    """
    vault = await on.get("vault")
    if not isinstance(vault, Vault):
        return vault, True, False
    wish = on.intent.key
    version = "" if wish.version == "latest" else wish.version
    try:
        return await keys.get_key(on.conn, vault.uri, wish.name, version), True, False
    except AzureError as error:
        if _lost(on, vault, error):
            raise
        closed = not CLOSED.isdisjoint((error.inner, error.code))
        refused = error.kind is ErrorKind.FORBIDDEN
        told = unread(error)
    if not refused:
        return told, True, False
    found = await known(armkeys.get_key(on.conn, vault.id, wish.name, version))
    return (told if isinstance(found, Unknown) else found), not closed, True


async def _deleted_key(on: Reading) -> Any:
    vault = await on.get("vault")
    if not isinstance(vault, Vault):
        return vault
    return await told_by(on, vault, keys.get_deleted_key(on.conn, vault.uri, on.intent.key.name))


async def _newest_key(on: Reading) -> Any:
    vault = await on.get("vault")
    if not isinstance(vault, Vault) or on.intent.key.version == "latest":
        return None
    name = on.intent.key.name
    found = await told_by(on, vault, keys.get_key(on.conn, vault.uri, name))
    if not isinstance(found, Unknown):
        return found
    told = await known(armkeys.get_key(on.conn, vault.id, name))
    return found if isinstance(told, Unknown) else told


async def _rotation(on: Reading) -> Any:
    vault, (key, _, _) = await asyncio.gather(on.get("vault"), on.get("key"))
    if not isinstance(key, KeyVersion) or key.expires is None:
        return None
    return await told_by(
        on, vault, keys.get_rotation_policy(on.conn, vault.uri, on.intent.key.name)
    )


def _lost(on: Reading, vault: Vault, error: AzureError) -> bool:
    """Whether the sign-in is lost; another tenant's vault takes none of ours in any case."""
    ours = vault.tenant_id.lower() == on.caller.tenant_id.lower()
    return error.kind is ErrorKind.SIGN_IN and (ours or not vault.tenant_id)


async def vault_uri(on: Reading) -> str:
    """The vault's address, as it tells it or as it will be."""
    found = await on.get("vault")
    return found.uri if isinstance(found, Vault) else on.conn.cloud.vault_uri(on.intent.vault.name)


async def key_of(on: Reading) -> KeyId:
    """The key, with its version where that is known."""
    (key, _, _), uri = await asyncio.gather(on.get("key"), vault_uri(on))
    version = key.version if isinstance(key, KeyVersion) else ""
    return KeyId(uri.removeprefix("https://"), on.intent.key.name, version)


async def told_by(on: Reading, vault: Vault, call: Awaitable[Any]) -> Any:
    """What a vault's data plane tells; raises AzureError for a lost sign-in."""
    try:
        return await call
    except AzureError as error:
        if _lost(on, vault, error):
            raise
        return unread(error)


READERS = by_name(
    _vault,
    _deleted_vault,
    _vault_name,
    _perimeters,
    _key,
    _deleted_key,
    _newest_key,
    _rotation,
)
