"""The parts of an estimate as bars, in plain ASCII."""

from collections.abc import Sequence

from services.cost.words import UNKNOWN, span
from services.model.cost import Line

SURE, OPEN = "#", "."
LEAST = 8
"""Columns a bar has at least."""


def bars(lines: Sequence[Line], width: int = 78) -> tuple[str, ...]:
    """One bar a line: ``#`` up to the low end, ``.`` on to the high one, then the money.

    The longest bar is the dearest part. What has no price has ?? and no bar. No line is longer
    than ``width`` columns, as long as that leaves room for words.
    """
    names = max((len(line.what) for line in lines), default=0)
    sums = [
        span(line.low.subtotal, line.high.subtotal) if line.known else UNKNOWN for line in lines
    ]
    right = max((len(text) for text in sums), default=0)
    room = max(LEAST, width - names - right - 2)
    top = max((line.high.subtotal or 0.0 for line in lines if line.known), default=0.0)
    return tuple(
        f"{line.what:<{names}} {_bar(line, top, room):<{room}} {text:>{right}}"
        for line, text in zip(lines, sums, strict=True)
    )


def _bar(line: Line, top: float, room: int) -> str:
    if not line.known or not top:
        return ""
    low, high = (round((part.subtotal or 0.0) / top * room) for part in (line.low, line.high))
    if not high and line.high.subtotal:
        return OPEN
    return SURE * low + OPEN * (high - low)
