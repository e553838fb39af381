"""Brings one of Azure's own apps into the tenant: its object id is what grants need."""

from services.azure import graph
from services.azure.errors import AzureError, ErrorKind
from services.model.plan import Step
from services.setup.context import NOT_YET, Context, Observation

STAYS = "The service principal of one of Azure's own apps stays: the whole tenant shares it."


async def observe(ctx: Context, step: Step) -> Observation:
    """Does the tenant know the app? Registering its provider may have brought it."""
    found = await graph.service_principal(ctx.conn, step.params["app_id"])
    if found is None:
        return NOT_YET
    return Observation(done=True, values={"principal": found.object_id})


async def apply(ctx: Context, step: Step) -> Observation:
    """Create its service principal, once Graph says that there is none.

    Raises AzureError (FORBIDDEN) that asks for the object id where Graph tells nothing.
    """
    try:
        found = await observe(ctx, step)
    except AzureError as error:
        if error.kind is ErrorKind.FORBIDDEN:
            error.means = (
                f"Access is given to {step.params['name']} by its object id in this tenant, and"
                " Microsoft Graph does not tell you. Ask somebody for it and put it into the"
                f' intent: [principals] {step.params["field"]} = "OBJECT-ID"; then plan again.'
            )
        raise
    if found.done:
        return found
    made = await graph.create_service_principal(ctx.conn, step.params["app_id"])
    return Observation(done=True, values={"principal": made.object_id})


def command(ctx: Context, step: Step) -> str:
    """Prints the object id; where there is none yet it takes an Entra role to make it, such as
    Application Administrator."""
    ask = f"--id {step.params['app_id']} --query id --output tsv"
    return f"az ad sp show {ask} || az ad sp create {ask}"
