"""Follow a run from outside: by its journal alone, from this process or any other."""

import asyncio
import time
from collections.abc import AsyncIterator

from services.model.plan import Event
from services.runs.journal import Journal
from services.runs.lock import Owner, owner

POLL_S = 0.25
"""Seconds between two looks at whether the journal has changed."""
OWNER_S = 1.0
"""Seconds between two looks at whether the owner still lives, while nothing is said."""


class OwnerGone(Exception):
    """Who carried the run out has ended without a word; the run can be resumed."""

    def __init__(self, run: str) -> None:
        super().__init__(
            f"Run {run} is not carried out any more: its process has ended without a word."
            " What Azure was asked to do before goes on there."
        )
        self.run = run


async def follow(
    journal: Journal, run: str, after: int = 0, poll_s: float = POLL_S
) -> AsyncIterator[Event]:
    """The events of a run after number ``after``: those there are, then each as it comes.

    Ends after ``run.finished`` once nobody owns the run. Raises OwnerGone where nobody owns it
    and it has not finished, LookupError for a run the journal does not know, and JournalError.
    """
    if await journal.run(run) is None:
        raise LookupError(f"there is no run {run} in {journal.path}")
    mark, finished, looked = None, await _finished(journal, run, after), 0.0
    while True:
        said = await journal.mark()
        news = await journal.events(run, after) if said != mark else []
        mark = said
        for seq, event in news:
            after, finished = seq, event.event == "run.finished"
            yield event
        if news:
            continue
        if time.monotonic() - looked >= (OWNER_S if looked else 0.0):
            looked = time.monotonic()
            if _owner(journal, run) is None and not await journal.events(run, after):
                if finished:
                    return
                raise OwnerGone(run)
        await asyncio.sleep(poll_s)


def _owner(journal: Journal, run: str) -> Owner | None:
    return owner(journal.path.parent, run)


async def _finished(journal: Journal, run: str, after: int) -> bool:
    """Whether the last event up to number ``after`` was the end of the run."""
    before = [event for seq, event in await journal.events(run) if seq <= after]
    return bool(before) and before[-1].event == "run.finished"
