"""A list over the screen to choose one thing from; what can't serve says why."""

from collections.abc import Sequence

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.widgets import DataTable

from screens.base import Modal
from screens.keys import bind
from screens.widgets.status import KeyLine, TitleLine
from screens.widgets.table import Column, ListTable, Row


class Picker(Modal[str]):
    """Returns the key of the chosen row, or an empty string when it was left.

    Rows whose ``data`` is a string can't be chosen; the string is the reason.
    """

    BINDINGS = bind("cancel")
    title_word = "Choose"
    guide = "Enter takes the row, / shows only rows with these words, esc changes nothing."

    def __init__(
        self, title: str, columns: Sequence[Column], rows: Sequence[Row], *, chosen: str = ""
    ) -> None:
        super().__init__()
        self._title, self._columns, self._rows = title, columns, rows
        self._chosen = chosen

    def compose(self) -> ComposeResult:
        with Vertical(classes="window -tall bare"):
            yield TitleLine(self._title)
            yield ListTable(self._columns)
            yield KeyLine()

    def on_mount(self) -> None:
        table = self.query_one(ListTable)
        table.load(self._rows)
        table.select(self._chosen)
        table.focus()

    def on_list_table_counted(self, event: ListTable.Counted) -> None:
        self.query_one(TitleLine).show(right=event.text)

    def on_data_table_row_selected(self, event: DataTable.RowSelected) -> None:
        row = self.query_one(ListTable).current
        if row is None:
            return
        if isinstance(row.data, str) and row.data:
            self.shell.say(f"{row.cells[0]} can't be chosen: {row.data}.")
        else:
            self.dismiss(row.key)

    def action_no(self) -> None:
        self.dismiss("")
