"""Why a run stands still, and how it goes on."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Any, Literal

from services.azure import tenants
from services.azure.connection import Connection, ConnectionEvent
from services.azure.errors import AzureError
from services.azure.events import SignedIn, SignInAsked
from services.model.plan import EventName
from services.runs.gate import Gate

Why = Literal["user", "sign-in", "secret"]
"""Who has to do something: the user who paused, somebody who can sign in, somebody who can put
back a secret that a step needs (``env:`` or ``file:``)."""

LOST = "The sign-in has ended, and it can't be renewed without somebody."


class Pause:
    """Holds back the writes of one run. Ends by :meth:`end`, or where its reason ends."""

    def __init__(self, conn: Connection, gate: Gate, poll_s: float) -> None:
        self.why: Why | None = None
        self._back = 0.0
        """When the last sign-in pause ended, on the monotonic clock."""
        self._conn = conn
        self._gate = gate
        self._poll_s = poll_s
        self._unsaid: list[tuple[EventName, dict[str, Any]]] = []
        self.changed: Callable[[], None] = lambda: None
        """Called when there is something for :meth:`tell` to say."""

    def begin(self, why: Why, **detail: Any) -> None:
        """Send no new write until the pause ends; those on their way go on."""
        self.why = why
        self._gate.open.clear()
        self._say("run.paused", why=why, **detail)

    def end(self) -> None:
        """Let writes go again."""
        if self._lost:
            self._back = time.monotonic()
        if self.why is not None:
            self.why = None
            self._say("run.proceeded")
        self._gate.open.set()

    async def tell(self, emit: Callable[..., Awaitable[None]]) -> None:
        """Say what was not said yet, in order."""
        while self._unsaid:
            event, detail = self._unsaid.pop(0)
            await emit(event, **detail)

    def hear(self, event: ConnectionEvent) -> None:
        """A credential needs somebody, or has got what it needed."""
        if isinstance(event, SignInAsked):
            until = event.expires.isoformat(timespec="seconds").replace("+00:00", "Z")
            self.begin("sign-in", address=event.address, code=event.code, until=until)
        elif isinstance(event, SignedIn) and self._lost:
            self.end()

    async def signed_out(self, refusal: AzureError, since: float) -> bool:
        """Wait until a sign-in that was lost is there again, or somebody says to go on.

        ``since``: when the refused try began, on the monotonic clock. False, at once, where the
        sign-in worked all the time: then the refusal is about that call alone.
        """
        if not self._lost and await self._works():
            # Another step may have found it lost while this one asked, or before.
            return self._lost or self._back > since
        if not self._lost:
            self.begin(
                "sign-in", address="", code="", what=LOST, means=refusal.means, do=refusal.do
            )
        while not await self._over():
            if await self._works() and self._lost:
                self.end()
        return True

    async def secret(self, what: str) -> None:
        """Stand still until somebody who has provided this secret says to go on.

        Ends the step by cancellation when the run was stopped.
        """
        if not self._gate.stopped:
            self.begin("secret", what=what)
        await self._gate.open.wait()
        if self._gate.stopped:
            raise asyncio.CancelledError

    @property
    def _lost(self) -> bool:
        return self.why == "sign-in"

    async def _over(self) -> bool:
        try:
            await asyncio.wait_for(self._gate.open.wait(), self._poll_s)
        except TimeoutError:
            return not self._lost
        return True

    async def _works(self) -> bool:
        """Whether Azure takes the sign-in, by a read that needs no right at all."""
        try:
            await tenants.list_tenants(self._conn)
        except AzureError:
            return False
        return True

    def _say(self, event: EventName, **detail: Any) -> None:
        self._unsaid.append((event, detail))
        self.changed()
