"""Telling of what Azure makes in a group, as it appears and changes."""

from services.azure import groups
from services.ids import ArmId
from services.model.plan import Step
from services.setup.context import Context


async def tell(ctx: Context, step: Step, group: str, seen: dict[str, str]) -> None:
    """Say of each resource of ``group`` what state it is in, where that is news.

    ``seen``: the last state that was said, by id; it is kept up to date. Raises AzureError.
    """
    subscription = ArmId.parse(step.target).subscription
    for one in await groups.list_resources(ctx.conn, subscription, group):
        if seen.get(one.id) != one.state:
            seen[one.id] = one.state
            await ctx.say(
                "resource.seen", step, one.id, state=one.state, type=one.type, group=group
            )
