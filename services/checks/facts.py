"""What was read from Azure about one intent; each thing once, all at the same time."""

import asyncio
from collections.abc import Awaitable
from datetime import datetime
from typing import Any, TypeVar

import msgspec

from services.azure import (
    armkeys,
    authorization,
    graph,
    groups,
    identities,
    keys,
    providers,
    resources,
    subscriptions,
    vaults,
    workspaces,
)
from services.azure.clouds import Cloud
from services.azure.connection import Connection
from services.azure.errors import AzureError, ErrorKind
from services.ids import ArmId
from services.model.intent import Create, Intent
from services.model.resources import (
    Caller,
    DeletedKey,
    DeletedVault,
    Identity,
    KeyVersion,
    NameCheck,
    Permission,
    Principal,
    ResourceGroup,
    RoleAssignment,
    Vault,
    Workspace,
)

T = TypeVar("T")

CLOSED = {"ForbiddenByFirewall", "ForbiddenByConnection"}
"""Key Vault's inner codes for a network that is not let in (F21)."""


class Unknown(msgspec.Struct, frozen=True, tag=True):
    """Something that could not be read, and why; never a guess."""

    reason: str


class Facts(msgspec.Struct, frozen=True, kw_only=True):
    """None means "read, and not there"; Unknown means "could not be read"."""

    cloud: Cloud
    caller: Caller
    tenant: str
    """Of the subscription; the caller's where Azure does not tell."""
    now: datetime
    """By the vault's own clock, which is the one that judges keys; else by ARM's."""
    visible: bool = True
    """Whether the caller sees the subscription at all."""
    providers: dict[str, str] | Unknown = msgspec.field(default_factory=dict)
    """Namespace in lower case to its registration state."""
    groups: dict[str, ResourceGroup | Unknown | None] = msgspec.field(default_factory=dict)
    """By name in lower case."""
    vault: Vault | Unknown | None = None
    deleted_vault: DeletedVault | Unknown | None = None
    vault_name: NameCheck | Unknown | None = None
    """Whether the name is free; only read where the vault is not there."""
    rights: tuple[Permission, ...] | Unknown = ()
    """The caller's own, at the vault (or where it will be)."""
    key: KeyVersion | Unknown | None = None
    deleted_key: DeletedKey | Unknown | None = None
    reachable: bool = True
    """Whether the vault's own network lets us in; its management is reached in any case."""
    key_from_arm: bool = False
    """Whether only Resource Manager told of the key: the data plane refuses the caller."""
    cosmos: Principal | Unknown | None = None
    ml: Principal | Unknown | None = None
    cosmos_roles: tuple[RoleAssignment, ...] | Unknown = ()
    """Of Azure Cosmos DB, at the vault."""
    ml_roles: tuple[RoleAssignment, ...] | Unknown = ()
    """Of Azure Machine Learning, at the subscription."""
    identity: Identity | Unknown | None = None
    identity_roles: tuple[RoleAssignment, ...] | Unknown = ()
    workspace: Workspace | Unknown | None = None
    present: frozenset[str] = frozenset()
    """Ids, in lower case, of further resources of the plan that exist."""


class Ids(msgspec.Struct, frozen=True, kw_only=True):
    """The ids an intent speaks of."""

    group: ArmId
    vault_group: ArmId
    vault: ArmId
    workspace: ArmId
    identity: ArmId | None
    """User-assigned identity, to create or existing; None for the system's."""


def ids_of(intent: Intent) -> Ids:
    """The ARM ids of what the intent names."""
    group = ArmId(intent.subscription.lower(), intent.resource_group)
    vault_group = ArmId(group.subscription, intent.vault.resource_group or group.group)
    identity = intent.workspace.identity
    kind = "Microsoft.ManagedIdentity/userAssignedIdentities"
    return Ids(
        group=group,
        vault_group=vault_group,
        vault=vault_group.child("Microsoft.KeyVault/vaults", intent.vault.name),
        workspace=group.child(
            "Microsoft.MachineLearningServices/workspaces", intent.workspace.name
        ),
        identity=group.child(kind, identity.create)
        if isinstance(identity, Create)
        else (None if identity == "system" else ArmId.parse(identity)),
    )


