"""The three looks: dark, light, and the terminal's own colours."""

import os

from textual.theme import BUILTIN_THEMES, Theme

DARK = Theme(
    name="dark",
    primary="#5fafd7",
    secondary="#5fafd7",
    accent="#5fafd7",
    foreground="#d8d8d8",
    background="#16181a",
    surface="#16181a",
    panel="#222527",
    success="#87af5f",
    warning="#d7af5f",
    error="#d75f5f",
    dark=True,
    variables={"rule": "#44484c", "field": "#26292c", "field-focus": "#33383c"},
)

LIGHT = Theme(
    name="light",
    primary="#005f87",
    secondary="#005f87",
    accent="#005f87",
    foreground="#202224",
    background="#fbfaf7",
    surface="#fbfaf7",
    panel="#efede8",
    success="#3f6f1f",
    warning="#875f00",
    error="#a02020",
    dark=False,
    variables={"rule": "#b8b4aa", "field": "#efede8", "field-focus": "#e2dfd6"},
)

_ANSI_VARIABLES = {
    "rule": "ansi_bright_black",
    "field": "ansi_default",
    "field-focus": "ansi_default",
    "text-accent": "ansi_cyan",
    "text-success": "ansi_green",
    "text-warning": "ansi_yellow",
    "text-error": "ansi_red",
    "text-muted": "ansi_default",
}
"""What the built-in themes of the terminal's colours lack."""


def _terminal(name: str) -> Theme:
    ours = Theme(**vars(BUILTIN_THEMES[name]))
    ours.variables = {**ours.variables, **_ANSI_VARIABLES}
    return ours


THEMES: dict[str, Theme] = {
    "dark": DARK,
    "light": LIGHT,
    "terminal": _terminal("ansi-dark"),
    "terminal-light": _terminal("ansi-light"),
}
"""By the name that --theme takes. The terminal's own keep Textual's names inside."""

CHOICES = ("dark", "light", "terminal")


def pick(asked: str, remembered: str = "") -> str:
    """Textual's name of the theme to start with.

    NO_COLOR needs a theme of the terminal's own colours: with any other, Textual still sends
    shades of grey. A terminal of 16 colours gets its own colours unless a look was asked for.
    """
    if os.environ.get("NO_COLOR") is not None:
        return THEMES["terminal"].name
    name = asked or remembered
    if not name and os.environ.get("TERM", "") in {"linux", "vt100", "vt220", "ansi", "cons25"}:
        name = "terminal"
    if name == "terminal" and _light_terminal():
        name = "terminal-light"
    return THEMES.get(name, DARK).name


def _light_terminal() -> bool:
    """Whether COLORFGBG says that the background is light; most terminals say nothing."""
    background = os.environ.get("COLORFGBG", "").rpartition(";")[2]
    return background in {"7", "15"}
