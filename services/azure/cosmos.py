"""Cosmos DB accounts, as far as they tell which key they use."""

from services.azure import calls
from services.azure.connection import Connection
from services.model.resources import CosmosAccount, Raw
from services.text import plain

SDK = "azure.mgmt.cosmosdb.aio:CosmosDBManagementClient"


async def list_in_group(conn: Connection, subscription: str, group: str) -> list[CosmosAccount]:
    """The accounts of a resource group; raises AzureError."""
    sdk = await calls.client(conn, SDK, subscription)
    found = await calls.everything(
        f"list Cosmos DB accounts of {group}", sdk.database_accounts.list_by_resource_group, group
    )
    return [account(one) for one in found]


def account(raw: Raw) -> CosmosAccount:
    """An account from its JSON."""
    properties = calls.part(raw, "properties")
    return CosmosAccount(
        id=calls.arm_id(raw.get("id")),
        name=plain(raw.get("name")),
        location=calls.region(raw.get("location")),
        state=plain(properties.get("provisioningState")),
        key_id=plain(properties.get("keyVaultKeyUri")),
        key_status=plain(properties.get("customerManagedKeyStatus")),
        identity=plain(properties.get("defaultIdentity")),
        raw=raw,
    )
