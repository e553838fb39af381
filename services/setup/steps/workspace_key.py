"""Points a workspace to another version, or another key, of the vault it was made with."""

from services.azure import workspaces
from services.ids import ArmId
from services.model.plan import Step
from services.setup.context import Context, Observation, StepFailed
from services.setup.waiting import change

STAYS = "Another version can be chosen again while it is enabled."


async def observe(ctx: Context, step: Step) -> Observation:
    """Does it name this version? Raises StepFailed where it is gone or can't be changed."""
    found = await workspaces.get_workspace(ctx.conn, step.target)
    name = ArmId.parse(step.target).name
    if found is None or found.encryption is None:
        raise StepFailed(
            f"Workspace {name} is not there, or not encrypted with a key of yours",
            "It was when the plan was made.",
            "Diagnose it again.",
            code="WorkspaceNotFound",
        )
    if found.encryption.service_side:
        raise StepFailed(
            f"Workspace {name} keeps its key for its whole life",
            "With service-side encryption Azure changes no key.",
            "Keep the version it names enabled.",
            code="ServiceSide",
        )
    wanted = _wanted(ctx, step)
    there = bool(wanted) and found.encryption.key_id.lower() == wanted.lower()
    return Observation(done=there and found.state == "Succeeded")


async def apply(ctx: Context, step: Step) -> Observation:
    """Change it, or wait for the change that goes on already, and wait for its end."""
    await change(
        ctx,
        step,
        lambda: _state(ctx, step),
        lambda: observe(ctx, step),
        lambda: workspaces.begin_change_key(ctx.conn, step.target, _wanted(ctx, step)),
    )
    return Observation(done=True)


def command(ctx: Context, step: Step) -> str:
    """For a person who may change the workspace."""
    field = "properties.encryption.keyVaultProperties.keyIdentifier"
    return f"az resource update --ids {step.target} --set {field}={_wanted(ctx, step)}"


def _wanted(ctx: Context, step: Step) -> str:
    """The identifier: planned, or found by the step that ``key_from`` names; else empty."""
    planned = step.params.get("key", "")
    made = ctx.results.get(step.params.get("key_from", ""), {})
    return str(planned or made.get("id", ""))


async def _state(ctx: Context, step: Step) -> str | None:
    found = await workspaces.get_workspace(ctx.conn, step.target)
    return found.state if found else None
