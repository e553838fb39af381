"""Takes back what a step of an earlier run made, by the ``undo`` of that step's own kind.

Everything is looked at again first: between the preview and this moment somebody may have
changed it or begun to use it, and then it stays.
"""

import msgspec

from services.azure.connection import Connection
from services.azure.mentions import mentions
from services.ids import ArmId, BadId
from services.model.plan import Step
from services.setup import steps
from services.setup.context import NOT_YET, Context, Observation, StepFailed
from services.setup.undoing import Made, Reason, Standing, Undoable, reason
from services.setup.waiting import begun, until, untold

STAYS = "Setting up again makes what was taken back."
WORDS = {
    "before": "NotOurs",
    "unknown": "NotKnown",
    "changed": "ChangedSince",
    "holds": "NotEmpty",
    "used": "UsedByOthers",
}


async def observe(ctx: Context, step: Step) -> Observation:
    """Is it gone?"""
    made = made_of(step)
    now = await kind_of(made).standing(ctx.conn, made)
    return NOT_YET if now.there else Observation(done=True, note="it is gone")


async def apply(ctx: Context, step: Step) -> Observation:
    """Look once more, delete it, and wait until it is gone. Raises StepFailed where it stays."""
    made = made_of(step)
    kind = kind_of(made)
    going = await begun(ctx, step, untold)
    if going is not None:
        await going
    now = await kind.standing(ctx.conn, made)
    if not now.there:
        return Observation(done=True, note=kind.SAYS if going else "it is gone")
    if not now.busy and going is None:
        why = await judged(ctx.conn, kind, made, now)
        if why is not None:
            raise StepFailed(
                f"{step.title}: not done",
                why.text,
                "Look at it yourself: what a run did not make, or others use, is not deleted here.",
                code=WORDS[why.why],
            )
        await kind.undo(ctx.conn, made)
    await until(ctx, step, lambda: observe(ctx, step))
    return Observation(done=True, note=kind.SAYS)


def command(ctx: Context, step: Step) -> str:
    """For a person who may delete it."""
    made = made_of(step)
    return kind_of(made).undo_command(ctx.conn, made)


def made_of(step: Step) -> Made:
    """What the step takes back."""
    return msgspec.convert(step.params["made"], Made)


def kind_of(made: Made) -> Undoable:
    """The kind of the step that made it; raises LookupError where it can't be taken back."""
    found = steps.undoable(made.step.kind)
    if found is None:
        raise LookupError(f"steps of kind {made.step.kind} can't be taken back")
    return found


async def judged(conn: Connection, kind: Undoable, made: Made, now: Standing) -> Reason | None:
    """Why it must stay, after asking who uses it; raises AzureError."""
    needles = kind.needles(conn, made)
    found = await mentions(conn, subscriptions_of(made), needles)
    return reason(made, now, found, needles)


def subscriptions_of(made: Made) -> tuple[str, ...]:
    """Where others that use it are looked for: the subscriptions of what goes."""
    ids = (made.id, made.step.target, *made.going)
    return tuple(sorted({found for found in map(_subscription, ids) if found}))


def _subscription(id: str) -> str:
    try:
        return ArmId.parse(id).subscription
    except BadId:
        return ""
