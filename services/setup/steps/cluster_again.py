"""Lets Azure go on with a cluster whose creation or change failed: it is sent again as it is."""

from services.azure import clusters, nodes
from services.azure.operations import Operation
from services.ids import ArmId
from services.model.plan import Step
from services.model.resources import ManagedCluster
from services.setup.context import Context, Observation, StepFailed, gone
from services.setup.waiting import change

STAYS = "The cluster is what was asked for when it was made."


async def observe(ctx: Context, step: Step) -> Observation:
    """Did its last change succeed, and is every pool there? Raises StepFailed where it is gone."""
    return Observation(done=_whole(await _found(ctx, step)))


async def apply(ctx: Context, step: Step) -> Observation:
    """Send it as Azure tells it, or follow the change that goes on already, and wait.

    What is missing is made, and nothing else is changed.
    """
    await change(
        ctx, step, lambda: _state(ctx, step), lambda: observe(ctx, step), lambda: _send(ctx, step)
    )
    found = await _found(ctx, step)
    if not _whole(found):
        raise StepFailed(
            f"Cluster {found.name} is {found.state} still",
            "Azure ended the change without a reason.",
            "Look at the activity log of its group, then diagnose it again.",
            code=found.state,
        )
    return Observation(done=True)


def command(ctx: Context, step: Step) -> str:
    """For a person who may change clusters; without further options it only reconciles."""
    id = ArmId.parse(step.target)
    return (
        f"az aks update --name {id.name} --resource-group {id.group}"
        f" --subscription {id.subscription} --yes"
    )


async def _send(ctx: Context, step: Step) -> Operation:
    return await nodes.begin_again(ctx.conn, await _found(ctx, step))


async def _state(ctx: Context, step: Step) -> str:
    return (await _found(ctx, step)).state


def _whole(found: ManagedCluster) -> bool:
    pools = all(one.state not in ("Failed", "Canceled") for one in found.pools)
    return found.state == "Succeeded" and pools


async def _found(ctx: Context, step: Step) -> ManagedCluster:
    found = await clusters.get_cluster(ctx.conn, step.target)
    if found is None:
        raise gone("Cluster", step, "Diagnose it again.")
    return found
