"""Role definitions, role assignments and permissions, at any scope."""

import re

import msgspec

from sandbox import armid, rbac
from sandbox.protocol import Answer, GatewayRefusal, Refusal, Request
from sandbox.providers.subscriptions import principal_id
from sandbox.providers.subscriptions import scope as scope_of
from sandbox.roles import BY_ID, RoleDefinition
from sandbox.routing import Api
from sandbox.state import Json, Resource
from sandbox.world import World

api = Api("Microsoft.Authorization")

_BASE = "{scope}/providers/Microsoft.Authorization"
_GUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
_OLD = 30 * 86400.0
_CONDITION = (
    "((!(ActionMatches{{'Microsoft.Authorization/roleAssignments/write'}})) OR "
    "(@Request[Microsoft.Authorization/roleAssignments:RoleDefinitionId] "
    "ForAnyOfAnyValues:GuidEquals {{{ids}}}))"
)
"""As the portal writes "constrain roles" (delegate role assignment management with conditions)."""
_ALLOWED_ROLES = re.compile(
    r"@Request\[Microsoft\.Authorization/roleAssignments:RoleDefinitionId\]\s*"
    r"ForAnyOfAnyValues:GuidEquals\s*\{([^}]*)\}",
    re.IGNORECASE,
)


@api.seed("assignments")
def seed(world: World, item: Json) -> None:
    """``principal`` (name or object id), ``role``, ``scope``, ``age_s`` (a month unless given),
    ``may_grant``: names of the only roles that its condition lets be assigned."""
    scope = scope_of(world, item["scope"])
    who = principal_id(world, item["principal"], scope)
    made = world.epoch() - float(item.get("age_s", _OLD))
    done = rbac.grant(world, scope, item["role"], who, created=made, name=item.get("name", ""))
    if "may_grant" in item:
        ids = ", ".join(rbac.BUILT_IN[name].id for name in item["may_grant"])
        done.doc["properties"]["condition"] = _CONDITION.format(ids=ids)
        done.doc["properties"]["conditionVersion"] = "2.0"


# Role definitions


def _definition(role: RoleDefinition, scope: str) -> Json:
    subscription = armid.subscription(scope)
    prefix = f"/subscriptions/{subscription}" if subscription else ""
    return {
        "properties": {
            "roleName": role.name,
            "type": "BuiltInRole",
            "description": role.description,
            "assignableScopes": ["/"],
            "permissions": [_permission(role)],
            "createdOn": "2015-02-02T21:55:09.8806423Z",
            "updatedOn": "2021-11-11T20:13:47.8628684Z",
            "createdBy": None,
            "updatedBy": None,
        },
        "id": f"{prefix}/providers/Microsoft.Authorization/roleDefinitions/{role.id}",
        "type": "Microsoft.Authorization/roleDefinitions",
        "name": role.id,
    }


def _permission(role: RoleDefinition) -> Json:
    return {
        "actions": role.actions,
        "notActions": role.not_actions,
        "dataActions": role.data_actions,
        "notDataActions": role.not_data_actions,
    }


def _quoted(request: Request, name: str) -> str | None:
    """The text compared with a field in the filter, or None."""
    text = request.query.get("$filter", "")
    match = re.search(rf"\b{name} eq '((?:[^']|'')*)'", text, re.IGNORECASE)
    return match[1].replace("''", "'") if match else None


@api.route("GET", f"{_BASE}/roleDefinitions")
def role_definitions(world: World, request: Request) -> Answer:
    """The built-in roles; ``$filter=roleName eq 'x'`` without regard to case."""
    name, kind = _quoted(request, "roleName"), _quoted(request, "type")
    if kind and kind.lower() != "builtinrole":
        return Answer(200, {"value": []})
    value = [
        _definition(role, request.params["scope"])
        for role in BY_ID.values()
        if name is None or role.name.lower() == name.lower()
    ]
    return Answer(200, {"value": value})


@api.route("GET", f"{_BASE}/roleDefinitions/{{role}}")
def role_definition(world: World, request: Request) -> Answer:
    """One role definition."""
    role = BY_ID.get(request.params["role"].lower())
    if role is None:
        raise Refusal(404, "RoleDefinitionDoesNotExist", _unknown_role(request.params["role"]))
    return Answer(200, _definition(role, request.params["scope"]))


