"""Resource groups."""

import re

from sandbox import armid, cascade, operations, rbac, regions, visibility
from sandbox.gate import authorize, group_not_found, locks_over
from sandbox.protocol import Answer, GatewayRefusal, Request
from sandbox.providers.subscriptions import scope as scope_of
from sandbox.routing import Api
from sandbox.state import Json, Resource
from sandbox.world import World

api = Api("Microsoft.Resources")

_GROUP = "/subscriptions/{subscription}/resourceGroups/{group}"
_READ = "Microsoft.Resources/subscriptions/resourceGroups/read"
_WRITE = "Microsoft.Resources/subscriptions/resourceGroups/write"
_DELETE = "Microsoft.Resources/subscriptions/resourceGroups/delete"
_NAME = re.compile(r"[\w().\-]{1,90}(?<!\.)")
DELETE_S = 30.0
"""Azure seconds that deleting a group takes."""
RETRY_S = 15.0
"""Azure seconds after which the answer to a delete asks to be polled (recorded: arm)."""


@api.seed("groups")
def seed(world: World, item: Json) -> None:
    """``scope`` ("Contoso-ML/rg-name" or an id), ``location``, ``tags``, ``managed_by``."""
    put(world, scope_of(world, item["scope"]), item["location"], item.get("tags"))
    if "managed_by" in item:
        key = scope_of(world, item["scope"]).lower()
        world.state.groups[key].doc["managedBy"] = item["managed_by"]


def put(world: World, group_id: str, location: str, tags: Json | None = None) -> Resource:
    """Make a resource group without asking anybody; returns it."""
    group_id = armid.canonical(group_id)
    doc: Json = {
        "id": group_id,
        "name": armid.name(group_id),
        "type": "Microsoft.Resources/resourceGroups",
        "location": regions.short(location),
        "properties": {"provisioningState": "Succeeded"},
    }
    if tags is not None:
        doc["tags"] = tags
    resource = Resource(doc, world.epoch())
    world.state.groups[group_id.lower()] = resource
    return resource


def _find(world: World, request: Request) -> Resource:
    found = world.state.groups.get(armid.group_id(request.path))
    if found is None:
        raise group_not_found(request)
    return found


@api.route("GET", "/subscriptions/{subscription}/resourceGroups", action="")
def listing(world: World, request: Request) -> Answer:
    """The groups the caller may read; ``$filter=tagName eq 'x' and tagValue eq 'y'``, ``$top``."""
    prefix = f"/subscriptions/{request.params['subscription'].lower()}/resourcegroups/"
    who = request.caller.object_id
    everywhere = rbac.allows(world, who, _READ, request.scope)
    if armid.subscription(request.path) not in visibility.subscriptions(
        world, who, request.caller.tenant_id
    ):
        authorize(world, request, _READ, request.scope)
    tag = re.findall(r"tag(?:Name|Value) eq '([^']*)'", request.query.get("$filter", ""))
    value = []
    for key, group in world.state.groups.items():
        if not key.startswith(prefix):
            continue
        if not everywhere and not rbac.allows(world, who, _READ, key):
            continue
        tags = group.doc.get("tags") or {}
        if tag and (tag[0] not in tags or (len(tag) > 1 and tags[tag[0]] != tag[1])):
            continue
        value.append(group.doc)
    top = request.query.get("$top", "")
    return Answer(200, {"value": value[: int(top)] if top.isdigit() else value})


@api.route("GET", _GROUP, action=_READ)
def get(world: World, request: Request) -> Answer:
    """One group."""
    return Answer(200, _find(world, request).doc)


@api.route("HEAD", _GROUP, action=_READ)
def head(world: World, request: Request) -> Answer:
    """204 when it exists, 404 when not (recorded: arm/11)."""
    exists = armid.group_id(request.path) in world.state.groups
    return Answer(204 if exists else 404)


