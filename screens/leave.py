"""The question when wrapkey is left while a run is going on."""

from textual.app import ComposeResult
from textual.containers import Vertical, VerticalScroll
from textual.widgets import Static

from screens.base import Modal
from screens.keys import bind
from screens.widgets.shown import lines
from screens.widgets.status import KeyLine, TitleLine
from services.runs.view import RunView
from services.text import plain


class Leave(Modal[str]):
    """Answers ``leave``, ``stop``, or nothing to stay."""

    BINDINGS = bind("leave", "stop_all", "stay")
    title_word = "Leave"
    guide = (
        "A run is going on. l leaves it to a process without a terminal where signing in needs "
        "no person; s stops it after the writes on their way; esc stays."
    )

    def __init__(self, runs: list[RunView], person: str) -> None:
        """``person`` says why nobody else can sign in; empty where a process can by itself."""
        super().__init__()
        self._runs, self._person = runs, person

    def compose(self) -> ComposeResult:
        names = ", ".join(view.run for view in self._runs)
        with Vertical(classes="window"):
            yield TitleLine(f"Leave while a run is going on ({names})?")
            with VerticalScroll(classes="text"):
                yield Static(lines(question(self._runs, self._person)), markup=False)
            yield KeyLine()

    def on_mount(self) -> None:
        self.query_one(VerticalScroll).focus()

    def action_leave(self) -> None:
        self.dismiss("leave")

    def action_stop(self) -> None:
        self.dismiss("stop")

    def action_stay(self) -> None:
        self.dismiss(None)


def question(runs: list[RunView], person: str) -> str:
    """What stays open, and what each answer does with it."""
    told = [
        f"Run {view.run} ({plain(view.name)}): {view.done} of {view.total} steps are done.\n"
        f"Not begun: {'; '.join(map(plain, view.waiting)) or 'nothing, all are under way'}."
        for view in runs
    ]
    first = runs[0].run
    if person:
        leave = (
            f"l  leave: {person} So the run stops after the writes on their way; what has not "
            f"begun stays undone until `wrapkey resume {first}`."
        )
    else:
        leave = (
            "l  leave: a process without a terminal takes the run over and ends it. "
            f"`wrapkey watch {first}` follows it, from any session on this machine."
        )
    stop = (
        "s  stop after the writes on their way. Azure finishes what it was asked for; "
        f"`wrapkey resume {first}` goes on, and nothing is done twice."
    )
    return "\n\n".join([*told, leave, stop])
