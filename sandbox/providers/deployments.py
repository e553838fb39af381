"""Template deployments: those that run, and whether a template would be accepted.

A new one is refused by name: ``az deployment`` and MLClient's creation of a workspace send
one; what they would make can be made by a PUT of each resource.
"""

from typing import Any
from urllib.parse import urlencode

from sandbox import armid, policy, tracked
from sandbox.catalogue import namespace
from sandbox.gate import authorize, check_registration
from sandbox.protocol import Answer, GatewayRefusal, Refusal, Request
from sandbox.providers.subscriptions import scope as scope_of
from sandbox.routing import Api
from sandbox.state import Json
from sandbox.world import World

api = Api()

_ALL = "{scope}/providers/Microsoft.Resources/deployments"
_ONE = f"{_ALL}/{{name}}"
_READ, _WRITE = "Microsoft.Resources/deployments/read", "Microsoft.Resources/deployments/write"
_VALIDATE = "Microsoft.Resources/deployments/validate/action"
_TABLE = "deployments"
_PAGE = 50


@api.seed("deployments")
def seed(world: World, item: Json) -> None:
    """``scope``, ``name``, ``started_s`` ago, ``ends_s``: Azure seconds until it is done."""
    path = f"{scope_of(world, item['scope'])}/providers/Microsoft.Resources/deployments"
    path = armid.canonical(f"{path}/{item['name']}")
    started = world.clock.iso(world.epoch() - float(item.get("started_s", 0)))
    world.state.table(_TABLE)[path.lower()] = _doc(world, path, "Running", started)
    world.after(float(item.get("ends_s", 3600)), "deployments.ended", id=path.lower())


@api.job("deployments.ended")
def ended(world: World, data: Json) -> None:
    """The end of a deployment that a scenario began."""
    world.state.table(_TABLE)[data["id"]]["properties"]["provisioningState"] = "Succeeded"


def _doc(world: World, path: str, state: str, started: str) -> Json:
    return {
        "id": path,
        "name": armid.name(path),
        "type": "Microsoft.Resources/deployments",
        "properties": {
            "mode": "Incremental",
            "provisioningState": state,
            "timestamp": started,
            "duration": "PT0S",
            "correlationId": world.state.new_id(),
            "providers": [],
            "dependencies": [],
        },
    }


@api.route("PUT", _ONE, action=_WRITE)
@api.route("POST", f"{_ONE}/{{operation}}", action=_WRITE)
def refuse(world: World, request: Request) -> Answer:
    """501: a client that gets it neither repeats the request nor believes it done."""
    raise _not_simulated(
        f"Template deployments are not part of this sandbox, so the deployment"
        f" '{request.params['name']}' was refused and nothing was made. Create its resources one"
        " by one instead; a workspace with a PUT of"
        " Microsoft.MachineLearningServices/workspaces."
    )


def _not_simulated(message: str) -> Refusal:
    return Refusal(501, "DeploymentsNotSimulated", message)


@api.route("GET", _ALL, action=_READ)
def listing(world: World, request: Request) -> Answer:
    """The deployments of a scope; ``provisioningState eq 'Running'`` narrows them."""
    start = f"{request.params['scope']}/providers/microsoft.resources/deployments/".lower()
    text = request.query.get("$filter", "").lower()
    value = [
        doc
        for key, doc in world.state.table(_TABLE).items()
        if key.startswith(start)
        and ("eq" not in text or f"'{doc['properties']['provisioningState'].lower()}'" in text)
    ]
    return Answer(200, _page(world, request, value))


def _page(world: World, request: Request, value: list[Json]) -> Json:
    """50 at a time; how many Azure sends was not found."""
    skip = request.query.get("$skiptoken", "0")
    start = int(skip) if skip.isdigit() else 0
    body: Json = {"value": value[start : start + _PAGE]}
    if start + _PAGE < len(value):
        query = {**request.query, "$skiptoken": str(start + _PAGE)}
        body["nextLink"] = f"{world.addresses.arm}{request.path}?{urlencode(query)}"
    return body


@api.route("GET", _ONE, action=_READ)
def get(world: World, request: Request) -> Answer:
    """One deployment, or 404 in Resource Manager's words."""
    found = world.state.table(_TABLE).get(armid.canonical(request.path).lower())
    if found is None:
        name = request.params["name"]
        raise Refusal(404, "DeploymentNotFound", f"Deployment '{name}' could not be found.")
    return Answer(200, found)


@api.route("POST", f"{_ONE}/validate", action=_VALIDATE)
def validate(world: World, request: Request) -> Answer:
    """Judge a template's resources as Resource Manager does before it asks any provider.

    Registration, region, the caller's rights and policies, in this order. Templates must be
    literal: expressions are not evaluated.
    """
    properties = request.json().get("properties") or {}
    resources = (properties.get("template") or {}).get("resources")
    if not isinstance(resources, list):
        raise Refusal(
            400, "InvalidTemplate", "Deployment template validation failed: 'resources' is missing."
        )
    if _has_expression(resources):
        raise _not_simulated(
            "Only literal templates are validated in this sandbox: expressions in brackets are"
            " not evaluated."
        )
    scope = request.params["scope"]
    made = [_judge(world, request, scope, resource) for resource in resources]
    denied = [error for where, body in made if (error := _denied(world, where, body))]
    if denied:
        raise GatewayRefusal(
            400,
            "InvalidTemplateDeployment",
            "The template deployment failed because of policy violation. Please see details for"
            " more information.",
            details=denied,
        )
    doc = _doc(world, armid.canonical(request.path.rpartition("/")[0]), "Succeeded", world.iso())
    doc["properties"]["validatedResources"] = [{"id": where} for where, _ in made]
    return Answer(200, doc)


def _has_expression(value: Any) -> bool:
    if isinstance(value, dict):
        return any(_has_expression(item) for item in value.values())
    if isinstance(value, list):
        return any(_has_expression(item) for item in value)
    if not isinstance(value, str) or not value.endswith("]"):
        return False
    return value.startswith("[") and not value.startswith("[[")


def _judge(world: World, request: Request, scope: str, resource: Any) -> tuple[str, Json]:
    """The id that a template's resource would have, and its body."""
    kind, name = (str(resource.get(field, "")) for field in ("type", "name"))
    types, names = kind.split("/")[1:], name.split("/")
    if not kind or len(types) != len(names) or not resource.get("apiVersion"):
        raise Refusal(
            400,
            "InvalidTemplate",
            f"Deployment template validation failed: 'The template resource '{name}' of type"
            f" '{kind}' is not valid.'.",
        )
    provider = kind.partition("/")[0]
    pairs = [part for pair in zip(types, names, strict=True) for part in pair]
    where = armid.canonical("/".join([f"{scope}/providers", provider, *pairs]))
    check_registration(world, armid.subscription(where), namespace(provider) or provider)
    if resource.get("location"):
        tracked.refuse_unoffered(kind, str(resource["location"]))
    authorize(world, request, f"{kind}/write", where)
    return where, resource


def _denied(world: World, where: str, body: Json) -> Json | None:
    try:
        policy.refuse(world, where, {**body, "name": armid.name(where)})
    except GatewayRefusal as refusal:
        return refusal.error()
    return None
