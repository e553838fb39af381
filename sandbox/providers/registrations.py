"""Resource providers: what they offer, and registering them."""

from sandbox import activity, armid, registrations
from sandbox.catalogue import CATALOGUE, ResourceType, namespace
from sandbox.gate import authorize
from sandbox.protocol import Answer, GatewayRefusal, Request
from sandbox.providers.subscriptions import subscription_id
from sandbox.routing import Api
from sandbox.state import Json
from sandbox.world import World

api = Api()

REGISTER_S = 60.0
"""Azure seconds from Registering to Registered, and from Unregistering to Unregistered."""
_ONE = "/subscriptions/{subscription}/providers/{namespace}"
_CAPABILITIES = "CrossResourceGroupResourceMove, SystemAssignedResourceIdentity, SupportsTags, \
SupportsLocation"


_SEARCH_AUTHORIZATION = {
    "applicationId": "408992c7-2af6-4ff1-92e3-65b73d2b5092",
    "roleDefinitionId": "20FA3191-87CF-4C3D-9510-74CCB594A310",
}
"""Recorded (arm/23). Other providers' were not, and no client is known to read them."""


@api.seed("registrations")
def seed(world: World, item: Json) -> None:
    """``subscription`` (name or id), ``namespaces`` (a list), ``state`` (Registered unless given).

    ``app = false``: the service's principal was removed from the directory since.
    """
    subscription = subscription_id(world, item["subscription"])
    for name in item["namespaces"]:
        if not namespace(name):
            raise KeyError(f"no namespace {name!r}")
        registrations.put(world, subscription, name, item.get("state", "Registered"))
        if not item.get("app", True):
            registrations.vanish(world, subscription, name)


def _type(item: ResourceType) -> Json:
    return {
        "resourceType": item.name,
        "locations": item.locations(),
        "apiVersions": item.versions,
        "capabilities": _CAPABILITIES if item.everywhere else "None",
    }


def _shown(world: World, subscription: str, name: str) -> Json:
    doc: Json = {
        "id": f"/subscriptions/{subscription}/providers/{name}",
        "namespace": name,
        "resourceTypes": [_type(item) for item in CATALOGUE[name]],
        "registrationState": registrations.state(world, subscription, name),
        "registrationPolicy": "RegistrationFree"
        if name.lower() in registrations.ALWAYS
        else "RegistrationRequired",
    }
    if name == "Microsoft.Search":
        doc["authorization"] = _SEARCH_AUTHORIZATION
    return doc


def _namespace(request: Request) -> str:
    name = namespace(request.params["namespace"])
    if not name:
        asked = request.params["namespace"]
        raise GatewayRefusal(
            404,
            "InvalidResourceNamespace",
            f"The resource namespace '{asked}' is invalid.",
        )
    return name


@api.route(
    "GET",
    "/subscriptions/{subscription}/providers",
    action="Microsoft.Resources/subscriptions/providers/read",
)
def listing(world: World, request: Request) -> Answer:
    """All of them."""
    subscription = armid.subscription(request.path)
    return Answer(200, {"value": [_shown(world, subscription, name) for name in CATALOGUE]})


@api.route("GET", _ONE, action="Microsoft.Resources/subscriptions/providers/read")
def get(world: World, request: Request) -> Answer:
    """One, with its registration state and where its types are offered."""
    name = _namespace(request)
    return Answer(200, _shown(world, armid.subscription(request.path), name))


@api.route("POST", f"{_ONE}/register", action="")
def register(world: World, request: Request) -> Answer:
    """200 at once with Registering; Registered follows (README of the recordings)."""
    return _turn(world, request, "Registering", "Registered", "register")


@api.route("POST", f"{_ONE}/unregister", action="")
def unregister(world: World, request: Request) -> Answer:
    """200 at once with Unregistering."""
    return _turn(world, request, "Unregistering", "Unregistered", "unregister")


def _turn(world: World, request: Request, now: str, then: str, verb: str) -> Answer:
    name = _namespace(request)
    subscription = armid.subscription(request.path)
    action, scope = f"{name}/{verb}/action", f"/subscriptions/{subscription}"
    authorize(world, request, action, scope)
    correlation = request.headers.get("x-ms-correlation-request-id", request.id)
    activity.entry(world, request.caller, action, scope, 200, correlation=correlation)
    state = registrations.state(world, subscription, name)
    if state not in (then, now) and name.lower() not in registrations.ALWAYS:
        registrations.put(world, subscription, name, now)
        world.after(
            REGISTER_S, "registrations.turn", subscription=subscription, name=name, state=then
        )
    elif state == then == "Registered":
        # Registering again brings back a first-party app that is missing from the tenant.
        registrations.put(world, subscription, name, then)
    return Answer(200, _shown(world, subscription, name))


@api.job("registrations.turn")
def turned(world: World, data: Json) -> None:
    """The registration has come to its end, unless the other one was begun meanwhile."""
    pending = {"Registered": "Registering", "Unregistered": "Unregistering"}[data["state"]]
    if registrations.state(world, data["subscription"], data["name"]) == pending:
        registrations.put(world, data["subscription"], data["name"], data["state"])
