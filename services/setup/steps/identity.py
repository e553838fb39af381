"""Makes a user-assigned managed identity."""

from services.azure import identities
from services.ids import ArmId
from services.model.plan import Step
from services.model.resources import Identity
from services.setup.context import NOT_YET, Context, Observation, StepFailed


async def observe(ctx: Context, step: Step) -> Observation:
    """Is it there?"""
    found = await identities.get_identity(ctx.conn, step.target)
    return NOT_YET if found is None else _found(found)


async def apply(ctx: Context, step: Step) -> Observation:
    """Create it, where the intent says so."""
    if not step.params["create"]:
        raise StepFailed(
            f"Managed identity {ArmId.parse(step.target).name} does not exist",
            "The intent names it as one that exists.",
            'Correct workspace.identity, or write identity = { create = "name" }.',
            code="ResourceNotFound",
        )
    made = await identities.create_identity(
        ctx.conn, step.target, step.params["location"], step.params["tags"]
    )
    return _found(made)


def command(ctx: Context, step: Step) -> str:
    """For a person who may create identities."""
    id = ArmId.parse(step.target)
    return (
        f"az identity create --name {id.name} --resource-group {id.group}"
        f" --location {step.params['location']} --subscription {id.subscription}"
    )


def _found(identity: Identity) -> Observation:
    values = {"principal": identity.principal_id, "client_id": identity.client_id}
    return Observation(done=True, values=values)
