"""Adds key permissions to a principal's access policy; Key Vault honours it at once."""

from services.azure import vaults
from services.azure.connection import Connection
from services.checks.rights import has_permissions, policy_of
from services.ids import ArmId
from services.model.plan import Step
from services.model.resources import AccessPolicy
from services.setup.context import NOT_YET, Context, Observation
from services.setup.marks import marks
from services.setup.steps.grant_role import principal
from services.setup.undoing import GONE, Made, Standing, of_set

ANSWERED = (200, 201)
SAYS = ""


async def observe(ctx: Context, step: Step) -> Observation:
    """Does the vault list all the permissions for the principal?"""
    vault = await vaults.get_vault(ctx.conn, step.target)
    who = principal(ctx, step)
    if vault is None or not has_permissions(vault, who, step.params["keys"]):
        return NOT_YET
    return Observation(done=True, values={"principal": who})


async def apply(ctx: Context, step: Step) -> Observation:
    """Add them; what the principal had stays."""
    who = principal(ctx, step)
    had = await _has(ctx.conn, step.target, who)
    wanted = tuple(step.params["keys"])
    policy = AccessPolicy(object_id=who, tenant_id=step.params["tenant_id"], keys=wanted)
    await vaults.add_policy(ctx.conn, step.target, policy)
    values = {"principal": who, "had": had, "marks": _marks({*had, *wanted})}
    return Observation(done=True, values=values)


def command(ctx: Context, step: Step) -> str:
    """For a person who may write access policies."""
    id = ArmId.parse(step.target)
    return (
        f"az keyvault set-policy --name {id.name} --resource-group {id.group}"
        f" --object-id {principal(ctx, step)} --key-permissions {' '.join(step.params['keys'])}"
        f" --subscription {id.subscription}"
    )


def wrote(step: Step) -> str:
    """The policies that were added."""
    return f"{step.target.lower()}/accesspolicies/add"


def needles(conn: Connection, made: Made) -> tuple[str, ...]:
    """Others with a key in this vault name its id or address."""
    vault = ArmId.parse(made.step.target).name
    return of_set(made) or (made.step.target, f"{conn.cloud.vault_uri(vault)}/")


async def standing(conn: Connection, made: Made) -> Standing:
    """The principal's permissions; none is as good as gone."""
    there = await _has(conn, made.step.target, made.left["principal"])
    added = set(_added(made))
    return Standing(there=True, marks=_marks(set(there))) if added & set(there) else GONE


async def undo(conn: Connection, made: Made) -> None:
    """Take away what was added; what the principal had before stays."""
    who, tenant = made.left["principal"], made.step.params["tenant_id"]
    policy = AccessPolicy(object_id=who, tenant_id=tenant, keys=_added(made))
    await vaults.remove_policy(conn, made.step.target, policy)


def undo_command(conn: Connection, made: Made) -> str:
    """Sets what the principal had before, or nothing."""
    id = ArmId.parse(made.step.target)
    left = " ".join(made.left["had"]) or '""'
    return (
        f"az keyvault set-policy --name {id.name} --resource-group {id.group}"
        f" --object-id {made.left['principal']} --key-permissions {left}"
        f" --subscription {id.subscription}"
    )


def _added(made: Made) -> tuple[str, ...]:
    return tuple(one for one in made.step.params["keys"] if one not in made.left["had"])


def _marks(keys: set[str]) -> dict[str, str]:
    return marks({"properties": {"permissions": sorted(keys)}})


async def _has(conn: Connection, vault_id: str, who: str) -> list[str]:
    vault = await vaults.get_vault(conn, vault_id)
    found = policy_of(vault, who) if vault else None
    return sorted(found.keys) if found else []
