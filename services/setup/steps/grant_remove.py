"""Takes away a grant that gives nobody anything: one for an app id in place of an object id."""

from services.azure import authorization, vaults
from services.checks.rights import policy_of
from services.ids import ArmId
from services.model.plan import Step
from services.model.resources import AccessPolicy
from services.setup.context import Context, Observation

STAYS = "What was taken away gave nobody anything."


async def observe(ctx: Context, step: Step) -> Observation:
    """Is it gone?"""
    wish = step.params
    if wish["assignment"]:
        listed = await authorization.list_assignments(ctx.conn, wish["vault_id"], wish["principal"])
        left = any(one.id.lower() == wish["assignment"].lower() for one in listed)
        return Observation(done=not left)
    vault = await vaults.get_vault(ctx.conn, wish["vault_id"])
    return Observation(done=vault is None or policy_of(vault, wish["principal"]) is None)


async def apply(ctx: Context, step: Step) -> Observation:
    """Take it away."""
    wish = step.params
    if wish["assignment"]:
        await authorization.delete_assignment(ctx.conn, wish["assignment"])
        return Observation(done=True)
    vault = await vaults.get_vault(ctx.conn, wish["vault_id"])
    policy = policy_of(vault, wish["principal"]) if vault else None
    if policy is not None:
        whole = AccessPolicy(
            object_id=policy.object_id, tenant_id=policy.tenant_id, keys=policy.keys
        )
        await vaults.remove_policy(ctx.conn, wish["vault_id"], whole)
    return Observation(done=True)


def command(ctx: Context, step: Step) -> str:
    """For a person who may change who has access."""
    wish = step.params
    if wish["assignment"]:
        return f"az role assignment delete --ids {wish['assignment']}"
    id = ArmId.parse(wish["vault_id"])
    return (
        f"az keyvault delete-policy --name {id.name} --resource-group {id.group}"
        f" --object-id {wish['principal']} --subscription {id.subscription}"
    )
