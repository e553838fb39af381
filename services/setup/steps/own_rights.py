"""Gives the caller a key role on the vault and tries it until Key Vault honours it."""

import asyncio
import time

from services.azure import authorization, keys
from services.azure.connection import Connection
from services.azure.errors import AzureError
from services.azure.operations import delay
from services.checks.rights import granted
from services.ids import ArmId
from services.model.plan import Step
from services.setup.context import NOT_YET, Context, Observation, StepFailed
from services.setup.steps.grant_role import standing, undo, undo_command, wrote
from services.setup.undoing import Made

__all__ = [
    "apply",
    "command",
    "needles",
    "observe",
    "standing",
    "undo",
    "undo_command",
    "wrote",
]

ANSWERED = (201,)
SAYS = ""
PENDING = "ForbiddenByRbac"
"""Key Vault's inner code both for "no role" and for "not arrived yet" (F19)."""


async def observe(ctx: Context, step: Step) -> Observation:
    """Is the role listed, and does Key Vault let us read?"""
    found = await _listed(ctx, step)
    return Observation(done=True) if found and await _works(ctx, step) else NOT_YET


async def apply(ctx: Context, step: Step) -> Observation:
    """Assign the role, then ask for the key until the answer is not a refusal."""
    fresh = not await _listed(ctx, step)
    if fresh:
        await authorization.assign_role(
            ctx.conn,
            step.target,
            step.params["role_id"],
            step.params["principal"],
            step.params["principal_type"],
        )
    began = time.monotonic()
    said = False
    while not await _works(ctx, step):
        age = time.monotonic() - began
        if age > ctx.settings.own_rights_s:
            raise StepFailed(
                f"Your new role on {ArmId.parse(step.target).name} does not work after"
                f" {age / 60:.0f} minutes",
                "Azure lists it, Key Vault still refuses: up to ten minutes are usual.",
                "Wait and retry this step; check that no deny assignment is in the way.",
                code=PENDING,
            )
        if not said:
            said = True
            await ctx.say(
                "step.waiting",
                step,
                why="Azure lists your new role, Key Vault does not honour it yet (usual: up to"
                " ten minutes); asked again and again",
                code=PENDING,
            )
        await asyncio.sleep(min(ctx.settings.probe_s, delay(age)))
    if not fresh:
        return Observation(done=True)
    took = time.monotonic() - began
    ctx.measured[ArmId.parse(step.target).name.lower()] = took
    return Observation(done=True, values={"measured_s": round(took, 2)})


def command(ctx: Context, step: Step) -> str:
    """For a person who may assign roles."""
    return (
        f"az role assignment create --assignee-object-id {step.params['principal']}"
        f" --assignee-principal-type {step.params['principal_type']}"
        f" --role {step.params['role_id']} --scope {step.target}"
    )


async def _listed(ctx: Context, step: Step) -> bool:
    who = step.params["principal"]
    found = await authorization.list_assignments(ctx.conn, step.target, who)
    return granted(found, step.target, who, step.params["role_id"]) is not None


async def _works(ctx: Context, step: Step) -> bool:
    try:
        await keys.get_key(ctx.conn, step.params["vault_uri"], step.params["key"])
    except AzureError as error:
        if PENDING in (error.inner, error.code):
            return False
        raise
    return True


def needles(conn: Connection, made: Made) -> tuple[str, ...]:
    """Nobody else works with the caller's own role."""
    return ()