@api.route("PUT", _GROUP, action=_WRITE)
def create(world: World, request: Request) -> Answer:
    """201 when it is new, 200 when it was there; another location is refused."""
    body = request.json()
    name = armid.group(request.path)
    if not _NAME.fullmatch(name):
        raise GatewayRefusal(
            400,
            "InvalidResourceGroupName" if name else "MissingResourceGroupName",
            f"The provided resource group name '{name}' has these invalid characters or is not"
            " between 1 and 90 characters long, or ends with a period.",
        )
    location = body.get("location")
    if not isinstance(location, str) or not location:
        raise GatewayRefusal(
            400, "LocationRequired", "The location property is required for this definition."
        )
    if not regions.known(location):
        raise GatewayRefusal(
            400,
            "LocationNotAvailableForResourceGroup",
            f"The provided location '{location}' is not available for resource group. List of"
            f" available regions is '{','.join(regions.names())}'.",
        )
    before = world.state.groups.get(armid.group_id(request.path))
    if before is None:
        made = put(world, request.scope, location, body.get("tags"))
        if body.get("managedBy"):
            made.doc["managedBy"] = body["managedBy"]
        return Answer(201, made.doc)
    if before.doc["location"] != regions.short(location):
        raise GatewayRefusal(
            409,
            "InvalidResourceGroupLocation",
            f"Invalid resource group location '{location}'. The Resource group already exists in"
            f" location '{before.doc['location']}'.",
        )
    before.doc.pop("tags", None)
    if body.get("tags") is not None:
        before.doc["tags"] = body["tags"]
    return Answer(200, before.doc)


@api.route("PATCH", _GROUP, action=_WRITE)
def update(world: World, request: Request) -> Answer:
    """Replace the tags."""
    group, body = _find(world, request), request.json()
    if "tags" in body:
        group.doc["tags"] = body["tags"] or {}
    return Answer(200, group.doc)


@api.route("DELETE", _GROUP, action=_DELETE)
def delete(world: World, request: Request) -> Answer:
    """202; what is in it goes with it when the time is over (recorded: arm/09)."""
    group = _find(world, request)
    operation = world.start_operation(group.doc["id"], group=group.doc["id"].lower())
    group.doc["properties"]["provisioningState"] = "Deleting"
    world.after(DELETE_S, "groups.deleted", operation=operation.id)
    address = (
        f"{world.addresses.arm}/subscriptions/{armid.subscription(request.path)}"
        f"/operationresults/{operation.id}?api-version={request.api_version}"
    )
    wait = max(1, round(RETRY_S / world.clock.speed))
    return Answer(202, None, {"Location": address, "Retry-After": str(wait)})


@api.job("groups.deleted")
def deleted(world: World, data: Json) -> None:
    """Delete the group's resources, then the group; a lock added meanwhile stops it."""
    operation_id = data["operation"]
    key = world.state.operations[operation_id].inner["group"]
    group = world.state.groups.get(key)
    if group is None:
        world.end_operation(operation_id)
        return
    error = operations.injected(world, operation_id)
    locked = locks_over(world, key, delete=True)
    if locked:
        error = {
            "code": "ScopeLocked",
            "message": f"The scope '{group.doc['id']}' cannot perform delete operation because"
            f" following scope(s) are locked: '{','.join(locked)}'. Please remove the lock and"
            " try again.",
        }
    if error:
        group.doc["properties"]["provisioningState"] = "Succeeded"
        world.end_operation(operation_id, error)
        return
    cascade.delete(world, key)
    del world.state.groups[key]
    world.end_operation(operation_id)


@api.route("GET", "/subscriptions/{subscription}/operationresults/{operation}", action="")
def result(world: World, request: Request) -> Answer:
    """202 with the same Location while it runs, then 200 without a body."""
    operation = operations.find(world, request.params["operation"])
    authorize(world, request, _READ, operation.target)
    return operations.location_answer(world, request, operation)
