"""Runs: those of this process, live, and those the journal remembers."""

from collections import Counter
from collections.abc import Iterable
from datetime import UTC, datetime

from textual import work
from textual.app import ComposeResult
from textual.widgets import DataTable

from screens.base import Page
from screens.carried import RESUMABLE
from screens.keys import bind
from screens.runlog import ask, show
from screens.runtext import clock_text
from screens.setup.page import explanation
from screens.widgets.explain import Explanation
from screens.widgets.status import Note, TitleLine
from screens.widgets.table import Column, ListTable, Row
from services.explain import Names
from services.runs.journal import JournalDamaged, JournalError
from services.runs.rows import RunRow
from services.runs.view import RunView, subject

COLUMNS = (
    Column("Run", 5),
    Column("Status", 12),
    Column("Began", 17),
    Column("Took", 7, right=True),
    Column("About"),
    Column("Who", 8),
)
EMPTY = "No run yet: Set up makes one."
HELP = "enter shows a run: live where somebody carries it out, else as the journal has it."
OPEN = "c goes on with an interrupted run, after a look at what has changed since."


class Runs(Page[None]):
    """Newest first; enter opens one, c goes on with one."""

    BINDINGS = bind("resume", "run_log", "run_export", "again_list")
    title_word = "Runs"
    under_runs = True
    guide = (
        "Every run the journal knows, newest first. Enter shows its steps: live, also where "
        "another process carries it out. c goes on with one that was interrupted, stopped or "
        "has failed: what changed since is shown first, and what is there is not made twice. l "
        "shows everything the journal knows of one, e writes that to a file."
    )

    _asked = False
    """Whether it was asked to mend a damaged journal."""

    def body(self) -> ComposeResult:
        yield TitleLine("Runs", "reading")
        yield ListTable(COLUMNS)
        yield Note(HELP, id="note")

    def on_mount(self) -> None:
        self.query_one(ListTable).focus()
        self.action_again()

    def on_screen_resume(self) -> None:
        super().on_screen_resume()
        self.load()

    def session_changed(self) -> None:
        self.load()

    def action_again(self) -> None:
        self._asked = False
        self.load()

    @work(group="load", exclusive=True, description="read the journal")
    async def load(self) -> None:
        """Read the journal; whether to mend it is asked once, and again when it is read by key.

        Decorated, because a worker given a coroutine that is replaced before it begins never
        awaits it.
        """
        try:
            found = await self.shell.past_runs()
        except JournalDamaged as error:
            self.query_one(Note).say(str(error))
            if not self._asked:
                self._asked = True
                self.shell.mend_journal()
            return
        except JournalError as error:
            self.query_one(Note).say(str(error))
            return
        live = self.shell.session.views
        self.query_one(ListTable).load([_row(one, live.get(one.id)) for one in found])
        self._tell()

    def _tell(self) -> None:
        """What the keys do with the selected run."""
        found = self.shell.session.past
        text = f"{OPEN} {HELP}" if self._selected_can_go_on() else HELP
        self.query_one(Note).say(text if found else EMPTY)
        self.refresh_bindings()

    def on_data_table_row_highlighted(self) -> None:
        self._tell()

    def on_list_table_counted(self, event: ListTable.Counted) -> None:
        self.query_one(TitleLine).show(right=event.text)

    def on_data_table_row_selected(self, event: DataTable.RowSelected) -> None:
        row = self.query_one(ListTable).current
        if row is not None:
            self.shell.open_run(row.key)

    def _selected_can_go_on(self) -> bool:
        row = self.query_one(ListTable).current
        known = {one.id: one for one in self.shell.session.past}
        return row is not None and row.key in known and known[row.key].status in RESUMABLE

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        if action == "resume":
            return self._selected_can_go_on() or None
        if action in ("run_log", "run_export"):
            return bool(self.query(ListTable)) and self.query_one(ListTable).current is not None
        return super().check_action(action, parameters)

    def explain(self) -> Explanation:
        return explanation("runs", Names())

    async def action_run_log(self) -> None:
        row = self.query_one(ListTable).current
        if row is not None:
            await show(self, row.key)

    def action_run_export(self) -> None:
        row = self.query_one(ListTable).current
        if row is not None:
            ask(self, row.key)

    def action_resume(self) -> None:
        row = self.query_one(ListTable).current
        if row is not None:
            self.shell.resume_run(row.key)


def _row(run: RunRow, view: RunView | None) -> Row:
    ended = run.finished
    seconds = int(((ended or datetime.now(UTC)) - run.created).total_seconds())
    alive = run.status == "running"
    cells = (
        run.id,
        "paused" if alive and view and view.status == "paused" else run.status,
        f"{run.created:%Y-%m-%d %H:%M}Z",
        clock_text(seconds) if ended or alive else "",
        name(run),
        run.principal or run.caller,
    )
    return Row(run.id, cells, order={2: run.created, 3: seconds})


def name(run: RunRow) -> str:
    """What a run is about, and what it does to it where that is not to set it up."""
    what = subject(run.plan).name
    return what if run.purpose == "setup" else f"{run.purpose} {what}"


def summary(runs: Iterable[RunRow]) -> str:
    """How many runs ended in which way; empty where there are none."""
    counted = Counter(_WORDS.get(one.status, one.status) for one in runs)
    told = ", ".join(f"{counted[word]} {word}" for word in _ORDER if counted[word])
    return f"{told}: press h to resume" if counted["interrupted"] else told


_WORDS = {"succeeded": "finished", "running": "going on"}
_ORDER = ("going on", "finished", "failed", "stopped", "interrupted")
