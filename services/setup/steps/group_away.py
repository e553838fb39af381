"""Deletes a container group that is made again right after: only once all for that is at hand.

Its secrets are looked for first, and it must still be what was shown when somebody consented:
what has changed since would not come back.
"""

from services.azure import containergroups, operations
from services.ids import ArmId, KeyId
from services.model.plan import Step
from services.model.resources import ContainerGroup
from services.setup.context import NOT_YET, Context, Observation, StepFailed
from services.setup.recreation import carried
from services.setup.steps.group_again import values_of
from services.setup.waiting import begun, until

STAYS = "A container group can't be recovered; the next step makes it again."


async def observe(ctx: Context, step: Step) -> Observation:
    """Is it gone, or already made again with the version that is gone to?"""
    found = await containergroups.get_group(ctx.conn, step.target)
    if found is None:
        return Observation(done=True, note="gone")
    return Observation(done=True, note="made again already") if _again(ctx, found) else NOT_YET


async def apply(ctx: Context, step: Step) -> Observation:
    """Delete it, or follow the delete that goes on already, and wait until it is gone."""
    going = await begun(ctx, step, lambda: _state(ctx, step))
    if going is not None:
        await going
    if not (await observe(ctx, step)).done:
        await values_of(ctx, step)
        await _must_be_the_same(ctx, step)
        operation = await containergroups.begin_delete(ctx.conn, step.target)
        await operations.wait(ctx.conn, operation, step.title)
    return await until(ctx, step, lambda: observe(ctx, step))


def command(ctx: Context, step: Step) -> str:
    """For a person who may delete groups."""
    return f"az container delete --ids {step.target} --yes"


async def _must_be_the_same(ctx: Context, step: Step) -> None:
    found = await containergroups.get_group(ctx.conn, step.target)
    if found is None or carried(found.raw).body == step.params["body"]:
        return
    raise StepFailed(
        f"Container group {ArmId.parse(step.target).name} has changed since it was looked at",
        "It would be made again as it was then, and the change would be lost. It was not deleted.",
        f"Begin the rotation again: wrapkey rotate {step.target}",
        code="Changed",
    )


def _again(ctx: Context, found: ContainerGroup) -> bool:
    key = KeyId.parse(ctx.result("key", "id"))
    at = found.vault_uri.removeprefix("https://").removesuffix(":443").lower()
    return (at, found.key.lower(), found.key_version.lower()) == (
        key.host,
        key.name.lower(),
        key.version,
    )


async def _state(ctx: Context, step: Step) -> str | None:
    """``Deleting`` counts as busy: somebody's delete is under way."""
    found = await containergroups.get_group(ctx.conn, step.target)
    if found is None:
        return None
    return "running" if found.state.lower() == "deleting" else found.state
