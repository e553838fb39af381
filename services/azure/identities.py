"""User-assigned managed identities."""

from collections.abc import Mapping

from services.azure import calls
from services.azure.connection import Connection
from services.ids import ArmId
from services.model.resources import Identity, Raw
from services.text import plain

SDK = "azure.mgmt.msi.aio:ManagedServiceIdentityClient"


async def get_identity(conn: Connection, id: str) -> Identity | None:
    """An identity by its ARM id, or None where there is none; raises AzureError."""
    where = ArmId.parse(id)
    sdk = await calls.client(conn, SDK, where.subscription)
    raw = await calls.find(
        f"read identity {where.name}", sdk.user_assigned_identities.get, where.group, where.name
    )
    return None if raw is None else identity(raw)


async def list_identities(conn: Connection, subscription: str) -> list[Identity]:
    """The identities of a subscription, by name; raises AzureError."""
    sdk = await calls.client(conn, SDK, subscription)
    found = await calls.everything(
        "list identities", sdk.user_assigned_identities.list_by_subscription
    )
    return sorted(map(identity, found), key=lambda one: (one.name.lower(), one.id))


async def create_identity(
    conn: Connection, id: str, location: str, tags: Mapping[str, str]
) -> Identity:
    """Create an identity; on one that exists its ids stay the same. Raises AzureError."""
    where = ArmId.parse(id)
    sdk = await calls.client(conn, SDK, where.subscription)
    return identity(
        await calls.ask(
            f"create identity {where.name}",
            sdk.user_assigned_identities.create_or_update,
            where.group,
            where.name,
            calls.body({"location": location, "tags": dict(tags)}),
        )
    )


async def delete_identity(conn: Connection, id: str) -> None:
    """Delete an identity; its role assignments stay behind as of nobody. Raises AzureError."""
    where = ArmId.parse(id)
    sdk = await calls.client(conn, SDK, where.subscription)
    what = f"delete identity {where.name}"
    await calls.ask(what, sdk.user_assigned_identities.delete, where.group, where.name)


def identity(raw: Raw) -> Identity:
    """An identity from its JSON."""
    properties = calls.part(raw, "properties")
    return Identity(
        id=calls.arm_id(raw.get("id")),
        name=plain(raw.get("name")),
        location=calls.region(raw.get("location")),
        principal_id=plain(properties.get("principalId")).lower(),
        client_id=plain(properties.get("clientId")).lower(),
        raw=raw,
    )
