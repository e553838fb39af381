"""Runs: those of this process, live, and those the journal remembers."""

from datetime import UTC, datetime

from textual.app import ComposeResult
from textual.widgets import DataTable

from screens.base import Page
from screens.keys import bind
from screens.run import RunPage
from screens.runtext import clock_text
from screens.widgets.inspect import TextView
from screens.widgets.status import Note, TitleLine
from screens.widgets.table import Column, ListTable, Row
from services.runs.journal import JournalError, RunRow
from services.runs.view import RunView, subject
from services.text import plain

COLUMNS = (
    Column("Run", 5),
    Column("Status", 12),
    Column("Began", 20),
    Column("Took", 7, right=True),
    Column("Workspace"),
)
EMPTY = "No run yet: Set up makes one."
HELP = "enter opens a run of this process, and shows what the journal knows of an earlier one."


class Runs(Page[None]):
    """Newest first; enter opens one."""

    BINDINGS = bind("again_list")
    title_word = "Runs"
    guide = (
        "Every run the journal knows, newest first. A run of this process opens live; of an "
        "earlier one its events are shown as they were written."
    )

    def body(self) -> ComposeResult:
        yield TitleLine("Runs", "reading")
        yield ListTable(COLUMNS)
        yield Note(HELP, id="note")

    def on_mount(self) -> None:
        self.query_one(ListTable).focus()
        self.action_again()

    def on_screen_resume(self) -> None:
        super().on_screen_resume()
        self.action_again()

    def session_changed(self) -> None:
        self.action_again()

    def action_again(self) -> None:
        self.run_worker(self._read(), group="load", exclusive=True, description="read the journal")

    async def _read(self) -> None:
        try:
            found = await self.shell.past_runs()
        except JournalError as error:
            self.query_one(Note).say(str(error))
            return
        live = self.shell.session.views
        self.query_one(ListTable).load([_row(one, live.get(one.id)) for one in found])
        self.query_one(Note).say(HELP if found else EMPTY)

    def on_list_table_counted(self, event: ListTable.Counted) -> None:
        self.query_one(TitleLine).show(right=event.text)

    def on_data_table_row_selected(self, event: DataTable.RowSelected) -> None:
        row = self.query_one(ListTable).current
        if row is None:
            return
        session = self.shell.session
        if row.key in session.runs:
            self.app.push_screen(RunPage(session.runs[row.key], session.views[row.key]))
        else:
            self.run_worker(self._show(row.key), group="show", exclusive=True, description="show")

    async def _show(self, run: str) -> None:
        try:
            events = await self.shell.past_events(run)
        except JournalError as error:
            self.query_one(Note).say(str(error))
            return
        lines = [
            f"{one.at:%Y-%m-%d %H:%M:%S}Z {one.event} {one.step} {plain(one.resource)}"
            f" {plain(one.detail) if one.detail else ''}".rstrip()
            for one in events
        ]
        self.app.push_screen(TextView(f"Run {run}", "\n".join(lines)))


def _row(run: RunRow, view: RunView | None) -> Row:
    ended = run.finished
    took = clock_text(int(((ended or datetime.now(UTC)) - run.created).total_seconds()))
    status = view.status if view else run.status
    cells = (
        run.id,
        status,
        f"{run.created:%Y-%m-%d %H:%M:%S}Z",
        took if ended or view else "",
        subject(run.plan).name,
    )
    return Row(run.id, cells, order={3: took})
