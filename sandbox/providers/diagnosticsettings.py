"""Diagnostic settings of any resource: which of its logs go where.

What vaults send to a Log Analytics workspace is kept (:mod:`sandbox.audit`); settings of other
resources, and other destinations, are kept as settings only.
"""

from sandbox import armid, audit
from sandbox.protocol import Answer, Refusal, Request
from sandbox.providers.subscriptions import scope as scope_of
from sandbox.routing import Api
from sandbox.state import Json
from sandbox.world import World

api = Api("Microsoft.Insights")

_ALL = "{scope}/providers/Microsoft.Insights/diagnosticSettings"
_ONE = f"{_ALL}/{{name}}"
_TYPE = "Microsoft.Insights/diagnosticSettings"
_TARGETS = (
    "storageAccountId",
    "serviceBusRuleId",
    "workspaceId",
    "eventHubAuthorizationRuleId",
    "eventHubName",
    "marketplacePartnerId",
    "logAnalyticsDestinationType",
)


@api.seed("diagnostic_settings")
def seed(world: World, item: Json) -> None:
    """``scope``, ``name``, ``workspace`` (an ARM id), ``categories`` (AuditEvent unless given)."""
    logs = [{"category": name, "enabled": True} for name in item.get("categories", ["AuditEvent"])]
    properties = {"workspaceId": item["workspace"], "logs": logs}
    put_setting(world, armid.canonical(scope_of(world, item["scope"])), item["name"], properties)


def put_setting(world: World, scope: str, name: str, given: Json) -> Json:
    """Keep a setting; its document."""
    logs = [
        {
            "category": log.get("category"),
            "categoryGroup": log.get("categoryGroup"),
            "enabled": bool(log.get("enabled")),
            "retentionPolicy": log.get("retentionPolicy") or {"enabled": False, "days": 0},
        }
        for log in given.get("logs") or []
    ]
    doc: Json = {
        "id": f"{scope}/providers/{_TYPE}/{name}",
        "type": _TYPE,
        "name": name,
        "location": None,
        "kind": None,
        "tags": None,
        "properties": {
            **{target: given.get(target) for target in _TARGETS},
            "metrics": given.get("metrics") or [],
            "logs": logs,
        },
        "identity": None,
    }
    world.state.table(audit.SETTINGS).setdefault(scope.lower(), {})[name.lower()] = doc
    return doc


def _of(world: World, request: Request) -> Json:
    """The settings of the request's resource; 404 where there is no such resource."""
    scope = request.params["scope"].lower()
    if world.resource(scope) is None:
        raise Refusal(404, "ResourceNotFound", f"The resource '{scope}' could not be found.")
    found: Json = world.state.table(audit.SETTINGS).get(scope, {})
    return found


@api.route("GET", _ALL)
def listing(world: World, request: Request) -> Answer:
    """All settings of a resource."""
    return Answer(200, {"value": list(_of(world, request).values())})


@api.route("GET", _ONE)
def get(world: World, request: Request) -> Answer:
    """One setting."""
    return Answer(200, _known(world, request))


def _known(world: World, request: Request) -> Json:
    found: Json | None = _of(world, request).get(request.params["name"].lower())
    if found is None:
        name = request.params["name"]
        raise Refusal(404, "ResourceNotFound", f"The diagnostic setting '{name}' was not found.")
    return found


@api.route("PUT", _ONE)
def put(world: World, request: Request) -> Answer:
    """Create or replace, 200 either way; a setting needs a destination that exists."""
    _of(world, request)
    given = request.json().get("properties") or {}
    if not any(given.get(target) for target in _TARGETS[:4]):
        raise Refusal(400, "BadRequest", "At least one data sink needs to be specified.")
    workspace = given.get("workspaceId")
    if workspace and world.resource(workspace) is None:
        raise Refusal(404, "ResourceNotFound", f"The workspace '{workspace}' was not found.")
    scope = armid.canonical(request.params["scope"])
    return Answer(200, put_setting(world, scope, request.params["name"], given))


@api.route("DELETE", _ONE)
def delete(world: World, request: Request) -> Answer:
    """Remove one; 204 where there is none."""
    gone = _of(world, request).pop(request.params["name"].lower(), None)
    return Answer(200 if gone else 204)