async def read(conn: Connection, intent: Intent, further: dict[str, str]) -> Facts:
    """Read what the plan of ``intent`` depends on.

    ``further`` are ids of resources the plan may create, with their api-versions. Raises
    AzureError where nothing can be read: no sign-in, or not even the subscriptions can be
    listed. Anything else becomes Unknown.
    """
    try:
        return await _read(conn, intent, further)
    except ExceptionGroup as group:
        first = group.exceptions[0]
    raise first


async def _read(conn: Connection, intent: Intent, further: dict[str, str]) -> Facts:
    ids = ids_of(intent)
    told = await conn.who()
    caller = Caller(
        object_id=told.object_id,
        tenant_id=told.tenant_id,
        name=told.name,
        kind=told.principal_type,
        app_id=told.app_id,
    )
    names = {ids.group.group, ids.vault_group.group}
    async with asyncio.TaskGroup() as tasks:
        tenant = tasks.create_task(_tenant(conn, ids.group.subscription))
        states = tasks.create_task(known(_states(conn, ids.group.subscription)))
        found_groups = {
            name.lower(): tasks.create_task(
                known(groups.get_group(conn, ids.group.subscription, name))
            )
            for name in names
        }
        vault = tasks.create_task(_vault(conn, intent, ids))
        cosmos = tasks.create_task(_app(conn, _cosmos(conn.cloud, intent), str(ids.vault)))
        whole = str(ArmId(ids.group.subscription))
        ml = tasks.create_task(_app(conn, _ml(conn.cloud, intent), whole))
        identity = tasks.create_task(_identity(conn, ids))
        workspace = tasks.create_task(known(workspaces.get_workspace(conn, str(ids.workspace))))
        present = {
            item.lower(): tasks.create_task(known(resources.get_resource(conn, item, version)))
            for item, version in further.items()
        }
    home = tenant.result()
    found_vault = vault.result()["vault"]
    return Facts(
        cloud=conn.cloud,
        caller=caller,
        tenant=home or caller.tenant_id,
        now=conn.now(found_vault.uri if isinstance(found_vault, Vault) else ""),
        visible=home is not None,
        providers=states.result(),
        groups={name: task.result() for name, task in found_groups.items()},
        cosmos=cosmos.result()[0],
        cosmos_roles=cosmos.result()[1],
        ml=ml.result()[0],
        ml_roles=ml.result()[1],
        identity=identity.result()[0],
        identity_roles=identity.result()[1],
        workspace=workspace.result(),
        present=frozenset(
            name
            for name, task in present.items()
            if task.result() is not None and not isinstance(task.result(), Unknown)
        ),
        **vault.result(),
    )


async def known(call: Awaitable[T]) -> T | Unknown:
    """The call's answer, or why there is none; raises AzureError for a lost sign-in."""
    try:
        return await call
    except AzureError as error:
        if error.kind is ErrorKind.SIGN_IN:
            raise
        return Unknown(f"{error.what} {error.means}")


async def _tenant(conn: Connection, subscription: str) -> str | None:
    """Of the subscription; None where the caller does not see it."""
    for item in await subscriptions.list_subscriptions(conn):
        if item.id == subscription:
            return item.tenant_id
    return None


async def _states(conn: Connection, subscription: str) -> dict[str, str]:
    found = await providers.list_providers(conn, subscription)
    return {item.namespace.lower(): item.state for item in found}


