"""Makes a vault: soft delete and purge protection always on."""

import msgspec

from services.azure import armkeys, vaults
from services.azure.connection import Connection
from services.azure.vaults import VaultSpec
from services.ids import ArmId
from services.model.plan import Step
from services.model.resources import Vault
from services.setup.context import Context, Observation
from services.setup.marks import created, marks
from services.setup.undoing import GONE, Made, Standing
from services.setup.waiting import BUSY, begun, until

ANSWERED = (200, 201, 202)
SAYS = (
    "It is deleted softly: it can be recovered, but not purged, and its name stays taken until its"
    " retention is over. Roles given on it do not come back with it."
)


async def observe(ctx: Context, step: Step) -> Observation:
    """Is it there, with a name that resolves?"""
    found = await vaults.get_vault(ctx.conn, step.target)
    if found is None or found.state.lower() in BUSY:
        return Observation(done=False)
    return _there(found)


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
    return _there(made)


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


def _there(found: Vault) -> Observation:
    values = {"uri": found.uri, "rbac": found.rbac, "marks": marks(found.raw)}
    return Observation(done=True, values=values)


def wrote(step: Step) -> str:
    """The vault itself."""
    return step.target.lower()


def needles(conn: Connection, made: Made) -> tuple[str, ...]:
    """Its id, and its address: keys are named by it."""
    return (made.id, f"{conn.cloud.vault_uri(ArmId.parse(made.id).name)}/")


async def standing(conn: Connection, made: Made) -> Standing:
    """The vault and its keys, which Resource Manager lists whatever its network lets pass."""
    found = await vaults.get_vault(conn, made.id)
    if found is None:
        return GONE
    return Standing(
        there=True,
        created=created(found.raw),
        marks=marks(found.raw),
        holds=tuple(await armkeys.list_ids(conn, made.id)),
    )


async def undo(conn: Connection, made: Made) -> None:
    """Delete it softly."""
    await vaults.delete_vault(conn, made.id)


def undo_command(conn: Connection, made: Made) -> str:
    """For a person who may delete vaults."""
    id = ArmId.parse(made.id)
    return (
        f"az keyvault delete --name {id.name} --resource-group {id.group}"
        f" --subscription {id.subscription}"
    )
