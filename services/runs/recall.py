"""What a run knew when its process ended, as far as the journal tells it."""

import time
from datetime import UTC, datetime

from services.runs.journal import Journal, StepRow, WriteRow
from services.setup.context import Context
from services.setup.steps.grant_role import vault_of

GRANTS = "/providers/microsoft.authorization/roleassignments/"


async def recall(ctx: Context, journal: Journal, run: str) -> None:
    """Give a new context what the steps of this run had found, measured and granted."""
    rows = await journal.steps(run)
    ctx.results.update({row.id: row.result for row in rows if row.result})
    ctx.measured.update(_measured(ctx, rows))
    ctx.granted.update(_granted(await journal.writes(run)))


def _measured(ctx: Context, rows: list[StepRow]) -> dict[str, float]:
    """By vault name: seconds a new grant of our own needed, from the step that measured it."""
    targets = {step.id: step.target for step in ctx.plan.steps}
    return {
        vault_of(targets[row.id]): float(row.result["measured_s"])
        for row in rows
        if "measured_s" in row.result
    }


def _granted(writes: list[WriteRow]) -> dict[str, float]:
    """By step id: when a grant was made, on this machine's monotonic clock.

    Its age is told by the wall clock, which may have been set since: never less than nothing.
    """
    now, ticks = datetime.now(UTC), time.monotonic()
    return {
        one.step: ticks - max(0.0, (now - one.answered).total_seconds())
        for one in writes
        if one.answered is not None and one.status in (200, 201) and GRANTS in one.path.lower()
    }
