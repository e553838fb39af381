"""Who may do what: principals, their roles, and the caller's own rights."""

import asyncio
from collections.abc import Iterable
from typing import Any

from services.azure import access, authorization, graph, identities
from services.azure.errors import AzureError
from services.checks.facts import Unknown, known, known_from
from services.checks.reading import Reading, by_name
from services.ids import ArmId
from services.model.intent import Create, identity_of
from services.model.resources import (
    DiskEncryptionSet,
    Identity,
    Permission,
    Principal,
    ResourceGroup,
    RoleAssignment,
    Vault,
)


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
    if on.ids.identity is not None and not isinstance(identity_of(on.intent), Create):
        scopes.append(ArmId(on.ids.identity.subscription, on.ids.identity.group))
    return await permissions_at(on, map(str, scopes))


async def permissions_at(
    on: Reading, scopes: Iterable[str]
) -> dict[str, tuple[Permission, ...] | Unknown]:
    """What the caller may do at each of the scopes, by the scope in lower case."""
    asked = {scope.lower(): scope for scope in scopes}
    told = await asyncio.gather(*(known_from(_rights, on, scope) for scope in asked.values()))
    return dict(zip(asked, told, strict=True))


async def _rights(on: Reading, scope: str) -> tuple[Permission, ...]:
    return tuple(await authorization.list_permissions(on.conn, scope))


async def _cosmos(on: Reading) -> Principal | Unknown | None:
    told = on.intent.principals.cosmos_db
    return await app_of(on, "Azure Cosmos DB", on.conn.cloud.cosmos_app_id, told)


async def _ml(on: Reading) -> Principal | Unknown | None:
    told = on.intent.principals.machine_learning
    return await app_of(on, "Azure Machine Learning", on.conn.cloud.ml_app_id, told)


async def app_of(on: Reading, name: str, app_id: str, told: str) -> Principal | Unknown | None:
    """The tenant's principal of an app. The intent's word counts where Graph tells nothing."""
    found = await known(graph.service_principal(on.conn, app_id))
    if isinstance(found, Unknown) and told:
        kind = "ServicePrincipal"
        return Principal(object_id=told.lower(), name=name, kind=kind, app_id=app_id)
    return found


async def _cosmos_roles(on: Reading) -> Any:
    return await roles_of(on, "cosmos", str(on.ids.vault))


async def _ml_roles(on: Reading) -> Any:
    return await roles_of(on, "ml", str(ArmId(on.ids.group.subscription)))


async def _vault_roles(on: Reading) -> Any:
    if not isinstance(await on.get("vault"), Vault):
        return ()
    return await known(_roles(on, str(on.ids.vault), on.conn.cloud.cosmos_app_id))


async def _identity(on: Reading) -> Identity | Unknown | None:
    if on.ids.identity is None:
        return None
    return await known(identities.get_identity(on.conn, str(on.ids.identity)))


async def _identity_roles(on: Reading) -> Any:
    return await roles_of(on, "identity", str(on.ids.vault))


async def roles_of(on: Reading, fact: str, scope: str) -> Any:
    """The roles at a scope of whom another fact tells; none of somebody who is not there."""
    found = await on.get(fact)
    if isinstance(found, Identity | DiskEncryptionSet):
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


async def _assignments(on: Reading) -> Any:
    scope = str(ArmId(on.ids.group.subscription))
    return await known(access.own_assignments(on.conn, scope, on.caller.object_id))


async def _eligible(on: Reading) -> Any:
    return await known(access.list_eligible(on.conn, str(ArmId(on.ids.group.subscription))))


async def _deny_assignments(on: Reading) -> Any:
    return await known(access.list_denials(on.conn, str(ArmId(on.ids.group.subscription))))


READERS = by_name(
    _permissions,
    _cosmos,
    _ml,
    _cosmos_roles,
    _ml_roles,
    _vault_roles,
    _identity,
    _identity_roles,
    _assignments,
    _eligible,
    _deny_assignments,
)
