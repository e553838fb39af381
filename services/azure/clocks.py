"""How far the clocks of services are from ours, by the Date of their answers."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

from services.azure import headers


class Clocks:
    """What time it is for each service; a machine's own clock may be wrong by days."""

    def __init__(self) -> None:
        self._ahead: dict[str, timedelta] = {}

    def note(self, host: str, found: Mapping[str, str]) -> None:
        """Learn from an answer's headers; one without a Date teaches nothing."""
        told = headers.server_time(found)
        if told is not None:
            self._ahead[host.lower()] = told - datetime.now(UTC)

    def now(self, *places: str) -> datetime:
        """The time (UTC, exact to about a second) at the first place that has answered.

        Each place is a host or an address. Our own clock counts only where none of them has
        answered yet.
        """
        for place in places:
            host = urlsplit(place).netloc if "://" in place else place
            if host.lower() in self._ahead:
                return datetime.now(UTC) + self._ahead[host.lower()]
        return datetime.now(UTC)
