"""An error that was pasted: what it is, what it means, what to do, and what it names."""

from textwrap import wrap

from textual import events
from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.content import Content
from textual.widgets import DataTable, Static

from screens.base import Page
from screens.diagnose.asked import seek
from screens.widgets.explain import Explanation
from screens.widgets.status import Note, TitleLine
from screens.widgets.table import Column, ListTable, Row
from services.failures.explained import Explained
from services.text import plain

NAMED = (Column("To see what is there now"),)
LABEL = 16
"""Columns of a label."""
UNKNOWN = "This error is not in the failure catalogue"


class ExplainedPage(Page[None]):
    """Asks nothing of Azure before something that the error names is chosen."""

    title_word = "An error, explained"
    guide = (
        "What the error says and what is known of it, with its number in the failure catalogue. "
        "Below stands what it names: enter finds out what is there now. y copies an id."
    )

    def __init__(self, found: Explained) -> None:
        super().__init__()
        self._found = found

    def where(self) -> str:
        return "Diagnose > an error"

    def body(self) -> ComposeResult:
        found = self._found
        yield TitleLine(f"{found.failure}  {found.title}".strip() or UNKNOWN, found.code)
        with VerticalScroll(id="explained", can_focus=not found.resources):
            yield Static(markup=False)
        if found.resources:
            yield ListTable(NAMED, id="named")
        yield Note(self._next(), id="note")

    def on_resize(self, event: events.Resize) -> None:
        super().on_resize(event)
        self.call_after_refresh(self._show)

    def _show(self) -> None:
        """The text for the width there is, longer lines going on below where they began."""
        shown = self.query_one("#explained Static", Static)
        shown.update(self._text(max(20, (shown.size.width or self.app.size.width) - LABEL)))

    def on_mount(self) -> None:
        self._show()
        if self._found.resources:
            table = self.query_one(ListTable)
            table.load([Row(id, (id,), id) for id in self._found.resources])
            table.focus()
        else:
            self.query_one("#explained").focus()

    def _text(self, room: int) -> Content:
        found = self._found
        rows = [
            ("Azure says", found.message),
            ("Code", " > ".join(found.codes)),
            ("Status", str(found.status or "")),
            ("Means", found.means),
            ("Do", found.repair),
            ("Not certain", found.unsure),
            ("Source", found.source),
            ("Request id", found.request_id),
            ("Correlation id", found.correlation_id),
            ("Read", "only the beginning: the rest is longer than an error is" * found.cut),
        ]
        parts: list[str | tuple[str, str]] = []
        for label, text in rows:
            if text:
                told = wrap(plain(text), room, break_on_hyphens=False)
                parts.append((f"{label:<{LABEL}}", "$text-muted"))
                parts.append(f"\n{'':<{LABEL}}".join(told) + "\n")
        return Content.assemble(*parts).rstrip()

    def _next(self) -> str:
        """What to do now, or what is missing for it."""
        found = self._found
        if found.resources:
            return "Enter diagnoses what is selected; esc goes back. Nothing was asked of Azure."
        if found.subject:
            return f"To be sure, go back and give the id of the {found.subject}."
        if found.title:
            return "The error names nothing that could be looked at. esc goes back."
        return (
            "Nothing is known of it, and it names nothing that could be looked at. The request id "
            "helps Microsoft's support."
        )

    def explain(self) -> Explanation | None:
        found = self._found
        if not found.title:
            return None
        return Explanation(found.title, found.means, "", found.repair, found.source)

    def on_data_table_row_selected(self, event: DataTable.RowSelected) -> None:
        row = self.query_one(ListTable).current
        if row is not None:
            seek(self, row.id)
