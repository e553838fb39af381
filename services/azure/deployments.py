"""Resource Manager deployments: what runs in a group, and whether a template is valid."""

from typing import Any

import msgspec

from services.azure import calls
from services.azure.connection import Connection
from services.azure.errors import AzureError
from services.model.resources import Raw
from services.text import plain

API = "2024-03-01"
SCHEMA = "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#"
NAME = "wrapkey-check"
"""Of the deployment that is only validated; nothing of this name is ever made."""


class Deployment(msgspec.Struct, frozen=True, kw_only=True):
    """A deployment of a resource group."""

    name: str
    state: str
    started: str = ""
    """As Azure tells it: RFC 3339, UTC."""


class Refused(msgspec.Struct, frozen=True, kw_only=True):
    """Why Resource Manager finds a template invalid."""

    code: str
    message: str
    request_id: str = ""


async def list_running(conn: Connection, group: str) -> tuple[Deployment, ...]:
    """Deployments of a group (ARM id) that are not at their end; raises AzureError."""
    found = await calls.listed(
        conn,
        f"{group}/providers/Microsoft.Resources/deployments",
        {"api-version": API, "$filter": "provisioningState eq 'Running'"},
        "list running deployments",
    )
    told = map(_deployment, found)
    return tuple(one for one in told if one.state in ("Running", "Accepted"))


async def validate(conn: Connection, group: str, resources: list[Raw], what: str) -> Refused | None:
    """Let Resource Manager validate resources as one template; None where it is valid.

    It makes nothing. It does not see what Azure will make in groups of its own. ``what`` is asked,
    in words. Raises AzureError where it can't be asked.
    """
    literal = [_literal(one) for one in resources]
    template = {"$schema": SCHEMA, "contentVersion": "1.0.0.0", "resources": literal}
    try:
        await conn.call(
            "arm",
            "POST",
            f"{group}/providers/Microsoft.Resources/deployments/{NAME}/validate",
            params={"api-version": API},
            json={"properties": {"mode": "Incremental", "template": template}},
            what=what,
        )
    except AzureError as error:
        if error.status not in (400, 409) and error.code != "RequestDisallowedByPolicy":
            raise
        return Refused(code=error.code, message=error.message, request_id=error.request_id)
    return None


def _literal(value: Any) -> Any:
    """A value that no template takes for an expression ("Template syntax": a second bracket)."""
    if isinstance(value, dict):
        return {name: _literal(item) for name, item in value.items()}
    if isinstance(value, list):
        return [_literal(item) for item in value]
    if isinstance(value, str) and value.startswith("[") and value.endswith("]"):
        return f"[{value}"
    return value


def _deployment(raw: Raw) -> Deployment:
    properties = calls.part(raw, "properties")
    return Deployment(
        name=plain(raw.get("name")),
        state=plain(properties.get("provisioningState")),
        started=plain(properties.get("timestamp")),
    )
