"""Help: the keys of the screen below and what that screen is."""

from textual.app import ComposeResult
from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.screen import Screen
from textual.widgets import Static

from screens.base import Modal, Page
from screens.keys import KEYS, Key, bind
from screens.widgets.shown import content
from screens.widgets.status import KeyLine, TitleLine

Line = tuple[str, str, bool]
"""Keys, sentence, whether it works now."""


class Help(Modal[None]):
    """Opened by ? or F1 on any screen; made from the bindings that are active there."""

    BINDINGS = bind("close", "close_help", "down_text", "up_text")
    title_word = "Help"

    def __init__(self, title: str, guide: str, keys: list[Line]) -> None:
        super().__init__()
        self._title, self._guide, self._keys = title, guide, keys

    @classmethod
    def of(cls, screen: Screen[object]) -> "Help":
        """Help for this screen, as its keys are now."""
        assert isinstance(screen, (Page, Modal))
        return cls(screen.title_word or "This screen", screen.guide, active_keys(screen))

    def compose(self) -> ComposeResult:
        with Vertical(classes="window -tall bare"):
            yield TitleLine(self._title, "keys and words")
            with VerticalScroll(classes="text"):
                yield Static(help_text(self._guide, self._keys), markup=False)
            yield KeyLine()

    def on_mount(self) -> None:
        self.query_one(VerticalScroll).focus()

    def action_close(self) -> None:
        self.dismiss()

    def action_cursor_down(self) -> None:
        self.query_one(VerticalScroll).scroll_down(animate=False)

    def action_cursor_up(self) -> None:
        self.query_one(VerticalScroll).scroll_up(animate=False)


def active_keys(screen: Screen[object]) -> list[Line]:
    """Every key that has a row in the registry and is bound here, once, in screen order."""
    found: dict[str, Line] = {}
    for active in screen.active_bindings.values():
        key = KEYS.get(active.binding.id or "")
        if key is not None:
            found.setdefault(key.id, (names(key), key.help, active.enabled))
    return list(found.values())


_NAMES = {
    "question_mark": "?",
    "colon": ":",
    "slash": "/",
    "escape": "esc",
    "ctrl+r": "^r",
    "f1": "F1",
    "f2": "F2",
}


def names(key: Key) -> str:
    """How the keys of a row are written: ``? F1``."""
    return " ".join(_NAMES.get(name, name) for name in key.keys.split(","))


def help_text(guide: str, keys: list[Line]) -> Content:
    """The whole text."""
    parts: list[Content | str] = [content(guide), "\n\n"] if guide else []
    for shown, sentence, enabled in keys:
        line = Content.assemble((f"  {shown:<12}", "bold $text-accent"), sentence, "\n")
        parts.append(line if enabled else Content(f"  {shown:<12}{sentence} Not now.\n"))
    parts += ["\n", Content("Status words\n").stylize("bold")]
    for word, meaning in _WORDS:
        parts.append(f"  {word:<12}{meaning}\n")
    return Content.assemble(*parts)


_WORDS = (
    ("OK", "It is as it must be."),
    ("FIX", "It is not, and wrapkey can repair it as a step of the plan."),
    ("WARN", "It works, and you may want to know."),
    ("FAIL", "It will not work like this."),
    ("NO", "It can't serve, with the reason beside it."),
    ("??", "It could not be read: unknown is not good and not bad."),
)
