"""Accepting what fails: each finding by itself, with what will happen."""

from collections.abc import Sequence

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.widgets import DataTable

from screens.base import Modal
from screens.keys import bind
from screens.widgets.status import KeyLine, Note, TitleLine
from screens.widgets.table import Column, ListTable, Row
from services.model.plan import Finding
from services.text import plain

COLUMNS = (Column("State", status=True), Column("Accepted", 8), Column("Check", prose=True))


class Accept(Modal[frozenset[str]]):
    """Returns the checks that are accepted when all are, else None.

    It means what ``--accept CHECK`` means: all that the check finds is gone on with.
    """

    BINDINGS = bind("cancel", "apply")
    title_word = "Accept what fails"
    guide = (
        "Each row is a check that fails: Azure will most likely refuse the plan there, after "
        "what stands before it was done. Enter accepts a row or takes that back, a goes on when "
        "all are accepted, esc changes nothing. It is what --accept does for wrapkey apply."
    )

    def __init__(self, failing: Sequence[Finding], accepted: frozenset[str]) -> None:
        super().__init__()
        self._failing = tuple(failing)
        self._accepted = accepted & {one.check for one in failing}

    def compose(self) -> ComposeResult:
        with Vertical(classes="window -tall bare"):
            yield TitleLine("These fail: settle them, or accept each")
            yield ListTable(COLUMNS)
            yield Note("", id="note")
            yield KeyLine()

    def on_mount(self) -> None:
        self._show()
        self.query_one(ListTable).focus()

    def _show(self) -> None:
        table = self.query_one(ListTable)
        at = table.current.key if table.current else ""
        table.load([self._row(one) for one in self._failing])
        table.select(at)
        left = self._left()
        self.query_one(TitleLine).show(right=f"{len(left)} left" if left else "a goes on")

    def _row(self, finding: Finding) -> Row:
        yes = "yes" if finding.check in self._accepted else "no"
        return Row(finding.id, ("FAIL", yes, finding.title), finding.subject, data=finding)

    def _left(self) -> list[Finding]:
        return [one for one in self._failing if one.check not in self._accepted]

    def on_data_table_row_highlighted(self) -> None:
        row = self.query_one(ListTable).current
        if row is not None:
            self.query_one(Note).say(consequence(row.data, row.data.check in self._accepted))

    def on_data_table_row_selected(self, event: DataTable.RowSelected) -> None:
        row = self.query_one(ListTable).current
        if row is not None:
            self._accepted ^= {row.data.check}
            self._show()

    def action_apply(self) -> None:
        left = self._left()
        if left:
            self.query_one(Note).say(f"Not accepted yet: {left[0].title}.")
        else:
            self.dismiss(self._accepted)

    def action_no(self) -> None:
        self.dismiss(None)


def consequence(finding: Finding, accepted: bool) -> str:
    """What happens when a plan is applied although this fails."""
    why = plain(finding.meaning or finding.title).rstrip(".")
    key = "enter takes that back" if accepted else "enter accepts it"
    return f"Azure will most likely refuse it. {why}. ({finding.check}; {key})"
