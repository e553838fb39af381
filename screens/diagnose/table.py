"""The list of findings: it streams in, and what is selected stays where it is."""

from collections.abc import Sequence

from rich.cells import cell_len, set_cell_size
from rich.text import Text

from screens.diagnose.findings import FINDINGS, since_short
from screens.widgets.shown import cell
from screens.widgets.table import ListTable, Row
from services.model.plan import Finding
from services.text import clip, plain


class FindingTable(ListTable):
    """Since when stands at the right end of a row, where its title leaves room for it."""

    def __init__(self) -> None:
        super().__init__(FINDINGS, id="findings")
        self.show_header = False
        self._put = ""
        """Where the cursor was put last; it stands elsewhere once somebody has moved it."""
        self.moved = False

    def show(self, rows: Sequence[Row]) -> None:
        """Show these rows. The first one stays selected until somebody moves; then that one."""
        current = self.current
        self.moved = self.moved or bool(current and self._put and current.key != self._put)
        key = current.key if current and self.moved else (rows[0].key if rows else "")
        above = self.cursor_row - self.scroll_offset.y
        self.load(rows)
        self.choose(key)
        if self.moved:
            self.call_after_refresh(self._keep, above)

    def follow(self) -> None:
        """Select the first one again, as if nobody had moved."""
        self.moved, self._put = False, ""

    def choose(self, key: str) -> None:
        """Put the cursor on a row."""
        self._put = key
        self.select(key)

    def _keep(self, above: int) -> None:
        """Scroll so that the selected row stands on the line where it stood."""
        self.scroll_to(y=max(0, self.cursor_row - above), animate=False)

    def _cells(self, row: Row) -> list[Text]:
        cells = super()._cells(row)
        width = self._widths[1]
        if isinstance(row.data, Finding) and not row.data.causes:
            title = plain(row.cells[1])
            begun = since_short(row.data, width - cell_len(title) - 2)
            if begun:
                room = width - len(begun) - 2
                cells[1] = cell(f"{set_cell_size(clip(title, room), room)}  {begun}")
        return cells
