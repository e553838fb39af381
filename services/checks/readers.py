"""How each fact is read. Only what a lost sign-in raises is raised; the rest is Unknown."""

import asyncio
from collections.abc import Awaitable, Mapping
from typing import Any

from services.azure import (
    access,
    armkeys,
    authorization,
    deployments,
    graph,
    groups,
    identities,
    keys,
    locks,
    policy,
    providers,
    registries,
    resources,
    storage,
    subscriptions,
    usages,
    vaults,
    workspaces,
)
from services.azure.errors import AzureError, ErrorKind
from services.checks import needed
from services.checks.facts import CLOSED, Unknown, known
from services.checks.reading import Reader, Reading
from services.ids import ArmId
from services.model.resources import (
    DeletedVault,
    Identity,
    KeyVersion,
    Permission,
    Principal,
    ResourceGroup,
    RoleAssignment,
    Subscription,
    Vault,
)


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
        *(known(groups.get_group(on.conn, on.ids.group.subscription, name)) for name in names)
    )
    return {name.lower(): one for name, one in zip(names, found, strict=True)}


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


async def _vault_name(on: Reading) -> Any:
    if await on.get("vault") is not None:
        return None
    wanted = on.intent.vault.name
    return await known(vaults.check_name(on.conn, on.ids.vault.subscription, wanted))


async def _permissions(on: Reading) -> dict[str, tuple[Permission, ...] | Unknown]:
    vault, found = await asyncio.gather(on.get("vault"), on.get("groups"))
    scopes = [ArmId(on.ids.group.subscription)]
    scopes += [
        ArmId(scopes[0].subscription, one.name)
        for one in found.values()
        if isinstance(one, ResourceGroup)
    ]
    if isinstance(vault, Vault):
        scopes.append(on.ids.vault)
    told = await asyncio.gather(*(known(_rights(on, str(scope))) for scope in scopes))
    return {str(scope).lower(): one for scope, one in zip(scopes, told, strict=True)}


async def _rights(on: Reading, scope: str) -> tuple[Permission, ...]:
    return tuple(await authorization.list_permissions(on.conn, scope))


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
        told = Unknown(f"{error.what} {error.means}")
    if not refused:
        return told, True, False
    found = await known(armkeys.get_key(on.conn, vault.id, wish.name, version))
    return (told if isinstance(found, Unknown) else found), not closed, True


def _lost(on: Reading, vault: Vault, error: AzureError) -> bool:
    """Whether the sign-in is lost; another tenant's vault takes none of ours in any case."""
    ours = vault.tenant_id.lower() == on.caller.tenant_id.lower()
    return error.kind is ErrorKind.SIGN_IN and (ours or not vault.tenant_id)


async def _from(on: Reading, vault: Vault, call: Awaitable[Any]) -> Any:
    """What a vault's data plane tells; raises AzureError for a lost sign-in."""
    try:
        return await call
    except AzureError as error:
        if _lost(on, vault, error):
            raise
        return Unknown(f"{error.what} {error.means}")


async def _deleted_key(on: Reading) -> Any:
    vault = await on.get("vault")
    if not isinstance(vault, Vault):
        return vault
    return await _from(on, vault, keys.get_deleted_key(on.conn, vault.uri, on.intent.key.name))


async def _newest_key(on: Reading) -> Any:
    vault = await on.get("vault")
    if not isinstance(vault, Vault) or on.intent.key.version == "latest":
        return None
    return await _from(on, vault, keys.get_key(on.conn, vault.uri, on.intent.key.name))


async def _rotation(on: Reading) -> Any:
    vault, (key, _, _) = await asyncio.gather(on.get("vault"), on.get("key"))
    if not isinstance(key, KeyVersion) or key.expires is None:
        return None
    return await _from(on, vault, keys.get_rotation_policy(on.conn, vault.uri, on.intent.key.name))


async def _cosmos(on: Reading) -> Principal | Unknown | None:
    told = on.intent.principals.cosmos_db
    return await _app(on, "Azure Cosmos DB", on.conn.cloud.cosmos_app_id, told)


async def _ml(on: Reading) -> Principal | Unknown | None:
    told = on.intent.principals.machine_learning
    return await _app(on, "Azure Machine Learning", on.conn.cloud.ml_app_id, told)


async def _app(on: Reading, name: str, app_id: str, told: str) -> Principal | Unknown | None:
    """The tenant's principal of an app. The intent's word counts where Graph tells nothing."""
    found = await known(graph.service_principal(on.conn, app_id))
    if isinstance(found, Unknown) and told:
        kind = "ServicePrincipal"
        return Principal(object_id=told.lower(), name=name, kind=kind, app_id=app_id)
    return found


async def _cosmos_roles(on: Reading) -> Any:
    return await _roles_of(on, "cosmos", str(on.ids.vault))


async def _ml_roles(on: Reading) -> Any:
    return await _roles_of(on, "ml", str(ArmId(on.ids.group.subscription)))


async def _identity(on: Reading) -> Identity | Unknown | None:
    if on.ids.identity is None:
        return None
    return await known(identities.get_identity(on.conn, str(on.ids.identity)))


async def _identity_roles(on: Reading) -> Any:
    return await _roles_of(on, "identity", str(on.ids.vault))


async def _roles_of(on: Reading, fact: str, scope: str) -> Any:
    found = await on.get(fact)
    if isinstance(found, Identity):
        return await known(_roles(on, scope, found.principal_id))
    if isinstance(found, Principal):
        return await known(_roles(on, scope, found.object_id))
    return ()


