"""AI Search services, as far as they tell whether they use a customer's key."""

from services.azure import calls
from services.azure.connection import Connection
from services.model.resources import Raw, SearchService
from services.text import plain

SDK = "azure.mgmt.search.aio:SearchManagementClient"


async def list_in_group(conn: Connection, subscription: str, group: str) -> list[SearchService]:
    """The services of a resource group; raises AzureError."""
    sdk = await calls.client(conn, SDK, subscription)
    found = await calls.everything(
        f"list AI Search services of {group}", sdk.services.list_by_resource_group, group
    )
    return [service(one) for one in found]


def service(raw: Raw) -> SearchService:
    """A service from its JSON."""
    properties = calls.part(raw, "properties")
    encryption = calls.part(properties, "encryptionWithCmk")
    return SearchService(
        id=calls.arm_id(raw.get("id")),
        name=plain(raw.get("name")),
        location=calls.region(raw.get("location")),
        sku=plain(calls.part(raw, "sku").get("name")),
        state=plain(properties.get("provisioningState")),
        status=plain(properties.get("status")),
        enforcement=plain(encryption.get("enforcement")),
        compliance=plain(encryption.get("encryptionComplianceStatus")),
        raw=raw,
    )
