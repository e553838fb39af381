"""Home: what wrapkey can do, where, and as whom."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from textual.app import ComposeResult
from textual.content import Content
from textual.widgets import OptionList
from textual.widgets.option_list import Option

from screens.base import Page
from screens.keys import KEYS, bind
from screens.places import PLACES, Place
from screens.session import Session
from screens.widgets.explain import Explanation
from screens.widgets.status import Note

if TYPE_CHECKING:
    from services.runs.rows import RunRow

PLACES_BY_NAME = {place.name: place for place in PLACES}


class Home(Page[None]):
    """The entries that exist, and a few words about this Azure and this person."""

    AUTO_FOCUS = "OptionList"
    BINDINGS = bind(*(place.key for place in PLACES if place.key), "identity", "down", "up")
    title_word = "Home"
    guide = (
        "Everything starts here. The letters open what they stand before; arrows and enter do "
        "the same. Nothing is changed in Azure before you confirm a plan."
    )

    def body(self) -> ComposeResult:
        past = self.shell.session.past
        entries = [place for place in PLACES if place.key]
        options = (Option(entry(place, past), place.name) for place in entries)
        yield OptionList(*options, markup=False)
        yield Note(self._note(), id="note")

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """There is nothing behind Home to go back to."""
        return action != "back" or self.pane.is_open

    def session_changed(self) -> None:
        self.query_one(Note).say(self._note())
        runs = entry(PLACES_BY_NAME["runs"], self.shell.session.past)
        options = self.query_one(OptionList)
        if options.get_option("runs").prompt != runs:
            options.replace_option_prompt("runs", runs)

    def _note(self) -> str:
        session = self.shell.session
        return f"{note(session)} {session.note}".rstrip()

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        self.shell.goto(event.option_id or "")

    def action_open(self, name: str) -> None:
        self.shell.goto(name)

    def action_identity(self) -> None:
        self.shell.goto("sign-in")

    def action_cursor_down(self) -> None:
        self.query_one(OptionList).action_cursor_down()

    def action_cursor_up(self) -> None:
        self.query_one(OptionList).action_cursor_up()

    def explain(self) -> Explanation:
        return Explanation(
            "Your own key",
            "Azure encrypts what it stores with data keys of its own. With a customer-managed "
            "key, those data keys are wrapped by a key in your vault: the service must ask your "
            "vault to unwrap them.",
            "Whoever controls the key controls the data. Take the key away and nobody reads the "
            "data, Azure included; lose the key and nobody ever does again.",
            "Set up makes the whole chain: vault, key, access, workspace, and checks it.",
            "learn.microsoft.com, Customer-managed keys for Azure Machine Learning",
        )


def entry(place: Place, past: "Sequence[RunRow]" = ()) -> Content:
    """One line of Home; that of the runs says how they stand."""
    line = place.line
    if place.name == "runs" and past:
        from screens.runs import summary

        line = summary(past)
    letter = KEYS[place.key].keys
    return Content.assemble(
        "  ", (letter, "bold $text-accent"), f"  {place.title:<11} ", (line, "$text-muted")
    )


def note(session: Session) -> str:
    """Where we are and what that means, in two sentences."""
    if session.error is not None:
        error = session.error
        return f"{error.what} {error.means} {error.do} Press w."
    if session.stage == "sandbox":
        return "The sandbox is starting: a pretend Azure on this machine."
    if session.code is not None:
        return "A code waits for you: press w to see it."
    if session.stage != "ready":
        return "Signing in. Press w to see which credentials were tried."
    who = session.who
    live = [view for view in session.views.values() if view.ended is None]
    if live:
        names = ", ".join(f"{view.run} ({view.name})" for view in live)
        return f"A run is going on: {names}. Press h to see it; it does not need a screen."
    if session.is_sandbox:
        speed = f" Time runs {session.speed:g} times faster." if session.speed > 1 else ""
        return (
            f"This is the sandbox: not Azure, costs nothing. You are {who}.{speed} "
            "`wrapkey sandbox reset` starts over."
        )
    count = len(session.subscriptions)
    return f"You are {who} and can see {count} subscription{'' if count == 1 else 's'}."
