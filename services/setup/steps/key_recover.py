"""Recovers a soft-deleted key with all its versions."""

from services.azure import keys
from services.ids import KeyId
from services.model.plan import Step
from services.setup.context import NOT_YET, Context, Observation
from services.setup.waiting import until

STAYS = "It was there before it was deleted."


async def observe(ctx: Context, step: Step) -> Observation:
    """Is it there?"""
    found = await keys.get_key(ctx.conn, step.params["vault_uri"], step.params["name"])
    return NOT_YET if found is None else Observation(done=True)


async def apply(ctx: Context, step: Step) -> Observation:
    """Recover it and wait until it answers."""
    await keys.recover_key(ctx.conn, step.params["vault_uri"], step.params["name"])
    return await until(ctx, step, lambda: observe(ctx, step))


def command(ctx: Context, step: Step) -> str:
    """For a person who may recover keys of this vault."""
    key = KeyId.parse(step.target)
    return f"az keyvault key recover --vault-name {key.vault} --name {key.name}"
