"""The time of day for a run's events, which no change of the system's clock can turn back."""

import time
from datetime import UTC, datetime, timedelta


def since_boot() -> float:
    """Seconds on a clock nobody can set; on Linux it counts a machine's sleep too."""
    boot = getattr(time, "CLOCK_BOOTTIME", None)
    return time.monotonic() if boot is None else time.clock_gettime(boot)


class Clock:
    """Reads the system's clock once, and counts from there.

    A clock that is set meanwhile changes no duration and no order; the times of day stay those
    of the clock as it was at the beginning.
    """

    def __init__(self, not_before: datetime | None = None) -> None:
        """``not_before``: what was last said of the same run, where it goes on."""
        read = datetime.now(UTC)
        self._began = max(read, not_before) if not_before else read
        self._ticks = since_boot()

    def now(self) -> datetime:
        """The present, UTC."""
        return self._began + timedelta(seconds=since_boot() - self._ticks)
