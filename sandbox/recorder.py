"""Every request the sandbox answered, for tests and for people who wonder."""

from collections import deque
from typing import NamedTuple

from sandbox.state import Json

_KEPT = 100_000


class Entry(NamedTuple):
    """One request."""

    at: float
    """Sandbox time it came in (epoch)."""
    method: str
    host: str
    path: str
    query: str
    principal: str
    """Name of the signed-in principal, or an empty string."""
    status: int
    """0 where the connection was cut."""
    ms: float
    user_agent: str
    request_id: str


class Recorder:
    """The last requests, oldest first."""

    def __init__(self) -> None:
        self._entries: deque[Entry] = deque(maxlen=_KEPT)

    def add(self, entry: Entry) -> None:
        """Remember one request."""
        self._entries.append(entry)

    def clear(self) -> None:
        """Forget them all."""
        self._entries.clear()

    def entries(self) -> list[Json]:
        """All of them as JSON objects."""
        return [entry._asdict() for entry in self._entries]
