"""What providers of plain tracked resources share: get, list, delete, tags, location."""

from collections.abc import Iterator

from sandbox import armid, cascade, catalogue, regions
from sandbox.protocol import Answer, Refusal, Request
from sandbox.providers import subscriptions
from sandbox.routing import Api
from sandbox.state import Json, Resource
from sandbox.world import World


def tenant(world: World, path: str) -> str:
    """The tenant of the subscription that a path lies in."""
    subscription: Json = world.state.subscriptions[armid.subscription(path)]
    found: str = subscription["tenantId"]
    return found


def below(world: World, scope: str, kind: str) -> Iterator[Resource]:
    """Resources of one type in a subscription or group, in the order they were made."""
    prefix = scope.lower().rstrip("/") + "/"
    marker = f"/providers/{kind.lower()}/"
    for key, resource in world.state.resources.items():
        if key.startswith(prefix) and marker in key and "/" not in key.rpartition(marker)[2]:
            yield resource


def seeded(world: World, item: Json, kind: str) -> str:
    """The id that a scenario's item (subscription by id or name, group, name) stands for."""
    scope = subscriptions.scope(world, f"{item['subscription']}/{item['group']}")
    return f"{scope}/providers/{kind}/{item['name']}"


def existing(world: World, request: Request) -> Resource:
    """The resource a request names; refuses with 404 ResourceNotFound as ARM does."""
    found = world.resource(request.path)
    if found is None:
        raise armid.not_found(request)
    return found


def parent(world: World, request: Request) -> Resource:
    """The resource that an address one word longer is about; refuses like :func:`existing`."""
    path = request.path.rstrip("/").rpartition("/")[0]
    found = world.resource(path)
    if found is None:
        raise armid.not_found(request, path)
    return found


def refuse_unoffered(kind: str, location: str) -> None:
    """Refuse a region that does not exist or does not offer a type, worded as ARM does."""
    if regions.known(location) and catalogue.offered(kind, location):
        return
    offering = [name for name in regions.names() if catalogue.offered(kind, name)]
    raise Refusal(
        400,
        "LocationNotAvailableForResourceType",
        f"The provided location '{location}' is not available for resource type '{kind}'. List of "
        f"available regions for the resource type is '{','.join(offering)}'.",
    )


def placed(world: World, request: Request, body: Json) -> str:
    """The region asked for in a PUT.

    Refuses a missing location (LocationRequired), an unknown one
    (LocationNotAvailableForResourceType) and another one than that of the resource that
    exists already (InvalidResourceLocation), worded as ARM does.
    """
    asked = body.get("location")
    if not isinstance(asked, str) or not asked.strip():
        raise Refusal(
            400, "LocationRequired", "The location property is required for this definition."
        )
    refuse_unoffered(armid.resource_type(request.path), asked)
    before = world.resource(request.path)
    if before and regions.short(before.doc["location"]) != regions.short(asked):
        raise Refusal(
            409,
            "InvalidResourceLocation",
            f"The resource '{before.doc['name']}' already exists in location "
            f"'{regions.short(before.doc['location'])}' in resource group '{armid.group(request.path)}'."
            f" A resource with the same name cannot be created in location '{regions.short(asked)}'."
            " Please select a new resource name.",
        )
    return regions.short(asked)


def routes(
    api: Api,
    kind: str,
    *,
    settable: tuple[str, ...] = (),
    removed: cascade.Hook | None = None,
    forced: cascade.Hook | None = None,
) -> None:
    """Register GET, both lists, PATCH and DELETE of a type such as ``registries``.

    PATCH changes tags and the ``settable`` properties. DELETE answers 200, or 204 where there
    was nothing; ``removed`` runs whenever a resource goes, with its group too, and ``forced``
    after a DELETE with ``force=true``.
    """
    full = f"{api.namespace}/{kind}"
    in_group = f"/subscriptions/{{s}}/resourceGroups/{{g}}/providers/{full}"
    in_subscription = f"/subscriptions/{{s}}/providers/{full}"
    if removed:
        cascade.on_delete(full)(removed)

    @api.route("GET", in_group + "/{name}")
    def get(world: World, request: Request) -> Answer:
        return Answer(200, existing(world, request).doc)

    def listing(world: World, request: Request) -> Answer:
        scope = request.path.lower().partition("/providers/")[0]
        return Answer(200, {"value": [item.doc for item in below(world, scope, full)]})

    api.route("GET", in_group)(listing)
    api.route("GET", in_subscription)(listing)

    @api.route("DELETE", in_group + "/{name}")
    def delete(world: World, request: Request) -> Answer:
        found = world.resource(request.path)
        if found is None:
            return Answer(204)
        cascade.delete(world, found.doc["id"])
        if forced and request.query.get("force", "").lower() == "true":
            forced(world, found)
        return Answer(200)

    @api.route("PATCH", in_group + "/{name}")
    def patch(world: World, request: Request) -> Answer:
        found = existing(world, request)
        body = request.json()
        if "tags" in body:
            found.doc["tags"] = body["tags"] or {}
        asked = body.get("properties") or {}
        changed = {name: asked[name] for name in settable if name in asked}
        found.doc["properties"].update(changed)
        return Answer(200, found.doc)
