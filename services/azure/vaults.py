"""Key vaults through Azure Resource Manager."""

from collections.abc import AsyncIterator
from typing import Literal

import msgspec

from services.azure import calls
from services.azure.authorization import object_id
from services.azure.connection import Connection
from services.ids import ArmId
from services.model.resources import (
    AccessPolicy,
    DeletedVault,
    NameCheck,
    PrivateEndpoint,
    Raw,
    Vault,
)
from services.text import plain

SDK = "azure.mgmt.keyvault.aio:KeyVaultManagementClient"


class VaultSpec(msgspec.Struct, frozen=True, kw_only=True):
    """A vault to be created; purge protection is always on."""

    location: str
    tenant_id: str
    sku: Literal["standard", "premium"] = "standard"
    rbac: bool = True
    """True: role assignments decide; False: access policies do."""
    retention_days: int = 90
    """7 to 90; can't be changed later."""
    network: Literal["public", "trusted-services"] = "public"
    """trusted-services: closed but for services that Microsoft lets pass."""
    policies: tuple[AccessPolicy, ...] = ()
    """Only without rbac."""
    tags: dict[str, str] = {}


async def list_vaults(conn: Connection, subscription: str) -> AsyncIterator[list[Vault]]:
    """The vaults of a subscription, page by page; raises AzureError.

    The same through Resource Graph costs a tenth: resourcegraph.list_vaults.
    """
    sdk = await calls.client(conn, SDK, subscription)
    async for page in calls.pages("list vaults", sdk.vaults.list_by_subscription):
        yield [vault(one) for one in page]


async def get_vault(conn: Connection, id: str) -> Vault | None:
    """A vault by its ARM id, or None where there is none; raises AzureError."""
    where = ArmId.parse(id)
    sdk = await calls.client(conn, SDK, where.subscription)
    raw = await calls.find(f"read vault {where.name}", sdk.vaults.get, where.group, where.name)
    return None if raw is None else vault(raw)


async def create_vault(conn: Connection, id: str, spec: VaultSpec) -> Vault:
    """Create a vault and wait until its name resolves; raises AzureError.

    A PUT on a vault that exists would replace its access policies: observe first.
    """
    where = ArmId.parse(id)
    properties = {
        "tenantId": spec.tenant_id,
        "sku": {"family": "A", "name": spec.sku},
        "enableRbacAuthorization": spec.rbac,
        "enableSoftDelete": True,
        "softDeleteRetentionInDays": spec.retention_days,
        "enablePurgeProtection": True,
        "publicNetworkAccess": "Enabled",
        "networkAcls": {
            "bypass": "AzureServices",
            "defaultAction": "Allow" if spec.network == "public" else "Deny",
        },
        "accessPolicies": [_entry(policy, spec.tenant_id) for policy in spec.policies],
    }
    body = {"location": spec.location, "tags": spec.tags, "properties": properties}
    return await _put(conn, f"create vault {where.name}", where, body)


async def recover(conn: Connection, deleted: DeletedVault, group: str = "") -> Vault:
    """Bring a soft-deleted vault back where it was; raises AzureError.

    Role assignments on it do not come back with it. ``group`` only where its resource
    group's name has changed.
    """
    was = ArmId.parse(deleted.id)
    where = msgspec.structs.replace(was, group=group or was.group)
    properties = {
        "createMode": "recover",
        "tenantId": (await conn.who()).tenant_id,
        "sku": {"family": "A", "name": "standard"},
    }
    body = {"location": deleted.location, "properties": properties}
    return await _put(conn, f"recover vault {where.name}", where, body)


async def _put(conn: Connection, what: str, where: ArmId, body: Raw) -> Vault:
    sdk = await calls.client(conn, SDK, where.subscription)
    raw = await calls.finish(
        conn, what, sdk.vaults.begin_create_or_update, where.group, where.name, body
    )
    return vault(raw)


async def enable_purge_protection(conn: Connection, id: str) -> Vault:
    """Turn on purge protection, which can't be undone; raises AzureError.

    Soft delete goes with it: vaults older than its default may lack it.
    """
    where = ArmId.parse(id)
    sdk = await calls.client(conn, SDK, where.subscription)
    body = {"properties": {"enableSoftDelete": True, "enablePurgeProtection": True}}
    return vault(
        await calls.ask(
            f"protect vault {where.name}", sdk.vaults.update, where.group, where.name, body
        )
    )


async def let_services_pass(conn: Connection, id: str) -> Vault:
    """Let Azure's trusted services pass the vault's firewall; its other rules stay.

    The rules are sent whole, because nothing says that a PATCH merges within them. Raises
    AzureError.
    """
    where = ArmId.parse(id)
    sdk = await calls.client(conn, SDK, where.subscription)
    what = f"change the firewall of vault {where.name}"
    raw = await calls.ask(what, sdk.vaults.get, where.group, where.name)
    rules = {"defaultAction": "Allow", **calls.part(calls.part(raw, "properties"), "networkAcls")}
    body = {"properties": {"networkAcls": {**rules, "bypass": "AzureServices"}}}
    return vault(await calls.ask(what, sdk.vaults.update, where.group, where.name, body))


