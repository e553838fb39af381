"""What the headers of an answer say: waiting time, request id, the server's clock."""

import math
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from services.text import plain

LONGEST_WAIT = 3600.0
"""A Retry-After beyond an hour is taken as an hour, in seconds."""


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Seconds to wait as the server asks; None when it does not say.

    Reads ``Retry-After`` (seconds, or a date judged by the answer's own ``Date``) and the
    millisecond forms of Azure services.
    """
    for name in ("retry-after-ms", "x-ms-retry-after-ms"):
        wait = _seconds(headers.get(name))
        if wait is not None:
            return min(wait / 1000, LONGEST_WAIT)
    text = headers.get("Retry-After")
    if not text:
        return None
    wait = _seconds(text)
    if wait is None:
        until = _date(text)
        if until is None:
            return None
        now = server_time(headers) or datetime.now(UTC)
        wait = max(0.0, (until - now).total_seconds())
    return min(wait, LONGEST_WAIT)


def server_time(headers: Mapping[str, str]) -> datetime | None:
    """The server's clock (UTC) from ``Date``; key times are judged by it, not by ours."""
    return _date(headers.get("Date"))


def request_id(headers: Mapping[str, str]) -> str:
    """The id by which Microsoft's support finds this request; empty when there is none."""
    for name in ("x-ms-request-id", "request-id", "x-ms-correlation-request-id"):
        if headers.get(name):
            return plain(headers[name], 100)
    return ""


def operation_address(headers: Mapping[str, str]) -> str:
    """Where a long-running operation can be asked for its state; empty for none."""
    for name in ("Azure-AsyncOperation", "Operation-Location", "Location"):
        if headers.get(name):
            return plain(headers[name], 8000)
    return ""


def _seconds(text: str | None) -> float | None:
    try:
        number = float(text) if text else None
    except ValueError:
        return None
    return number if number is not None and math.isfinite(number) and number >= 0 else None


def _date(text: str | None) -> datetime | None:
    try:
        date = parsedate_to_datetime(text) if text else None
    except ValueError:
        return None
    return date.replace(tzinfo=UTC) if date and date.tzinfo is None else date
