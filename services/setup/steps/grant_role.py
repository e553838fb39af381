"""Gives a role to a principal; where Key Vault must honour it, waits until it surely does.

ARM lists an assignment at once, Key Vault honours it later, and nobody can ask Key Vault
as somebody else. So the grant must be listed and be as old as our own new grant on the
same vault had to become; where this run measured none, as old as the setting says.
"""

import asyncio
import time
from typing import Any

from services.azure import authorization, calls
from services.azure.connection import Connection
from services.azure.operations import delay
from services.checks.rights import granted
from services.ids import ArmId
from services.model.plan import Step
from services.model.resources import RoleAssignment
from services.setup.context import NOT_YET, Context, Observation
from services.setup.marks import Marks, marks
from services.setup.undoing import GONE, Made, Standing, of_set
from services.setup.waiting import until

ANSWERED = (201,)
SAYS = "What is deleted softly can't be recovered for use before it is given again."
TOLD = ("principalId", "roleDefinitionId", "condition", "conditionVersion", "description")
"""What of an assignment somebody can have changed; the answer to a PUT leaves other fields empty."""
MACHINE_LEARNING = "microsoft.machinelearningservices/workspaces"
OWN = "key-rights"
"""The step that measures how long a grant takes."""


async def observe(ctx: Context, step: Step) -> Observation:
    """Is it granted, and old enough where that matters?"""
    found = await find(ctx, step)
    if found is None or remaining(ctx, step, found) > 0:
        return NOT_YET
    return _granted(found)


async def apply(ctx: Context, step: Step) -> Observation:
    """Grant it and wait for it to arrive."""
    found = await find(ctx, step)
    if found is None:
        found = await authorization.assign_role(
            ctx.conn,
            step.params["scope"],
            step.params["role_id"],
            principal(ctx, step),
            step.params["principal_type"],
        )
        ctx.granted[step.id] = time.monotonic()
        await until(ctx, step, lambda: _listed(ctx, step))
    await _arrive(ctx, step, found)
    return _granted(found)


def command(ctx: Context, step: Step) -> str:
    """For a person who may assign roles."""
    return (
        f"az role assignment create --assignee-object-id {principal(ctx, step)}"
        f" --assignee-principal-type {step.params['principal_type']}"
        f" --role {step.params['role_id']} --scope {step.target}"
    )


def principal(ctx: Context, step: Step) -> str:
    """The object id that gets the role: known to the plan, or found by an earlier step."""
    known: str = step.params["principal"]
    return known or str(ctx.result(step.params["principal_from"], "principal"))


async def find(ctx: Context, step: Step) -> RoleAssignment | None:
    """The assignment as ARM lists it, at the scope or above."""
    scope, who = step.params["scope"], principal(ctx, step)
    found = await authorization.list_assignments(ctx.conn, scope, who)
    return granted(found, scope, who, step.params["role_id"])


async def _listed(ctx: Context, step: Step) -> Observation:
    return Observation(done=await find(ctx, step) is not None)


def remaining(ctx: Context, step: Step, found: RoleAssignment) -> float:
    """Seconds until the grant is as old as it has to be; 0 when it is."""
    if not step.params.get("wait"):
        return 0.0
    need = required(ctx, step)
    if step.id in ctx.granted:
        age = time.monotonic() - ctx.granted[step.id]
    elif found.created is not None:
        age = (ctx.conn.now() - found.created).total_seconds()
    else:
        age = need
    # Azure's clock may be ahead of ours: never wait longer than a whole new grant would.
    return min(max(0.0, need - age), need)


def required(ctx: Context, step: Step) -> float:
    """How old a grant must be: measured on this vault in this run, else the assumption."""
    return ctx.measured.get(vault_of(step.target), ctx.settings.propagation_s)


def vault_of(target: str) -> str:
    """Name of the vault, lower case, that a vault's or a key's ARM id names."""
    return ArmId.parse(target.split("/keys/", maxsplit=1)[0]).name.lower()


def _measuring(ctx: Context) -> bool:
    """Whether our own new grant is still on its way to being measured."""
    planned = {one.id: one.kind for one in ctx.plan.steps}
    return planned.get(OWN) == "own-rights" and OWN not in ctx.results


async def _arrive(ctx: Context, step: Step, found: RoleAssignment) -> None:
    if not step.params.get("wait"):
        return
    said = False
    began = time.monotonic()
    while True:
        left = remaining(ctx, step, found)
        age = time.monotonic() - began
        measuring = _measuring(ctx) and age < ctx.settings.own_rights_s
        if left <= 0 and not measuring:
            return
        if not said:
            said = True
            await ctx.say("step.waiting", step, **_why(ctx, step, left, measuring))
        await asyncio.sleep(min(ctx.settings.probe_s, delay(age) if measuring else left))


def _why(ctx: Context, step: Step, left: float, measuring: bool) -> dict[str, Any]:
    name = step.params["name"]
    if measuring:
        return {
            "why": f"Key Vault honours the grant for {name} later than Azure lists it; your own"
            " grant on this vault shows how much later",
            "assumption": False,
        }
    measured = required(ctx, step) != ctx.settings.propagation_s
    source = (
        "your own grant on this vault needed as long"
        if measured
        else f"assumed: {ctx.settings.propagation_s:.0f} s; Azure documents up to ten minutes and"
        " nobody can ask Key Vault as another principal"
    )
    return {
        "why": f"Key Vault honours the grant for {name} later than Azure lists it ({source})",
        "assumption": not measured,
        "seconds": round(left, 1),
    }


def _granted(found: RoleAssignment) -> Observation:
    told = {"assignment": found.id, "principal": found.principal_id}
    return Observation(done=True, values={**told, "marks": _marks(found)})


def wrote(step: Step) -> str:
    """An assignment at the scope; its name is in the path."""
    return f"{scope_of(step).lower()}/providers/microsoft.authorization/roleassignments/"


def scope_of(step: Step) -> str:
    """Where the role is given."""
    return str(step.params.get("scope") or step.target)


def needles(conn: Connection, made: Made) -> tuple[str, ...]:
    """What others that need this grant would name.

    A service's access to a vault serves every resource with a key there, and Contributor on a
    subscription every workspace in it. A grant to an identity serves who has the identity.
    """
    if of_set(made):
        return of_set(made)
    scope = ArmId.parse(scope_of(made.step))
    if made.step.id.startswith("grant-identity"):
        return (str(made.left.get("principal", "")),)
    if not scope.group:
        return (MACHINE_LEARNING,)
    uri = conn.cloud.vault_uri(scope.names[0]) if scope.names else ""
    if scope.type.lower() == "microsoft.keyvault/vaults/keys":
        return (f"{uri}/keys/{scope.name}",)
    if scope.type.lower() == "microsoft.keyvault/vaults":
        return (str(scope), f"{uri}/")
    return (str(scope),)


async def standing(conn: Connection, made: Made) -> Standing:
    """The assignment as it is."""
    found = await authorization.get_assignment(conn, made.id)
    if found is None:
        return GONE
    return Standing(there=True, created=found.created, marks=_marks(found))


async def undo(conn: Connection, made: Made) -> None:
    """Take the role away."""
    await authorization.delete_assignment(conn, made.id)


def undo_command(conn: Connection, made: Made) -> str:
    """For a person who may take roles away."""
    return f"az role assignment delete --ids {made.id}"


def _marks(found: RoleAssignment) -> Marks:
    properties = calls.part(found.raw, "properties")
    return marks({"properties": {name: properties.get(name) for name in TOLD}})
