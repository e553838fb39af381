"""Who may do what: role assignments and deny assignments evaluated over the state.

Rules (Azure RBAC overview): an assignment counts at its scope and below; what a role's
NotActions take away is not granted by that role; a deny assignment wins over every grant;
Actions and DataActions never stand in for each other.
"""

import re
from collections.abc import Callable, Hashable
from functools import lru_cache

from sandbox import armid
from sandbox.roles import BUILT_IN, BY_ID, RoleDefinition
from sandbox.state import Json, Resource
from sandbox.world import World

__all__ = [
    "BUILT_IN",
    "EVERYONE",
    "RoleDefinition",
    "allows",
    "denied_by",
    "grant",
    "held",
    "matches",
    "revoke",
]

EVERYONE = "00000000-0000-0000-0000-000000000000"
"""The principal of a deny assignment that means all of them."""
PROPAGATION_S = 60.0
"""Azure seconds until a service honours a change of assignments; settings change it."""
_REVOKED = "revoked_assignments"

_Index = dict[Hashable, list[Resource]]
_Key = Callable[[Json], Hashable]


@lru_cache(maxsize=1024)
def _pattern(pattern: str) -> re.Pattern[str]:
    # "/*/" may also be no segment at all: AzureML Data Scientist grants workspaces/*/write and
    # has to take workspaces/write back; Managed Identity Operator grants .../*/assign/action.
    text = re.escape(pattern).replace(r"/\*/", "/(?:.*/)?").replace(r"\*", ".*")
    return re.compile(text, re.IGNORECASE | re.DOTALL)


@lru_cache(maxsize=16384)
def matches(pattern: str, action: str) -> bool:
    """Whether an action is meant by a pattern: ``*`` is any text, case does not count."""
    return _pattern(pattern).fullmatch(action) is not None


@lru_cache(maxsize=16384)
def role_allows(role_id: str, action: str, data: bool) -> bool:
    """Whether a built-in role, by its GUID, grants an action (data: a DataAction)."""
    role = BY_ID.get(role_id)
    if role is None:
        return False
    granted = role.data_actions if data else role.actions
    taken = role.not_data_actions if data else role.not_actions
    return any(matches(p, action) for p in granted) and not any(matches(p, action) for p in taken)


def _index(world: World, name: str, table: dict[str, Resource], key: _Key) -> _Index:
    """A table's resources by a key of their properties; built anew when it has changed."""
    last = table[next(reversed(table))] if table else None
    # Adding, removing or replacing a resource changes one of these three.
    known = world.caches.get(name)
    if known and known[0] is table and known[1] == len(table) and known[2] is last:
        kept: _Index = known[3]
        return kept
    index: _Index = {}
    for resource in table.values():
        index.setdefault(key(resource.doc["properties"]), []).append(resource)
    world.caches[name] = (table, len(table), last, index)
    return index


def _principal_and_scope(properties: Json) -> Hashable:
    return properties["principalId"].lower(), properties["scope"].lower()


def _scope(properties: Json) -> Hashable:
    scope: str = properties["scope"]
    return "/" + scope.lower().strip("/")


def _identities(world: World, object_id: str) -> list[str]:
    principal = world.principal(object_id)
    groups = principal.groups if principal else []
    return [object_id.lower(), *(group.lower() for group in groups)]


def held(world: World, object_id: str, scope: str) -> list[Resource]:
    """The assignments that count for a principal at a scope, its groups' included."""
    index = _index(world, "assignments", world.state.assignments, _principal_and_scope)
    who = _identities(world, object_id)
    found: list[Resource] = []
    for above in armid.ancestors(scope):
        for identity in who:
            found += index.get((identity, above), ())
    return found


def _role_id(resource: Resource) -> str:
    role: str = resource.doc["properties"]["roleDefinitionId"]
    return role.rpartition("/")[2].lower()


def _propagation(world: World) -> float:
    return float(world.state.settings.get("propagation_s", PROPAGATION_S)) / world.clock.speed


def allows(world: World, object_id: str, action: str, scope: str, *, data: bool = False) -> bool:
    """Whether a principal may do an action at a scope.

    ``data=True`` asks for DataActions, for which an assignment, or its removal, counts only
    after the propagation time. For ARM both count at once.
    """
    if denied_by(world, object_id, action, scope, data=data):
        return False
    if not data:
        return any(
            role_allows(_role_id(item), action, False) for item in held(world, object_id, scope)
        )
    now, lag = world.epoch(), _propagation(world)
    for item in held(world, object_id, scope):
        if item.created + lag <= now and role_allows(_role_id(item), action, True):
            return True
    return _still_honoured(world, _identities(world, object_id), action, scope, lag)


