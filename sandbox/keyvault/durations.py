"""ISO 8601 durations of whole years, months, weeks and days, as rotation policies use them."""

import calendar
import re
from datetime import UTC, datetime, timedelta

_DURATION = re.compile(r"P(?:(\d+)Y)?(?:(\d+)M)?(?:(\d+)W)?(?:(\d+)D)?", re.IGNORECASE)


def add(epoch: float, duration: str, sign: int = 1) -> int:
    """An instant moved by a duration, by the calendar; ``sign`` -1 goes back.

    Raises ValueError for what is no such duration.
    """
    found = _DURATION.fullmatch(duration)
    if not found or not any(found.groups()):
        raise ValueError(f"{duration!r} is not an ISO 8601 duration of days, months or years")
    years, months, weeks, days = (int(part or 0) for part in found.groups())
    start = datetime.fromtimestamp(epoch, UTC)
    month = start.year * 12 + start.month - 1 + sign * (years * 12 + months)
    year, at = divmod(month, 12)
    day = min(start.day, calendar.monthrange(year, at + 1)[1])
    moved = start.replace(year=year, month=at + 1, day=day)
    return int((moved + sign * timedelta(days=weeks * 7 + days)).timestamp())


def days(duration: str) -> int:
    """The length of a duration in days, counted from 1970; ValueError as for :func:`add`."""
    return add(0, duration) // 86_400
