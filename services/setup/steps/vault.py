"""Makes a vault: soft delete and purge protection always on."""

import msgspec

from services.azure import vaults
from services.azure.vaults import VaultSpec
from services.ids import ArmId
from services.model.plan import Step
from services.setup.context import Context, Observation
from services.setup.waiting import BUSY, begun, until


async def observe(ctx: Context, step: Step) -> Observation:
    """Is it there, with a name that resolves?"""
    found = await vaults.get_vault(ctx.conn, step.target)
    if found is None or found.state.lower() in BUSY:
        return Observation(done=False)
    return Observation(done=True, values={"uri": found.uri, "rbac": found.rbac})


async def apply(ctx: Context, step: Step) -> Observation:
    """Create it and wait until its name resolves.

    One that exists is waited for only: a second PUT would replace its access policies.
    """
    if going := await begun(ctx, step, lambda: _state(ctx, step)):
        await going
    if await vaults.get_vault(ctx.conn, step.target) is not None:
        return await until(ctx, step, lambda: observe(ctx, step))
    spec = msgspec.convert(step.params, VaultSpec)
    made = await vaults.create_vault(ctx.conn, step.target, spec)
    return Observation(done=True, values={"uri": made.uri, "rbac": made.rbac})


async def _state(ctx: Context, step: Step) -> str | None:
    found = await vaults.get_vault(ctx.conn, step.target)
    return found.state if found else None


def command(ctx: Context, step: Step) -> str:
    """For a person who may create vaults."""
    id, wish = ArmId.parse(step.target), step.params
    return (
        f"az keyvault create --name {id.name} --resource-group {id.group}"
        f" --location {wish['location']} --sku {wish['sku']} --enable-purge-protection true"
        f" --retention-days {wish['retention_days']}"
        f" --enable-rbac-authorization {str(wish['rbac']).lower()}"
        f" --subscription {id.subscription}"
    )
