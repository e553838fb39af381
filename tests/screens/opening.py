"""Waiting for the application, and reading its screen."""

import asyncio
from collections.abc import Callable

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


def shown(app: Wrapkey) -> str:
    """The screen as text, one line a row."""
    strips = app.screen._compositor.render_strips()
    return "\n".join("".join(segment.text for segment in strip).rstrip() for strip in strips)
