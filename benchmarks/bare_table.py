"""The least list a Textual application can show: a DataTable with 100 rows."""

from textual.app import App, ComposeResult
from textual.widgets import DataTable, Footer, Header

ROWS = 100
COLUMNS = {"Name": 19, "Region": 11, "Access": 8, "Purge": 5, "Fit": 5, "Because": 19}
"""Those of the list of vaults at 80 columns."""


class Bare(App[None]):
    """A table with the columns of the list of vaults."""

    TITLE = "bare"

    def compose(self) -> ComposeResult:
        yield Header()
        yield DataTable[str](cursor_type="row")
        yield Footer()

    def on_mount(self) -> None:
        table = self.query_one(DataTable)
        for title, width in COLUMNS.items():
            table.add_column(title, width=width)
        for row in range(ROWS):
            table.add_row(f"kv-{row:04}", "westeurope", "RBAC", "off", "FIX", "purge protection")


if __name__ == "__main__":
    Bare().run()
