"""Network security perimeters that a vault is associated with."""

import msgspec

from services.azure import calls
from services.azure.connection import Connection
from services.model.resources import Raw
from services.text import plain

API = "2024-04-01-preview"
"""The locked management package has no such operation; this version's types have it."""


class Perimeter(msgspec.Struct, frozen=True, kw_only=True):
    """What a perimeter decides about a vault (type vaults/networkSecurityPerimeterConfigurations)."""

    name: str
    mode: str
    """Enforced: only the perimeter's rules count. Learning (shown as Transition): what they do not
    let in is left to the vault's own firewall. From the page on moving to a perimeter."""


async def list_perimeters(conn: Connection, vault: str) -> tuple[Perimeter, ...]:
    """The perimeters of a vault (ARM id); raises AzureError."""
    path = f"{vault}/networkSecurityPerimeterConfigurations"
    found = await calls.listed(
        conn, path, {"api-version": API}, "read the vault's network perimeters"
    )
    return tuple(map(perimeter, found))


def perimeter(raw: Raw) -> Perimeter:
    """A perimeter's configuration from its JSON."""
    told = calls.part(raw, "properties")
    id = plain(calls.part(told, "networkSecurityPerimeter").get("id"))
    return Perimeter(
        name=id.rpartition("/")[2] or plain(raw.get("name")),
        mode=plain(calls.part(told, "resourceAssociation").get("accessMode")),
    )
