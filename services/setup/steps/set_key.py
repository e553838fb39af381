"""Moves a disk encryption set to another key or version, or watches it move by itself.

A set that follows new versions takes one "within one hour" ("Server-side encryption of Azure
Disk Storage"); that is documented, and nothing tells when.
"""

import asyncio
import time
from datetime import datetime

from services.azure import disks
from services.ids import ArmId, BadId, KeyId
from services.model.plan import Step
from services.model.resources import DiskEncryptionSet
from services.setup.context import NOT_YET, Context, Observation, StepFailed, gone
from services.setup.waiting import change

STAYS = "To go back, rotate the set to the version it had, while that is enabled."
FOLLOWS_S = 7200.0
"""Seconds that a set is watched: twice what is documented."""
LONGEST_S = 60.0
"""Longest pause between two looks."""
DOCUMENTED = "Azure documents that a set takes a new version within one hour, and promises nothing"


async def observe(ctx: Context, step: Step) -> Observation:
    """Does it name this key? A set that names no version is judged by when it last rotated.

    Raises StepFailed where it is gone.
    """
    found = await disks.get_set(ctx.conn, step.target)
    if found is None:
        raise gone(
            "Disk encryption set",
            step,
            "Look at the activity log of its group.",
            code="ResourceNotFound",
        )
    done = found.state == "Succeeded" and _taken(ctx, step, found)
    return Observation(done=True, values={"key_url": found.key_url}) if done else NOT_YET


async def apply(ctx: Context, step: Step) -> Observation:
    """Change it and wait for the operation, or watch it move by itself."""
    if step.params["follows"]:
        return await _watch(ctx, step)
    wanted, vault = _wanted(ctx, step), step.params["vault_id"]
    await change(
        ctx,
        step,
        lambda: _state(ctx, step),
        lambda: observe(ctx, step),
        lambda: disks.begin_change_key(ctx.conn, step.target, wanted, vault),
    )
    return Observation(done=True, values={"key_url": wanted})


def command(ctx: Context, step: Step) -> str:
    """For a person who may change the set."""
    if step.params["follows"]:
        return f"az disk-encryption-set show --ids {step.target} --query activeKey.keyUrl"
    source = f" --source-vault {step.params['vault_id']}" if step.params["vault_id"] else ""
    return (
        f"az disk-encryption-set update --ids {step.target} --key-url {_wanted(ctx, step)}{source}"
    )


async def _watch(ctx: Context, step: Step) -> Observation:
    began, said = time.monotonic(), False
    while True:
        found = await observe(ctx, step)
        if found.done:
            return found
        age = time.monotonic() - began
        await _must_follow(ctx, step, age)
        if not said:
            said = True
            await ctx.say("step.waiting", step, why=f"not taken yet. {DOCUMENTED}")
        await _pause(ctx, age)


async def _pause(ctx: Context, age: float) -> None:
    await asyncio.sleep(max(ctx.settings.probe_s, min(LONGEST_S, 0.05 * age)))


async def _must_follow(ctx: Context, step: Step, age: float) -> None:
    """Raises StepFailed where the set says that it does not follow, or takes too long."""
    found = await disks.get_set(ctx.conn, step.target)
    stopped = found.rotation_error if found else ""
    if stopped or age > FOLLOWS_S:
        name = ArmId.parse(step.target).name
        raise StepFailed(
            f"Disk encryption set {name} has not taken the version: "
            + (stopped or f"after {age / 3600:.0f} hours"),
            "Its disks still use the old version, which must stay enabled. " + DOCUMENTED + ".",
            f"Look why: wrapkey diagnose {step.target}. Then retry this step.",
            code=stopped or "Timeout",
        )


def _wanted(ctx: Context, step: Step) -> str:
    """The address as this set writes it: with a version, or without."""
    key = KeyId.parse(ctx.result("key", "id"))
    return key.versionless if step.params["versionless"] else str(key)


def _taken(ctx: Context, step: Step, found: DiskEncryptionSet) -> bool:
    try:
        used, wanted = KeyId.parse(found.key_url), KeyId.parse(ctx.result("key", "id"))
    except BadId:
        return False
    if used.versionless.lower() != wanted.versionless.lower():
        return False
    if used.version or not step.params["follows"]:
        return used.version in ("", wanted.version)
    made = str(ctx.results.get("key", {}).get("created", ""))
    return found.rotated is not None and (not made or found.rotated >= datetime.fromisoformat(made))


async def _state(ctx: Context, step: Step) -> str | None:
    found = await disks.get_set(ctx.conn, step.target)
    return found.state if found else None
