"""The field every screen uses: an Input whose cursor stands still."""

from textual.reactive import reactive
from textual.widgets import Input


class Field(Input):
    """A blinking cursor costs 2 KB a second over SSH; nothing here moves by itself."""

    cursor_blink = reactive(False, init=False)