def _unknown_role(role: str) -> str:
    shown = role.replace("-", "").upper()
    return f"The specified role definition with ID '{shown}' does not exist."


# Role assignments


@api.route("GET", f"{_BASE}/roleAssignments")
def role_assignments(world: World, request: Request) -> Answer:
    """Those at the scope, above and below it.

    ``atScope()`` leaves out what is below; ``principalId eq 'x'`` and ``assignedTo('x')``
    (groups included) narrow to one principal.
    """
    text = request.query.get("$filter", "")
    scope = armid.canonical(request.params["scope"])
    at_scope = "atscope()" in text.lower()
    who = _quoted(request, "principalId")
    assigned = re.search(r"assignedTo\('([^']*)'\)", text, re.IGNORECASE)
    identities = {who.lower()} if who else set()
    if assigned:
        identities = {assigned[1].lower()}
        principal = world.principal(assigned[1])
        identities.update(group.lower() for group in (principal.groups if principal else []))
    value = []
    for item in world.state.assignments.values():
        properties = item.doc["properties"]
        inherited = armid.within(scope, properties["scope"])
        below = not at_scope and armid.within(properties["scope"], scope)
        if not inherited and not below:
            continue
        if identities and properties["principalId"].lower() not in identities:
            continue
        value.append(item.doc)
    return Answer(200, {"value": value})


def _assignment_id(request: Request) -> str:
    return armid.canonical(request.path)


@api.route("GET", f"{_BASE}/roleAssignments/{{name}}")
def role_assignment(world: World, request: Request) -> Answer:
    """One assignment."""
    found = world.state.assignments.get(_assignment_id(request).lower())
    if found is None:
        raise Refusal(
            404,
            "RoleAssignmentNotFound",
            f"The role assignment '{request.params['name'].replace('-', '')}' is not found.",
        )
    return Answer(200, found.doc)


@api.route("PUT", f"{_BASE}/roleAssignments/{{name}}")
def assign(world: World, request: Request) -> Answer:
    """201 for a new one; the same again is 200; a taken name or an existing grant is refused."""
    properties = request.json().get("properties", {})
    role = _role(properties)
    who = str(properties.get("principalId", ""))
    if not _GUID.fullmatch(request.params["name"]):
        raise Refusal(
            400,
            "InvalidRoleAssignmentId",
            f"The role assignment ID '{request.params['name']}' is not valid. The role assignment"
            " ID must be a GUID.",
        )
    kind = _principal_type(world, request, who, properties.get("principalType"))
    _may_grant(world, request, role)
    scope = armid.canonical(request.params["scope"])
    before = _conflict(world, request, role, who, scope)
    made = before or rbac.grant(
        world,
        scope,
        role.id,
        who,
        name=request.params["name"],
        created_by=request.caller.object_id,
    )
    given = made.doc["properties"]
    # As the log shows it ("View activity logs for Azure RBAC changes").
    asked = {"PrincipalId": who, "RoleDefinitionId": given["roleDefinitionId"], "Scope": scope}
    body = {"Id": request.params["name"], "Properties": asked}
    request.logged["requestbody"] = msgspec.json.encode(body).decode()
    given["principalType"] = kind
    for name in ("description", "condition", "conditionVersion"):
        given[name] = properties.get(name)
    if before:
        given["updatedOn"], given["updatedBy"] = world.iso(), request.caller.object_id
        return Answer(200, made.doc)
    # Recorded (authorization/05): the answer to PUT leaves out who made it; GET tells.
    return Answer(201, {**made.doc, "properties": {**given, "createdBy": None}})


def _role(properties: Json) -> RoleDefinition:
    asked = armid.name(str(properties.get("roleDefinitionId", ""))).lower()
    role = BY_ID.get(asked)
    if role is None:
        raise Refusal(404, "RoleDefinitionDoesNotExist", _unknown_role(asked))
    return role


