"""Values that stand in no file of wrapkey's: ``env:NAME`` or ``file:PATH``, kept nowhere."""

import os
from pathlib import Path


def value(source: str) -> str | None:
    """What a source holds; None where it is not there. One line end at a file's end is cut off."""
    kind, _, where = source.partition(":")
    if kind == "env":
        return os.environ.get(where)
    try:
        return Path(where).expanduser().read_text("utf-8").removesuffix("\n")
    except (OSError, UnicodeDecodeError):
        return None
