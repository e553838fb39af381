"""Gives a disk encryption set the user-assigned identity that it names, once more.

An identity that was made again keeps its id and is another principal: the set has it only once
it is assigned again.
"""

from services.azure import nodes
from services.azure.operations import wait
from services.ids import ArmId
from services.model.plan import Step
from services.setup.context import NOT_YET, Context, Observation

STAYS = "The set reaches its key as this identity by now."


async def observe(ctx: Context, step: Step) -> Observation:
    """Only this run knows whether the set has the new one."""
    return NOT_YET


async def apply(ctx: Context, step: Step) -> Observation:
    """Assign it, and wait."""
    begun = await nodes.begin_assign(ctx.conn, step.target, step.params["identity"])
    await wait(ctx.conn, begun, step.title)
    return Observation(done=True)


def command(ctx: Context, step: Step) -> str:
    """For a person who may change the set and assign the identity."""
    id = ArmId.parse(step.target)
    return (
        f"az disk-encryption-set identity assign --name {id.name} --resource-group {id.group}"
        f" --subscription {id.subscription} --user-assigned {step.params['identity']}"
    )
