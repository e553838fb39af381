"""Which resources a caller may read: lists show these and leave the others out."""

from collections.abc import Callable

from sandbox import armid, rbac
from sandbox.state import Json
from sandbox.world import World

Reader = Callable[[str, str], bool]
"""Takes a canonical resource id and its type; tells whether the caller may read it."""


def reader(world: World, object_id: str) -> Reader:
    """A test for one request; remembers its answers by subscription, group and type.

    Reads are never denied by deny assignments that Azure makes, so what is granted at a
    scope is granted below it.
    """
    known: dict[tuple[str, str], bool] = {}

    def allowed(scope: str, action: str) -> bool:
        key = (scope, action)
        if key not in known:
            known[key] = rbac.allows(world, object_id, action, scope)
        return known[key]

    def test(resource_id: str, kind: str) -> bool:
        action = f"{kind}/read"
        parts = resource_id.split("/", 5)
        return (
            allowed("/".join(parts[:3]), action)
            or allowed("/".join(parts[:5]), action)
            or rbac.allows(world, object_id, action, resource_id)
        )

    return test


def subscriptions(world: World, object_id: str, tenant_id: str) -> dict[str, Json]:
    """The tenant's subscriptions in which the caller holds any role, by lower-case id."""
    tenant = tenant_id.lower()
    principal = world.principal(object_id)
    who = {object_id.lower(), *(group.lower() for group in (principal.groups if principal else []))}
    reached: set[str] = set()
    for assignment in world.state.assignments.values():
        properties = assignment.doc["properties"]
        if properties["principalId"].lower() in who:
            reached.add(armid.subscription(properties["scope"]))
    return {
        key: doc
        for key, doc in world.state.subscriptions.items()
        if doc["tenantId"].lower() == tenant and (key in reached or "" in reached)
    }
