"""How what is in a managed resource group takes the workspace's key, and moves to another."""

from copy import deepcopy

from sandbox.providers import customerkeys
from sandbox.providers.customerkeys import KeyUnusable
from sandbox.providers.managedgroup import (
    PARTS,
    BuildFailed,
    Part,
    api,
    bad,
    key_id,
    make_group,
    mode,
    part_id,
    part_write,
    wrapper,
)
from sandbox.state import Json, Resource
from sandbox.world import World


def take(world: World, workspace: Resource, part: Part, kid: str) -> None:
    """Have one managed resource take a key; raises BuildFailed in that service's words."""
    resource = world.resource(part_id(workspace.doc, part))
    if resource is None:
        raise BuildFailed(bad(f"The managed {part.name} resource of the workspace is missing."))
    try:
        part.provider.take_key(world, resource, kid, wrapper(world, workspace.doc, part.name))
    except KeyUnusable as trouble:
        if "cmk" not in resource.inner:
            part.provider.tell(world, resource, trouble)
        write = (part_write(part), resource.doc["id"], 409)
        raise BuildFailed(part.provider.error_of(trouble), write) from trouble


FOLLOW_S = {"storage": 60.0, "cosmos": 600.0, "search": 3600.0}
"""Azure seconds from a workspace's change of key until each service has moved. Nothing says how
long Machine Learning takes; Search keeps a key for an hour, and the others are told to be
waited for (Cosmos DB's CMK page, Search's)."""
_AGAIN_S = 3600.0


def apply_keys(world: World, workspace: Resource, kid: str) -> None:
    """Have everything of a workspace take a key; raises BuildFailed, all as it was before.

    Each service of a managed group tries the key at once and moves to it in its own time.
    """
    if mode(workspace.doc) == "own-resources":
        found = [world.resource(part_id(workspace.doc, part)) for part in PARTS.values()]
        before = [(one, deepcopy((one.doc, one.inner))) for one in found if one]
        try:
            for part in PARTS.values():
                take(world, workspace, part, kid)
        finally:
            for resource, (doc, inner) in before:
                resource.doc, resource.inner = doc, inner
        for part in PARTS.values():
            where = str(workspace.doc["id"])
            world.after(FOLLOW_S[part.name], "aml.follow", id=where, part=part.name, kid=kid)
        return
    try:
        customerkeys.protect(world, workspace, kid, wrapper(world, workspace.doc, "workspace"))
    except KeyUnusable as trouble:
        error = bad("The workspace's customer-managed key cannot be used.")
        if trouble.cause:
            error["details"] = [{"code": trouble.inner, "message": trouble.cause.message}]
        raise BuildFailed(error) from trouble
    customerkeys.watch(world, workspace)


@api.job("aml.follow")
def follow_job(world: World, data: Json) -> None:
    """One service moves to the workspace's key, or tries again when it can't use it now."""
    workspace = world.resource(data["id"])
    if workspace is None or key_id(workspace.doc) != data["kid"]:
        return
    part = PARTS[data["part"]]
    if world.resource(part_id(workspace.doc, part)) is None:
        return
    try:
        take(world, workspace, part, data["kid"])
    except BuildFailed:
        world.after(_AGAIN_S, "aml.follow", **data)


def seed_parts(world: World, workspace: Resource, kid: str) -> None:
    """The managed group of a scenario's healthy workspace, as if built long ago."""
    make_group(world, workspace)
    doc = workspace.doc
    for part in PARTS.values():
        where = part_id(doc, part)
        resource = part.provider.make(world, where, doc["location"], managed_by=doc["id"])
        part.provider.finish(world, resource)
        who = wrapper(world, doc, part.name)
        part.provider.take_key_unseen(world, resource, kid, who)


def seed_failed(world: World, workspace: Resource, substatus: str) -> Json:
    """What a failed creation leaves: the group, an account without the key, two others.

    Returns the error it ended with.
    """
    make_group(world, workspace)
    doc, trouble = workspace.doc, KeyUnusable(substatus)
    for part in PARTS.values():
        where = part_id(doc, part)
        resource = part.provider.make(world, where, doc["location"], managed_by=doc["id"])
        failed = part.name == "cosmos"
        part.provider.finish(world, resource, "Failed" if failed else "Succeeded")
        if failed:
            resource.doc["properties"]["keyVaultKeyUri"] = customerkeys.parse(key_id(doc)).bare
            part.provider.tell(world, resource, trouble)
    return PARTS["cosmos"].provider.error_of(trouble)
