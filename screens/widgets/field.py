"""The field every screen uses: an Input whose cursor stands still."""

from textual.reactive import reactive
from textual.widgets import Input

from services.text import plain


class Field(Input):
    """A blinking cursor costs 2 KB a second over SSH; nothing here moves by itself."""

    cursor_blink = reactive(False, init=False)

    def validate_value(self, value: str) -> str:
        """What is typed, pasted or preset is shown: control characters never get in."""
        return plain(value)
