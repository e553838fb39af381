"""Microsoft.ContainerRegistry: registries, whose names are unique in all of Azure."""

import re

from sandbox import armid, regions, tracked
from sandbox.protocol import Answer, Refusal, Request
from sandbox.routing import Api
from sandbox.state import Json, Resource
from sandbox.world import World

api = Api("Microsoft.ContainerRegistry")

CREATION_S = 12.0
"""Azure seconds from the PUT until the registry is there."""
_KIND = "Microsoft.ContainerRegistry/registries"
_ONE = f"/subscriptions/{{s}}/resourceGroups/{{g}}/providers/{_KIND}/{{name}}"
_NAME = re.compile(r"[A-Za-z0-9]{5,50}")
_SKUS = ("Basic", "Standard", "Premium")


def _taken(world: World, name: str) -> bool:
    ending = f"/providers/{_KIND}/{name}".lower()
    return any(key.endswith(ending) for key in world.state.resources)


def build(world: World, path: str, location: str, body: Json, state: str) -> Resource:
    """Make a registry, or write over the settable fields of the one that is there."""
    found = world.resource(path)
    name = armid.name(path)
    sku = (body.get("sku") or {}).get("name", "Basic")
    asked = body.get("properties") or {}
    resource_id = armid.canonical(path)
    doc: Json = {
        "type": _KIND,
        "id": resource_id,
        "name": name,
        "location": location,
        "tags": body.get("tags") or {},
        "sku": {"name": sku, "tier": sku},
        "properties": {
            "loginServer": f"{name.lower()}.azurecr.io",
            "creationDate": found.doc["properties"]["creationDate"] if found else world.iso(),
            "provisioningState": state,
            "adminUserEnabled": bool(asked.get("adminUserEnabled", False)),
            "policies": {
                "quarantinePolicy": {"status": "disabled"},
                "trustPolicy": {"type": "Notary", "status": "disabled"},
                "retentionPolicy": {"days": 7, "status": "disabled"},
                "exportPolicy": {"status": "enabled"},
            },
            "encryption": {"status": "disabled"},
            "dataEndpointEnabled": False,
            "dataEndpointHostNames": [],
            "privateEndpointConnections": [],
            "publicNetworkAccess": asked.get("publicNetworkAccess", "Enabled"),
            "networkRuleBypassOptions": "AzureServices",
            "zoneRedundancy": "Disabled",
            "anonymousPullEnabled": False,
        },
    }
    resource = Resource(doc, found.created if found else world.epoch())
    world.state.resources[resource_id.lower()] = resource
    return resource


def _check(request: Request, body: Json) -> None:
    name = armid.name(request.path)
    if not _NAME.fullmatch(name):
        raise Refusal(400, "InvalidResourceName", _rule(name))
    if (body.get("sku") or {}).get("name", "") not in _SKUS:
        raise Refusal(400, "InvalidSku", f"The SKU must be one of {', '.join(_SKUS)}.")
    if ((body.get("properties") or {}).get("encryption") or {}).get("status") == "enabled":
        raise Refusal(
            400, "NotSupported", "Customer-managed keys of registries are not part of the sandbox."
        )


def _rule(name: str) -> str:
    return f"The registry name '{name}' must be 5 to 50 letters and digits."


@api.route("PUT", _ONE)
def put(world: World, request: Request) -> Answer:
    """Create (201 with Azure-AsyncOperation) or update (200)."""
    body = request.json()
    location = tracked.placed(world, request, body)
    _check(request, body)
    if world.resource(request.path):
        return Answer(200, build(world, request.path, location, body, "Succeeded").doc)
    if _taken(world, armid.name(request.path)):
        login = f"{armid.name(request.path).lower()}.azurecr.io"
        raise Refusal(409, "AlreadyInUse", f"The registry DNS name {login} is already in use.")
    resource = build(world, request.path, location, body, "Creating")
    operation = world.start_operation(resource.doc["id"])
    world.after(CREATION_S, "registries.ready", id=resource.doc["id"], operation=operation.id)
    address = (
        f"{world.addresses.arm}{resource.doc['id']}/operationStatuses/registries-{operation.id}"
        f"?api-version={request.api_version}"
    )
    return Answer(201, resource.doc, {"Azure-AsyncOperation": address})


@api.job("registries.ready")
def ready(world: World, data: Json) -> None:
    """The registry answers; a delete meanwhile cancelled the creation."""
    resource = world.resource(data["id"])
    if resource is None:
        world.state.operations[data["operation"]].status = "Canceled"
        return
    resource.doc["properties"]["provisioningState"] = "Succeeded"
    world.end_operation(data["operation"])


@api.route("GET", _ONE + "/operationStatuses/{operation}")
def status(world: World, request: Request) -> Answer:
    """The state of a creation."""
    operation = world.state.operations.get(request.params["operation"].removeprefix("registries-"))
    if operation is None:
        raise armid.not_found(request)
    word = "Creating" if operation.status == "InProgress" else operation.status
    return Answer(200, {"status": word})


@api.route(
    "POST",
    "/subscriptions/{s}/providers/Microsoft.ContainerRegistry/checkNameAvailability",
    action="Microsoft.ContainerRegistry/checkNameAvailability/read",
)
def check_name(world: World, request: Request) -> Answer:
    """Whether a name is free in all of Azure, and if not, why."""
    name = str(request.json().get("name", ""))
    if not _NAME.fullmatch(name):
        return Answer(200, {"nameAvailable": False, "reason": "Invalid", "message": _rule(name)})
    if _taken(world, name):
        text = f"The registry {name} is already in use."
        return Answer(200, {"nameAvailable": False, "reason": "AlreadyExists", "message": text})
    return Answer(200, {"nameAvailable": True})


tracked.routes(api, "registries", settable=("adminUserEnabled", "publicNetworkAccess"))


@api.seed("registries")
def seed(world: World, item: Json) -> None:
    """``[[registries]]`` with subscription, group, name, location; sku, tags."""
    path = tracked.seeded(world, item, _KIND)
    body = {"sku": {"name": item.get("sku", "Basic")}, "tags": item.get("tags", {})}
    build(world, path, regions.short(item["location"]), body, "Succeeded")
