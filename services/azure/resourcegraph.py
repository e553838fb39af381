"""Azure Resource Graph: one question over many subscriptions, 1,000 rows a page."""

from collections.abc import AsyncIterator, Sequence
from typing import Any

from services.azure import calls
from services.azure.connection import Connection
from services.azure.vaults import vault
from services.azure.workspaces import workspace
from services.model.resources import Raw, Vault, Workspace

SDK = "azure.mgmt.resourcegraph.aio:ResourceGraphClient"
PAGE = 1000
"""Rows a page, Azure's own most."""


async def query(
    conn: Connection, kql: str, subscriptions: Sequence[str]
) -> AsyncIterator[list[Raw]]:
    """The rows that a query finds, page by page; raises AzureError.

    Azure pages only queries that project ``id``: others are cut at 1,000 rows, which is
    refused here as ValueError and not passed over.
    """
    sdk = await calls.client(conn, SDK)
    options: dict[str, Any] = {"resultFormat": "objectArray", "$top": PAGE}
    while True:
        question = {"subscriptions": list(subscriptions), "query": kql, "options": options}
        raw = await calls.ask("ask Resource Graph", sdk.resources, calls.body(question))
        yield calls.objects(raw, "data")
        token = raw.get("$skipToken")
        if not token:
            if raw.get("resultTruncated") == "true":
                raise ValueError("a query must project id, or its answer is cut at 1,000 rows")
            return
        options = {**options, "$skipToken": token}


async def list_vaults(conn: Connection, subscriptions: Sequence[str]) -> AsyncIterator[list[Vault]]:
    """The vaults of many subscriptions, page by page; raises AzureError.

    Resource Graph lags behind by up to a minute or so; what matters is read again by id.
    """
    async for page in query(conn, _of_type("microsoft.keyvault/vaults"), subscriptions):
        yield [vault(row) for row in page]


async def list_workspaces(
    conn: Connection, subscriptions: Sequence[str]
) -> AsyncIterator[list[Workspace]]:
    """The workspaces of many subscriptions, page by page; raises AzureError."""
    kql = _of_type("microsoft.machinelearningservices/workspaces")
    async for page in query(conn, kql, subscriptions):
        yield [workspace(row) for row in page]


async def list_of_types(
    conn: Connection, types: Sequence[str], subscriptions: Sequence[str]
) -> AsyncIterator[list[Raw]]:
    """The resources of these types in many subscriptions, page by page; raises AzureError."""
    async for page in query(conn, _of_type(*types), subscriptions):
        yield page


def _of_type(*kinds: str) -> str:
    listed = ", ".join(f"'{kind}'" for kind in kinds)
    return (
        f"resources | where type in~ ({listed})"
        " | project id, name, type, location, tags, identity, properties | order by id asc"
    )
