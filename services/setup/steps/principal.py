"""Brings one of Azure's own apps into the tenant: its object id is what grants need."""

from services.azure import graph
from services.model.plan import Step
from services.setup.context import NOT_YET, Context, Observation


async def observe(ctx: Context, step: Step) -> Observation:
    """Does the tenant know the app? Registering its provider may have brought it."""
    found = await graph.service_principal(ctx.conn, step.params["app_id"])
    if found is None:
        return NOT_YET
    return Observation(done=True, values={"principal": found.object_id})


async def apply(ctx: Context, step: Step) -> Observation:
    """Create its service principal."""
    made = await graph.create_service_principal(ctx.conn, step.params["app_id"])
    return Observation(done=True, values={"principal": made.object_id})


def command(ctx: Context, step: Step) -> str:
    """For a person with an Entra role such as Application Administrator."""
    return f"az ad sp create --id {step.params['app_id']}"
