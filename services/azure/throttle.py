"""How much Azure takes: one budget for each subscription and kind of request, one for each vault.

A 429 closes its budget for every request of the connection until the time it names; other
budgets stay open. The ``x-ms-ratelimit-remaining-*`` headers slow nothing down: they count for
one instance of Resource Manager, so they jump from answer to answer, and resource providers
refuse with thousands left (azure-docs#11849, azure-rest-api-specs#270).
"""

import asyncio
import time
from collections import defaultdict
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager, nullcontext
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

from azure.core.pipeline import PipelineRequest, PipelineResponse
from azure.core.pipeline.policies import AsyncHTTPPolicy

from services.azure import headers
from services.azure.errors import AzureError, ErrorKind
from services.azure.events import Bus, Throttled
from services.text import plain

LONGEST_GUESS = 30.0
"""Longest wait, in seconds, after a 429 that names none."""

OPEN = 16
"""So many reads at once without a refusal, and the number is no longer looked at."""

_BELIEVED = 3
_READS = ("GET", "HEAD")
_KINDS = {"GET": "reads", "HEAD": "reads", "DELETE": "deletes"}

Watcher = Callable[[Throttled], AbstractAsyncContextManager[None]]

watcher: ContextVar[Watcher | None] = ContextVar("wrapkey_watcher", default=None)
"""Entered for each wait of a request made in its context, and left when that is over."""


def budget(method: str, url: str) -> str:
    """Whose budget a request uses.

    Resource Manager counts reads, writes and deletes of a subscription apart (its throttling
    page); a vault, Graph and every other host count all requests together.
    """
    parts = urlsplit(url)
    path = parts.path.lower().split("/")
    kind = _KINDS.get(method.upper(), "writes")
    if len(path) > 2 and path[1] == "subscriptions":
        return f"{plain(path[2], 100)} {kind}"
    host = plain(parts.netloc.lower(), 300)
    if len(path) > 2 and path[1] == "providers":  # Resource Graph's quota is its own
        return f"{host} {plain(path[2], 100)} {kind}"
    return host


@dataclass
class _Account:
    """What is known about one budget."""

    until: float = 0.0
    """On the monotonic clock."""
    strikes: int = 0
    window: int = 0
    """Reads that may be on their way together after a refusal; 0: as many as there are."""
    on_their_way: int = 0


class Budgets:
    """All budgets of a connection: what each was told, and who may send now."""

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self._accounts: dict[str, _Account] = defaultdict(_Account)
        self._left: dict[str, asyncio.Event] = defaultdict(asyncio.Event)

    def wait(self, scope: str) -> float:
        """Seconds until a request may be sent."""
        return max(0.0, self._accounts[scope].until - self._now())

    def room(self, scope: str) -> bool:
        """Whether one more read may be on its way: one after a refusal, then two, four, ...

        All that waited would otherwise go at once, and nearly all be refused again.
        """
        account = self._accounts[scope]
        return not account.window or account.on_their_way < account.window

    def check(self, method: str, url: str) -> None:
        """Raise Held where a request may not be sent now."""
        if self.wait(budget(method, url)):
            raise Held

    def note(self, scope: str, status: int, asked: float | None) -> None:
        """Remember what an answer said.

        A 429 without a number waits 1, 2, 4 ... 30 s; so does one whose number was too small
        three times in a row.
        """
        account = self._accounts[scope]
        if status != 429:
            account.strikes = 0
            account.window = account.window * 2 if account.window * 2 <= OPEN else 0
            return
        if not self.wait(scope):  # else it left before the budget was closed: the same strike
            account.strikes += 1
        account.window = 1
        guess = account.strikes - 1 if asked is None else account.strikes - 1 - _BELIEVED
        wait = asked or 0.0
        if guess >= 0:
            wait = max(wait, min(2.0**guess, LONGEST_GUESS))
        account.until = max(account.until, self._now() + wait)

    def enter(self, scope: str) -> None:
        """A request leaves now."""
        self._accounts[scope].on_their_way += 1

    def leave(self, scope: str) -> None:
        """It was answered, or never will be."""
        self._accounts[scope].on_their_way -= 1
        self._left[scope].set()

    async def somebody_left(self, scope: str) -> None:
        """Return when the next request of this budget is answered."""
        self._left[scope].clear()
        await self._left[scope].wait()


class Held(AzureError):
    """A budget closed after its request had passed :class:`Throttle`; nothing was sent."""

    def __init__(self) -> None:
        super().__init__(ErrorKind.THROTTLED, code="Held", sent=False)


class Throttle(AsyncHTTPPolicy[Any, Any]):
    """Sends nothing before the time a 429 named; says so in an event and to the watcher."""

    def __init__(self, budgets: Budgets, bus: Bus, patience: float) -> None:
        super().__init__()
        self._budgets, self._bus, self._patience = budgets, bus, patience

    async def send(self, request: PipelineRequest[Any]) -> PipelineResponse[Any, Any]:
        """Wait, then send; raises AzureError (THROTTLED) where the wait is too long."""
        asked = request.http_request
        scope, read = budget(asked.method, asked.url), asked.method.upper() in _READS
        while True:
            if self._budgets.wait(scope):
                await self._sleep(scope)
            elif read and not self._budgets.room(scope):
                await self._budgets.somebody_left(scope)
            else:
                try:
                    return await self.next.send(request)
                except Held:
                    # Key Vault's sign-in sends a request without its body first.
                    request.http_request = asked

    async def _sleep(self, scope: str) -> None:
        seconds, watch = self._budgets.wait(scope), watcher.get()
        if seconds > self._patience:
            raise AzureError(
                ErrorKind.THROTTLED,
                code="Throttled",
                retry_after=seconds,
                host=scope,
                do=f"Wait {seconds:.0f} s; wrapkey sends nothing before.",
                sent=False,
            )
        until = datetime.now(UTC) + timedelta(seconds=seconds)
        event = Throttled(until=until, seconds=seconds, scope=scope)
        self._bus.emit(event)
        async with watch(event) if watch is not None else nullcontext():
            await asyncio.sleep(self._budgets.wait(scope))


class Turn(AsyncHTTPPolicy[Any, Any]):
    """A second look before a request leaves, and what its answer says of its budget.

    Writes wait for their turn in a run between :class:`Throttle` and here; a budget that was
    closed meanwhile sends them back, so that they keep nobody else's turn while they wait.
    Signing in may take long after that: the transport looks last (:meth:`Budgets.check`).
    Reads are counted here and not there, so that no two pass :meth:`Budgets.room` at once.
    """

    def __init__(self, budgets: Budgets) -> None:
        super().__init__()
        self._budgets = budgets

    async def send(self, request: PipelineRequest[Any]) -> PipelineResponse[Any, Any]:
        """Send and note; raises Held where the budget is closed."""
        asked = request.http_request
        scope = budget(asked.method, asked.url)
        self._budgets.check(asked.method, asked.url)
        self._budgets.enter(scope)
        try:
            response = await self.next.send(request)
            answer = response.http_response
            self._budgets.note(scope, answer.status_code, headers.retry_after(answer.headers))
            return response
        finally:
            self._budgets.leave(scope)
