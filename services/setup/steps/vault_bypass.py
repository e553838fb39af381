"""Lets Azure's trusted services pass a vault's firewall."""

from services.azure import vaults
from services.ids import ArmId
from services.model.plan import Step
from services.setup.context import Context, Observation, gone

STAYS = "Trusted services pass the firewall until somebody sets its bypass to None."


async def observe(ctx: Context, step: Step) -> Observation:
    """May they pass? Raises StepFailed where the vault is gone."""
    found = await vaults.get_vault(ctx.conn, step.target)
    if found is None:
        raise gone("Vault", step, "Recover the vault or make a new plan.", code="VaultNotFound")
    return Observation(done=found.bypass.lower() == "azureservices")


async def apply(ctx: Context, step: Step) -> Observation:
    """Let them."""
    await vaults.let_services_pass(ctx.conn, step.target)
    return Observation(done=True)


def command(ctx: Context, step: Step) -> str:
    """For a person who may change the vault."""
    id = ArmId.parse(step.target)
    return (
        f"az keyvault update --name {id.name} --resource-group {id.group}"
        f" --bypass AzureServices --subscription {id.subscription}"
    )
