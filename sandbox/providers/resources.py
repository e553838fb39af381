"""Microsoft.Resources: lists over resources of all providers.

The filters are those that clients send: resourceType, name, location, resourceGroup,
tagName and tagValue with eq, ne, and, or, substringof. ``$expand`` adds createdTime and
changedTime where asked; the other words of it are accepted and add nothing.
"""

import base64
from collections.abc import Iterator
from typing import Any

from sandbox import armid, gate, odata, tracked, visibility
from sandbox.protocol import Answer, Refusal, Request
from sandbox.routing import Api
from sandbox.state import Json, Resource
from sandbox.world import World

api = Api()

PAGE = 1000
"""Resources in a page when ``$top`` does not ask for fewer."""
_SHOWN = ("kind", "managedBy", "sku", "plan", "identity", "zones")
_OF_SUBSCRIPTION = "Microsoft.Resources/subscriptions/resources/read"
_OF_GROUP = "Microsoft.Resources/subscriptions/resourceGroups/resources/read"


def top_level(world: World, scope: str) -> Iterator[tuple[str, str, Resource]]:
    """(canonical id, type, resource) of the tracked resources below a scope.

    Children (keys, databases) and resources without a location are not listed by ARM.
    """
    prefix = scope.lower().rstrip("/") + "/"
    for key, resource in world.state.resources.items():
        doc = resource.doc
        kind: str = doc["type"]
        if key.startswith(prefix) and "location" in doc and kind.count("/") == 1:
            resource_id: str = doc["id"]
            if "/resourcegroups/" in resource_id:
                resource_id = armid.canonical(resource_id)
            yield resource_id, kind, resource


def listed(resource_id: str, kind: str, resource: Resource, expand: str) -> Json:
    """A resource as the lists show it: without its properties."""
    doc = resource.doc
    entry: Json = {"id": resource_id, "name": doc["name"], "type": kind}
    entry["location"] = doc["location"]
    entry.update({name: doc[name] for name in _SHOWN if doc.get(name)})
    entry["tags"] = doc.get("tags") or {}
    if "createdtime" in expand.lower():
        entry["createdTime"] = doc.get("systemData", {}).get("createdAt")
    state = doc.get("properties", {}).get("provisioningState")
    if "provisioningstate" in expand.lower() and state:
        entry["provisioningState"] = state
    return entry


def _matches(predicate: odata.Predicate, resource_id: str, kind: str, doc: Json) -> bool:
    tags = doc.get("tags") or {}

    def plain(field: str) -> Any:
        return {
            "resourcetype": kind,
            "name": doc["name"],
            "location": doc["location"],
            "resourcegroup": armid.group(resource_id),
        }.get(field.lower())

    # tagName and tagValue belong together: one tag has to satisfy both.
    pairs = tags.items() or [("", "")]
    return any(
        predicate(lambda field, pair=pair: _tag(field, pair, plain))  # type: ignore[misc]
        for pair in pairs
    )


def _tag(field: str, pair: tuple[str, str], plain: odata.Record) -> Any:
    lowered = field.lower()
    if lowered == "tagname":
        return pair[0]
    return pair[1] if lowered == "tagvalue" else plain(field)


def _predicate(request: Request) -> odata.Predicate | None:
    text = request.query.get("$filter", "").strip()
    if not text:
        return None
    try:
        return odata.parse(text)
    except odata.BadFilter as error:
        raise Refusal(
            400, "InvalidFilterInQueryString", f"Invalid $filter '{text}' in the query: {error}."
        ) from None


def _page(world: World, request: Request, entries: list[Json]) -> Json:
    try:
        size = min(int(request.query.get("$top", PAGE)), PAGE)
        token = request.query.get("$skiptoken", "")
        start = int(base64.urlsafe_b64decode(token)) if token else 0
    except ValueError:
        raise Refusal(
            400, "InvalidPagingQueryString", "$top and $skiptoken must be what a list gave."
        ) from None
    if size < 1:
        raise Refusal(400, "InvalidTopInQueryString", "$top must be greater than 0.")
    body: Json = {"value": entries[start : start + size]}
    if start + size < len(entries):
        following = base64.urlsafe_b64encode(str(start + size).encode()).decode()
        kept = "&".join(f"{k}={v}" for k, v in request.query.items() if k != "$skiptoken")
        address = f"{world.addresses.arm}{request.path}?{kept}&%24skiptoken={following}"
        body["nextLink"] = address.replace(" ", "%20")
    return body


def _list(world: World, request: Request) -> Answer:
    subscription = armid.subscription(request.path)
    who, tenant = request.caller.object_id, tracked.tenant(world, request.path)
    if subscription not in visibility.subscriptions(world, who, tenant):
        gate.authorize(world, request, _OF_SUBSCRIPTION, f"/subscriptions/{subscription}")
    predicate = _predicate(request)
    expand = request.query.get("$expand", "")
    may_read = visibility.reader(world, who)
    scope = request.path.lower().rstrip("/").removesuffix("/resources")
    entries = [
        listed(resource_id, kind, resource, expand)
        for resource_id, kind, resource in top_level(world, scope)
        if (predicate is None or _matches(predicate, resource_id, kind, resource.doc))
        and may_read(resource_id, kind)
    ]
    return Answer(200, _page(world, request, entries))


api.route("GET", "/subscriptions/{s}/resources", action="")(_list)
api.route("GET", "/subscriptions/{s}/resourceGroups/{g}/resources", action=_OF_GROUP)(_list)
