"""What a connection tells about its requests."""

from collections import deque
from collections.abc import Callable
from datetime import datetime

import msgspec


class RequestDone(msgspec.Struct, frozen=True, kw_only=True):
    """One answered or failed request; never a header, a query or a body."""

    at: datetime
    method: str
    host: str
    path: str
    status: int | None
    """None when no answer came."""
    ms: float
    request_id: str


class Throttled(msgspec.Struct, frozen=True, kw_only=True):
    """A request waits because the service asked to."""

    until: datetime
    """UTC."""
    seconds: float
    scope: str
    """Subscription id or host whose budget is used up."""


class SignInAsked(msgspec.Struct, frozen=True, kw_only=True):
    """The credential needs somebody to enter a code; calls wait until that is done."""

    address: str
    code: str
    expires: datetime
    """UTC."""


class SignedIn(msgspec.Struct, frozen=True):
    """The code was entered, and calls go on."""


ConnectionEvent = RequestDone | Throttled | SignInAsked | SignedIn
Listener = Callable[[ConnectionEvent], None]


class Bus:
    """Hands events to whoever listens, and keeps the last requests."""

    def __init__(self, kept: int = 500) -> None:
        self.recent: deque[RequestDone] = deque(maxlen=kept)
        self._listeners: list[Listener] = []

    def subscribe(self, listener: Listener) -> Callable[[], None]:
        """Call ``listener`` for each event until the returned function is called."""
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener) if listener in self._listeners else None

    def emit(self, event: ConnectionEvent) -> None:
        """Tell every listener, in the order of subscription."""
        if isinstance(event, RequestDone):
            self.recent.append(event)
        for listener in tuple(self._listeners):
            listener(event)
