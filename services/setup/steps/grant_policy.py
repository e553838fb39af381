"""Adds key permissions to a principal's access policy; Key Vault honours it at once."""

from services.azure import vaults
from services.checks.rights import has_permissions
from services.ids import ArmId
from services.model.plan import Step
from services.model.resources import AccessPolicy
from services.setup.context import NOT_YET, Context, Observation
from services.setup.steps.grant_role import principal


async def observe(ctx: Context, step: Step) -> Observation:
    """Does the vault list all the permissions for the principal?"""
    vault = await vaults.get_vault(ctx.conn, step.target)
    if vault is None or not has_permissions(vault, principal(ctx, step), step.params["keys"]):
        return NOT_YET
    return Observation(done=True)


async def apply(ctx: Context, step: Step) -> Observation:
    """Add them; what the principal had stays."""
    policy = AccessPolicy(
        object_id=principal(ctx, step),
        tenant_id=step.params["tenant_id"],
        keys=tuple(step.params["keys"]),
    )
    await vaults.add_policy(ctx.conn, step.target, policy)
    return Observation(done=True)


def command(ctx: Context, step: Step) -> str:
    """For a person who may write access policies."""
    id = ArmId.parse(step.target)
    return (
        f"az keyvault set-policy --name {id.name} --resource-group {id.group}"
        f" --object-id {principal(ctx, step)} --key-permissions {' '.join(step.params['keys'])}"
        f" --subscription {id.subscription}"
    )
