"""Starts the machines of a node pool that were shut down when their key was lost."""

from services.azure import nodes
from services.ids import ArmId
from services.model.plan import Step
from services.model.resources import NodeSet
from services.setup.context import Context, Observation, gone
from services.setup.waiting import change, until

STAYS = "The nodes run again; wrapkey stops none."


async def observe(ctx: Context, step: Step) -> Observation:
    """Is none of its machines stopped or on its way? Raises StepFailed where the scale set is gone."""
    found = await _found(ctx, step)
    return Observation(done=found.stopped + found.moving == 0)


async def apply(ctx: Context, step: Step) -> Observation:
    """Start them all, or follow the start that goes on already, and wait until each runs."""
    await change(
        ctx,
        step,
        lambda: _state(ctx, step),
        lambda: observe(ctx, step),
        lambda: nodes.begin_start(ctx.conn, step.target),
    )
    await until(ctx, step, lambda: observe(ctx, step))
    return Observation(done=True)


def command(ctx: Context, step: Step) -> str:
    """For a person who may start machines of the node resource group."""
    id = ArmId.parse(step.target)
    return f"az vmss start --name {id.name} --resource-group {id.group} --subscription {id.subscription}"


async def _state(ctx: Context, step: Step) -> str:
    return (await _found(ctx, step)).state


async def _found(ctx: Context, step: Step) -> NodeSet:
    found = await nodes.get_node_set(ctx.conn, step.target)
    if found is None:
        raise gone(
            "Scale set",
            step,
            "Diagnose the cluster again.",
            perhaps="the pool may have been made anew since",
        )
    return found
