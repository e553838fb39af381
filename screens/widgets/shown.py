"""How strings become something a widget shows: never as markup, never with control codes.

Strings of Azure passed services.text.plain on entry; these helpers pass it again because what
is shown may also come from a file, the environment or an exception.
"""

from rich.text import Text
from textual.content import Content
from textual.theme import Theme

from services.text import plain, plain_lines

STATUS_WIDTH = 5
"""Columns of a status word."""

STATUS = {
    "OK": "$text-success",
    "FIX": "$text-accent",
    "WARN": "$text-warning",
    "FAIL": "$text-error",
    "NO": "$text-error",
}
"""Colour that repeats a status word; words that are not here have none."""


def content(value: object, style: str = "") -> Content:
    """One line for any widget but tables and trees."""
    text = Content(plain(value))
    return text.stylize(style) if style else text


def lines(value: object) -> Content:
    """Several lines for any widget but tables and trees."""
    return Content(plain_lines(value))


def cell(value: object, *, right: bool = False, style: str = "") -> Text:
    """One line for a table or a tree, which take Rich text."""
    return Text(plain(value), style=style, justify="right" if right else "left", no_wrap=True)


def status(word: str) -> Content:
    """A status word in its column, coloured where colours are."""
    return content(f"{word:<{STATUS_WIDTH}}", STATUS.get(word.strip(), ""))


def status_style(theme: Theme, word: str) -> str:
    """The Rich style of a status word in a table; empty for other words."""
    names = {"OK": theme.success, "FIX": theme.accent, "WARN": theme.warning}
    colour = names.get(word.strip()) or (theme.error if word.strip() in {"FAIL", "NO"} else "")
    return (colour or "").removeprefix("ansi_")
