"""Deletes a workspace: softly, or for good with its managed resource group."""

from services.azure import groups, operations, workspaces
from services.ids import ArmId
from services.model.plan import Step
from services.setup.context import NOT_YET, Context, Observation
from services.setup.waiting import begun, until

STAYS = "What was deleted softly is recovered by creating the workspace again with the same values."
SOFT = "its name stays taken and its managed group goes on costing for 14 days, unless it is purged"


async def observe(ctx: Context, step: Step) -> Observation:
    """Is it gone, and after a purge its managed group too?

    A purge of a workspace without such a group shows nowhere: it is sent again, which changes
    nothing where it was done.
    """
    found = await workspaces.get_workspace(ctx.conn, step.target)
    if found is not None:
        return NOT_YET
    if not step.params["purge"]:
        note = SOFT if step.params["group"] else "its name stays taken for 14 days"
        return Observation(done=True, note=note)
    group = step.params["group"]
    if not group:
        return NOT_YET
    left = await groups.get_group(ctx.conn, ArmId.parse(step.target).subscription, group)
    return NOT_YET if left else Observation(done=True, note="gone for good, its group too")


async def apply(ctx: Context, step: Step) -> Observation:
    """Delete it, or follow the delete that goes on already, and wait until it is gone."""
    going = await begun(ctx, step, lambda: _state(ctx, step))
    if going is not None:
        await going
    if going is None or not (await observe(ctx, step)).done:
        purge: bool = step.params["purge"]
        operation = await workspaces.begin_delete(ctx.conn, step.target, purge=purge)
        await operations.wait(ctx.conn, operation, step.title)
    if step.params["purge"] and not step.params["group"]:
        return Observation(done=True, note="gone for good")
    return await until(ctx, step, lambda: observe(ctx, step))


def command(ctx: Context, step: Step) -> str:
    """For a person who may delete workspaces."""
    id = ArmId.parse(step.target)
    return (
        f"az ml workspace delete --name {id.name} --resource-group {id.group}"
        f" --subscription {id.subscription} --yes"
        f"{' --permanently-delete' if step.params['purge'] else ''}"
    )


async def _state(ctx: Context, step: Step) -> str | None:
    """``Deleting`` counts as busy: somebody's delete is under way."""
    found = await workspaces.get_workspace(ctx.conn, step.target)
    if found is None:
        return None
    return "running" if found.state.lower() == "deleting" else found.state
