"""Makes a resource group."""

from services.azure import groups
from services.azure.connection import Connection
from services.ids import ArmId
from services.model.plan import Step
from services.setup.context import NOT_YET, Context, Observation
from services.setup.marks import marks
from services.setup.undoing import GONE, Made, Standing

ANSWERED = (201,)
SAYS = "It is deleted last, and only when nothing is left in it."


async def observe(ctx: Context, step: Step) -> Observation:
    """Is there such a group? Its region and tags may differ: it is not ours to change."""
    id = ArmId.parse(step.target)
    found = await groups.get_group(ctx.conn, id.subscription, id.group)
    if found is None or found.state == "Deleting":
        return NOT_YET
    return Observation(done=True, values={"marks": marks(found.raw)})


async def apply(ctx: Context, step: Step) -> Observation:
    """Create it."""
    id = ArmId.parse(step.target)
    made = await groups.create_group(
        ctx.conn, id.subscription, id.group, step.params["location"], step.params["tags"]
    )
    return Observation(done=True, values={"marks": marks(made.raw)})


def command(ctx: Context, step: Step) -> str:
    """For a person who may create groups."""
    id = ArmId.parse(step.target)
    return (
        f"az group create --name {id.group} --location {step.params['location']}"
        f" --subscription {id.subscription}"
    )


def wrote(step: Step) -> str:
    """The group itself."""
    return step.target.lower()


def needles(conn: Connection, made: Made) -> tuple[str, ...]:
    """What lies in a group is listed, not searched for."""
    return ()


async def standing(conn: Connection, made: Made) -> Standing:
    """The group and what lies in it."""
    id = ArmId.parse(made.id)
    found = await groups.get_group(conn, id.subscription, id.group)
    if found is None:
        return GONE
    inside = await groups.list_resources(conn, id.subscription, id.group)
    return Standing(
        there=True,
        marks=marks(found.raw),
        holds=tuple(one.id for one in inside),
        busy=found.state == "Deleting",
    )


async def undo(conn: Connection, made: Made) -> None:
    """Delete the empty group."""
    id = ArmId.parse(made.id)
    await groups.delete_group(conn, id.subscription, id.group)


def undo_command(conn: Connection, made: Made) -> str:
    """For a person who may delete groups; it deletes whatever is in it."""
    id = ArmId.parse(made.id)
    return f"az group delete --name {id.group} --subscription {id.subscription}"
