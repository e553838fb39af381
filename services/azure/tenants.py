"""The tenants an account belongs to."""

from services.azure import calls
from services.azure.connection import Connection
from services.model.resources import Raw, Tenant
from services.text import plain

SDK = "azure.mgmt.resource.subscriptions.aio:SubscriptionClient"


async def list_tenants(conn: Connection) -> list[Tenant]:
    """Every tenant the caller belongs to, by name; raises AzureError."""
    sdk = await calls.client(conn, SDK)
    found = await calls.everything("list tenants", sdk.tenants.list)
    return sorted(map(tenant, found), key=lambda one: (one.name.lower(), one.id))


def tenant(raw: Raw) -> Tenant:
    """A tenant from its JSON."""
    return Tenant(
        id=plain(raw.get("tenantId")).lower(),
        name=plain(raw.get("displayName")),
        domain=plain(raw.get("defaultDomain")),
        raw=raw,
    )
