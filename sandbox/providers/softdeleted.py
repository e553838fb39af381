"""Soft-deleted workspaces: the name is blocked and the managed group stays for 14 days."""

from sandbox import cascade
from sandbox.protocol import Refusal
from sandbox.providers import managedgroup
from sandbox.providers.managedgroup import api
from sandbox.state import Json, Resource
from sandbox.world import World

RETENTION_S = 14 * 86400.0
"""Seconds on the clock that people see, not divided by the speed ("soft delete" page)."""
EXISTS = "Soft-deleted workspace exists. Please purge or recover it. https://aka.ms/wsoftdelete"
_TABLE = "deleted_workspaces"


def find(world: World, path: str) -> Json | None:
    """The document of a soft-deleted workspace of this id, or None."""
    entry = world.state.table(_TABLE).get(path.lower().rstrip("/"))
    return entry["doc"] if entry else None


def keep(world: World, workspace: Resource) -> None:
    """Soft-delete a workspace: it is gone from every list, its managed group stays."""
    key = str(workspace.doc["id"]).lower()
    del world.state.resources[key]
    token = world.state.new_id()
    world.state.table(_TABLE)[key] = {
        "doc": workspace.doc,
        "created": workspace.created,
        "inner": workspace.inner,
        "token": token,
    }
    world.state.add_job(world.epoch() + RETENTION_S, "aml.retained", id=key, token=token)


def recover(world: World, path: str) -> Resource:
    """Bring a soft-deleted workspace back as it was; refuses an id that holds none."""
    entry = world.state.table(_TABLE).pop(path.lower().rstrip("/"), None)
    if entry is None:
        raise Refusal(400, "BadRequest", "There is no soft-deleted workspace to recover.")
    workspace = Resource(entry["doc"], entry["created"], inner=entry["inner"])
    world.state.resources[str(workspace.doc["id"]).lower()] = workspace
    return workspace


def purge(world: World, path: str) -> None:
    """End a soft-deleted workspace and its managed group for good."""
    entry = world.state.table(_TABLE).pop(path.lower().rstrip("/"), None)
    if entry is None:
        return
    managedgroup.remove_group(world, entry["doc"])
    managedgroup.remove_identity(world, entry["doc"])


@cascade.on_delete("Microsoft.MachineLearningServices/workspaces")
def lost_with_group(world: World, workspace: Resource) -> None:
    """A workspace whose resource group is deleted is gone for good ("soft delete" page)."""
    keep(world, workspace)
    purge(world, str(workspace.doc["id"]))


@api.job("aml.retained")
def retained_job(world: World, data: Json) -> None:
    """The retention time is over; nothing to do for a workspace that was recovered."""
    entry = world.state.table(_TABLE).get(data["id"])
    if entry and entry["token"] == data["token"]:
        purge(world, data["id"])
