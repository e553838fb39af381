"""Makes a storage account a workspace can use."""

from services.azure import storage
from services.azure.connection import Connection
from services.ids import ArmId
from services.model.plan import Step
from services.setup.context import NOT_YET, Context, Observation
from services.setup.marks import created, marks
from services.setup.undoing import GONE, Made, Standing
from services.setup.waiting import begun

ANSWERED = (200, 201, 202)
SAYS = "Everything that was put into it is lost."


async def observe(ctx: Context, step: Step) -> Observation:
    """Is it there and ready?"""
    found = await storage.get_account(ctx.conn, step.target)
    if found is None or found.state not in ("", "Succeeded"):
        return NOT_YET
    return Observation(done=True, values={"marks": marks(found.raw)})


async def apply(ctx: Context, step: Step) -> Observation:
    """Create it, unless that goes on already, and wait."""
    wish = step.params
    if going := await begun(ctx, step, lambda: _state(ctx, step)):
        await going
        found = await observe(ctx, step)
        if found.done:
            return found
    made = await storage.create_account(ctx.conn, step.target, wish["location"], wish["tags"])
    return Observation(done=True, values={"marks": marks(made.raw)})


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


def wrote(step: Step) -> str:
    """The account itself."""
    return step.target.lower()


def needles(conn: Connection, made: Made) -> tuple[str, ...]:
    """Its id, as workspaces and others name it."""
    return (made.id,)


async def standing(conn: Connection, made: Made) -> Standing:
    """The account; what is in it can't be seen through Resource Manager."""
    found = await storage.get_account(conn, made.id)
    if found is None:
        return GONE
    return Standing(there=True, created=created(found.raw), marks=marks(found.raw))


async def undo(conn: Connection, made: Made) -> None:
    """Delete it with what is in it."""
    await storage.delete_account(conn, made.id)


def undo_command(conn: Connection, made: Made) -> str:
    """For a person who may delete storage accounts."""
    return f"az storage account delete --ids {made.id}"
