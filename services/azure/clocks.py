"""How far the clocks of services are from ours, by the Date of their answers."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

from services.azure import headers

NOISE = timedelta(seconds=5)
"""Answers of one clock may differ by so much: a second that is cut off, and the way here."""


class Clocks:
    """What time it is for each service; a machine's own clock may be wrong by days."""

    def __init__(self) -> None:
        self._ahead: dict[str, timedelta] = {}

    def note(self, host: str, found: Mapping[str, str]) -> None:
        """Learn from an answer's headers; one without a Date teaches nothing."""
        told = headers.server_time(found)
        if told is None:
            return
        ahead, before = told - datetime.now(UTC), self._ahead.get(host.lower())
        # A Date is cut to its second and then travels: it is late, never early, so the highest
        # one is the best. A lower one by much means that one of the clocks was set.
        if before is None or ahead > before or before - ahead > NOISE:
            self._ahead[host.lower()] = ahead

    def now(self, *places: str) -> datetime:
        """The time (UTC) at the first place that has answered.

        Each place is a host or an address. Our own clock counts only where none of them has
        answered yet.
        """
        for place in places:
            host = urlsplit(place).netloc if "://" in place else place
            if host.lower() in self._ahead:
                return datetime.now(UTC) + self._ahead[host.lower()]
        return datetime.now(UTC)
