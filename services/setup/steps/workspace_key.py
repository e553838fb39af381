"""Points a workspace to another version, or another key, of the vault it was made with."""

from services.azure import workspaces
from services.ids import ArmId
from services.model.plan import Step
from services.setup.context import Context, Observation, StepFailed

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
    there = found.encryption.key_id.lower() == step.params["key"].lower()
    return Observation(done=there and found.state == "Succeeded")


async def apply(ctx: Context, step: Step) -> Observation:
    """Change it and wait until Cosmos DB, AI Search and Storage have taken it."""
    await workspaces.change_key(ctx.conn, step.target, step.params["key"])
    return Observation(done=True)


def command(ctx: Context, step: Step) -> str:
    """For a person who may change the workspace."""
    field = "properties.encryption.keyVaultProperties.keyIdentifier"
    return f"az resource update --ids {step.target} --set {field}={step.params['key']}"
