"""Lets a workspace act as the user-assigned identity that it names for its key."""

from services.azure import workspaces
from services.ids import ArmId, same
from services.model.plan import Step
from services.setup.context import Context, Observation, gone

STAYS = "The workspace reaches its key as this identity by now."


async def observe(ctx: Context, step: Step) -> Observation:
    """Is it one of the workspace's identities?

    An identity that was made again keeps its id and is another principal, so only this run
    knows whether the workspace has the new one.
    """
    found = await workspaces.get_workspace(ctx.conn, step.target)
    if found is None:
        raise gone("Workspace", step, "Diagnose it again.", code="WorkspaceNotFound")
    there = any(same(one, step.params["identity"]) for one in found.identities)
    return Observation(done=there and not step.params["again"])


async def apply(ctx: Context, step: Step) -> Observation:
    """Assign it beside what the workspace has, and wait."""
    found = await workspaces.get_workspace(ctx.conn, step.target)
    wanted = step.params["identity"]
    others = [one for one in (found.identities if found else ()) if not same(one, wanted)]
    type = found.identity_type if found else ""
    await workspaces.add_identity(ctx.conn, step.target, type, [*others, wanted])
    return Observation(done=True)


def command(ctx: Context, step: Step) -> str:
    """For a person who may change the workspace and assign the identity."""
    id = ArmId.parse(step.target)
    return (
        f"az ml workspace update --name {id.name} --resource-group {id.group}"
        f" --subscription {id.subscription}"
        f" --set identity.user_assigned_identities.'{step.params['identity']}'={{}}"
    )
