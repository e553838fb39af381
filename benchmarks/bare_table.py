"""The least list a Textual application can show: a DataTable with 100 rows."""

from textual.app import App, ComposeResult
from textual.widgets import DataTable, Footer, Header

ROWS = 100


class Bare(App[None]):
    """A table of as many columns as our lists have."""

    TITLE = "bare"

    def compose(self) -> ComposeResult:
        yield Header()
        yield DataTable[str](cursor_type="row")
        yield Footer()

    def on_mount(self) -> None:
        table = self.query_one(DataTable)
        table.add_columns("Name", "Group", "Region", "Access", "State")
        for row in range(ROWS):
            table.add_row(f"kv-{row:04}", f"rg-{row % 10}", "westeurope", "RBAC", "OK")


if __name__ == "__main__":
    Bare().run()
