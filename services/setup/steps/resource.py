"""Makes a resource by its id alone: Log Analytics, Application Insights, a registry."""

import json
import shlex

from services.azure import resources
from services.azure.connection import Connection
from services.model.plan import Step
from services.setup.context import NOT_YET, Context, Observation
from services.setup.marks import created, marks
from services.setup.undoing import GONE, Made, Standing
from services.setup.waiting import begun

READY = ("", "Succeeded")
ANSWERED = (200, 201, 202)
SAYS = "What it has collected or holds is lost."


async def observe(ctx: Context, step: Step) -> Observation:
    """Is it there and ready?"""
    found = await resources.get_resource(ctx.conn, step.target, step.params["api_version"])
    if found is None or found.state not in READY:
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
    made = await resources.put_resource(ctx.conn, step.target, wish["body"], wish["api_version"])
    return Observation(done=True, values={"marks": marks(made.raw)})


async def _state(ctx: Context, step: Step) -> str | None:
    found = await resources.get_resource(ctx.conn, step.target, step.params["api_version"])
    return found.state if found else None


def command(ctx: Context, step: Step) -> str:
    """For a person who may create it."""
    url = f"{ctx.conn.cloud.arm}{step.target}?api-version={step.params['api_version']}"
    body = json.dumps(step.params["body"])
    return f"az rest --method put --url {shlex.quote(url)} --body {shlex.quote(body)}"


def wrote(step: Step) -> str:
    """The resource itself."""
    return step.target.lower()


def needles(conn: Connection, made: Made) -> tuple[str, ...]:
    """Its id, as others name it."""
    return (made.id,)


async def standing(conn: Connection, made: Made) -> Standing:
    """The resource as its provider tells it."""
    found = await resources.get_resource(conn, made.id, made.step.params["api_version"])
    if found is None:
        return GONE
    busy = found.state.lower() == "deleting"
    return Standing(there=True, created=created(found.raw), marks=marks(found.raw), busy=busy)


async def undo(conn: Connection, made: Made) -> None:
    """Delete it."""
    await resources.delete_resource(conn, made.id, made.step.params["api_version"])


def undo_command(conn: Connection, made: Made) -> str:
    """For a person who may delete it."""
    return f"az resource delete --ids {made.id}"
