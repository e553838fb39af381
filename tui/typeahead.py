"""Keys do their work one after the other, as fast as they may have been typed.

Over a slow line several keys arrive in one read. Each is forwarded to what has the focus at that
moment, while the one before it may still be about to open the screen or the field it was meant
for (``:home`` and enter, ``/kv``). So a key waits until the one before it has had its effect.
"""

import asyncio
from typing import Any

from textual import events
from textual.app import App
from textual.message_pump import MessagePump

ROUNDS = 3
"""How deep an effect goes: a key, the message it causes (Submitted), and the one that one causes."""

LONGEST = 0.5
"""Seconds after which the next key no longer waits, whatever the one before it is doing."""

PAINTED = 0.05
"""Seconds, some frames, in which a key that is alone has been painted."""


class TypeAhead:
    """What was typed and waits for what was typed before it."""

    def __init__(self, app: App[Any]) -> None:
        self._app = app
        self._held: list[events.Event] = []
        self._next: events.Event | None = None
        """Its turn has come; it is on its way back to the application."""
        self._more = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    @property
    def busy(self) -> bool:
        """Whether a key still has its effect to come, or others wait for it."""
        return self._task is not None

    def holds(self, event: events.Event) -> bool:
        """Keep this until its turn has come; False when it has come now."""
        if not self._app.screen_stack:
            return True  # The application is ending: nobody is left to take it.
        if event is self._next:
            self._next = None
            return False
        if self._task is not None:
            self._held.append(event)
            self._more.set()
            return True
        self._task = asyncio.create_task(self._in_turn(), name="keys in turn")
        return False

    async def _in_turn(self) -> None:
        try:
            while True:
                await self._more_or_painted()
                await self._effect()
                if not self._held:
                    return
                self._next = self._held.pop(0)
                self._app.post_message(self._next)
        finally:
            self._task = None

    async def _more_or_painted(self) -> None:
        """A key that is alone paints first: asking after its effect would delay its frame."""
        if not self._held:
            self._more.clear()
            asyncio.get_running_loop().call_later(PAINTED, self._more.set)
            await self._more.wait()

    async def _effect(self) -> None:
        """Wait until the key has had its effect, opened screens are there and focus has moved."""
        rounds = asyncio.create_task(self._rounds(), name="effect of a key")
        await asyncio.wait([rounds], timeout=LONGEST)
        rounds.cancel()

    async def _rounds(self) -> None:
        for _ in range(ROUNDS):
            await passed(self._app)
            if not self._app.screen_stack:
                return  # It is ending.
            for node in (self._app.focused or self._app.screen).ancestors_with_self:
                await passed(node)


async def passed(node: MessagePump) -> None:
    """Wait until a node has dealt with every message it has now; a new screen is mounted then."""
    done = asyncio.Event()
    if node.call_later(done.set):
        await done.wait()
