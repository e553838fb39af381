"""A text in a file: none is replaced without a question, only its owner reads it."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from screens.base import Page
from screens.widgets.confirm import Confirm
from services import home

Made = Callable[[], bytes]


def save(page: Page[Any], path: Path, made: Made, more: str = "") -> None:
    """Write what ``made`` gives, mode 0600, and say so; ``more`` is what can be done with it."""
    if path.exists():
        page.app.push_screen(
            Confirm(f"{path.name} exists. Replace it?", str(path.absolute())),
            lambda sure: _write(page, path, made(), more) if sure else None,
        )
    else:
        _write(page, path, made(), more)


def _write(page: Page[Any], path: Path, data: bytes, more: str) -> None:
    try:
        home.write(path, data)
    except OSError as error:
        page.shell.say(f"Not written: {error.strerror}: {path}", bad=True)
    else:
        page.shell.say(f"Written: {path.absolute()}, mode 0600. {more}".rstrip())
