"""microsoft.insights: Application Insights components.

A component either keeps its data in a Log Analytics workspace that must exist, or by
itself (IngestionMode ApplicationInsights); the managed workspace that Azure nowadays makes
for the latter is not made here.
"""

from sandbox import armid, regions, tracked
from sandbox.protocol import Answer, Refusal, Request
from sandbox.routing import Api
from sandbox.state import Json, Resource
from sandbox.world import World

api = Api("Microsoft.Insights")

_KIND = "microsoft.insights/components"
_ONE = f"/subscriptions/{{s}}/resourceGroups/{{g}}/providers/{_KIND}/{{name}}"


def build(world: World, path: str, location: str, body: Json) -> Resource:
    """Make a component, or write over the settable fields of the one that is there."""
    found = world.resource(path)
    asked = body.get("properties") or {}
    workspace = asked.get("WorkspaceResourceId")
    if workspace and world.resource(workspace) is None:
        raise Refusal(
            400,
            "BadRequest",
            f"The Log Analytics workspace '{workspace}' that keeps the data was not found.",
        )
    name = armid.name(path)
    own = found.doc["properties"] if found else _born(world, path, name, location)
    properties = {
        **own,
        "Application_Type": asked.get("Application_Type", "web"),
        "Flow_Type": asked.get("Flow_Type", "Bluefield"),
        "Request_Source": asked.get("Request_Source", "rest"),
        "RetentionInDays": asked.get("RetentionInDays", 90),
        "IngestionMode": "LogAnalytics" if workspace else "ApplicationInsights",
        "publicNetworkAccessForIngestion": asked.get("publicNetworkAccessForIngestion", "Enabled"),
        "publicNetworkAccessForQuery": asked.get("publicNetworkAccessForQuery", "Enabled"),
    }
    if workspace:
        properties["WorkspaceResourceId"] = workspace
    resource_id = armid.canonical(path).replace("/Microsoft.Insights/", "/microsoft.insights/", 1)
    doc: Json = {
        "kind": body.get("kind", "web"),
        "etag": f'"{world.state.new_id()}"',
        "id": resource_id,
        "name": name,
        "type": _KIND,
        "location": location,
        "tags": body.get("tags") or {},
        "properties": properties,
    }
    resource = Resource(doc, found.created if found else world.epoch())
    world.state.resources[resource_id.lower()] = resource
    return resource


def _born(world: World, path: str, name: str, location: str) -> Json:
    key, app = world.state.new_id(), world.state.new_id()
    return {
        "ApplicationId": name,
        "AppId": app,
        "Name": name,
        "CreationDate": world.iso(),
        "TenantId": armid.subscription(path),
        "InstrumentationKey": key,
        "ConnectionString": f"InstrumentationKey={key};IngestionEndpoint=https://{location}-0.in."
        f"applicationinsights.azure.com/;LiveEndpoint=https://{location}.livediagnostics."
        f"monitor.azure.com/;ApplicationId={app}",
        "provisioningState": "Succeeded",
        "SamplingPercentage": None,
        "Ver": "v2",
    }


@api.route("PUT", _ONE)
def put(world: World, request: Request) -> Answer:
    """Create or update; 200 either way, synchronous."""
    body = request.json()
    location = tracked.placed(world, request, body)
    if not body.get("kind"):
        raise Refusal(400, "BadRequest", "The property 'kind' is required.")
    return Answer(200, build(world, request.path, location, body).doc)


tracked.routes(api, "components")


@api.seed("insights")
def seed(world: World, item: Json) -> None:
    """``[[insights]]`` with subscription, group, name, location; workspace (an ARM id), tags."""
    path = tracked.seeded(world, item, _KIND)
    properties = {"WorkspaceResourceId": item["workspace"]} if item.get("workspace") else {}
    body = {"kind": "web", "tags": item.get("tags", {}), "properties": properties}
    build(world, path, regions.short(item["location"]), body)
