"""What changes somebody's rights besides assignments: denials, and roles one may activate."""

from sandbox import armid, rbac
from sandbox.protocol import Answer, Request
from sandbox.providers.subscriptions import principal_id
from sandbox.providers.subscriptions import scope as scope_of
from sandbox.routing import Api
from sandbox.state import Json, Resource
from sandbox.world import World

api = Api("Microsoft.Authorization")

_BASE = "{scope}/providers/Microsoft.Authorization"
_ROLES = "/providers/Microsoft.Authorization/roleDefinitions/"
_ELIGIBLE = "eligible_roles"


@api.seed("denials")
def seed_denial(world: World, item: Json) -> None:
    """A deny assignment, as a deployment stack makes them: ``scope``, ``name``, ``principals``
    (names; everybody unless given), ``actions``, ``not_actions``."""
    scope = armid.canonical(scope_of(world, item["scope"]))
    everybody = [{"id": rbac.EVERYONE, "type": "SystemDefined"}]
    who = [
        {"id": principal_id(world, name, scope), "type": "User"}
        for name in item.get("principals", ())
    ]
    unique = world.state.new_id()
    doc: Json = {
        "properties": {
            "denyAssignmentName": item["name"],
            "description": "",
            "permissions": [
                {
                    "actions": item["actions"],
                    "notActions": item.get("not_actions", []),
                    "dataActions": [],
                    "notDataActions": [],
                }
            ],
            "scope": scope,
            "doNotApplyToChildScopes": False,
            "principals": who or everybody,
            "excludePrincipals": [],
            "isSystemProtected": True,
        },
        "id": f"{scope}/providers/Microsoft.Authorization/denyAssignments/{unique}",
        "type": "Microsoft.Authorization/denyAssignments",
        "name": unique,
    }
    world.state.denials[doc["id"].lower()] = Resource(doc, world.epoch())


@api.seed("eligible_roles")
def seed_eligible(world: World, item: Json) -> None:
    """A role that somebody may activate (PIM): ``principal``, ``role``, ``scope``."""
    scope = armid.canonical(scope_of(world, item["scope"]))
    role, unique = rbac.BUILT_IN[item["role"]], world.state.new_id()
    kind = "Microsoft.Authorization/roleEligibilityScheduleInstances"
    world.state.table(_ELIGIBLE)[unique] = {
        "properties": {
            "scope": scope,
            "roleDefinitionId": f"{scope}{_ROLES}{role.id}",
            "principalId": principal_id(world, item["principal"], scope),
            "status": "Provisioned",
            "memberType": "Direct",
            "expandedProperties": {
                "roleDefinition": {
                    "id": f"{scope}{_ROLES}{role.id}",
                    "displayName": role.name,
                    "type": "BuiltInRole",
                }
            },
        },
        "name": unique,
        "id": f"{scope}/providers/{kind}/{unique}",
        "type": kind,
    }


@api.route("GET", f"{_BASE}/denyAssignments")
def deny_assignments(world: World, request: Request) -> Answer:
    """Those at the scope, above and below it; ``atScope()`` leaves out what is below."""
    scope = request.params["scope"]
    at_scope = "atscope()" in request.query.get("$filter", "").lower()
    value = []
    for item in world.state.denials.values():
        at = item.doc["properties"]["scope"]
        if armid.within(scope, at) or (not at_scope and armid.within(at, scope)):
            value.append(item.doc)
    return Answer(200, {"value": value})


@api.route("GET", f"{_BASE}/roleEligibilityScheduleInstances")
def eligible_roles(world: World, request: Request) -> Answer:
    """Roles that may be activated at the scope and above; ``asTarget()``: the caller's own."""
    scope, own = request.params["scope"], "astarget()" in request.query.get("$filter", "").lower()
    caller = request.caller.object_id.lower()
    value = [
        item
        for item in world.state.table(_ELIGIBLE).values()
        if armid.within(scope, item["properties"]["scope"])
        and (not own or item["properties"]["principalId"].lower() == caller)
    ]
    return Answer(200, {"value": value})
