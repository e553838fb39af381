"""Encryption mode: the two side by side, then one of them."""

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from screens.base import Modal
from screens.keys import bind
from screens.widgets.shown import content
from screens.widgets.status import KeyLine, TitleLine
from services.setup.modes import DIFFERENCES

MODES = (
    ("own-resources", "resources in your subscription"),
    ("service-side", "service-side"),
)


class Pair(OptionList):
    """The two modes; its keys stand in the key line."""

    BINDINGS = bind("open", "down", "up")

    def action_select_cursor(self) -> None:
        self.action_select()


class Modes(Modal[str]):
    """Returns the mode that was chosen, or an empty string."""

    BINDINGS = bind("cancel", "down_text", "up_text")
    title_word = "Encryption mode"
    guide = "What differs between the two modes. Up and down, enter takes one, esc changes nothing."

    def __init__(self, chosen: str) -> None:
        super().__init__()
        self._chosen = chosen

    def compose(self) -> ComposeResult:
        with Vertical(classes="window -tall bare"):
            yield TitleLine("Where does the encrypted data live?")
            yield Static(_table(), markup=False)
            yield Pair(*(Option(content(f" {word}"), mode) for mode, word in MODES))
            yield KeyLine()

    def on_mount(self) -> None:
        options = self.query_one(OptionList)
        options.highlighted = [mode for mode, _ in MODES].index(self._chosen)
        options.focus()

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        self.dismiss(event.option_id or "")

    def action_no(self) -> None:
        self.dismiss("")


def _table() -> Content:
    head = f"\n {'':<23}{'in your subscription':<28}service-side\n"
    rows = [f" {one.aspect:<23}{one.own:<28}{one.service}\n" for one in DIFFERENCES]
    return Content.assemble((head, "$text-muted"), *rows)
