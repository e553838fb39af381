"""Makes a storage account a workspace can use."""

from services.azure import storage
from services.ids import ArmId
from services.model.plan import Step
from services.setup.context import Context, Observation
from services.setup.waiting import begun


async def observe(ctx: Context, step: Step) -> Observation:
    """Is it there and ready?"""
    found = await storage.get_account(ctx.conn, step.target)
    return Observation(done=found is not None and found.state in ("", "Succeeded"))


async def apply(ctx: Context, step: Step) -> Observation:
    """Create it, unless that goes on already, and wait."""
    wish = step.params
    if going := await begun(ctx, step, lambda: _state(ctx, step)):
        await going
        found = await observe(ctx, step)
        if found.done:
            return found
    await storage.create_account(ctx.conn, step.target, wish["location"], wish["tags"])
    return Observation(done=True)


async def _state(ctx: Context, step: Step) -> str | None:
    found = await storage.get_account(ctx.conn, step.target)
    return found.state if found else None


def command(ctx: Context, step: Step) -> str:
    """For a person who may create storage accounts."""
    id = ArmId.parse(step.target)
    return (
        f"az storage account create --name {id.name} --resource-group {id.group}"
        f" --location {step.params['location']} --sku Standard_LRS --min-tls-version TLS1_2"
        f" --allow-blob-public-access false --subscription {id.subscription}"
    )
