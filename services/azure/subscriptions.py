"""Subscriptions and the regions they may use."""

from services.azure import calls
from services.azure.connection import Connection
from services.model.resources import Location, Raw, Subscription
from services.text import plain

SDK = "azure.mgmt.resource.subscriptions.aio:SubscriptionClient"


async def list_subscriptions(conn: Connection) -> list[Subscription]:
    """Every subscription the caller can see, by name; raises AzureError."""
    sdk = await calls.client(conn, SDK)
    found = await calls.everything("list subscriptions", sdk.subscriptions.list)
    return sorted(map(subscription, found), key=lambda one: (one.name.lower(), one.id))


async def list_locations(conn: Connection, subscription_id: str) -> list[Location]:
    """The regions of a subscription that can hold resources, by name.

    Azure lists geographies (europe, asia) among them; those are left out.
    Raises AzureError.
    """
    sdk = await calls.client(conn, SDK)
    found = await calls.everything(
        "list regions", sdk.subscriptions.list_locations, subscription_id
    )
    return sorted(map(location, filter(holds_resources, found)), key=lambda one: one.name)


def holds_resources(raw: Raw) -> bool:
    """Whether a listed location is a region and not a geography such as europe."""
    return calls.part(raw, "metadata").get("regionType") != "Logical"


def subscription(raw: Raw) -> Subscription:
    """A subscription from its JSON."""
    return Subscription(
        id=plain(raw.get("subscriptionId")).lower(),
        name=plain(raw.get("displayName")),
        tenant_id=plain(raw.get("tenantId")).lower(),
        state=plain(raw.get("state")),
        raw=raw,
    )


def location(raw: Raw) -> Location:
    """A region from its JSON."""
    return Location(
        name=calls.region(raw.get("name")), display_name=plain(raw.get("displayName")), raw=raw
    )
