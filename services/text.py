"""One place where strings from outside become harmless."""

import re
import unicodedata

LIMIT = 2000
"""Longest text that is kept, in characters; what follows is replaced by an ellipsis."""

_BIDI = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
_INVISIBLE = frozenset("\u200b\u2060\ufeff\u2028\u2029")


def plain(value: object, limit: int = LIMIT) -> str:
    """A string from Azure, a file or the environment, safe to show in one line.

    Drops control characters (C0, DEL, C1), bidirectional controls, other format
    characters, lone surrogates and line separators; tabs and newlines become blanks;
    the length is capped. None becomes an empty string. It does not escape markup:
    shown strings are never parsed as markup.
    """
    text = "" if value is None else value if isinstance(value, str) else str(value)
    if text.isascii() and text.isprintable() and len(text) <= limit:
        return text
    shown = "".join(" " if char in "\t\n\r" else char for char in text[: 4 * limit] if _kept(char))
    return shown if len(shown) <= limit else shown[: limit - 1] + "…"


def plain_lines(value: object, limit: int = 100_000) -> str:
    """Like :func:`plain` for text of several lines: newlines stay."""
    text = "" if value is None else str(value)
    return "\n".join(plain(line) for line in text[:limit].splitlines())


_SECRETS = re.compile(
    r"eyJ[\w-]{8,}(?:\.[\w-]*){0,2}"
    r"|(?<=Bearer )\S{12,}"
    r"|(?<=client_secret=)[^&\s]+|(?<=client_assertion=)[^&\s]+|(?<=refresh_token=)[^&\s]+"
    r"|(?<=://)[^/@\s:]+:[^/@\s]+(?=@)"
)


def clean(text: object, limit: int = LIMIT) -> str:
    """plain() without anything that looks like a token, a secret or a proxy's password."""
    return plain(_SECRETS.sub("[hidden]", plain(text, 4 * limit)), limit)


def _kept(char: str) -> bool:
    if char in "\t\n\r":
        return True
    if char in _BIDI or char in _INVISIBLE:
        return False
    return unicodedata.category(char) not in {"Cc", "Cf", "Cs"}


def clip(text: str, width: int) -> str:
    """A sentence cut at its end, after a whole word where one fits, so that it can be read on."""
    if len(text) <= width:
        return text
    if width <= 1:
        return text[:width]
    head = text[: width - 1]
    if text[width - 1] != " " and " " in head[width // 2 :]:
        head = head.rpartition(" ")[0]
    return f"{head.rstrip()}…"


def shorten(text: str, width: int) -> str:
    """A name cut in the middle with an ellipsis so that it fits ``width`` columns."""
    if len(text) <= width:
        return text
    if width <= 1:
        return text[:width]
    head = (width - 1 + 1) // 2
    tail = width - 1 - head
    return f"{text[:head]}…{text[len(text) - tail :] if tail else ''}"
