"""Makes a resource group."""

from services.azure import groups
from services.ids import ArmId
from services.model.plan import Step
from services.setup.context import Context, Observation


async def observe(ctx: Context, step: Step) -> Observation:
    """Is there such a group? Its region and tags may differ: it is not ours to change."""
    id = ArmId.parse(step.target)
    found = await groups.get_group(ctx.conn, id.subscription, id.group)
    return Observation(done=found is not None and found.state != "Deleting")


async def apply(ctx: Context, step: Step) -> Observation:
    """Create it."""
    id = ArmId.parse(step.target)
    await groups.create_group(
        ctx.conn, id.subscription, id.group, step.params["location"], step.params["tags"]
    )
    return Observation(done=True)


def command(ctx: Context, step: Step) -> str:
    """For a person who may create groups."""
    id = ArmId.parse(step.target)
    return (
        f"az group create --name {id.group} --location {step.params['location']}"
        f" --subscription {id.subscription}"
    )
