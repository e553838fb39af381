"""Questions before something happens. The safe answer has the focus."""

from textual.app import ComposeResult
from textual.containers import Vertical, VerticalScroll
from textual.widgets import Input, Static

from screens.base import Modal
from screens.keys import bind
from screens.widgets.field import Field
from screens.widgets.shown import content, lines
from screens.widgets.status import KeyLine, TitleLine


class Confirm(Modal[bool]):
    """A question with two answers: ``y`` does it, everything else changes nothing."""

    BINDINGS = bind("no", "yes")
    title_word = "Question"
    guide = "Nothing has happened yet. y does what the question says; n and esc change nothing."

    def __init__(self, question: str, text: str) -> None:
        super().__init__()
        self._question, self._text = question, text

    def compose(self) -> ComposeResult:
        with Vertical(classes="window"):
            yield TitleLine(self._question)
            with VerticalScroll(classes="text"):
                yield Static(lines(self._text), markup=False)
            with Vertical(classes="tail"):
                yield KeyLine()

    def on_mount(self) -> None:
        self.query_one(VerticalScroll).focus()

    def action_yes(self) -> None:
        self.dismiss(True)

    def action_no(self) -> None:
        self.dismiss(False)


class TypedConfirm(Modal[bool]):
    """For what can't be undone: a word must be typed, and enter pressed."""

    BINDINGS = bind("cancel", "read_on", "read_back")
    title_word = "Question"
    guide = "Nothing has happened yet. Type the word that is asked for and press enter, or esc."

    def __init__(self, question: str, text: str, word: str) -> None:
        super().__init__()
        self._question, self._text, self._word = question, text, word

    def compose(self) -> ComposeResult:
        with Vertical(classes="window"):
            yield TitleLine(self._question)
            with VerticalScroll(classes="text", can_focus=False):
                yield Static(lines(self._text), markup=False)
            with Vertical(classes="tail"):
                yield Static(content(f"Type {self._word} and press enter:"), markup=False)
                yield Field()
                yield Static("", id="answer", markup=False)
                yield KeyLine()

    def on_mount(self) -> None:
        self.query_one(Input).focus()

    def on_input_submitted(self, event: Input.Submitted) -> None:
        if event.value.strip() == self._word:
            self.dismiss(True)
        else:
            self.query_one("#answer", Static).update(content(f"That is not {self._word}."))

    def action_no(self) -> None:
        self.dismiss(False)

    def action_read_on(self) -> None:
        self.query_one(VerticalScroll).scroll_page_down(animate=False)

    def action_read_back(self) -> None:
        self.query_one(VerticalScroll).scroll_page_up(animate=False)