async def _vault(conn: Connection, intent: Intent, ids: Ids) -> dict[str, Any]:
    vault = await known(vaults.get_vault(conn, str(ids.vault)))
    if vault is None:
        subscription = ids.vault.subscription
        deleted, name, rights = await asyncio.gather(
            known(_deleted(conn, subscription, intent.vault.name)),
            known(vaults.check_name(conn, subscription, intent.vault.name)),
            known(_rights(conn, str(ArmId(subscription)))),
        )
        return {
            "vault": None,
            "deleted_vault": deleted,
            "vault_name": name,
            "rights": rights,
            "key": None,
        }
    if isinstance(vault, Unknown):
        return {"vault": vault, "rights": vault, "key": vault, "deleted_key": vault}
    version = "" if intent.key.version == "latest" else intent.key.version
    rights, (key, reachable, from_arm), deleted_key = await asyncio.gather(
        known(_rights(conn, str(ids.vault))),
        _key(conn, vault, intent.key.name, version),
        known(keys.get_deleted_key(conn, vault.uri, intent.key.name)),
    )
    return {
        "vault": vault,
        "rights": rights,
        "key": key,
        "deleted_key": deleted_key,
        "reachable": reachable,
        "key_from_arm": from_arm,
    }


async def _key(
    conn: Connection, vault: Vault, name: str, version: str
) -> tuple[KeyVersion | Unknown | None, bool, bool]:
    """The key, whether the vault let us in, and whether ARM told of it instead.

    Resource Manager tells of keys to who may read the vault, where the data plane refuses.
    """
    try:
        return await keys.get_key(conn, vault.uri, name, version), True, False
    except AzureError as error:
        closed = not CLOSED.isdisjoint((error.inner, error.code))
        refused = error.kind is ErrorKind.FORBIDDEN
        told = Unknown(f"{error.what} {error.means}")
    if not refused:
        return told, True, False
    found = await known(armkeys.get_key(conn, vault.id, name, version))
    return (told if isinstance(found, Unknown) else found), not closed, True


async def _rights(conn: Connection, scope: str) -> tuple[Permission, ...]:
    return tuple(await authorization.list_permissions(conn, scope))


async def _deleted(conn: Connection, subscription: str, name: str) -> DeletedVault | None:
    found = await vaults.list_deleted(conn, subscription)
    return next((item for item in found if item.name.lower() == name.lower()), None)


def _cosmos(cloud: Cloud, intent: Intent) -> Principal:
    told = intent.principals.cosmos_db
    return _named("Azure Cosmos DB", cloud.cosmos_app_id, told)


def _ml(cloud: Cloud, intent: Intent) -> Principal:
    told = intent.principals.machine_learning
    return _named("Azure Machine Learning", cloud.ml_app_id, told)


def _named(name: str, app_id: str, object_id: str) -> Principal:
    return Principal(object_id=object_id.lower(), name=name, kind="ServicePrincipal", app_id=app_id)


async def _app(
    conn: Connection, told: Principal, scope: str
) -> tuple[Principal | Unknown | None, tuple[RoleAssignment, ...] | Unknown]:
    """The tenant's principal of an app. The intent's word counts where Graph tells nothing."""
    principal = await known(graph.service_principal(conn, told.app_id))
    if isinstance(principal, Unknown) and told.object_id:
        principal = told
    if principal is None or isinstance(principal, Unknown):
        return principal, ()
    return principal, await known(_roles(conn, scope, principal.object_id))


async def _identity(
    conn: Connection, ids: Ids
) -> tuple[Identity | Unknown | None, tuple[RoleAssignment, ...] | Unknown]:
    if ids.identity is None:
        return None, ()
    identity = await known(identities.get_identity(conn, str(ids.identity)))
    if identity is None or isinstance(identity, Unknown):
        return identity, ()
    return identity, await known(_roles(conn, str(ids.vault), identity.principal_id))


async def _roles(conn: Connection, scope: str, object_id: str) -> tuple[RoleAssignment, ...]:
    try:
        return tuple(await authorization.list_assignments(conn, scope, object_id))
    except AzureError as error:
        if error.status == 404:  # the vault is not there yet, so nobody has a role on it
            return ()
        raise
