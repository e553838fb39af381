"""Storage accounts."""

from collections.abc import Mapping

from services.azure import calls
from services.azure.connection import Connection
from services.ids import ArmId
from services.model.resources import NameCheck, Raw, StorageAccount
from services.text import plain

SDK = "azure.mgmt.storage.aio:StorageManagementClient"


async def get_account(conn: Connection, id: str) -> StorageAccount | None:
    """A storage account by its ARM id, or None where there is none; raises AzureError."""
    where = ArmId.parse(id)
    sdk = await calls.client(conn, SDK, where.subscription)
    raw = await calls.find(
        f"read storage account {where.name}",
        sdk.storage_accounts.get_properties,
        where.group,
        where.name,
    )
    return None if raw is None else account(raw)


async def list_in_group(conn: Connection, subscription: str, group: str) -> list[StorageAccount]:
    """The storage accounts of a resource group; raises AzureError."""
    sdk = await calls.client(conn, SDK, subscription)
    found = await calls.everything(
        f"list storage accounts of {group}", sdk.storage_accounts.list_by_resource_group, group
    )
    return [account(one) for one in found]


async def create_account(
    conn: Connection, id: str, location: str, tags: Mapping[str, str]
) -> StorageAccount:
    """Create an account a workspace can use, and wait for it; raises AzureError.

    Not premium and without a hierarchical namespace: Machine Learning's page "Manage
    workspaces" asks for both. Shared keys stay allowed, workspaces use them by default.
    """
    where = ArmId.parse(id)
    sdk = await calls.client(conn, SDK, where.subscription)
    body = {
        "location": location,
        "kind": "StorageV2",
        "sku": {"name": "Standard_LRS"},
        "tags": dict(tags),
        "properties": {
            "minimumTlsVersion": "TLS1_2",
            "supportsHttpsTrafficOnly": True,
            "allowBlobPublicAccess": False,
            "allowCrossTenantReplication": False,
            "isHnsEnabled": False,
        },
    }
    what = f"create storage account {where.name}"
    create = sdk.storage_accounts.begin_create
    return account(await calls.finish(conn, what, create, where.group, where.name, body))


async def delete_account(conn: Connection, id: str) -> None:
    """Delete a storage account and everything in it; raises AzureError."""
    where = ArmId.parse(id)
    sdk = await calls.client(conn, SDK, where.subscription)
    what = f"delete storage account {where.name}"
    await calls.ask(what, sdk.storage_accounts.delete, where.group, where.name)


async def check_name(conn: Connection, subscription: str, name: str) -> NameCheck:
    """Whether a storage account name is free in the whole cloud; raises AzureError."""
    sdk = await calls.client(conn, SDK, subscription)
    question = {"name": name, "type": "Microsoft.Storage/storageAccounts"}
    return calls.name_check(
        await calls.ask(
            "check a storage account name", sdk.storage_accounts.check_name_availability, question
        )
    )


def account(raw: Raw) -> StorageAccount:
    """A storage account from its JSON."""
    properties = calls.part(raw, "properties")
    encryption = calls.part(properties, "encryption")
    key = calls.part(encryption, "keyvaultproperties")
    return StorageAccount(
        id=calls.arm_id(raw.get("id")),
        name=plain(raw.get("name")),
        location=calls.region(raw.get("location")),
        sku=plain(calls.part(raw, "sku").get("name")),
        kind=plain(raw.get("kind")),
        hierarchical=properties.get("isHnsEnabled") is True,
        state=plain(properties.get("provisioningState")),
        key_source=plain(encryption.get("keySource")),
        key_id=plain(key.get("currentVersionedKeyIdentifier")),
        raw=raw,
    )
