"""Azure Machine Learning workspaces.

The SDK package speaks an older api-version than the service; its calls take the version
and a raw body, and what they receive is read as JSON.
"""

from collections.abc import AsyncIterator, Sequence

import msgspec

from services.azure import calls
from services.azure.connection import Connection
from services.azure.operations import Operation, wait
from services.ids import ArmId
from services.model.resources import Encryption, Raw, Workspace
from services.text import plain

SDK = "azure.mgmt.machinelearningservices.aio:MachineLearningServicesMgmtClient"
API = "2025-12-01"

ASKED = (
    *("udr", "nsg", "resourceLock", "dnsResolution", "storageAccount", "keyVault"),
    *("containerRegistry", "applicationInsights", "others"),
)
"""What the diagnose operation can look at (2025-06-01 Workspace/diagnose.json)."""


class Remark(msgspec.Struct, frozen=True, kw_only=True):
    """One result of Azure's own diagnose operation."""

    about: str
    """The kind of result, for example storageAccountResults."""
    code: str
    level: str
    """Error, Warning or Information."""
    message: str


async def list_workspaces(conn: Connection, subscription: str) -> AsyncIterator[list[Workspace]]:
    """The workspaces of a subscription, page by page; raises AzureError."""
    sdk = await calls.client(conn, SDK, subscription)
    async for page in calls.pages(
        "list workspaces", sdk.workspaces.list_by_subscription, api_version=API
    ):
        yield [workspace(one) for one in page]


async def get_workspace(conn: Connection, id: str) -> Workspace | None:
    """A workspace by its ARM id, or None where there is none; raises AzureError."""
    where = ArmId.parse(id)
    sdk = await calls.client(conn, SDK, where.subscription)
    raw = await calls.find(
        f"read workspace {where.name}",
        sdk.workspaces.get,
        where.group,
        where.name,
        api_version=API,
    )
    return None if raw is None else workspace(raw)


async def begin_create(conn: Connection, id: str, body: Raw) -> Operation:
    """Start the creation of a workspace; raises AzureError when Azure refuses it.

    A missing grant shows later, when the operation fails: operations.wait.
    """
    where = ArmId.parse(id)
    sdk = await calls.client(conn, SDK, where.subscription)
    return await calls.begin(
        conn,
        f"create workspace {where.name}",
        sdk.workspaces.begin_create_or_update,
        where.group,
        where.name,
        calls.body(body),
        api_version=API,
    )


async def delete_workspace(conn: Connection, id: str) -> None:
    """Delete a workspace softly and wait; raises AzureError.

    Its name stays taken and its managed resource group stays, with its costs, for 14 days
    (Machine Learning, workspace soft deletion).
    """
    what = f"delete workspace {ArmId.parse(id).name}"
    await wait(conn, await begin_delete(conn, id), what)


async def begin_delete(conn: Connection, id: str, *, purge: bool = False) -> Operation:
    """Start to delete a workspace; raises AzureError when Azure refuses it.

    ``purge`` ends it for good, one that was deleted softly too, and its managed resource group
    with it (``forceToPurge``).
    """
    where = ArmId.parse(id)
    sdk = await calls.client(conn, SDK, where.subscription)
    return await calls.begin(
        conn,
        f"{'purge' if purge else 'delete'} workspace {where.name}",
        sdk.workspaces.begin_delete,
        where.group,
        where.name,
        api_version=API,
        params={"forceToPurge": "true"} if purge else {},
    )


async def begin_change_key(conn: Connection, id: str, key_id: str) -> Operation:
    """Start to point a workspace to another version or key of its vault; raises AzureError.

    Azure takes another vault for no workspace, and no change with service-side encryption. The
    services in the managed group follow in their own time after the operation's end.
    """
    encryption = {"keyVaultProperties": {"keyIdentifier": key_id}}
    where = ArmId.parse(id)
    sdk = await calls.client(conn, SDK, where.subscription)
    return await calls.begin(
        conn,
        f"change the key of workspace {where.name}",
        sdk.workspaces.begin_update,
        where.group,
        where.name,
        calls.body({"properties": {"encryption": encryption}}),
        api_version=API,
    )


async def add_identity(conn: Connection, id: str, type: str, identities: Sequence[str]) -> None:
    """Give a workspace user-assigned identities beside what it has; raises AzureError.

    ``type`` is the workspace's own, ``identities`` are all it shall have. From system-assigned
    to both is allowed, back is not ("Set up authentication").
    """
    wanted = type if "userassigned" in type.lower() else "SystemAssigned,UserAssigned"
    body = {"identity": {"type": wanted, "userAssignedIdentities": {one: {} for one in identities}}}
    where = ArmId.parse(id)
    sdk = await calls.client(conn, SDK, where.subscription)
    await calls.finish(
        conn,
        f"change the identities of workspace {where.name}",
        sdk.workspaces.begin_update,
        where.group,
        where.name,
        calls.body(body),
        api_version=API,
    )


async def diagnose(conn: Connection, id: str) -> tuple[Remark, ...]:
    """Let Azure look at a workspace's own resources, and wait; raises AzureError.

    It looks at storage, vault for secrets, registry, insights, network and locks, never at
    the customer-managed key. It changes nothing.
    """
    where = ArmId.parse(id)
    sdk = await calls.client(conn, SDK, where.subscription)
    raw = await calls.finish(
        conn,
        f"let Azure diagnose workspace {where.name}",
        sdk.workspaces.begin_diagnose,
        where.group,
        where.name,
        calls.body({"value": {name: {} for name in ASKED}}),
        api_version=API,
    )
    value = calls.part(raw, "value")
    return tuple(_remark(kind, one) for kind in value for one in calls.objects(value, kind))


def _remark(kind: str, raw: Raw) -> Remark:
    return Remark(
        about=plain(kind),
        code=plain(raw.get("code")),
        level=plain(raw.get("level")),
        message=plain(raw.get("message")),
    )


def workspace(raw: Raw) -> Workspace:
    """A workspace from its JSON."""
    properties, identity = calls.part(raw, "properties"), calls.part(raw, "identity")
    return Workspace(
        id=calls.arm_id(raw.get("id")),
        name=plain(raw.get("name")),
        location=calls.region(raw.get("location")),
        state=plain(properties.get("provisioningState")),
        encryption=_encryption(properties),
        managed_group=plain(properties.get("serviceProvisionedResourceGroup")).rsplit("/", 1)[-1],
        hbi=properties.get("hbiWorkspace") is True,
        public_access=plain(properties.get("publicNetworkAccess")),
        identity_type=plain(identity.get("type")),
        principal_id=plain(identity.get("principalId")).lower(),
        identities=tuple(map(calls.arm_id, calls.part(identity, "userAssignedIdentities"))),
        storage=calls.arm_id(properties.get("storageAccount")),
        vault=calls.arm_id(properties.get("keyVault")),
        insights=calls.arm_id(properties.get("applicationInsights")),
        registry=calls.arm_id(properties.get("containerRegistry")),
        description=plain(properties.get("description")),
        tags=calls.tags(raw),
        raw=raw,
    )


def _encryption(properties: Raw) -> Encryption | None:
    encryption = calls.part(properties, "encryption")
    if plain(encryption.get("status")).lower() != "enabled":
        return None
    key = calls.part(encryption, "keyVaultProperties")
    return Encryption(
        vault_id=calls.arm_id(key.get("keyVaultArmId")),
        key_id=plain(key.get("keyIdentifier")),
        identity=calls.arm_id(calls.part(encryption, "identity").get("userAssignedIdentity")),
        service_side=properties.get("enableServiceSideCMKEncryption") is True,
    )
