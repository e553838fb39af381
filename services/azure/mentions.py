"""Who refers to a thing: every resource whose own document names it."""

import json
from collections.abc import Sequence

import msgspec

from services.azure import calls
from services.azure.connection import Connection
from services.azure.resourcegraph import query
from services.text import plain


class Mention(msgspec.Struct, frozen=True, kw_only=True):
    """A resource that names something one asked for."""

    id: str
    type: str
    text: str
    """Its id, type, properties and identity in lower case, to be searched."""


async def mentions(
    conn: Connection, subscriptions: Sequence[str], needles: Sequence[str]
) -> list[Mention]:
    """Resources that name any of ``needles`` in id, type, properties or identity.

    Resource Graph lags behind by up to a minute or so. Raises AzureError.
    """
    if not needles:
        return []
    columns = ("tostring(properties)", "tostring(identity)", "id", "type")
    tests = [f"{column} contains '{_quoted(one)}'" for one in needles for column in columns]
    kql = (
        f"resources | where {' or '.join(tests)}"
        " | project id, name, type, identity, properties | order by id asc"
    )
    found = []
    async for page in query(conn, kql, subscriptions):
        for row in page:
            kept = {name: row.get(name) for name in ("id", "type", "identity", "properties")}
            found.append(
                Mention(
                    id=calls.arm_id(row.get("id")),
                    type=plain(row.get("type")).lower(),
                    text=json.dumps(kept).lower(),
                )
            )
    return found


def _quoted(text: str) -> str:
    """Safe between single quotes of a query."""
    return text.replace("\\", "\\\\").replace("'", "\\'")