async def _roles(on: Reading, scope: str, object_id: str) -> tuple[RoleAssignment, ...]:
    try:
        return tuple(await authorization.list_assignments(on.conn, scope, object_id))
    except AzureError as error:
        if error.status == 404:  # the vault is not there yet, so nobody has a role on it
            return ()
        raise


async def _vault_roles(on: Reading) -> Any:
    if not isinstance(await on.get("vault"), Vault):
        return ()
    return await known(_roles(on, str(on.ids.vault), on.conn.cloud.cosmos_app_id))


async def _assignments(on: Reading) -> Any:
    scope = str(ArmId(on.ids.group.subscription))
    return await known(access.own_assignments(on.conn, scope, on.caller.object_id))


async def _eligible(on: Reading) -> Any:
    return await known(access.list_eligible(on.conn, str(ArmId(on.ids.group.subscription))))


async def _deny_assignments(on: Reading) -> Any:
    return await known(access.list_denials(on.conn, str(ArmId(on.ids.group.subscription))))


async def _locks(on: Reading) -> Any:
    """Those of a scope come with those above it; of what is not there yet, those above."""
    vault, found = await asyncio.gather(on.get("vault"), on.get("groups"))
    whole = ArmId(on.ids.group.subscription)
    there = {name: isinstance(one, ResourceGroup) for name, one in found.items()}
    scopes = {
        str(id if there[id.group.lower()] else whole) for id in (on.ids.group, on.ids.vault_group)
    }
    if isinstance(vault, Vault):
        scopes.discard(str(on.ids.vault_group))
        scopes |= {
            str(on.ids.vault),
            str(on.ids.group if there[on.ids.group.group.lower()] else whole),
        }
    told = await asyncio.gather(
        *(known(locks.list_locks(on.conn, scope)) for scope in sorted(scopes))
    )
    merged = {}
    for one in told:
        if isinstance(one, Unknown):
            return one
        merged.update({lock.id.lower(): lock for lock in one})
    return tuple(merged.values())


async def _group_or_above(on: Reading) -> str:
    """The workspace's group where it is there, else the subscription."""
    found = (await on.get("groups"))[on.ids.group.group.lower()]
    whole = ArmId(on.ids.group.subscription)
    return str(on.ids.group if isinstance(found, ResourceGroup) else whole)


async def _policy_workspace(on: Reading) -> Any:
    identity = str(on.ids.identity) if on.ids.identity else ""
    key = f"{on.conn.cloud.vault_uri(on.intent.vault.name)}/keys/{on.intent.key.name}"
    body = needed.workspace(on.intent, str(on.ids.vault), key, identity)
    return await _restrictions(on, await _group_or_above(on), body, workspaces.API)


async def _policy_vault(on: Reading) -> Any:
    if await on.get("vault") is not None:
        return None
    body = needed.vault(on.intent, on.intent.vault.name, on.caller.tenant_id)
    found = (await on.get("groups"))[on.ids.vault_group.group.lower()]
    whole = ArmId(on.ids.group.subscription)
    scope = str(on.ids.vault_group if isinstance(found, ResourceGroup) else whole)
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


async def _managed(on: Reading, body: needed.Body, api: str) -> Any:
    """At the subscription: the managed group is not there before the workspace is."""
    if not needed.own_resources(on.intent):
        return None
    return await _restrictions(on, str(ArmId(on.ids.group.subscription)), body, api)


async def _restrictions(on: Reading, scope: str, body: needed.Body, api: str) -> Any:
    return await known(policy.check_restrictions(on.conn, scope, body, api))


async def _policy_assignments(on: Reading) -> Any:
    return await known(policy.list_assignments(on.conn, await _group_or_above(on)))


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
    """Only asked once group, vault and key are there: a template that names them needs them."""
    found, (key, _, _) = await asyncio.gather(on.get("groups"), on.get("key"))
    group = found[on.ids.group.group.lower()]
    if not isinstance(group, ResourceGroup) or not isinstance(key, KeyVersion):
        return None
    identity = str(on.ids.identity) if on.ids.identity else ""
    body = needed.workspace(on.intent, str(on.ids.vault), key.id, identity)
    template = {**body, "apiVersion": workspaces.API}
    return await known(deployments.validate(on.conn, str(on.ids.group), [template]))


async def _workspace(on: Reading) -> Any:
    return await known(workspaces.get_workspace(on.conn, str(on.ids.workspace)))


async def _present(on: Reading) -> frozenset[str]:
    items: Mapping[str, str] = on.further
    found = await asyncio.gather(
        *(known(resources.get_resource(on.conn, id, api)) for id, api in items.items())
    )
    return frozenset(
        id.lower()
        for id, one in zip(items, found, strict=True)
        if one is not None and not isinstance(one, Unknown)
    )


READERS: dict[str, Reader] = {
    name.removeprefix("_"): reader
    for name, reader in {
        reader.__name__: reader
        for reader in (
            _subscription,
            _providers,
            _groups,
            _vault,
            _deleted_vault,
            _vault_name,
            _permissions,
            _key,
            _deleted_key,
            _newest_key,
            _rotation,
            _cosmos,
            _cosmos_roles,
            _ml,
            _ml_roles,
            _vault_roles,
            _identity,
            _identity_roles,
            _assignments,
            _eligible,
            _deny_assignments,
            _locks,
            _policy_workspace,
            _policy_vault,
            _policy_dependencies,
            _policy_cosmos,
            _policy_search,
            _policy_storage,
            _policy_assignments,
            _cosmos_location,
            _cosmos_accounts,
            _search_usages,
            _storage_usages,
            _ml_usages,
            _storage_name,
            _secrets_vault_name,
            _registry_name,
            _managed_groups,
            _deployments,
            _validation,
            _workspace,
            _present,
        )
    }.items()
}
"""By name of fact."""
