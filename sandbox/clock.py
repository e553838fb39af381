"""The sandbox's time: wall clock plus an offset, with durations divided by a speed."""

import time
from datetime import UTC, datetime


class Clock:
    """Tells the sandbox's time.

    Timestamps are wall clock plus ``offset`` seconds (moved by the admin endpoint);
    durations that Azure needs (operations, propagation) are divided by ``speed``.
    """

    def __init__(self, speed: float = 1.0, offset: float = 0.0) -> None:
        if speed <= 0:
            raise ValueError("speed must be greater than 0")
        self.speed = speed
        """How many Azure seconds of waiting pass in one real second."""
        self.offset = offset
        """Seconds that the sandbox is ahead of the wall clock."""

    def epoch(self) -> float:
        """Now, in seconds since 1970."""
        return time.time() + self.offset

    def now(self) -> datetime:
        """Now, as an aware datetime in UTC."""
        return datetime.fromtimestamp(self.epoch(), UTC)

    def iso(self, epoch: float | None = None) -> str:
        """An instant the way ARM writes it, with seven digits of a second and Z."""
        moment = datetime.fromtimestamp(self.epoch() if epoch is None else epoch, UTC)
        return moment.strftime("%Y-%m-%dT%H:%M:%S.%f") + "0Z"
