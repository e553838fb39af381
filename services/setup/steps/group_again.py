"""Makes a container group again with another key, from what Azure told before it was deleted."""

import json
import shlex
from typing import Any

import msgspec

from services.azure import containergroups
from services.ids import KeyId
from services.model.plan import Step
from services.setup import secrets
from services.setup.context import Context, Observation
from services.setup.recreation import Hole, encrypted, filled
from services.setup.steps import container_group

STAYS = "A group that was made again can't become the one before; delete it where it is too much."


async def observe(ctx: Context, step: Step) -> Observation:
    """Is it there, ready, and encrypted with the version that is gone to?

    Raises StepFailed where a group of this name is encrypted otherwise.
    """
    return await container_group.observe(ctx, step)


async def apply(ctx: Context, step: Step) -> Observation:
    """Create it and tell its events until it runs."""
    values = await values_of(ctx, step)
    return await container_group.make(ctx, step, filled(body(ctx, step), values))


def command(ctx: Context, step: Step) -> str:
    """For a person who may create groups; secret values are theirs to fill in."""
    url = f"{ctx.conn.cloud.arm}{step.target}?api-version={containergroups.API}"
    sources = {tuple(one.path): one.source for one in holes(step)}
    text = json.dumps(filled(body(ctx, step), sources))
    return f"az rest --method put --url {shlex.quote(url)} --body {shlex.quote(text)}"


def body(ctx: Context, step: Step) -> dict[str, Any]:
    """The request without its secrets, with the key that is gone to."""
    key = KeyId.parse(ctx.result("key", "id"))
    return encrypted(step.params["body"], step.params["vault_uri"], key.name, key.version)


async def values_of(ctx: Context, step: Step) -> dict[tuple[str | int, ...], str]:
    """The secrets by their place; one that is absent pauses the run."""
    wanted = holes(step)
    values = await secrets.read(ctx, {one.name: one.source for one in wanted})
    return {one.path: values[one.name] for one in wanted}


def holes(step: Step) -> tuple[Hole, ...]:
    """The secrets that the plan names."""
    return msgspec.convert(step.params["holes"], tuple[Hole, ...])
