"""Presses the keys of an open application and says yes to what it asks."""

import asyncio
import inspect
from collections.abc import Callable, Iterator
from typing import Any

from textual import events
from textual.pilot import Pilot
from textual.screen import Screen
from textual.widget import Widget
from textual.widgets import Input

from screens.base import Modal
from screens.keys import KEYS
from screens.setup.accept import Accept
from screens.widgets.confirm import Confirm, TypedConfirm
from screens.widgets.picker import Picker
from screens.widgets.prompt import Prompt
from screens.widgets.table import ListTable
from tui.app import Wrapkey

LOOKING = frozenset(
    {"down", "up", "top", "bottom", "filter", "sort", "turn", "inspect", "copy", "portal"}
    | {"row_down", "row_up", "down_text", "up_text", "keys"}
)
"""Keys that do the same on every screen: show and order what has been read, and ask nobody."""
LEADING_AWAY = ("back", "close", "cancel", "no")
READING = {"read", "policy", "load", "name"}
"""Groups of the workers with which screens read from Azure."""
QUESTIONS = 6
"""How many are answered after one key."""
LONGEST_S = 30

Opening = Callable[[], Any]
"""Makes a screen, or a coroutine that does."""


def kinds(kind: type) -> Iterator[type]:
    """Every class of the application below this one that can be made."""
    for one in kind.__subclasses__():
        yield from kinds(one)
        if one.__module__.startswith(("screens.", "tui.")) and not inspect.isabstract(one):
            yield one


def keys_of(kind: type) -> set[str]:
    """Ids of the keys that a class binds, as in screens/keys.py."""
    found = kind._merge_bindings().key_to_bindings.values()  # type: ignore[attr-defined]
    return {one.id for bound in found for one in bound if one.id in KEYS}


class Walk:
    """An application whose keys are pressed, and which of them did something."""

    def __init__(
        self, app: Wrapkey, pilot: Pilot[int], skipped: set[tuple[str, str]], *, thorough: bool
    ) -> None:
        """``skipped``: class and key that are never pressed. ``thorough``: keys that only look
        are pressed on every screen, not on one of all that have them."""
        self._app, self._pilot, self._skipped = app, pilot, skipped
        self._once = frozenset() if thorough else LOOKING
        self._tried: set[tuple[str, ...]] = set()
        self.acted: set[tuple[str, str]] = set()
        """Class and id of every key that was pressed while it worked."""
        self.refused: set[str] = set()
        """Screens that said they may not write."""
        say = app.say

        def heard(text: str, *, bad: bool = False) -> None:
            if "read-only" in text.lower():
                self.refused.add(type(app.screen).__name__)
            say(text, bad=bad)

        app.say = heard  # type: ignore[method-assign]

    async def everything(self, opening: Opening, before: tuple[str, ...] = ()) -> None:
        """Open a screen and press each key that works there, on each thing it works on.

        ``before`` leads to the part of the screen that is meant.
        """
        page = await self.open(opening, before)
        for target in [None, *dict.fromkeys(_label(one) for one in _bound(page))]:
            while True:
                if page not in self._app.screen_stack:
                    page = await self.open(opening, before)
                while self._app.screen is not page:
                    await self._app.pop_screen()
                if target and target not in [_label(one) for one in _bound(page)]:
                    page = await self.open(opening, before)
                page.set_focus(next((one for one in _bound(page) if _label(one) == target), None))
                await self.quiet()
                key = self._next(page, target)
                if key is None:
                    break
                await self.press(key)
                await self.answer(page)

    async def open(self, opening: Opening, before: tuple[str, ...] = ()) -> Screen[Any]:
        """A screen over Home."""
        while len(self._app.screen_stack) > 1:
            await self._app.pop_screen()
        made = opening()
        screen: Screen[Any] = await made if inspect.isawaitable(made) else made
        self._app.push_screen(screen)
        await self.quiet()
        for key in before:
            await self.press(key)
        return screen

    def _next(self, page: Screen[Any], target: tuple[str, str] | None) -> str | None:
        """A key that works now and was not pressed here yet; what leads away comes last."""
        found = sorted(
            page.active_bindings.items(),
            key=lambda item: (item[1].binding.id in LEADING_AWAY, item[1].binding.id or ""),
        )
        for key, one in found:
            id, owner = one.binding.id or "", type(one.node).__name__
            of_widget = one.node is not page and one.node is not self._app
            place = owner if one.node is self._app else type(page).__name__
            tried = (place, *((target or ()) if of_widget else ()), id)
            if id in self._once:
                tried = (owner, id)
            if id not in KEYS or not one.enabled or (of_widget and target is None):
                continue
            if tried not in self._tried and (owner, id) not in self._skipped:
                self._tried.add(tried)
                return key
        return None

    async def press(self, key: str) -> None:
        """A key, and all that follows from it up to a question."""
        one = self._app.screen.active_bindings.get(key)
        if one is not None and one.enabled:
            self.acted.add((type(one.node).__name__, one.binding.id or ""))
        self._app.post_message(events.Key(key, key if len(key) == 1 else None))
        await self.quiet()

    async def quiet(self) -> None:
        """Wait until nothing is read or done any more but what waits for a person."""
        app, loop = self._app, asyncio.get_running_loop()
        until = loop.time() + LONGEST_S
        while True:
            await self._pilot._wait_for_screen()
            if app._exception is not None:
                raise app._exception
            asking = isinstance(app.screen, Modal)
            at_work = [
                one.description
                for one in app.workers
                if not one.is_finished
                and (not asking or one.group in READING)
                and (one.group != "connect" or app.session.code is None)
            ]
            if not at_work and not app._typeahead.busy and app.screen._mounted_event.is_set():
                return
            assert loop.time() < until, (app.screen, at_work)
            await asyncio.sleep(0.002)

    async def answer(self, page: Screen[Any]) -> None:
        """Say yes to what is asked over a screen."""
        for _ in range(QUESTIONS):
            asked = self._app.screen
            if asked is page or not isinstance(asked, Modal):
                return
            match asked:
                case Confirm():
                    await self.press("y")
                case TypedConfirm():
                    await self._type(asked, asked._word)
                case Prompt():
                    await self._type(asked, _good(asked))
                case Picker():
                    free = [one.key for one in asked._rows if not isinstance(one.data, str)]
                    asked.query_one(ListTable).select((free or [""])[-1])
                    await self.press("enter")
                case Accept():
                    for row in asked.query_one(ListTable).rows_shown:
                        asked.query_one(ListTable).select(row.key)
                        await self.press("enter")
                    await self.press("a")
            if self._app.screen is asked:
                await self.press("escape")

    async def _type(self, asked: Screen[Any], word: str) -> None:
        asked.query_one(Input).value = word
        await self.press("enter")


def _bound(page: Screen[Any]) -> list[Widget]:
    """What can have the focus and has keys of its own."""
    return [one for one in page.focus_chain if keys_of(type(one))]


def _label(widget: Widget) -> tuple[str, str]:
    return type(widget).__name__, widget.id or ""


def _good(asked: Prompt) -> str:
    """A line that the question takes."""
    rule = asked._rule or (lambda _: "")
    lines = (*asked._known[-1:], asked._value, "something", "new.md", "12", "2099-01-01")
    return next((one for one in lines if one and not rule(one)), "")
