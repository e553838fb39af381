"""Follow a run also while one process hands it to another, when it belongs to nobody for a moment."""

import asyncio
import time
from collections.abc import AsyncIterator

from services.model.plan import Event
from services.runs.follow import OwnerGone, follow
from services.runs.journal import Journal
from services.runs.lock import owned

HAND_OVER_S = 2.0
"""How long a run may belong to nobody between two processes."""
LOOK_S = 0.1
OVER = ("succeeded", "failed")
"""Ends after which nobody takes a run up by himself."""


async def follow_on(journal: Journal, run: str, after: int = 0) -> AsyncIterator[Event]:
    """As :func:`services.runs.follow.follow`, over every owner the run has one after another."""
    carried, gone = owned(journal.path.parent, run), None
    while True:
        heard, status = 0, ""
        try:
            async for event in follow(journal, run, after):
                heard += 1
                if event.event == "run.finished":
                    status = str(event.detail.get("status", ""))
                yield event
        except OwnerGone as error:
            gone = error
        if heard:
            after = (await journal.events(run, after))[heard - 1][0]
        if status in OVER or not carried or not await _taken_up(journal, run):
            break
        gone = None
    if gone is not None:
        raise gone


async def _taken_up(journal: Journal, run: str) -> bool:
    """Whether somebody owns the run again within the time of a hand-over."""
    until = time.monotonic() + HAND_OVER_S
    while not owned(journal.path.parent, run):
        if time.monotonic() > until:
            return False
        await asyncio.sleep(LOOK_S)
    return True
