"""The application: what every screen shares, and what must outlive a screen."""

import asyncio
import os
import signal
import sys
import threading
from collections.abc import Callable, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any

from textual import events, work
from textual.filter import LineFilter
from textual.notifications import Notify, SeverityLevel
from textual.screen import Screen

from screens.base import Modal, Page
from screens.keys import bind
from screens.places import PLACES, build, find
from screens.session import Session
from services.text import plain
from tui import ascii as ascii_
from tui import clipboard, crash, farewell
from tui.runs import Runs
from tui.runshell import RunShell
from tui.small import TooSmall
from tui.terminal import SteadyDriver
from tui.theme import THEMES, pick
from tui.toasts import Said
from tui.typeahead import TypeAhead
from tui.warm import warm

if TYPE_CHECKING:
    from textual.command import Provider

    from services.model.cost import Assumptions
    from tui.connector import Connector


ENDS = (signal.SIGHUP, signal.SIGTERM, signal.SIGINT)
"""Signals that end wrapkey in order."""

# What the first paint does not need is imported where it is used.


def _commands() -> "type[Provider]":
    from tui.palette import Commands

    return Commands


class Wrapkey(RunShell):
    """wrapkey in a terminal."""

    TITLE = "wrapkey"
    CSS_PATH = "wrapkey.tcss"
    COMMANDS = {_commands}  # noqa: RUF012  (Textual's own declaration)
    COMMAND_PALETTE_BINDING = "ctrl+p"
    BINDINGS = bind("goto", "keys", "quit", "show_text")
    NOTIFICATION_TIMEOUT = 6

    def __init__(self, session: Session, first: Callable[[], Screen[Any]] | None = None) -> None:
        """``first`` is shown over Home and asks nothing of Azure, so that nobody signs in yet."""
        self.session = session
        self._first = first
        self._ascii: list[LineFilter] = []
        if ascii_.needed(getattr(sys.__stderr__, "encoding", None)):
            self._ascii = [ascii_.AsciiFilter()]
        self._copied = ("", "")
        self._begun = False
        self._typeahead = TypeAhead(self)
        self._runs = Runs(session, self._run_broke, self._run_over)
        self.last_words = ""
        # Textual takes NO_COLOR out of the environment and decides by it while it is made.
        theme = pick(session.options.theme, session.memory.theme)
        super().__init__(
            driver_class=SteadyDriver, ansi_color=True if "NO_COLOR" in os.environ else None
        )
        self.animation_level = "none"
        for look in THEMES.values():
            self.register_theme(look)
        self.theme = theme

    @cached_property
    def _connector(self) -> "Connector":
        from tui.connector import Connector

        return Connector(self.session)

    # -- start and end

    def get_default_screen(self) -> Screen[Any]:
        return build(PLACES[0])

    def on_mount(self) -> None:
        loop = asyncio.get_running_loop()
        for name in ENDS:
            loop.add_signal_handler(name, self.terminal_gone)
        self.call_after_refresh(self._after_first_paint)
        # A screen that is opened before the first paint of Home keeps Home's callbacks waiting.
        self.set_timer(0.3, self._after_first_paint)

    def _after_first_paint(self) -> None:
        """Only now anything heavy: SDK modules in a thread, the sandbox, the sign-in. Once."""
        if self._begun:
            return
        self._begun = True
        threading.Thread(target=warm, name="warm", daemon=True).start()
        if self._first is None:
            self.connect()
        else:
            self.push_screen(self._first())
        self.read_past()

    async def on_unmount(self) -> None:
        for name in ENDS:
            asyncio.get_running_loop().remove_signal_handler(name)
        # Only a fault of our own leaves runs for here; any other way out has ended them.
        for view in await self._runs.close():
            self._say_at_end(*farewell.stopped(view, self._as_now))
        await self._connector.close()

    def _fatal_error(self) -> None:
        """Textual would print every local variable of every frame; we write where it happened."""
        error = sys.exception()
        try:
            path = crash.report(error, self.session.paths.state) if error else None
        except OSError:
            path = None
        self._say_at_end(*crash.sentences(path).splitlines())
        self._close_messages_no_wait()

    def get_line_filters(self) -> Sequence[LineFilter]:
        return [*super().get_line_filters(), *self._ascii]

    # -- what screens may ask

    def goto(self, name: str) -> bool:
        """Go to a place: back to it when it is open, else open it over Home."""
        place = find(name)
        if place is None:
            return False
        kind = place.screen.partition(":")[2]
        names = [type(screen).__name__ for screen in self.screen_stack]
        if kind in names:
            for _ in names[names.index(kind) + 1 :]:
                self.pop_screen()
        else:
            self.push_screen(build(place))
        return True

    def copy(self, text: str, what: str) -> None:
        """Send text to the terminal's clipboard, and keep it to be shown as text."""
        self._copied = (what, text)
        self._clipboard = text
        code = clipboard.sequence(text, os.environ)
        if not code:
            self._show_as_text(f"Too long for the terminal's clipboard: {what}", text)
            return
        if self._driver is not None:
            self._driver.write(code)
        self.say(f"Sent to the terminal's clipboard: {what}. T shows it as text.")

    def _show_as_text(self, title: str, text: str) -> None:
        from screens.widgets.inspect import TextView

        self.push_screen(TextView(title, text))

    def copy_to_clipboard(self, text: str) -> None:
        """Textual's own copying (selected text) goes the same way."""
        self.copy(text, "selection")

    def say(self, text: str, *, bad: bool = False) -> None:
        severity: SeverityLevel = "error" if bad else "information"
        said = Said(plain(text), severity=severity, timeout=self.NOTIFICATION_TIMEOUT)
        self.post_message(Notify(said))

    def connect(self, only: str = "", tenant: str = "") -> None:
        if self._runs.live:
            self.say("A run is going on as you: stop it before you sign in as somebody else.")
            return
        self._connect(only, tenant)

    @work(group="connect", exclusive=True, description="connect")
    async def _connect(self, only: str, tenant: str) -> None:
        await self._connector.connect(only, tenant)

    def choose_subscription(self, id: str) -> None:
        self._connector.choose(id)

    def choose_region(self, name: str) -> None:
        self._connector.choose_region(name)

    def remember_cost(self, currency: str, assumptions: "Assumptions") -> None:
        self._connector.remember(currency=currency, assumptions=assumptions)

    def _run_over(self) -> None:
        self.session.changed()
        if self.is_running and self._ending is None:
            self.read_past()

    def _run_broke(self, run: str, error: BaseException) -> None:
        """A run met what is no answer of Azure: it is interrupted; the others go on."""
        from services.runs.journal import JournalError
        from services.runs.lock import RunLocked

        if isinstance(error, (JournalError, RunLocked)):
            self.say(f"Run {run} does not go on here. {error}", bad=True)
            return
        path = crash.report(error, self.session.paths.state)
        self.say(f"Run {run} was interrupted by a fault of wrapkey's own: {path}", bad=True)

    # -- keys that work everywhere

    async def on_event(self, event: events.Event) -> None:
        """Keys one after the other; what has been forwarded comes back here and passes."""
        typed = isinstance(event, (events.Key, events.Paste))
        if not (typed and not event.is_forwarded and self._typeahead.holds(event)):
            await super().on_event(event)

    async def action_keys(self) -> None:
        """The help screen of whatever is on top."""
        from screens.help import Help

        if isinstance(self.screen, (Page, Modal)) and not isinstance(self.screen, Help):
            await self.push_screen(Help.of(self.screen))

    def action_goto(self) -> None:
        from screens.widgets.prompt import Prompt

        names = [place.name for place in PLACES]
        self.push_screen(Prompt("go to:", known=names, rule=_place_rule), self._go)

    def _go(self, name: str | None) -> None:
        if name:
            self.goto(name)

    def action_show_text(self) -> None:
        what, text = self._copied
        if text:
            self._show_as_text(what, text)
        else:
            self.say("Nothing was copied yet: y copies the id of a row.")

    def action_open(self, name: str) -> None:
        """A key of Home."""
        self.goto(name)

    def action_command_palette(self) -> None:
        from tui.palette import Palette

        if not isinstance(self.screen, Palette):
            self.push_screen(Palette(id="--command-palette"))

    # -- size

    def on_resize(self, event: events.Resize) -> None:
        fits = TooSmall.fits(event.size)
        if isinstance(self.screen, TooSmall):
            if fits:
                self.screen.dismiss()
        elif not fits:
            self.push_screen(TooSmall())

    def watch_theme(self, name: str) -> None:
        """Remember a look that was chosen here."""
        word = next((word for word, theme in THEMES.items() if theme.name == name), "")
        if self.is_running and word and not self.no_color:
            self._connector.remember(theme=word)


def _place_rule(name: str) -> str:
    if not name or find(name) is not None:
        return ""
    return f"There is no {plain(name, 20)}. There is: {', '.join(place.name for place in PLACES)}."
