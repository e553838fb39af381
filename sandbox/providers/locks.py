"""Management locks, at any scope. The gate enforces them."""

from sandbox import armid
from sandbox.protocol import Answer, Refusal, Request
from sandbox.providers.subscriptions import scope as scope_of
from sandbox.routing import Api
from sandbox.state import Json, Resource
from sandbox.world import World

api = Api("Microsoft.Authorization")

_LOCKS = "{scope}/providers/Microsoft.Authorization/locks"
_LEVELS = ("CanNotDelete", "ReadOnly")


@api.seed("locks")
def seed(world: World, item: Json) -> None:
    """``scope``, ``name``, ``level`` (CanNotDelete or ReadOnly), ``notes``."""
    base = armid.canonical(scope_of(world, item["scope"]))
    properties = {"level": item["level"]}
    if "notes" in item:
        properties["notes"] = item["notes"]
    _put(world, f"{base}/providers/Microsoft.Authorization/locks/{item['name']}", properties)


def _put(world: World, lock_id: str, properties: Json) -> Json:
    doc: Json = {
        "properties": properties,
        "id": lock_id,
        "type": "Microsoft.Authorization/locks",
        "name": armid.name(lock_id),
    }
    world.state.locks[lock_id.lower()] = Resource(doc, world.epoch())
    return doc


@api.route("GET", _LOCKS)
def listing(world: World, request: Request) -> Answer:
    """Locks at the scope and below it; ``atScope()`` gives those at the scope and above."""
    scope = request.params["scope"]
    above = "atscope()" in request.query.get("$filter", "").lower()
    value = []
    for lock in world.state.locks.values():
        at = lock.doc["id"].rpartition("/providers/Microsoft.Authorization/locks/")[0]
        if armid.within(scope, at) if above else armid.within(at, scope):
            value.append(lock.doc)
    return Answer(200, {"value": value})


@api.route("GET", f"{_LOCKS}/{{name}}")
def get(world: World, request: Request) -> Answer:
    """One lock."""
    found = world.state.locks.get(armid.canonical(request.path).lower())
    if found is None:
        name = request.params["name"]
        raise Refusal(404, "LockNotFound", f"The lock '{name}' could not be found.")
    return Answer(200, found.doc)


@api.route("PUT", f"{_LOCKS}/{{name}}")
def put(world: World, request: Request) -> Answer:
    """201 when it is new, 200 when it was there (recorded: arm/19)."""
    given = request.json().get("properties", {})
    level = next((item for item in _LEVELS if item.lower() == str(given.get("level")).lower()), "")
    if not level:
        raise Refusal(
            400,
            "InvalidLockLevel",
            f"The lock level '{given.get('level')}' is not one of 'CanNotDelete', 'ReadOnly'.",
        )
    lock_id = armid.canonical(request.path)
    new = lock_id.lower() not in world.state.locks
    properties = {"level": level}
    if given.get("notes") is not None:
        properties["notes"] = given["notes"]
    return Answer(201 if new else 200, _put(world, lock_id, properties))


@api.route("DELETE", f"{_LOCKS}/{{name}}")
def delete(world: World, request: Request) -> Answer:
    """200 without a body (recorded: arm/21), 204 when there was none."""
    gone = world.state.locks.pop(armid.canonical(request.path).lower(), None)
    return Answer(200 if gone else 204)
