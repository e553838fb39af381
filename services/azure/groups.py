"""Resource groups and what is in them."""

from collections.abc import Mapping

from services.azure import calls
from services.azure.connection import Connection
from services.azure.resources import resource
from services.model.resources import Raw, Resource, ResourceGroup
from services.text import plain

SDK = "azure.mgmt.resource.resources.aio:ResourceManagementClient"


async def get_group(conn: Connection, subscription: str, name: str) -> ResourceGroup | None:
    """A resource group, or None where there is none; raises AzureError."""
    sdk = await calls.client(conn, SDK, subscription)
    raw = await calls.find(f"read resource group {name}", sdk.resource_groups.get, name)
    return None if raw is None else group(raw)


async def list_groups(conn: Connection, subscription: str) -> list[ResourceGroup]:
    """The resource groups of a subscription, by name; raises AzureError."""
    sdk = await calls.client(conn, SDK, subscription)
    found = await calls.everything("list resource groups", sdk.resource_groups.list)
    return sorted(map(group, found), key=lambda one: one.name.lower())


async def create_group(
    conn: Connection, subscription: str, name: str, location: str, tags: Mapping[str, str]
) -> ResourceGroup:
    """Create a resource group; raises AzureError.

    On one that exists Azure replaces its tags, and refuses another location.
    """
    sdk = await calls.client(conn, SDK, subscription)
    body = {"location": location, "tags": dict(tags)}
    return group(
        await calls.ask(
            f"create resource group {name}", sdk.resource_groups.create_or_update, name, body
        )
    )


async def delete_group(conn: Connection, subscription: str, name: str) -> None:
    """Delete a resource group and all that is in it, and wait; raises AzureError."""
    sdk = await calls.client(conn, SDK, subscription)
    await calls.finish(
        conn, f"delete resource group {name}", sdk.resource_groups.begin_delete, name
    )


async def list_resources(conn: Connection, subscription: str, name: str) -> list[Resource]:
    """What a resource group holds, with provisioning states, by type and name.

    Raises AzureError.
    """
    sdk = await calls.client(conn, SDK, subscription)
    found = await calls.everything(
        f"list the resources of {name}",
        sdk.resources.list_by_resource_group,
        name,
        expand="provisioningState",
    )
    return sorted(map(resource, found), key=lambda one: (one.type.lower(), one.name.lower()))


def group(raw: Raw) -> ResourceGroup:
    """A resource group from its JSON."""
    return ResourceGroup(
        id=calls.arm_id(raw.get("id")),
        name=plain(raw.get("name")),
        location=calls.region(raw.get("location")),
        managed_by=calls.arm_id(raw.get("managedBy")),
        tags=calls.tags(raw),
        state=plain(calls.part(raw, "properties").get("provisioningState")),
        raw=raw,
    )
