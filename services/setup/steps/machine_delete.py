"""Deletes a container group, a disk encryption set or a cluster; none knows a soft delete."""

from collections.abc import Awaitable, Callable
from typing import NamedTuple

from services.azure import clusters, containergroups, disks, operations
from services.azure.connection import Connection
from services.azure.operations import Operation
from services.model.plan import Step
from services.model.resources import ContainerGroup, DiskEncryptionSet, ManagedCluster
from services.setup.context import NOT_YET, Context, Observation
from services.setup.waiting import begun, until

STAYS = "There is no soft delete: what was deleted is gone."

Found = ContainerGroup | DiskEncryptionSet | ManagedCluster | None


class _Way(NamedTuple):
    """How one kind is read and deleted."""

    get: Callable[[Connection, str], Awaitable[Found]]
    delete: Callable[[Connection, str], Awaitable[Operation]]


_WAYS = {
    "container-group": _Way(containergroups.get_group, containergroups.begin_delete),
    "disk-encryption-set": _Way(disks.get_set, disks.begin_delete_set),
    "cluster": _Way(clusters.get_cluster, clusters.begin_delete),
}


async def observe(ctx: Context, step: Step) -> Observation:
    """Is it gone?"""
    found = await _way(step).get(ctx.conn, step.target)
    return Observation(done=True, note="gone for good") if found is None else NOT_YET


async def apply(ctx: Context, step: Step) -> Observation:
    """Delete it, or follow the delete that goes on already, and wait until it is gone."""
    going = await begun(ctx, step, lambda: _state(ctx, step))
    if going is not None:
        await going
    if not (await observe(ctx, step)).done:
        operation = await _way(step).delete(ctx.conn, step.target)
        await operations.wait(ctx.conn, operation, step.title)
    return await until(ctx, step, lambda: observe(ctx, step))


def command(ctx: Context, step: Step) -> str:
    """For a person who may delete it."""
    said: str = step.params["command"]
    return said


def _way(step: Step) -> _Way:
    return _WAYS[step.params["kind"]]


async def _state(ctx: Context, step: Step) -> str | None:
    """``Deleting`` counts as busy: somebody's delete is under way."""
    found = await _way(step).get(ctx.conn, step.target)
    if found is None:
        return None
    return "running" if found.state.lower() == "deleting" else found.state
