"""Waiting for the application, and reading its screen."""

import asyncio
from collections.abc import Callable

from textual.pilot import Pilot

from screens.widgets.table import ListTable
from tui.app import Wrapkey


async def settled(app: Wrapkey) -> None:
    """Wait until signing in has ended, well or not."""
    await until(app, lambda: app.session.stage in {"ready", "failed"})


async def until(app: Wrapkey, true: Callable[[], bool], seconds: float = 20) -> None:
    """Wait for a change of the session after which this is true; a crash ends the wait."""
    changed = asyncio.Event()
    end = app.session.subscribe(changed.set)
    crash = asyncio.create_task(app._exception_event.wait())
    try:
        async with asyncio.timeout(seconds):
            while not true():
                change = asyncio.create_task(changed.wait())
                await asyncio.wait({change, crash}, return_when=asyncio.FIRST_COMPLETED)
                change.cancel()
                assert app._exception is None, repr(app._exception)
                changed.clear()
    finally:
        crash.cancel()
        end()


READING = {"read", "policy", "load", "name"}
"""Groups of the workers with which screens read from Azure."""


async def quiet(app: Wrapkey, pilot: Pilot[int], seconds: float = 30) -> str:
    """The screen as text when nothing is read any more and every row stands there."""
    await pilot.pause()
    async with asyncio.timeout(seconds):
        while any(
            worker.group in READING and not worker.is_finished for worker in app.workers
        ) or any(table._pending for table in app.screen.query(ListTable)):
            await asyncio.sleep(0.01)
    await pilot.pause()
    return shown(app)


def shown(app: Wrapkey) -> str:
    """The screen as text, one line a row."""
    strips = app.screen._compositor.render_strips()
    return "\n".join("".join(segment.text for segment in strip).rstrip() for strip in strips)
