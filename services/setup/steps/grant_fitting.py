"""Gives somebody access to keys in the way the vault goes by: a role, or an access policy.

A deleted vault does not tell which of both it goes by, so a plan that recovers it holds both,
and the vault decides once it is back. Access policies are part of a vault and come back with
it; role assignments do not ("Key Vault soft-delete overview").
"""

import msgspec

from services.azure import vaults
from services.ids import ArmId
from services.model.plan import Step
from services.setup import steps
from services.setup.context import Context, Observation, StepFailed

STAYS = "It is given back as it was before the vault was deleted."


async def observe(ctx: Context, step: Step) -> Observation:
    """Is it given, in the way that counts?"""
    meant = await _meant(ctx, step)
    return await steps.kind(meant.kind).observe(ctx, meant)


async def apply(ctx: Context, step: Step) -> Observation:
    """Give it, in the way that counts."""
    meant = await _meant(ctx, step)
    return await steps.kind(meant.kind).apply(ctx, meant)


def command(ctx: Context, step: Step) -> str:
    """For a person who may give access; the second where the vault goes by access policies."""
    role, policy = (_as(step, which) for which in ("role", "policy"))
    return (
        f"{steps.kind(role.kind).command(ctx, role)}   # with access policies instead:"
        f" {steps.kind(policy.kind).command(ctx, policy)}"
    )


async def _meant(ctx: Context, step: Step) -> Step:
    vault = await vaults.get_vault(ctx.conn, step.target)
    if vault is None:
        raise StepFailed(
            f"Vault {ArmId.parse(step.target).name} is not there",
            "It is recovered before anybody gets access to it.",
            "Diagnose again: it was deleted once more, or its recovery was taken back.",
            code="VaultNotFound",
        )
    return _as(step, "role" if vault.rbac else "policy")


def _as(step: Step, which: str) -> Step:
    """The step as one of the two kinds; its id stays, under which its result is kept."""
    told = step.params[which]
    return msgspec.structs.replace(step, kind=told["kind"], params=told["params"])
