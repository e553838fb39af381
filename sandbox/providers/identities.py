"""Microsoft.ManagedIdentity: user-assigned identities, and principals of system-assigned ones.

An identity exists at once; ARM's role assignments know its principal only some seconds
later (recorded: 22 s of PrincipalNotFound, then 201).
"""

from sandbox import armid, directory, regions, tracked
from sandbox.protocol import Answer, Request
from sandbox.routing import Api
from sandbox.state import Json, Principal, Resource
from sandbox.world import World

api = Api("Microsoft.ManagedIdentity")

REPLICATION_S = 20.0
"""Azure seconds from an identity's creation until role assignments accept it."""
_KIND = "Microsoft.ManagedIdentity/userAssignedIdentities"
_ONE = f"/subscriptions/{{s}}/resourceGroups/{{g}}/providers/{_KIND}/{{name}}"


def system_identity(
    world: World,
    tenant_id: str,
    name: str,
    *,
    object_id: str = "",
    app_id: str = "",
    known: bool = False,
) -> Principal:
    """Create the principal of a managed identity named like its resource.

    ``known``: role assignments accept it at once (it was there before the scenario began).
    """
    lag = 0.0 if known else REPLICATION_S / world.clock.speed
    principal = Principal(
        object_id=(object_id or world.state.new_id()).lower(),
        tenant_id=tenant_id,
        name=name,
        kind="ServicePrincipal",
        app_id=app_id or world.state.new_id(),
        created=world.epoch() + lag,
        sp_type="ManagedIdentity",
    )
    return directory.add(world, principal)


def remove_identity(world: World, object_id: str) -> None:
    """Take a managed identity's principal away; its role assignments stay, as in Azure."""
    world.state.principals.pop(object_id.lower(), None)


def _make(world: World, path: str, location: str, tags: Json, principal: Principal) -> Resource:
    # The identity service writes this one segment in lower case (recorded).
    resource_id = armid.canonical(path).replace("/resourceGroups/", "/resourcegroups/", 1)
    doc: Json = {
        "id": resource_id,
        "name": armid.name(path),
        "type": _KIND,
        "location": location,
        "tags": tags,
        "properties": {
            "tenantId": principal.tenant_id,
            "principalId": principal.object_id,
            "clientId": principal.app_id,
        },
    }
    resource = Resource(doc, world.epoch())
    world.state.resources[resource_id.lower()] = resource
    return resource


@api.route("PUT", _ONE)
def put(world: World, request: Request) -> Answer:
    """Create (201, relative Location header) or update the tags (200)."""
    body = request.json()
    location = tracked.placed(world, request, body)
    found = world.resource(request.path)
    if found:
        found.doc["tags"] = body.get("tags") or {}
        return Answer(200, found.doc)
    principal = system_identity(
        world, tracked.tenant(world, request.path), armid.name(request.path)
    )
    doc = _make(world, request.path, location, body.get("tags") or {}, principal).doc
    return Answer(201, doc, {"Location": doc["id"]})


def _removed(world: World, resource: Resource) -> None:
    remove_identity(world, resource.doc["properties"]["principalId"])


tracked.routes(api, "userAssignedIdentities", removed=_removed)


@api.seed("identities")
def seed(world: World, item: Json) -> None:
    """``[[identities]]`` with subscription, group, name, location; object_id, client_id, tags."""
    path = tracked.seeded(world, item, _KIND)
    principal = system_identity(
        world,
        tracked.tenant(world, path),
        item["name"],
        object_id=item.get("object_id", ""),
        app_id=item.get("client_id", ""),
        known=True,
    )
    _make(world, path, regions.short(item["location"]), item.get("tags", {}), principal)
