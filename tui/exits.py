"""The exit codes, a promise to scripts."""

from enum import IntEnum


class Exit(IntEnum):
    """What a process ended with."""

    DONE = 0
    BUG = 1
    """A fault of wrapkey itself; a report was written."""
    BAD_INPUT = 2
    CHECK_FAILS = 3
    AZURE_REFUSED = 4
    NOT_SIGNED_IN = 5
    INTERRUPTED = 6
    """A run stopped before its end and can be resumed."""
