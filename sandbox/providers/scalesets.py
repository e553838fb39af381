"""Microsoft.Compute: the scale sets of clusters' nodes, which only clusters make.

A start answers 202 with both polling headers and ends when the machines run ("Virtual Machine
Scale Sets - Start"); their power states are those of "States and billing status of Azure Virtual
Machines".
"""

from sandbox import operations, tracked
from sandbox.protocol import Answer, Refusal, Request
from sandbox.providers import customerkeys, diskkeys
from sandbox.providers.vmsizes import SCALE_SETS, api
from sandbox.state import Json, Resource
from sandbox.world import World

START_S = 60.0
"""Azure seconds; no recording tells them."""
_ONE = f"/subscriptions/{{s}}/resourceGroups/{{g}}/providers/{SCALE_SETS}/{{name}}"
_OPERATIONS = "/subscriptions/{s}/providers/Microsoft.Compute/locations/{location}/operations"

tracked.routes(api, "virtualMachineScaleSets")  # what these do otherwise is registered over it


@api.route("GET", _ONE + "/virtualMachines")
def instances(world: World, request: Request) -> Answer:
    """The machines of a scale set; with their power state where ``$expand`` asks for it."""
    found = tracked.parent(world, request)
    word = found.inner.get("power", "running")
    status = {"code": f"PowerState/{word}", "level": "Info", "displayStatus": f"VM {word}"}
    asked = request.query.get("$expand", "").lower() == "instanceview"
    view = {"instanceView": {"statuses": [status]}} if asked else {}
    made = world.clock.iso(found.inner.get("imaged", found.created))
    value = [
        {
            "name": f"{found.doc['name']}_{number}",
            "id": f"{found.doc['id']}/virtualMachines/{number}",
            "type": f"{SCALE_SETS}/virtualMachines",
            "location": found.doc["location"],
            "instanceId": str(number),
            "sku": found.doc["sku"],
            "properties": {"provisioningState": "Succeeded", "timeCreated": made, **view},
        }
        for number in range(int(found.doc["sku"]["capacity"]))
    ]
    return Answer(200, {"value": value})


@api.route("POST", _ONE + "/start")
def start(world: World, request: Request) -> Answer:
    """Begin to start all machines; one whose key is lost does not boot."""
    found = tracked.parent(world, request)
    if error := _lost(world, found):
        raise Refusal(400, error["code"], error["message"])
    if found.inner.get("power", "running") != "running":
        found.inner["power"] = "starting"
    found.doc["properties"]["provisioningState"] = "Updating"
    operation = world.start_operation(found.doc["id"])
    world.after(START_S, "vmss.started", id=found.doc["id"].lower(), operation=operation.id)
    headers = operations.async_headers(
        world,
        operation,
        "Microsoft.Compute",
        found.doc["location"],
        "operations",
        request.api_version,
        result="monitor=true",
    )
    return Answer(202, None, headers)


def _lost(world: World, found: Resource) -> Json | None:
    """What starting says where the set can't use the key; machines stop over it."""
    des = world.resource(found.inner.get("des", ""))
    if des is None or "cmk" not in found.inner or not customerkeys.check(world, found):
        return None
    return diskkeys.forbidden(des)


@api.job("vmss.started")
def started(world: World, data: Json) -> None:
    """The machines run, unless their key was lost on the way."""
    found = world.resource(data["id"])
    if found is None:
        world.state.operations[data["operation"]].status = "Canceled"
        return
    error = operations.injected(world, data["operation"]) or _lost(world, found)
    if found.inner.get("power") == "starting":
        found.inner["power"] = "stopped" if error else "running"
    found.doc["properties"]["provisioningState"] = "Failed" if error else "Succeeded"
    world.end_operation(data["operation"], error)


@api.route(
    "GET", _OPERATIONS + "/{operation}", action="Microsoft.Compute/locations/operations/read"
)
def poll(world: World, request: Request) -> Answer:
    """The operation of a scale set; ``monitor=true`` is the Location."""
    operation = operations.find(world, request.params["operation"])
    if request.query.get("monitor"):
        return operations.location_answer(world, request, operation)
    return Answer(200, operations.named_status(world, operation))
