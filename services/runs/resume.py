"""Before a run goes on: where it stands, what still runs, and what the world has changed."""

import asyncio
import time
from typing import Any

import msgspec

from services.azure.connection import Connection
from services.azure.errors import AzureError, ErrorKind
from services.model.plan import Step
from services.runs.journal import Journal, RunRow, StepRow, WriteRow
from services.runs.lock import owner
from services.runs.recall import recall
from services.setup import steps
from services.setup.context import Context, Observation, Settings, StepFailed
from services.text import plain

LOOKS = 8
"""Most steps that are looked at at the same time."""
POLL_S = 0.1
"""Seconds between two looks at whether an owner has left."""
SILENT = ("measured_s", "lines", "marks")
"""Results that belong to the moment they were taken in."""


class Change(msgspec.Struct, frozen=True, kw_only=True):
    """A step of which the world says something else than the journal."""

    step: str
    title: str
    was: str
    now: str
    """``??`` and why, where it can't be read."""


class Resumption(msgspec.Struct, frozen=True, kw_only=True):
    """A run as it can go on."""

    run: RunRow
    steps: tuple[StepRow, ...]
    """In the plan's order, as the journal has them."""
    operations: tuple[WriteRow, ...] = ()
    """Writes whose operations may still go on in Azure: they are followed, not sent again."""
    unknown: tuple[WriteRow, ...] = ()
    """Writes of which nobody knows whether they arrived: they are looked for, not sent again."""
    changes: tuple[Change, ...] = ()


async def prepare(conn: Connection, journal: Journal, run: str) -> Resumption:
    """Read where a run stands, and look anew at every step that was true; writes nothing.

    Raises LookupError for an unknown run, JournalError, and AzureError where the sign-in does
    not work or Azure can't be reached.
    """
    row = await journal.run(run)
    if row is None:
        raise LookupError(f"there is no run {run} in {journal.path}")
    rows, writes = await journal.steps(run), await journal.writes(run)
    ctx = Context(conn, row.plan, Settings(), _quiet)
    await recall(ctx, journal, run)
    planned = {step.id: step for step in row.plan.steps}
    looks, turn = [], asyncio.Semaphore(LOOKS)
    for one in rows:
        if one.status in ("done", "skipped") and planned[one.id].action not in ("verify", "wait"):
            looks.append(_change(ctx, planned[one.id], one, turn))
    return Resumption(
        run=row,
        steps=tuple(rows),
        operations=tuple(one for one in writes if one.running),
        unknown=tuple(one for one in writes if one.status is None),
        changes=tuple(one for one in await asyncio.gather(*looks) if one is not None),
    )


async def ask_to_yield(
    journal: Journal,
    run: str,
    timeout: float,  # noqa: ASYNC109 - to run out of it is an answer
) -> bool:
    """Ask the owner of a run to end its writes and leave; True once nobody owns it.

    ``timeout`` in seconds: a process that hangs does not answer. Raises JournalError.
    """
    folder = journal.path.parent
    if owner(folder, run) is None:
        return True
    asked = await journal.add_command(run, "yield")
    until = time.monotonic() + timeout
    while owner(folder, run) is not None:
        if time.monotonic() >= until:
            await journal.withdraw(asked)
            return False
        await asyncio.sleep(POLL_S)
    return True


async def _change(ctx: Context, step: Step, row: StepRow, turn: asyncio.Semaphore) -> Change | None:
    async with turn:
        now = await _now(ctx, step, row)
    if not now:
        return None
    was = "already so when the run came to it" if row.status == "skipped" else "done by this run"
    return Change(step=step.id, title=step.title, was=was, now=now)


async def _now(ctx: Context, step: Step, row: StepRow) -> str:
    """What is different, in words; empty where nothing is."""
    try:
        found = await steps.kind(step.kind).observe(ctx, step)
    except StepFailed as error:
        return f"{error.what}. {error.means}"
    except AzureError as error:
        if error.kind in (ErrorKind.SIGN_IN, ErrorKind.NETWORK, ErrorKind.TLS, ErrorKind.TIMEOUT):
            raise
        return f"?? {error.what} {error.means}"
    if not found.done:
        return found.note or "not so any more; it will be made again"
    return _other(row.result, found)


def _other(kept: dict[str, Any], found: Observation) -> str:
    """Values that are not what they were."""
    return "; ".join(
        f"{name} is {plain(value, 200)}, was {plain(kept[name], 200)}"
        for name, value in found.values.items()
        if name in kept and name not in SILENT and kept[name] != value
    )


async def _quiet(*_: object, **__: object) -> None:
    """Looking tells nobody: there is no run under way whose events these could be."""
