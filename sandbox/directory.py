"""Finding principals in a tenant by what people and clients know them by."""

from sandbox.state import Principal
from sandbox.world import World

_ByApp = dict[tuple[str, str], Principal]


def _index(world: World) -> _ByApp:
    table = world.state.principals
    last = table[next(reversed(table))] if table else None
    known = world.caches.get("principals")
    if known and known[0] is table and known[1] == len(table) and known[2] is last:
        index: _ByApp = known[3]
        return index
    index = {}
    for principal in table.values():
        for name in (principal.app_id, principal.upn):
            if name:
                index[principal.tenant_id.lower(), name.lower()] = principal
    world.caches["principals"] = (table, len(table), last, index)
    return index


def by_app(world: World, tenant_id: str, app_id: str) -> Principal | None:
    """The principal that an app (client) id has in a tenant."""
    return _index(world).get((tenant_id.lower(), app_id.lower()))


def by_upn(world: World, tenant_id: str, upn: str) -> Principal | None:
    """A person by sign-in name."""
    return _index(world).get((tenant_id.lower(), upn.lower()))


def same_person(world: World, principal: Principal) -> list[Principal]:
    """The principal's objects in all tenants: itself and where it is a guest."""
    if not principal.app_id:
        return [principal]
    found = (by_app(world, tenant, principal.app_id) for tenant in world.state.tenants)
    return [other for other in found if other]


def in_tenant(world: World, tenant_id: str) -> list[Principal]:
    """All principals of a tenant."""
    tenant = tenant_id.lower()
    return [item for item in world.state.principals.values() if item.tenant_id.lower() == tenant]


def add(world: World, principal: Principal) -> Principal:
    """Put a principal into the state."""
    world.state.principals[principal.object_id.lower()] = principal
    return principal


def by_name(world: World, name: str, tenant_id: str = "") -> Principal | None:
    """A principal by display name, in one tenant or (the first made) in any.

    An object id counts as a name too.
    """
    wanted, tenant = name.lower(), tenant_id.lower()
    for principal in world.state.principals.values():
        if tenant and principal.tenant_id.lower() != tenant:
            continue
        if wanted in (principal.name.lower(), principal.object_id.lower()):
            return principal
    return None