def _still_honoured(world: World, who: list[str], action: str, scope: str, lag: float) -> bool:
    revoked = world.state.table(_REVOKED)
    if not revoked:
        return False
    now = world.epoch()
    for entry in revoked.values():
        if (
            entry["created"] + lag <= entry["revoked"] <= now < entry["revoked"] + lag
            and entry["principal"] in who
            and armid.within(scope, entry["scope"])
            and role_allows(entry["role"], action, True)
        ):
            return True
    return False


def denied_by(
    world: World, object_id: str, action: str, scope: str, *, data: bool = False
) -> Resource | None:
    """The deny assignment that forbids an action, or None."""
    if not world.state.denials:
        return None
    who = _identities(world, object_id)
    index = _index(world, "denials", world.state.denials, _scope)
    above = armid.ancestors(scope)
    for denial in (one for at in above for one in index.get(at, ())):
        properties = denial.doc["properties"]
        if properties.get("doNotApplyToChildScopes") and _scope(properties) != above[0]:
            continue
        if not _names(properties.get("principals", []), who, everyone=True):
            continue
        if _names(properties.get("excludePrincipals", []), who, everyone=False):
            continue
        if any(_denies(permission, action, data) for permission in properties["permissions"]):
            return denial
    return None


def _names(principals: list[Json], who: list[str], *, everyone: bool) -> bool:
    ids = {principal["id"].lower() for principal in principals}
    return (everyone and EVERYONE in ids) or any(identity in ids for identity in who)


def _denies(permission: Json, action: str, data: bool) -> bool:
    denied = permission.get("dataActions" if data else "actions", [])
    spared = permission.get("notDataActions" if data else "notActions", [])
    return any(matches(p, action) for p in denied) and not any(matches(p, action) for p in spared)


def grant(
    world: World,
    scope: str,
    role: str,
    object_id: str,
    *,
    name: str = "",
    created: float | None = None,
    created_by: str | None = None,
) -> Resource:
    """Assign a role (name or definition id) and return the assignment.

    Raises KeyError for a role that is not built in.
    """
    definition = BUILT_IN[role] if role in BUILT_IN else BY_ID[role.rpartition("/")[2].lower()]
    principal = world.principal(object_id)
    name = name or world.state.new_id()
    scope = armid.canonical(scope) if scope.strip("/") else "/"
    at = world.epoch() if created is None else created
    subscription = armid.subscription(scope)
    prefix = f"/subscriptions/{subscription}" if subscription else ""
    doc: Json = {
        "properties": {
            "roleDefinitionId": f"{prefix}/providers/Microsoft.Authorization/roleDefinitions/"
            + definition.id,
            "principalId": object_id,
            "principalType": principal.kind if principal else "ServicePrincipal",
            "scope": scope,
            "condition": None,
            "conditionVersion": None,
            "createdOn": world.clock.iso(at),
            "updatedOn": world.clock.iso(at),
            "createdBy": created_by,
            "updatedBy": created_by,
            "delegatedManagedIdentityResourceId": None,
            "description": None,
        },
        "id": f"{scope.rstrip('/')}/providers/Microsoft.Authorization/roleAssignments/{name}",
        "type": "Microsoft.Authorization/roleAssignments",
        "name": name,
    }
    resource = Resource(doc, at)
    world.state.assignments[doc["id"].lower()] = resource
    return resource


def revoke(world: World, assignment_id: str) -> Resource | None:
    """Remove an assignment; services honour it until the removal has propagated."""
    resource = world.state.assignments.pop(assignment_id.lower(), None)
    if resource is None:
        return None
    revoked = world.state.table(_REVOKED)
    now, lag = world.epoch(), _propagation(world)
    for key in [key for key, entry in revoked.items() if entry["revoked"] + lag < now]:
        del revoked[key]
    properties = resource.doc["properties"]
    revoked[world.state.new_id()] = {
        "created": resource.created,
        "revoked": now,
        "principal": properties["principalId"].lower(),
        "scope": properties["scope"],
        "role": _role_id(resource),
    }
    return resource
