"""Text to read, scroll and select: raw JSON, an id, an address."""

import json
from typing import Any

from textual.app import ComposeResult
from textual.containers import Vertical, VerticalScroll
from textual.widgets import Static

from screens.base import Modal
from screens.keys import bind
from screens.widgets.shown import lines
from screens.widgets.status import KeyLine, TitleLine


class TextView(Modal[None]):
    """Text without anything around it, so that the mouse of the terminal can select it."""

    BINDINGS = bind("close", "copy_text", "down_text", "up_text")
    title_word = "Text"
    guide = "Plain text over the whole terminal. Where the mouse selects, hold shift to select."

    def __init__(self, title: str, text: str) -> None:
        super().__init__()
        self._title, self._text = title, text

    def compose(self) -> ComposeResult:
        with Vertical(classes="window -tall bare"):
            yield TitleLine(self._title)
            with VerticalScroll(classes="text"):
                yield Static(lines(self._text), markup=False)
            yield KeyLine()

    def on_mount(self) -> None:
        self.query_one(VerticalScroll).focus()

    def action_close(self) -> None:
        self.dismiss()

    def action_copy(self) -> None:
        self.shell.copy(self._text, self._title)

    def action_cursor_down(self) -> None:
        self.query_one(VerticalScroll).scroll_down(animate=False)

    def action_cursor_up(self) -> None:
        self.query_one(VerticalScroll).scroll_up(animate=False)


def json_view(title: str, raw: Any) -> TextView:
    """The JSON as Azure sent it."""
    return TextView(title, json.dumps(raw, indent=2, ensure_ascii=False, default=str))
