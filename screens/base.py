"""The frame of every screen: header, body, key line; explain, help, back, go to."""

from collections.abc import Iterator
from typing import ClassVar, TypeVar

from textual import events
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.messages import Prune
from textual.reactive import Reactive
from textual.screen import ModalScreen, Screen
from textual.widget import Widget
from textual.widgets import Input

from screens.keys import bind
from screens.shell import Shell
from screens.widgets.explain import ExplainPane, Explanation
from screens.widgets.status import KeyLine, TopLine

T = TypeVar("T")

WIDE = 120
"""Columns from which the explain pane opens by itself."""

WIDEST = 150
"""Columns from which there is room for the step rail beside it."""


class Page(Screen[T]):
    """A whole screen.

    A screen gives ``body()`` and ``guide`` (what the help screen says about it), and, where it
    can, ``explain()``. ``session_changed()`` is called when the session changed.
    """

    BINDINGS = bind("back", "explain")
    HORIZONTAL_BREAKPOINTS = [  # noqa: RUF012  (as Textual declares it)
        (0, "-narrow"),
        (WIDE, "-wide"),
        (WIDEST, "-widest"),
    ]
    AUTO_FOCUS = ""
    # Textual sends the whole screen again when the focus moves; the two widgets are enough.
    focused: Reactive[Widget | None] = Reactive(None, repaint=False)

    guide: ClassVar[str] = ""
    """What this screen is and how one works with it; a few plain sentences."""
    title_word: ClassVar[str] = ""
    """Name of the screen, for the help screen."""
    under_runs: ClassVar[bool] = False
    """Whether the page of a run opens over this one; else it opens over Home."""

    def __init__(self) -> None:
        super().__init__()
        self.pane = ExplainPane()

    def compose(self) -> ComposeResult:
        yield TopLine()
        with Horizontal(id="middle"):
            with Vertical(id="body"):
                yield from self.body()
            yield self.pane
        yield KeyLine()

    def body(self) -> ComposeResult:
        """The widgets between header and key line."""
        yield from ()

    def explain(self) -> Explanation | None:
        """What is selected now, in plain words; None where there is nothing to explain."""
        return None

    def where(self) -> str:
        """The left part of the header."""
        return self.shell.session.where

    def session_changed(self) -> None:
        """The session has changed: signed in, another subscription, a run more."""

    @property
    def shell(self) -> Shell:
        """The application, typed."""
        assert isinstance(self.app, Shell)
        return self.app

    # -- the frame's own work

    def _on_mount(self, event: events.Mount) -> None:
        super()._on_mount(event)
        self._unsubscribe = self.shell.session.subscribe(self._session_changed)
        self.refresh_header()

    def _on_unmount(self) -> None:
        self._unsubscribe()
        super()._on_unmount()

    async def on_prune(self, event: Prune) -> None:
        # Its widgets go first, the innermost before the others: what the page or one of them is
        # still reading would find none of them, and crash.
        for node in self.walk_children(with_self=True):
            self.workers.cancel_node(node)

    def _session_changed(self) -> None:
        # a screen that is being closed has lost its widgets before it hears that it is
        if self.query(TopLine):
            self.refresh_header()
            self.session_changed()

    def refresh_header(self) -> None:
        """Show where, mode and who as they are now."""
        session = self.shell.session
        self.query_one(TopLine).show(self.where(), session.mode, session.who)

    def refresh_explanation(self) -> None:
        """The selection moved: explain the new one where the pane is open."""
        if self.pane.is_open:
            self.pane.show(self.explain())

    def on_descendant_focus(self) -> None:
        self.refresh_explanation()

    def on_screen_resume(self) -> None:
        self.refresh_header()
        self.refresh_explanation()

    def on_resize(self, event: events.Resize) -> None:
        self.pane.place(wide=event.size.width >= WIDE, explained=self.explain() is not None)
        self.refresh_explanation()

    def action_explain(self) -> None:
        if self.explain() is None and not self.pane.is_open:
            self.shell.say("There is nothing to explain here.")
            return
        if self.pane.read_on():
            return
        self.pane.toggle()
        self.refresh_explanation()
        self.refresh_bindings()

    def action_back(self) -> None:
        """Out of the field, then out of the explanation, then out of the screen."""
        if isinstance(self.focused, Input):
            self.leave_field()
        elif self.pane.is_open and not self.pane.by_itself:
            self.pane.toggle()
            self.refresh_bindings()
        else:
            self.leave()

    def leave_field(self) -> None:
        """Esc in a field: letters act again; up and down lead back into the form."""
        rest = next(iter(self.query("Form Go")), None)
        self.set_focus(rest)

    def leave(self) -> None:
        """Esc outside any field: back to the screen before."""
        if len(self.app.screen_stack) > 1:
            self.dismiss()

    def fields(self) -> Iterator[Input]:
        """Every field of the screen."""
        return iter(self.query(Input))


class Modal(ModalScreen[T]):
    """A question or a text over a screen; help works here too, esc closes it."""

    BINDINGS = bind("keys")
    guide: ClassVar[str] = ""
    title_word: ClassVar[str] = ""

    @property
    def shell(self) -> Shell:
        """The application, typed."""
        assert isinstance(self.app, Shell)
        return self.app

    async def action_keys(self) -> None:
        """Modal screens cut off the application's own bindings."""
        await self.app.run_action("app.keys")
