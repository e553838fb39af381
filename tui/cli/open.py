"""Opens the application in the terminal."""

import os
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from tui.cli.options import Given
from tui.cli.output import talk
from tui.exits import Exit

if TYPE_CHECKING:
    from textual.screen import Screen


def open_app(given: Given, first: "Callable[[], Screen[Any]] | None" = None) -> int:
    """Run the application until it is left, from its first page on; returns the exit code."""
    problem = no_terminal()
    if problem:
        flag = "--sandbox " if given.options.sandbox else ""
        talk(problem)
        talk("wrapkey draws its screens there; without one, use a command:")
        talk(f"  wrapkey {flag}subscriptions        or vaults, keys VAULT, workspaces")
        talk(f"  wrapkey {flag}plan INTENT.toml     what would change")
        talk(f"  wrapkey {flag}apply INTENT.toml    carry it out")
        return Exit.BAD_INPUT
    from screens.session import Session
    from tui.app import Wrapkey

    app = Wrapkey(Session(given.options, given.paths, given.memory), first)
    app.run(mouse=given.options.mouse)
    for line in app.last_words.splitlines():
        talk(line)
    return app.return_code or Exit.DONE


def no_terminal() -> str:
    """Why screens can't be drawn here; empty when they can.

    Keys come from standard input and the screens go to standard error.
    """
    if not sys.stdin.isatty() or not sys.stderr.isatty():
        return "This is no terminal: standard input and standard error must both be one."
    if os.environ.get("TERM", "dumb") in {"dumb", "unknown", ""}:
        return "TERM says this terminal can't place text (TERM=dumb or not set)."
    return ""
