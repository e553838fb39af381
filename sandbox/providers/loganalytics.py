"""Microsoft.OperationalInsights: Log Analytics workspaces.

A deleted workspace is kept for 14 days: making one of the same name in the same group
brings it back with its customer id, unless it was deleted with ``force=true``.
"""

from sandbox import armid, regions, tracked
from sandbox.protocol import Answer, Refusal, Request
from sandbox.routing import Api
from sandbox.state import Json, Resource
from sandbox.world import World

api = Api("Microsoft.OperationalInsights")

CREATION_S = 8.0
"""Azure seconds from the PUT until provisioningState is Succeeded."""
KEPT_S = 14 * 86400.0
"""Seconds that a deleted workspace can be brought back."""
_DELETED = "loganalytics_deleted"
_KIND = "Microsoft.OperationalInsights/workspaces"
_ONE = f"/subscriptions/{{s}}/resourceGroups/{{g}}/providers/{_KIND}/{{name}}"


def build(world: World, path: str, location: str, body: Json, state: str) -> Resource:
    """Make a workspace, or write over the settable fields of the one that is there."""
    found = world.resource(path)
    resource_id = armid.canonical(path)
    asked = body.get("properties") or {}
    now = world.iso()
    properties: Json = {
        "customerId": _customer(world, resource_id, found),
        "provisioningState": state,
        "sku": {"name": (asked.get("sku") or {}).get("name", "PerGB2018"), "lastSkuUpdate": now},
        "retentionInDays": asked.get("retentionInDays", 30),
        "features": {
            "legacy": 0,
            "searchVersion": 1,
            "enableLogAccessUsingOnlyResourcePermissions": True,
            **(asked.get("features") or {}),
        },
        "workspaceCapping": {"dailyQuotaGb": -1.0, "dataIngestionStatus": "RespectQuota"},
        "publicNetworkAccessForIngestion": asked.get("publicNetworkAccessForIngestion", "Enabled"),
        "publicNetworkAccessForQuery": asked.get("publicNetworkAccessForQuery", "Enabled"),
        "createdDate": found.doc["properties"]["createdDate"] if found else now,
        "modifiedDate": now,
    }
    doc: Json = {
        "properties": properties,
        "location": location,
        "tags": body.get("tags") or {},
        "id": resource_id,
        "name": armid.name(path),
        "type": _KIND,
        "etag": f'"{world.state.new_id()}"',
    }
    resource = Resource(doc, found.created if found else world.epoch())
    world.state.resources[resource_id.lower()] = resource
    return resource


def _customer(world: World, resource_id: str, found: Resource | None) -> str:
    if found:
        return str(found.doc["properties"]["customerId"])
    kept = world.state.table(_DELETED).pop(resource_id.lower(), None)
    if kept and kept["until"] > world.epoch():
        return str(kept["customerId"])
    return world.state.new_id()


@api.route("PUT", _ONE)
def put(world: World, request: Request) -> Answer:
    """Create (201, then provisioningState is polled on the workspace) or update (200)."""
    body = request.json()
    location = tracked.placed(world, request, body)
    days = (body.get("properties") or {}).get("retentionInDays", 30)
    if not isinstance(days, int) or not (days == -1 or 7 <= days <= 730):
        raise Refusal(400, "BadRequest", "'RetentionInDays' must be between 7 and 730 days, or -1.")
    if world.resource(request.path):
        return Answer(200, build(world, request.path, location, body, "Succeeded").doc)
    resource = build(world, request.path, location, body, "Creating")
    world.after(CREATION_S, "loganalytics.ready", id=resource.doc["id"])
    return Answer(201, resource.doc)


@api.job("loganalytics.ready")
def ready(world: World, data: Json) -> None:
    """The workspace takes data; nothing to do when it was deleted meanwhile."""
    resource = world.resource(data["id"])
    if resource:
        resource.doc["properties"]["provisioningState"] = "Succeeded"


def _removed(world: World, resource: Resource) -> None:
    world.state.table(_DELETED)[resource.doc["id"].lower()] = {
        "customerId": resource.doc["properties"]["customerId"],
        "until": world.epoch() + KEPT_S,
    }


def _forced(world: World, resource: Resource) -> None:
    world.state.table(_DELETED).pop(resource.doc["id"].lower(), None)


tracked.routes(
    api,
    "workspaces",
    settable=(
        "retentionInDays",
        "publicNetworkAccessForIngestion",
        "publicNetworkAccessForQuery",
    ),
    removed=_removed,
    forced=_forced,
)


@api.seed("log_analytics")
def seed(world: World, item: Json) -> None:
    """``[[log_analytics]]`` with subscription, group, name, location; tags."""
    path = tracked.seeded(world, item, _KIND)
    build(world, path, regions.short(item["location"]), {"tags": item.get("tags", {})}, "Succeeded")
