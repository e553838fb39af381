"""How much of a subscription's quota is used in a region, as each service tells it."""

import msgspec

from services.azure import calls
from services.azure.connection import Connection
from services.azure.cosmos import SDK as COSMOS
from services.azure.search import SDK as SEARCH
from services.azure.storage import SDK as STORAGE
from services.azure.workspaces import API as ML_API
from services.azure.workspaces import SDK as ML
from services.ids import ArmId
from services.model.resources import Raw, Usage
from services.text import plain


class CosmosRegion(msgspec.Struct, frozen=True, kw_only=True):
    """Whether a subscription may create Cosmos DB accounts in a region."""

    name: str
    regular: bool
    """Accounts without availability zones."""
    zones: bool
    """Accounts with them."""
    status: str
    """Online, Initializing, Uninitialized or Deleting."""


async def search_usages(conn: Connection, subscription: str, region: str) -> tuple[Usage, ...]:
    """AI Search services by sku (name: free, basic, standard, ...); raises AzureError."""
    sdk = await calls.client(conn, SEARCH, subscription)
    what = "read the quota of AI Search"
    return _usages(await calls.everything(what, sdk.usages.list_by_subscription, region))


async def storage_usages(conn: Connection, subscription: str, region: str) -> tuple[Usage, ...]:
    """Storage accounts (name: StorageAccounts); raises AzureError."""
    sdk = await calls.client(conn, STORAGE, subscription)
    what = "read the quota of Storage"
    return _usages(await calls.everything(what, sdk.usages.list_by_location, region))


async def ml_usages(conn: Connection, subscription: str, region: str) -> tuple[Usage, ...]:
    """Machine Learning's cores, by subscription and by workspace; raises AzureError."""
    sdk = await calls.client(conn, ML, subscription)
    what = "read the quota of Machine Learning"
    return _usages(await calls.everything(what, sdk.usages.list, region, api_version=ML_API))


async def cosmos_region(conn: Connection, subscription: str, region: str) -> CosmosRegion | None:
    """Cosmos DB's access to a region, None where it has no such region; raises AzureError."""
    sdk = await calls.client(conn, COSMOS, subscription)
    raw = await calls.find("read Cosmos DB's region access", sdk.locations.get, region)
    if raw is None:
        return None
    told = calls.part(raw, "properties")
    return CosmosRegion(
        name=calls.region(raw.get("name")),
        regular=told.get("isSubscriptionRegionAccessAllowedForRegular") is True,
        zones=told.get("isSubscriptionRegionAccessAllowedForAz") is True,
        status=plain(told.get("status")),
    )


async def cosmos_accounts(conn: Connection, subscription: str) -> int:
    """How many Cosmos DB accounts a subscription has; raises AzureError."""
    sdk = await calls.client(conn, COSMOS, subscription)
    return len(await calls.everything("count Cosmos DB accounts", sdk.database_accounts.list))


async def group_workspaces(conn: Connection, group: str) -> int:
    """How many Machine Learning workspaces a resource group (ARM id) has; raises AzureError."""
    where = ArmId.parse(group)
    sdk = await calls.client(conn, ML, where.subscription)
    listing = sdk.workspaces.list_by_resource_group
    return len(await calls.everything("count workspaces", listing, where.group, api_version=ML_API))


def _usages(found: list[Raw]) -> tuple[Usage, ...]:
    return tuple(map(usage, found))


def usage(raw: Raw) -> Usage:
    """A usage from its JSON; Machine Learning's kind of usage is the last part of its type."""
    kind = plain(raw.get("type")).removesuffix("/usages").rpartition("/")[2]
    return Usage(
        name=plain(calls.part(raw, "name").get("value")),
        used=calls.number(raw.get("currentValue")),
        limit=calls.number(raw.get("limit"), -1),
        unit=plain(raw.get("unit")) or "Count",
        kind=kind,
    )
