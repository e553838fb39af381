"""Enables one of Azure's own apps that was disabled in the tenant."""

from services.azure import graph
from services.model.plan import Step
from services.setup.context import Context, Observation, StepFailed

STAYS = "The app is one of Azure's own, and the whole tenant shares it."


async def observe(ctx: Context, step: Step) -> Observation:
    """Is it enabled? Raises StepFailed where the tenant has it no more."""
    found = await graph.service_principal(ctx.conn, step.params["app_id"])
    if found is None:
        raise StepFailed(
            f"{step.params['name']} is not in this tenant any more",
            "It was there, and disabled, when the plan was made.",
            "Diagnose again: it has to be made anew, and its grants with it.",
            code="Request_ResourceNotFound",
        )
    return Observation(done=found.enabled, values={"principal": found.object_id})


async def apply(ctx: Context, step: Step) -> Observation:
    """Enable it."""
    await graph.enable(ctx.conn, step.params["object_id"])
    return Observation(done=True, values={"principal": step.params["object_id"]})


def command(ctx: Context, step: Step) -> str:
    """For somebody with an Entra role such as Cloud Application Administrator."""
    return f"az ad sp update --id {step.params['object_id']} --set accountEnabled=true"
