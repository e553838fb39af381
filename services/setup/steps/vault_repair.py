"""Turns on purge protection of a vault; that can't be taken back."""

from services.azure import vaults
from services.ids import ArmId
from services.model.plan import Step
from services.setup.context import Context, Observation, gone

STAYS = "Purge protection can't be turned off again."


async def observe(ctx: Context, step: Step) -> Observation:
    """Is it purge-protected? Raises StepFailed where the vault is gone."""
    found = await vaults.get_vault(ctx.conn, step.target)
    if found is None:
        raise gone("Vault", step, "Recover the vault or make a new plan.", code="VaultNotFound")
    return Observation(done=found.purge_protection and found.soft_delete)


async def apply(ctx: Context, step: Step) -> Observation:
    """Turn it on."""
    await vaults.enable_purge_protection(ctx.conn, step.target)
    return Observation(done=True)


def command(ctx: Context, step: Step) -> str:
    """For a person who may change the vault."""
    id = ArmId.parse(step.target)
    return (
        f"az keyvault update --name {id.name} --resource-group {id.group}"
        f" --enable-purge-protection true --subscription {id.subscription}"
    )
