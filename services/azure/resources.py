"""Any ARM resource by its id, for those that need no module of their own."""

from services.azure import calls
from services.azure.connection import Connection
from services.ids import ArmId
from services.model.resources import Raw, Resource
from services.text import plain

SDK = "azure.mgmt.resource.resources.aio:ResourceManagementClient"

API_VERSIONS = {
    "microsoft.insights/components": "2020-02-02",
    "microsoft.operationalinsights/workspaces": "2023-09-01",
    "microsoft.containerregistry/registries": "2023-07-01",
}
"""The api-version of each type that is read and written by id."""


def api_version(id: str) -> str:
    """The api-version that this module uses for a resource; KeyError for unknown types."""
    return API_VERSIONS[ArmId.parse(id).type.lower()]


async def get_resource(conn: Connection, id: str, api_version: str) -> Resource | None:
    """A resource by its ARM id, or None where there is none; raises AzureError."""
    where = ArmId.parse(id)
    sdk = await calls.client(conn, SDK, where.subscription)
    raw = await calls.find(
        f"read {where.name}", sdk.resources.get_by_id, id.strip("/"), api_version=api_version
    )
    return None if raw is None else resource(raw)


async def put_resource(conn: Connection, id: str, body: Raw, api_version: str) -> Resource:
    """Create or replace a resource and wait until it is done; raises AzureError."""
    where = ArmId.parse(id)
    sdk = await calls.client(conn, SDK, where.subscription)
    raw = await calls.finish(
        conn,
        f"create {where.name}",
        sdk.resources.begin_create_or_update_by_id,
        id.strip("/"),
        body,
        api_version=api_version,
    )
    return resource(raw)


async def delete_resource(conn: Connection, id: str, api_version: str) -> None:
    """Delete a resource and wait until it is done; raises AzureError."""
    where = ArmId.parse(id)
    sdk = await calls.client(conn, SDK, where.subscription)
    await calls.finish(
        conn,
        f"delete {where.name}",
        sdk.resources.begin_delete_by_id,
        id.strip("/"),
        api_version=api_version,
    )


def resource(raw: Raw) -> Resource:
    """A resource from its JSON, of a generic list or of its own provider."""
    state = calls.part(raw, "properties").get("provisioningState") or raw.get("provisioningState")
    return Resource(
        id=calls.arm_id(raw.get("id")),
        name=plain(raw.get("name")),
        type=plain(raw.get("type")),
        location=calls.region(raw.get("location")),
        kind=plain(raw.get("kind")),
        sku=plain(calls.part(raw, "sku").get("name")),
        state=plain(state),
        raw=raw,
    )
