"""Starts the machines of a node pool that were shut down when their key was lost."""

from services.azure import nodes
from services.azure.operations import wait
from services.ids import ArmId
from services.model.nodes import NodeSet
from services.model.plan import Step
from services.setup.context import Context, Observation, StepFailed
from services.setup.waiting import until

STAYS = "The nodes run again; wrapkey stops none."


async def observe(ctx: Context, step: Step) -> Observation:
    """Do all of its machines run? Raises StepFailed where the scale set is gone."""
    return Observation(done=(await _found(ctx, step)).stopped == 0)


async def apply(ctx: Context, step: Step) -> Observation:
    """Start them all, and wait until each runs."""
    await wait(ctx.conn, await nodes.begin_start(ctx.conn, step.target), step.title)
    await until(ctx, step, lambda: observe(ctx, step))
    return Observation(done=True)


def command(ctx: Context, step: Step) -> str:
    """For a person who may start machines of the node resource group."""
    id = ArmId.parse(step.target)
    return f"az vmss start --name {id.name} --resource-group {id.group} --subscription {id.subscription}"


async def _found(ctx: Context, step: Step) -> NodeSet:
    found = await nodes.get_node_set(ctx.conn, step.target)
    if found is None:
        raise StepFailed(
            f"Scale set {ArmId.parse(step.target).name} is not there any more",
            "It was there when the plan was made; the pool may have been made anew since.",
            "Diagnose the cluster again.",
            code="NotFound",
        )
    return found
