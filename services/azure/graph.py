"""Microsoft Graph: who a principal is in this tenant. Grants need its object id."""

from collections.abc import Iterable
from typing import Any
from urllib.parse import quote

from services.azure import calls
from services.azure.connection import Connection
from services.azure.errors import AzureError
from services.model.resources import Principal, Raw
from services.text import plain

FIELDS = "id,appId,displayName,accountEnabled,servicePrincipalType"
_KINDS = {"user": "User", "serviceprincipal": "ServicePrincipal", "group": "Group"}
_MOST_IDS = 1000
"""Ids that one getByIds takes."""


async def service_principal(conn: Connection, app_id: str) -> Principal | None:
    """The tenant's service principal of an app, or None where the tenant has none.

    Raises AzureError; FORBIDDEN for guests and service principals that may not read.
    """
    what, path = f"find app {app_id}", f"/v1.0/servicePrincipals(appId='{quote(app_id)}')"
    try:
        raw = await _send(conn, what, "GET", path, params={"$select": FIELDS})
        return principal(raw, "ServicePrincipal")
    except AzureError as error:
        if error.status == 404:
            return None
        if error.status != 400:
            raise
    # Graph of some clouds does not take the alternate key in the path.
    quoted = app_id.replace("'", "''")
    query = {"$filter": f"appId eq '{quoted}'", "$select": FIELDS}
    raw = await _send(conn, what, "GET", "/v1.0/servicePrincipals", params=query)
    found = calls.objects(raw, "value")
    return principal(found[0], "ServicePrincipal") if found else None


async def create_service_principal(conn: Connection, app_id: str) -> Principal:
    """Create the tenant's service principal of an app; an existing one is success.

    Needs an Entra role such as Application Administrator. Raises AzureError.
    """
    try:
        raw = await _send(
            conn, f"create app {app_id}", "POST", "/v1.0/servicePrincipals", json={"appId": app_id}
        )
    except AzureError as error:
        existing = await service_principal(conn, app_id) if error.status == 409 else None
        if existing is None:
            raise
        return existing
    return principal(raw, "ServicePrincipal")


async def enable(conn: Connection, object_id: str) -> None:
    """Enable a service principal that was disabled in the tenant; raises AzureError.

    Needs an Entra role such as Cloud Application Administrator.
    """
    path = f"/v1.0/servicePrincipals/{quote(object_id)}"
    what = f"enable service principal {object_id}"
    await _send(conn, what, "PATCH", path, json={"accountEnabled": True})


async def principals(conn: Connection, object_ids: Iterable[str]) -> dict[str, Principal]:
    """Principals by their object id in lower case; unknown ids are missing.

    Raises AzureError.
    """
    wanted = sorted({id.lower() for id in object_ids if id})
    known: dict[str, Principal] = {}
    for start in range(0, len(wanted), _MOST_IDS):
        raw = await _send(
            conn,
            "look up principals",
            "POST",
            "/v1.0/directoryObjects/getByIds",
            json={
                "ids": wanted[start : start + _MOST_IDS],
                "types": ["user", "servicePrincipal", "group"],
            },
        )
        found = [principal(one) for one in calls.objects(raw, "value")]
        known.update((one.object_id, one) for one in found)
    return known


async def me(conn: Connection) -> Principal:
    """The signed-in user. Raises AzureError; Graph refuses it to service principals."""
    query = {"$select": "id,displayName,userPrincipalName"}
    return principal(await _send(conn, "read who I am", "GET", "/v1.0/me", params=query), "User")


async def _send(conn: Connection, what: str, method: str, path: str, **parts: Any) -> Raw:
    answer = await conn.call("graph", method, path, what=what, **parts)
    return answer.body if isinstance(answer.body, dict) else {}


def principal(raw: Raw, kind: str = "") -> Principal:
    """A principal from its JSON; ``kind`` where the address told it already."""
    told = plain(raw.get("@odata.type")).rsplit(".", 1)[-1].lower()
    return Principal(
        object_id=plain(raw.get("id")).lower(),
        name=plain(raw.get("displayName") or raw.get("userPrincipalName")),
        kind=_KINDS.get(told, kind),
        app_id=plain(raw.get("appId")).lower(),
        enabled=raw.get("accountEnabled") is not False,
        raw=raw,
    )
