"""Waits until Cosmos DB, AI Search and Storage of a workspace say that they use its key.

Each tells what it can: Storage key and version, Cosmos DB the key and whether it can use it, AI
Search only that it complies.
"""

import asyncio
import time

from services.azure import workspaces
from services.ids import ArmId
from services.model.plan import Step
from services.setup.compared import Line
from services.setup.context import NOT_YET, Context, Observation, StepFailed
from services.setup.steps.verify import managed_lines

STAYS = "It only reads."
LONGEST_S = 60.0
"""Longest pause between two looks."""
TOLD = (
    "Storage names the version, Cosmos DB the key without a version, AI Search neither: it only"
    " complies, and keeps a key for about an hour, by another page for several hours"
)
DOCUMENTED = "Azure documents up to 24 hours for Storage, and names no time for Cosmos DB"


async def observe(ctx: Context, step: Step) -> Observation:
    """Always looked at anew, so that what each service tells is said also where nothing waits."""
    return NOT_YET


async def apply(ctx: Context, step: Step) -> Observation:
    """Wait; tells what it waits for whenever that changes."""
    began, before = time.monotonic(), ""
    while True:
        lines = await _lines(ctx, step)
        found = _seen(lines)
        if found.done:
            return found
        age = time.monotonic() - began
        if age > ctx.settings.follow_s:
            raise StepFailed(
                f"{step.title}: not done after {age / 3600:.0f} hours",
                f"{found.note}. The old version is still in use there.",
                "Keep the old version enabled, and diagnose the workspace.",
                code="Timeout",
            )
        if found.note != before:
            before = found.note
            await ctx.say("step.waiting", step, why=f"{found.note}. {DOCUMENTED}")
        await asyncio.sleep(max(ctx.settings.probe_s, min(LONGEST_S, 0.05 * age)))


def command(ctx: Context, step: Step) -> str:
    """For a person who may read the managed group."""
    id = ArmId.parse(step.target)
    return (
        f"az storage account list --subscription {id.subscription}"
        f" --resource-group {step.params['group']} --query '[].encryption.keyVaultProperties'"
    )


async def _lines(ctx: Context, step: Step) -> list[Line]:
    found = await workspaces.get_workspace(ctx.conn, step.target)
    if found is None or not found.managed_group:
        raise StepFailed(
            f"Workspace {ArmId.parse(step.target).name} or its managed group is not there any more",
            "It was there when the plan was made.",
            "Diagnose the workspace.",
            code="WorkspaceNotFound",
        )
    key_id: str = ctx.result("key", "id")
    return await managed_lines(ctx.conn, step.target, found.managed_group, key_id)


def _seen(lines: list[Line]) -> Observation:
    late = [one for one in lines if one.status == "fail"]
    if not late:
        return Observation(done=True, note=TOLD)
    names = "; ".join(f"{one.subject} says {one.found}" for one in late)
    return Observation(done=False, note=f"not taken yet: {names}")
