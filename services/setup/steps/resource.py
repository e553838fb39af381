"""Makes a resource by its id alone: Log Analytics, Application Insights, a registry."""

import json
import shlex

from services.azure import resources
from services.model.plan import Step
from services.setup.context import Context, Observation
from services.setup.waiting import begun

READY = ("", "Succeeded")


async def observe(ctx: Context, step: Step) -> Observation:
    """Is it there and ready?"""
    found = await resources.get_resource(ctx.conn, step.target, step.params["api_version"])
    return Observation(done=found is not None and found.state in READY)


async def apply(ctx: Context, step: Step) -> Observation:
    """Create it, unless that goes on already, and wait."""
    wish = step.params
    if going := await begun(ctx, step, lambda: _state(ctx, step)):
        await going
        found = await observe(ctx, step)
        if found.done:
            return found
    await resources.put_resource(ctx.conn, step.target, wish["body"], wish["api_version"])
    return Observation(done=True)


async def _state(ctx: Context, step: Step) -> str | None:
    found = await resources.get_resource(ctx.conn, step.target, step.params["api_version"])
    return found.state if found else None


def command(ctx: Context, step: Step) -> str:
    """For a person who may create it."""
    url = f"{ctx.conn.cloud.arm}{step.target}?api-version={step.params['api_version']}"
    body = json.dumps(step.params["body"])
    return f"az rest --method put --url {shlex.quote(url)} --body {shlex.quote(body)}"