def _principal_type(world: World, request: Request, who: str, kind: str | None) -> str:
    """The principal's type; refuses one that the directory does not know.

    With a principalType in the request ARM does not ask the directory, so an unknown object
    id, or an app id in its place, passes and grants nobody anything.
    """
    if not _GUID.fullmatch(who):
        raise Refusal(
            400,
            "InvalidPrincipalId",
            f"A valid principal ID must be provided for role assignment. '{who}' is no GUID.",
        )
    principal = world.principal(who)
    tenant = request.caller.tenant_id
    known = (
        principal is not None
        and principal.created <= world.epoch()
        and principal.tenant_id == tenant
    )
    if kind is None and not known:
        raise Refusal(
            400,
            "PrincipalNotFound",
            f"Principal {who.replace('-', '')} does not exist in the directory {tenant}. Check"
            " that you have the correct principal ID. If you are creating this principal and"
            " then immediately assigning a role, this error might be related to a replication"
            " delay. In this case, set the role assignment principalType property to a value,"
            " such as ServicePrincipal, User, or Group.  See"
            " https://aka.ms/docs-principaltype",
        )
    if principal and known:
        if kind is not None and kind.lower() != principal.kind.lower():
            raise Refusal(
                400,
                "UnmatchedPrincipalType",
                f"The PrincipalId '{who.replace('-', '')}' has type '{principal.kind}' , which is"
                f" different from specified PrinciaplType '{kind}'.",
            )
        return principal.kind
    return kind or "ServicePrincipal"


def _may_grant(world: World, request: Request, role: RoleDefinition) -> None:
    """Refuse what only a role with a condition would allow, and its condition does not."""
    action = "Microsoft.Authorization/roleAssignments/write"
    for item in rbac.held(world, request.caller.object_id, request.scope):
        held = BY_ID[armid.name(item.doc["properties"]["roleDefinitionId"]).lower()]
        allowed = rbac.role_allows(held.id, action, data=False)
        narrowed = _narrowed(item.doc["properties"].get("condition"))
        if allowed and all(not only or role.id in only for only in (held.grants, narrowed)):
            return
    caller = request.caller
    raise GatewayRefusal(
        403,
        "AuthorizationFailed",
        f"The client '{caller.upn or caller.app_id}' with object id '{caller.object_id}' does not"
        f" have authorization to perform action '{action}' over scope '{request.scope}' or the"
        " scope is invalid or there is an ABAC condition that's not fulfilled. If access was"
        " recently granted, please refresh your credentials.",
    )


def _narrowed(condition: str | None) -> tuple[str, ...]:
    """The roles that a condition lets be assigned; empty where it does not speak of roles."""
    found = _ALLOWED_ROLES.search(condition or "")
    return tuple(re.findall(r"[0-9a-f-]{36}", found[1].lower())) if found else ()


def _conflict(
    world: World, request: Request, role: RoleDefinition, who: str, scope: str
) -> Resource | None:
    """The assignment that this PUT repeats, or None; refuses conflicts."""
    name = request.params["name"].lower()
    wanted = (who.lower(), role.id, scope.lower())
    granted = False
    for item in world.state.assignments.values():
        properties = item.doc["properties"]
        has = (
            properties["principalId"].lower(),
            armid.name(properties["roleDefinitionId"]).lower(),
            properties["scope"].lower(),
        )
        if item.doc["name"].lower() == name:
            if has == wanted:
                return item
            raise Refusal(
                400,
                "RoleAssignmentUpdateNotPermitted",
                "Tenant ID, application ID, principal ID, and scope are not allowed to be updated.",
            )
        granted = granted or has == wanted
    if granted:
        raise Refusal(409, "RoleAssignmentExists", "The role assignment already exists.")
    return None


@api.route("DELETE", f"{_BASE}/roleAssignments/{{name}}")
def unassign(world: World, request: Request) -> Answer:
    """200 with what was deleted (recorded: authorization/07), 204 when there was none."""
    gone = rbac.revoke(world, _assignment_id(request))
    if gone:  # the log's only word on who lost the role
        request.logged["responseBody"] = msgspec.json.encode(gone.doc).decode()
    return Answer(200, gone.doc) if gone else Answer(204)


# What the caller may do


@api.route("GET", f"{_BASE}/permissions", action="")
def permissions(world: World, request: Request) -> Answer:
    """What the caller's roles allow at the scope, one item a role."""
    roles: dict[str, Json] = {}
    for item in rbac.held(world, request.caller.object_id, request.params["scope"]):
        role = BY_ID[armid.name(item.doc["properties"]["roleDefinitionId"]).lower()]
        roles.setdefault(role.id, _permission(role))
    return Answer(200, {"value": list(roles.values())})
