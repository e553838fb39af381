"""Makes a user-assigned managed identity."""

from services.azure import authorization, identities
from services.azure.connection import Connection
from services.ids import ArmId
from services.model.plan import Step
from services.model.resources import Identity
from services.setup.context import NOT_YET, Context, Observation, StepFailed
from services.setup.marks import created, marks
from services.setup.undoing import GONE, Made, Standing

ANSWERED = (201,)
SAYS = "An identity of the same name would be another principal."


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
    values = {
        "principal": identity.principal_id,
        "client_id": identity.client_id,
        "marks": marks(identity.raw),
    }
    return Observation(done=True, values=values)


def wrote(step: Step) -> str:
    """The identity itself."""
    return step.target.lower()


def needles(conn: Connection, made: Made) -> tuple[str, ...]:
    """Its id, and its object id where it is known."""
    principal = made.left.get("principal")
    return (made.id, principal) if principal else (made.id,)


async def standing(conn: Connection, made: Made) -> Standing:
    """The identity, and the roles it has been given."""
    found = await identities.get_identity(conn, made.id)
    if found is None:
        return GONE
    scope = str(ArmId(ArmId.parse(made.id).subscription))
    roles = await authorization.list_assignments(conn, scope, found.principal_id)
    return Standing(
        there=True,
        created=created(found.raw),
        marks=marks(found.raw),
        holds=tuple(one.id for one in roles),
    )


async def undo(conn: Connection, made: Made) -> None:
    """Delete it."""
    await identities.delete_identity(conn, made.id)


def undo_command(conn: Connection, made: Made) -> str:
    """For a person who may delete identities."""
    return f"az identity delete --ids {made.id}"