async def add_policy(conn: Connection, id: str, policy: AccessPolicy) -> None:
    """Add key permissions to a principal's access policy; nothing is taken away.

    On a vault that uses role assignments the policy is stored and ignored. Without a
    tenant in ``policy`` the caller's is used. Raises AzureError.
    """
    where = ArmId.parse(id)
    sdk = await calls.client(conn, SDK, where.subscription)
    tenant = policy.tenant_id or (await conn.who()).tenant_id
    await calls.ask(
        f"add an access policy to {where.name}",
        sdk.vaults.update_access_policy,
        where.group,
        where.name,
        "add",
        {"properties": {"accessPolicies": [_entry(policy, tenant)]}},
    )


async def remove_policy(conn: Connection, id: str, policy: AccessPolicy) -> None:
    """Take key permissions away from a principal's access policy; the rest of it stays.

    Without a tenant in ``policy`` the caller's is used. Raises AzureError.
    """
    where = ArmId.parse(id)
    sdk = await calls.client(conn, SDK, where.subscription)
    tenant = policy.tenant_id or (await conn.who()).tenant_id
    await calls.ask(
        f"take an access policy away from {where.name}",
        sdk.vaults.update_access_policy,
        where.group,
        where.name,
        "remove",
        {"properties": {"accessPolicies": [_stored(policy, tenant)]}},
    )


async def delete_vault(conn: Connection, id: str) -> None:
    """Delete a vault softly: its name stays taken until it is purged or recovered.

    With purge protection it can't be purged before its retention is over (Key Vault
    soft-delete overview). Raises AzureError.
    """
    where = ArmId.parse(id)
    sdk = await calls.client(conn, SDK, where.subscription)
    await calls.ask(f"delete vault {where.name}", sdk.vaults.delete, where.group, where.name)


async def list_deleted(conn: Connection, subscription: str) -> list[DeletedVault]:
    """The soft-deleted vaults of a subscription, by name; raises AzureError."""
    sdk = await calls.client(conn, SDK, subscription)
    found = await calls.everything("list deleted vaults", sdk.vaults.list_deleted)
    return sorted(map(deleted_vault, found), key=lambda one: one.name.lower())


async def check_name(conn: Connection, subscription: str, name: str) -> NameCheck:
    """Whether a vault name is free in the whole cloud; raises AzureError."""
    sdk = await calls.client(conn, SDK, subscription)
    question = {"name": name, "type": "Microsoft.KeyVault/vaults"}
    raw = await calls.ask("check a vault name", sdk.vaults.check_name_availability, question)
    return calls.name_check(raw)


def _entry(policy: AccessPolicy, tenant: str) -> Raw:
    """One that gives access; raises AzureError for the app id of an Azure service."""
    object_id(policy.object_id)
    return _stored(policy, tenant)


def _stored(policy: AccessPolicy, tenant: str) -> Raw:
    return {
        "tenantId": policy.tenant_id or tenant,
        "objectId": policy.object_id,
        "permissions": {"keys": list(policy.keys)},
    }


def _endpoint(raw: Raw) -> PrivateEndpoint:
    told = calls.part(raw, "properties")
    endpoint = plain(calls.part(told, "privateEndpoint").get("id"))
    id = plain(raw.get("id"))
    return PrivateEndpoint(
        id=id,
        name=(endpoint or id).rpartition("/")[2],
        status=plain(calls.part(told, "privateLinkServiceConnectionState").get("status")),
    )


def vault(raw: Raw) -> Vault:
    """A vault from its JSON.

    Absent flags mean what Azure means by them: enableRbacAuthorization null is access
    policies (Key Vault page "Access control default"), no networkAcls is open to all.
    """
    properties = calls.part(raw, "properties")
    acls = calls.part(properties, "networkAcls")
    return Vault(
        id=calls.arm_id(raw.get("id")),
        name=plain(raw.get("name")),
        location=calls.region(raw.get("location")),
        uri=plain(properties.get("vaultUri")).rstrip("/"),
        tenant_id=plain(properties.get("tenantId")).lower(),
        sku=plain(calls.part(properties, "sku").get("name")).lower(),
        rbac=properties.get("enableRbacAuthorization") is True,
        soft_delete=properties.get("enableSoftDelete") is not False,
        purge_protection=properties.get("enablePurgeProtection") is True,
        retention_days=calls.number(properties.get("softDeleteRetentionInDays"), 90),
        public_access=plain(properties.get("publicNetworkAccess") or "Enabled"),
        default_action=plain(acls.get("defaultAction") or "Allow"),
        bypass=plain(acls.get("bypass") or "AzureServices"),
        endpoints=tuple(map(_endpoint, calls.objects(properties, "privateEndpointConnections"))),
        policies=tuple(map(_policy, calls.objects(properties, "accessPolicies"))),
        state=plain(properties.get("provisioningState") or "Succeeded"),
        tags=calls.tags(raw),
        raw=raw,
    )


def _policy(raw: Raw) -> AccessPolicy:
    keys = calls.texts(calls.part(raw, "permissions").get("keys"))
    return AccessPolicy(
        object_id=plain(raw.get("objectId")).lower(),
        tenant_id=plain(raw.get("tenantId")).lower(),
        keys=tuple(key.lower() for key in keys),
    )


def deleted_vault(raw: Raw) -> DeletedVault:
    """A soft-deleted vault from its JSON."""
    properties = calls.part(raw, "properties")
    return DeletedVault(
        name=plain(raw.get("name")),
        id=calls.arm_id(properties.get("vaultId")),
        location=calls.region(properties.get("location")),
        deleted=calls.moment(properties.get("deletionDate")),
        purge_at=calls.moment(properties.get("scheduledPurgeDate")),
        purge_protection=properties.get("purgeProtectionEnabled") is True,
        raw=raw,
    )
