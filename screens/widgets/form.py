"""Rows of a form: choices, fields with their rule, and the row that goes on."""

from collections.abc import Callable

from textual import events
from textual.app import ComposeResult, RenderResult
from textual.containers import Horizontal, VerticalScroll
from textual.content import Content
from textual.message import Message
from textual.widget import Widget
from textual.widgets import Input, Label, Static

from screens.keys import bind
from screens.widgets.field import Field
from screens.widgets.shown import content
from services.text import clip, plain, shorten

LABEL = 22
"""Columns of a row's label."""

Rule = Callable[[str], str]
"""Empty when the text is good, else the rule it breaks, with an example."""


class Choice(Widget, can_focus=True):
    """One decision: its label, what is chosen, and a word about it. Enter opens it."""

    DEFAULT_CSS = "Choice { height: 1; } Choice:focus { text-style: reverse; }"
    BINDINGS = bind("open_choice")

    class Opened(Message):
        """Enter on a choice."""

        def __init__(self, choice: "Choice") -> None:
            super().__init__()
            self.choice = choice

        @property
        def control(self) -> "Choice":
            return self.choice

    def __init__(self, label: str, value: str = "", hint: str = "", *, id: str) -> None:
        super().__init__(id=id)
        self._label, self._value, self._hint = label, value, hint

    def show(self, value: str, hint: str = "") -> None:
        """Show another value."""
        if (value, hint) != (self._value, self._hint):
            self._value, self._hint = value, hint
            self.refresh()

    @property
    def value(self) -> str:
        """What is shown as chosen."""
        return self._value

    def render(self) -> RenderResult:
        room = max(8, self.size.width - LABEL - 3)
        value = shorten(plain(self._value), room)
        hint = clip(plain(self._hint), max(0, room - len(value) - 3))
        return Content.assemble(
            " ", (f"{self._label:<{LABEL}}", "$text-muted"), value, "   ", (hint, "$text-muted")
        )

    def action_open_choice(self) -> None:
        self.post_message(self.Opened(self))

    def on_click(self) -> None:
        self.action_open_choice()


class Go(Widget, can_focus=True):
    """The last row of a form: enter goes on."""

    DEFAULT_CSS = "Go { height: 1; margin-top: 1; } Go:focus { text-style: reverse; }"
    BINDINGS = bind("go_on")

    class Pressed(Message):
        """Enter on the row."""

    def __init__(self, text: str = "Continue", *, id: str = "go") -> None:
        super().__init__(id=id)
        self._text = text

    def show(self, text: str) -> None:
        """Say something else."""
        self._text = text
        self.refresh()

    def render(self) -> RenderResult:
        return Content.assemble(" ", ("> ", "$text-accent"), plain(self._text))

    def action_go_on(self) -> None:
        self.post_message(self.Pressed())

    def on_click(self) -> None:
        self.action_go_on()


class FormField(Field):
    """A field whose enter goes on, as the last row does."""

    BINDINGS = bind("submit_form")


class FieldRow(Horizontal):
    """A field with its label; the rule it breaks stands below it while it is broken."""

    DEFAULT_CSS = """
    FieldRow { height: auto; layout: grid; grid-size: 2; grid-columns: 23 1fr; grid-rows: auto; }
    FieldRow Label { padding: 0 0 0 1; color: $text-muted; }
    FieldRow .rule { column-span: 2; height: auto; padding: 0 0 0 23; display: none; }
    FieldRow .rule.-said { display: block; }
    """

    class Changed(Message):
        """The text of a row changed."""

        def __init__(self, row: "FieldRow", value: str) -> None:
            super().__init__()
            self.row, self.value = row, value

        @property
        def control(self) -> "FieldRow":
            return self.row

    def __init__(
        self, label: str, value: str = "", *, id: str, rule: Rule | None = None, hint: str = ""
    ) -> None:
        super().__init__(id=id)
        self._label, self._start, self._rule, self._hint = label, value, rule, hint
        self._said = ""

    def compose(self) -> ComposeResult:
        yield Label(content(self._label), markup=False)
        yield FormField(self._start, placeholder=self._hint, select_on_focus=False)
        yield Static("", classes="rule", markup=False)

    @property
    def field(self) -> Input:
        """The field itself."""
        return self.query_one(Input)

    @property
    def value(self) -> str:
        """What is typed, without blanks around it."""
        return self.field.value.strip() if self.is_mounted else self._start

    @property
    def problem(self) -> str:
        """The rule that is broken; empty when none is."""
        return self._rule(self.value) if self._rule else ""

    def say(self, text: str, *, bad: bool = False) -> None:
        """Say something below the field: a rule that is broken, or what Azure answered."""
        if text == self._said:
            return
        self._said = text
        line = self.query_one(".rule", Static)
        line.update(content(text, "$text-error" if bad else "$text-muted"))
        line.set_class(bool(text), "-said")

    def on_input_changed(self, event: Input.Changed) -> None:
        event.stop()
        problem = self.problem
        self.say(problem, bad=True)
        self.field.set_class(bool(problem), "-invalid")
        self.post_message(self.Changed(self, self.value))

    def on_input_submitted(self, event: Input.Submitted) -> None:
        event.stop()
        self.screen.query_one(Go).action_go_on()


class Form(VerticalScroll, can_focus=False):
    """Rows one below the other; up and down go from row to row."""

    DEFAULT_CSS = "Form { height: 1fr; scrollbar-size-vertical: 1; padding: 0; }"
    BINDINGS = bind("row_down", "row_up")

    def action_row_down(self) -> None:
        self.screen.focus_next("Form Choice, Form Input, Form Go, Form DataTable")

    def action_row_up(self) -> None:
        self.screen.focus_previous("Form Choice, Form Input, Form Go, Form DataTable")

    def first_problem(self) -> FieldRow | None:
        """The first visible row whose rule is broken, said below it; None when all is well."""
        for row in self.query(FieldRow):
            if row.display and row.problem:
                row.say(row.problem, bad=True)
                return row
        return None

    def on_descendant_focus(self, event: events.DescendantFocus) -> None:
        event.widget.scroll_visible(animate=False)
