"""Deleting what lies in a scope, each resource the way its provider deletes it."""

from collections.abc import Callable

from sandbox import armid
from sandbox.state import Resource
from sandbox.world import World

Hook = Callable[[World, Resource], None]
_HOOKS: dict[str, Hook] = {}


def on_delete(kind: str) -> Callable[[Hook], Hook]:
    """Register what deleting a resource of a type does (``Microsoft.KeyVault/vaults``).

    The hook runs before the resource leaves the state; a vault for example puts itself among
    the soft-deleted ones. It must not raise.
    """

    def register(hook: Hook) -> Hook:
        _HOOKS[kind.lower()] = hook
        return hook

    return register


def delete(world: World, resource_id: str) -> None:
    """Delete a resource and all below it, their locks and role assignments included."""
    below = [key for key in world.state.resources if armid.within(key, resource_id)]
    for key in sorted(below, key=len, reverse=True):
        resource = world.state.resources.get(key)
        if resource is None:
            continue  # a hook took it along with its parent
        hook = _HOOKS.get(armid.resource_type(key).lower())
        if hook:
            hook(world, resource)
        world.state.resources.pop(key, None)
    forget(world, resource_id)


def forget(world: World, scope: str) -> None:
    """Remove the locks, role assignments and deny assignments at a scope and below it."""
    for table in (world.state.locks, world.state.assignments, world.state.denials):
        for key in [key for key in table if armid.within(key, scope)]:
            del table[key]
