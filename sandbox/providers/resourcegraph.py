"""Microsoft.ResourceGraph: one query over all subscriptions the caller may read.

Resource Graph lags behind ARM in Azure; here it does not. What lies outside the query
subset of :mod:`sandbox.kql` is refused with the detail code ``NotSupported``.
"""

import base64
from typing import Any

from sandbox import armid, kql, regions, visibility
from sandbox.protocol import Answer, Refusal, Request
from sandbox.providers.resources import top_level
from sandbox.routing import Api
from sandbox.state import Json
from sandbox.world import World

api = Api("")

PAGE = 100
"""Rows in a page when ``$top`` asks for nothing."""
MOST = 1000
"""The most rows that ``$top`` may ask for."""
_QUOTA = {"x-ms-user-quota-remaining": "14", "x-ms-user-quota-resets-after": "00:00:05"}


@api.route("POST", "/providers/Microsoft.ResourceGraph/resources", action="")
def query(world: World, request: Request) -> Answer:
    """Run a query; rows the caller may not read are not there for it."""
    body = request.json()
    text = body.get("query")
    if not isinstance(text, str) or not text.strip():
        raise _bad(world, request, "InvalidQuery", "The query must not be empty.")
    scope = _subscriptions(world, request, body)
    parsed = _parse(world, request, text)
    rows = parsed.run(_rows(world, request, parsed.table, scope))
    return _answer(world, request, rows, body.get("options") or {})


def _parse(world: World, request: Request, text: str) -> kql.Query:
    try:
        return kql.parse(text)
    except kql.ParserFailure as failure:
        detail = {
            "code": "ParserFailure",
            "message": "ParserFailure",
            "line": failure.token.line,
            "characterPositionInLine": failure.token.column,
            "token": failure.token.text,
            "expectedToken": failure.expected,
        }
    except kql.Unsupported as outside:
        detail = {
            "code": "NotSupported",
            "message": f"The sandbox's Resource Graph does not run {outside}.",
        }
    raise _bad(
        world,
        request,
        "InvalidQuery",
        "Query is invalid. Please refer to the documentation for the Azure Resource Graph "
        "service and fix the error before retrying.",
        detail,
    )


def _bad(world: World, request: Request, code: str, message: str, *more: Json) -> Refusal:
    return Refusal(
        400,
        "BadRequest",
        "Please provide below info when asking for support: "
        f"timestamp = {world.iso()}, correlationId = {request.id}.",
        details=[{"code": code, "message": message}, *more],
        headers=dict(_QUOTA),
    )


def _subscriptions(world: World, request: Request, body: Json) -> set[str]:
    caller = request.caller
    tenant = request.claims.get("tid", caller.tenant_id)
    readable = set(visibility.subscriptions(world, caller.object_id, tenant))
    asked = body.get("subscriptions")
    if asked is None:
        return readable
    wanted = {str(item).lower() for item in asked}
    if not wanted & readable:
        raise _bad(
            world,
            request,
            "NoValidSubscriptionsInQueryRequest",
            "There must be at least one subscription that is eligible to contain resources. "
            f"Given: '{', '.join(sorted(wanted))}'.",
        )
    return wanted & readable


def _rows(world: World, request: Request, table: str, scope: set[str]) -> list[Json]:
    may_read = visibility.reader(world, request.caller.object_id)
    if table == "ResourceContainers":
        return _containers(world, scope, may_read)
    if table == "AuthorizationResources":
        return _assignments(world, scope, may_read)
    return [
        _row(world, resource_id, kind, resource.doc)
        for resource_id, kind, resource in top_level(world, "")
        if resource_id.split("/", 3)[2].lower() in scope and may_read(resource_id, kind)
    ]


def _row(world: World, resource_id: str, kind: str, doc: Json) -> Json:
    parts = resource_id.split("/", 5)
    subscription = parts[2].lower()
    return {
        "id": resource_id,
        "name": doc["name"],
        "type": kind.lower(),
        "tenantId": world.state.subscriptions[subscription]["tenantId"],
        "kind": doc.get("kind", ""),
        "location": regions.short(doc.get("location", "")),
        "resourceGroup": parts[4].lower() if len(parts) > 4 else "",
        "subscriptionId": subscription,
        "managedBy": doc.get("managedBy") or "",
        "sku": doc.get("sku"),
        "plan": doc.get("plan"),
        "properties": doc.get("properties", {}),
        "tags": doc.get("tags"),
        "identity": doc.get("identity"),
        "zones": doc.get("zones"),
        "extendedLocation": doc.get("extendedLocation"),
    }


def _containers(world: World, scope: set[str], may_read: visibility.Reader) -> list[Json]:
    rows = []
    for key, doc in world.state.subscriptions.items():
        if key in scope:
            here = f"/subscriptions/{key}"
            row = _row(world, here, "microsoft.resources/subscriptions", {"name": ""})
            row["name"] = doc["displayName"]
            row["properties"] = {"state": doc.get("state", "Enabled")}
            rows.append(row)
    for group in world.state.groups.values():
        resource_id = armid.canonical(group.doc["id"])
        kind = "Microsoft.Resources/subscriptions/resourceGroups"
        if armid.subscription(resource_id) in scope and may_read(resource_id, kind):
            rows.append(_row(world, resource_id, kind, group.doc))
    return rows


def _assignments(world: World, scope: set[str], may_read: visibility.Reader) -> list[Json]:
    """Role assignments in subscriptions; the one kind of this table that the sandbox has."""
    kind = "Microsoft.Authorization/roleAssignments"
    return [
        _row(world, assignment.doc["id"], kind, assignment.doc)
        for assignment in world.state.assignments.values()
        if armid.subscription(assignment.doc["id"]) in scope
        and may_read(assignment.doc["id"], kind)
    ]


def _answer(world: World, request: Request, rows: list[Json], options: Json) -> Answer:
    size, start = _window(world, request, options)
    page = rows[start : start + size]
    more = start + size < len(rows)
    pageable = bool(rows) and "id" in rows[0]
    body: Json = {"totalRecords": len(rows), "count": len(page), "data": page, "facets": []}
    # Without the id Azure can't continue a query and says so in this text.
    body["resultTruncated"] = "true" if more and not pageable else "false"
    if more and pageable:
        body["$skipToken"] = base64.urlsafe_b64encode(str(start + size).encode()).decode()
    if options.get("resultFormat") == "table":
        body["data"] = _table(page)
    return Answer(200, body, dict(_QUOTA))


def _window(world: World, request: Request, options: Json) -> tuple[int, int]:
    size, start = options.get("$top", PAGE), options.get("$skip", 0)
    token = options.get("$skipToken")
    if token:
        try:
            start = int(base64.urlsafe_b64decode(str(token)))
        except ValueError:
            raise _bad(world, request, "InvalidSkipToken", "The skip token is invalid.") from None
    if not isinstance(size, int) or not 1 <= size <= MOST:
        raise _bad(world, request, "InvalidTop", f"$top must be between 1 and {MOST}.")
    if not isinstance(start, int) or start < 0:
        raise _bad(world, request, "InvalidSkip", "$skip must not be negative.")
    return size, start


def _table(rows: list[Json]) -> Json:
    names = list(rows[0]) if rows else []
    columns = [{"name": name, "type": _type(rows, name)} for name in names]
    return {"columns": columns, "rows": [[row[name] for name in names] for row in rows]}


def _type(rows: list[Json], name: str) -> str:
    value: Any = next((row[name] for row in rows if row[name] is not None), "")
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, int):
        return "integer"
    if isinstance(value, float):
        return "number"
    return "string" if isinstance(value, str) else "object"
