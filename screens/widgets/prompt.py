"""One line asked for at the bottom of the screen, with what it could be."""

from collections.abc import Callable, Sequence

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Input, Static

from screens.base import Modal
from screens.keys import bind
from screens.widgets.field import Field
from screens.widgets.shown import content
from screens.widgets.status import KeyLine
from services.text import plain

Rule = Callable[[str], str]
"""Empty when the text is good, else the rule it breaks, with an example."""


class PromptField(Field):
    """A field whose enter stands in the key line."""

    BINDINGS = bind("accept")

    async def action_accept(self) -> None:
        await self.action_submit()


class Prompt(Modal[str]):
    """Asks for one line; the answer is empty when it was left."""

    BINDINGS = bind("cancel")
    title_word = "One line"
    guide = "Type, press enter to take it, esc to leave it. Tab completes a name that has begun."

    def __init__(
        self,
        label: str,
        *,
        value: str = "",
        known: Sequence[str] = (),
        rule: Rule | None = None,
        hidden: bool = False,
    ) -> None:
        """``hidden``: what is typed is not shown."""
        super().__init__()
        self._hidden = hidden
        self._label, self._value, self._known, self._rule = label, value, tuple(known), rule

    def compose(self) -> ComposeResult:
        with Vertical(classes="window"):
            yield Static(self._hint(""), id="hint", markup=False)
            yield PromptField(self._value, select_on_focus=False, password=self._hidden)
            yield KeyLine()

    def on_mount(self) -> None:
        self.query_one(Input).focus()

    def _hint(self, typed: str) -> Content:
        names = [name for name in self._known if name.startswith(typed)] or self._known
        problem = self._rule(typed) if self._rule and typed and not self._known else ""
        said = problem or "  ".join(names)
        return Content.assemble(
            (plain(self._label), "bold"),
            ("   " if said else ""),
            (plain(said), "$text-error" if problem else ""),
        )

    def on_input_changed(self, event: Input.Changed) -> None:
        self.query_one("#hint", Static).update(self._hint(event.value))

    def on_input_submitted(self, event: Input.Submitted) -> None:
        problem = self._rule(event.value) if self._rule else ""
        if problem:
            self.query_one("#hint", Static).update(content(problem, "$text-error"))
        else:
            self.dismiss(event.value)

    def key_tab(self) -> None:
        """Complete the only name that begins so."""
        field = self.query_one(Input)
        names = [name for name in self._known if name.startswith(field.value)]
        if len(names) == 1:
            field.value = names[0]
            field.cursor_position = len(field.value)

    def action_no(self) -> None:
        self.dismiss("")
