"""Tags of a subscription, group or resource by themselves: what ``az tag`` asks for.

Microsoft.Resources/tags is an extension resource named ``default`` at the scope it describes.
"""

from sandbox import armid
from sandbox.gate import check_tags
from sandbox.protocol import Answer, GatewayRefusal, Request
from sandbox.routing import Api
from sandbox.state import Json
from sandbox.world import World

api = Api()

_TAGS = "{scope}/providers/Microsoft.Resources/tags/default"


def _document(world: World, request: Request) -> Json:
    """The document that has the tags: a subscription's, a group's or a resource's."""
    scope = armid.canonical(request.params["scope"])
    if len(armid.segments(scope)) == 2:
        subscription: Json = world.state.subscriptions[armid.subscription(scope).lower()]
        return subscription
    found = world.state.groups.get(scope.lower()) or world.resource(scope)
    if found is None:
        message = f"The resource '{scope}' was not found."
        raise GatewayRefusal(404, "ResourceNotFound", message)
    return found.doc


def _answer(request: Request, tags: Json) -> Answer:
    return Answer(
        200,
        {
            "id": armid.canonical(request.path),
            "name": "default",
            "type": "Microsoft.Resources/tags",
            "properties": {"tags": tags},
        },
    )


def _sent(request: Request) -> Json:
    tags = (request.json().get("properties") or {}).get("tags")
    check_tags(tags)
    return tags or {}


@api.route("GET", _TAGS)
def get(world: World, request: Request) -> Answer:
    """All tags."""
    return _answer(request, _document(world, request).get("tags") or {})


@api.route("PUT", _TAGS)
def put(world: World, request: Request) -> Answer:
    """These tags and no others."""
    document = _document(world, request)
    document["tags"] = _sent(request)
    return _answer(request, document["tags"])


@api.route("PATCH", _TAGS)
def patch(world: World, request: Request) -> Answer:
    """``operation`` Merge, Replace or Delete (of tags with the same value)."""
    document, sent = _document(world, request), _sent(request)
    before: Json = document.get("tags") or {}
    match str(request.json().get("operation", "")).lower():
        case "merge":
            after = {**before, **sent}
        case "replace":
            after = sent
        case "delete":
            after = {name: value for name, value in before.items() if sent.get(name) != value}
        case other:
            message = f"The tags operation '{other}' is none of Merge, Replace and Delete."
            raise GatewayRefusal(400, "InvalidRequestContent", message)
    document["tags"] = after
    return _answer(request, after)


@api.route("DELETE", _TAGS)
def delete(world: World, request: Request) -> Answer:
    """No tags."""
    _document(world, request)["tags"] = {}
    return Answer(200)
