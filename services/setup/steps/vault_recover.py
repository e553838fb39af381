"""Recovers a soft-deleted vault with the keys it held; role assignments do not come back."""

from services.azure import vaults
from services.ids import ArmId
from services.model.plan import Step
from services.model.resources import DeletedVault
from services.setup.context import Context, Observation, StepFailed
from services.setup.steps import vault
from services.setup.waiting import until

STAYS = "It was there before it was deleted."


async def observe(ctx: Context, step: Step) -> Observation:
    """Is it there, and does it give access as the plan expects?

    What gives access in a deleted vault is not told: ``rbac`` is None where the plan serves
    both. Raises StepFailed where it is the other.
    """
    found, wanted = await vault.observe(ctx, step), step.params["rbac"]
    if found.done and wanted is not None and found.values["rbac"] != wanted:
        has = "role assignments" if found.values["rbac"] else "access policies"
        raise StepFailed(
            f"Vault {ArmId.parse(step.target).name} is back, and works with {has}",
            "The plan was made for the other way of giving access; a deleted vault does not tell.",
            "Make a new plan: it reads the vault as it is now.",
            code="OtherAccessModel",
        )
    return found


async def apply(ctx: Context, step: Step) -> Observation:
    """Recover it and wait until its name resolves."""
    if await vaults.get_vault(ctx.conn, step.target) is None:
        name = ArmId.parse(step.target).name
        gone = DeletedVault(name=name, id=step.target, location=step.params["location"])
        await vaults.recover(ctx.conn, gone)
    return await until(ctx, step, lambda: observe(ctx, step))


def command(ctx: Context, step: Step) -> str:
    """For a person who may recover vaults."""
    id = ArmId.parse(step.target)
    return f"az keyvault recover --name {id.name} --subscription {id.subscription}"
