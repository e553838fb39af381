"""Starts a container group that failed or was stopped."""

from services.azure import containergroups
from services.ids import ArmId
from services.model.plan import Step
from services.model.resources import ContainerGroup
from services.setup.context import Context, Observation, StepFailed, gone
from services.setup.waiting import change, untold

STAYS = "The group runs again; wrapkey stops none."


async def observe(ctx: Context, step: Step) -> Observation:
    """Does it run? Raises StepFailed where it is gone."""
    return Observation(done=(await _found(ctx, step)).view.lower() == "running")


async def apply(ctx: Context, step: Step) -> Observation:
    """Start it, or follow the start that goes on already, and wait; it needs its key for that."""
    # A group whose image or key is out of reach stays Pending: that is no start to wait for.
    await change(
        ctx,
        step,
        untold,
        lambda: observe(ctx, step),
        lambda: containergroups.begin_start(ctx.conn, step.target),
    )
    found = await _found(ctx, step)
    if found.view.lower() != "running":
        last = found.events[-1].message if found.events else "Azure gave no reason."
        raise StepFailed(
            f"Container group {found.name} is {found.view or found.state}",
            last,
            "Diagnose it again: what keeps it from its key is named there.",
            code=found.view or found.state,
        )
    return Observation(done=True)


def command(ctx: Context, step: Step) -> str:
    """For a person who may start container groups."""
    id = ArmId.parse(step.target)
    where = f"--resource-group {id.group} --subscription {id.subscription}"
    return f"az container start --name {id.name} {where}"


async def _found(ctx: Context, step: Step) -> ContainerGroup:
    found = await containergroups.get_group(ctx.conn, step.target)
    if found is None:
        raise gone("Container group", step, "Make it anew with its file: wrapkey apply FILE.")
    return found
