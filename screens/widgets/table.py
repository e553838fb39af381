"""The list every screen uses: filter, sort, inspect, copy; safe with hostile names, fast with many."""

from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from rich.cells import cell_len
from rich.text import Text
from textual import events
from textual.message import Message
from textual.timer import Timer
from textual.widget import Widget
from textual.widgets import DataTable, Input

from screens.keys import bind
from screens.shell import Shell
from screens.widgets.field import Field
from screens.widgets.inspect import TextView, json_view
from screens.widgets.shown import STATUS_WIDTH, cell, status_style
from services.text import clip, plain, shorten

TURN = 500
"""Rows added in one turn of the loop; 10,000 at once stall it for 0.8 s."""

SETTLE = 0.12
"""Seconds after the last letter of a filter before a long list is built again."""


class Column(NamedTuple):
    """One column; those without a width share what is left."""

    title: str
    width: int = 0
    right: bool = False
    """Right-aligned, for numbers."""
    status: bool = False
    """Holds a status word; its width is fixed."""
    prose: bool = False
    """Holds a sentence: cut at its end, not in the middle as names are."""


@dataclass(frozen=True)
class Row:
    """One row; what it shows and what it is."""

    key: str
    """Unique in its table."""
    cells: tuple[str, ...]
    id: str = ""
    """Copied by ``y``: an ARM id or a key identifier; empty: the key."""
    raw: Any = None
    """JSON for ``i``."""
    portal: str = ""
    """Address for ``o``."""
    also: str = ""
    """More words that the filter finds, not shown: a subscription's name, a group."""
    order: dict[int, Any] = field(default_factory=dict)
    """What to sort a column by where its text would sort wrongly (numbers, times)."""
    data: Any = None
    """The noun behind it."""


class FilterLine(Field):
    """The words of a filter; esc drops them, enter keeps them."""

    BINDINGS = bind("unfilter", "to_list")

    def __init__(self, table: "ListTable") -> None:
        super().__init__(placeholder="filter", select_on_focus=False)
        self._table = table
        self._timer: Timer | None = None

    def on_input_changed(self, event: Input.Changed) -> None:
        event.stop()
        if self._timer is not None:
            self._timer.stop()
            self._timer = None
        if self._table.is_long:
            self._timer = self.set_timer(SETTLE, self._filter)
        else:
            self._filter()

    def _filter(self) -> None:
        self._table.filter(self.value)

    def action_unfilter(self) -> None:
        self.value = ""
        self.styles.display = "none"
        self._table.focus()

    def action_to_list(self) -> None:
        self._table.focus()


class ListTable(DataTable[Text]):
    """A DataTable of rows. ``load`` replaces them, ``extend`` adds a page that arrived."""

    BINDINGS = bind(
        "open", "filter", "sort", "turn", "inspect", "copy", "portal", "down", "up", "top", "bottom"
    )

    class Counted(Message):
        """How many rows are shown, of how many."""

        def __init__(self, table: "ListTable", shown: int, total: int) -> None:
            super().__init__()
            self.table, self.shown, self.total = table, shown, total

        @property
        def control(self) -> "ListTable":
            return self.table

        @property
        def text(self) -> str:
            """``4 of 37``, or ``37`` when all are shown."""
            return f"{self.total}" if self.shown == self.total else f"{self.shown} of {self.total}"

    def __init__(self, specs: Sequence[Column], *, id: str | None = None) -> None:
        super().__init__(cursor_type="row", zebra_stripes=False, id=id, cell_padding=1)
        self._specs = tuple(specs)
        self._all: list[Row] = []
        self._shown: list[Row] = []
        self._pending: deque[Row] = deque()
        self._words: tuple[str, ...] = ()
        self._sorted_by = -1
        self._descending = False
        self._wanted = ""
        self._filling = False
        self._line = FilterLine(self)
        self._widths = tuple(spec.width for spec in self._specs)

    # -- content

    def load(self, rows: Iterable[Row]) -> None:
        """Show these instead; the selected row stays selected when it is among them."""
        self._all = list(rows)
        self._rebuild()

    def extend(self, rows: Iterable[Row]) -> None:
        """Add these: they appear at the end, or where the order puts them."""
        added = list(rows)
        self._all += added
        if self._sorted_by < 0:
            self._pending += [row for row in added if self._matches(row)]
            self._fill()
        else:
            self._rebuild()

    @property
    def current(self) -> Row | None:
        """The selected row."""
        index = self.cursor_row
        return self._shown[index] if 0 <= index < len(self._shown) else None

    @property
    def rows_shown(self) -> tuple[Row, ...]:
        """Rows in the order they stand there."""
        return tuple(self._shown)

    @property
    def is_long(self) -> bool:
        """More rows than one turn adds."""
        return len(self._all) > TURN

    def select(self, key: str) -> None:
        """Put the cursor on the row of this key, now or as soon as it is there."""
        for index, row in enumerate(self._shown):
            if row.key == key:
                self.move_cursor(row=index, animate=False)
                return
        self._wanted = key

    def _rebuild(self) -> None:
        current = self.current
        self._wanted = self._wanted or (current.key if current else "")
        self.clear()
        self._shown = []
        rows = [row for row in self._all if self._matches(row)]
        if self._sorted_by >= 0:
            rows.sort(key=self._order, reverse=self._descending)
        self._pending = deque(rows)
        self._fill()

    def _fill(self) -> None:
        if not self._filling:
            self._filling = True
            self._turn()

    def _turn(self) -> None:
        """One turn's rows; the rest after the screen was painted and keys were heard."""
        with self.app.batch_update():
            for _ in range(min(TURN, len(self._pending))):
                self._add(self._pending.popleft())
        self.post_message(self.Counted(self, len(self._shown), len(self._all)))
        if self._pending:
            self.call_after_refresh(self._turn)
        else:
            self._filling = False

    def _add(self, row: Row) -> None:
        self._shown.append(row)
        self.add_row(*self._cells(row), height=1)
        if row.key == self._wanted:
            self._wanted = ""
            self.move_cursor(row=len(self._shown) - 1, animate=False)

    def _cells(self, row: Row) -> list[Text]:
        theme = self.app.current_theme
        return [
            cell(text, style=status_style(theme, text))
            if spec.status
            else cell((clip if spec.prose else shorten)(plain(text), width), right=spec.right)
            for spec, width, text in zip(self._specs, self._widths, row.cells, strict=True)
        ]

    def _matches(self, row: Row) -> bool:
        if not self._words:
            return True
        text = " ".join((*row.cells, row.also)).casefold()
        return all(word in text for word in self._words)

    def _order(self, row: Row) -> tuple[bool, Any]:
        value = row.order.get(self._sorted_by, row.cells[self._sorted_by].casefold())
        return (True, 0) if value is None else (False, value)

    # -- frame

    def on_mount(self) -> None:
        self._lay_out(self.size.width)
        if isinstance(self.parent, Widget):
            self.parent.mount(self._line, before=self)

    def on_resize(self, event: events.Resize) -> None:
        if self._lay_out(event.size.width) and self._all:
            self._rebuild()

    def _lay_out(self, width: int) -> bool:
        widths = column_widths(self._specs, width)
        if self.columns and widths == self._widths:
            return False
        self._widths = widths
        self.clear(columns=True)
        self._shown = []
        for index, (spec, space) in enumerate(zip(self._specs, widths, strict=True)):
            self.add_column(self._title(index, spec), width=space, key=str(index))
        return True

    def _title(self, index: int, spec: Column) -> Text:
        mark = ("▼" if self._descending else "▲") if index == self._sorted_by else ""
        return cell(f"{spec.title}{mark}", right=spec.right)

    # -- keys

    def action_scroll_top(self) -> None:
        self.move_cursor(row=0, animate=False)

    def action_scroll_bottom(self) -> None:
        self.move_cursor(row=len(self._shown) - 1, animate=False)

    def action_filter(self) -> None:
        # At once, not with the next styles: what is typed right after the key belongs to the filter.
        self._line.styles.display = "block"
        self.screen.set_focus(self._line)

    def filter(self, text: str) -> None:
        """Show only rows that have every one of these words."""
        self._words = tuple(text.casefold().split())
        self._rebuild()

    def action_sort(self) -> None:
        """By the next column; after the last one, as they came."""
        self._sorted_by = -1 if self._sorted_by + 1 >= len(self._specs) else self._sorted_by + 1
        self._descending = False
        self._retitle()

    def action_turn(self) -> None:
        if self._sorted_by >= 0:
            self._descending = not self._descending
            self._retitle()

    def _retitle(self) -> None:
        for index, (column, spec) in enumerate(zip(self.ordered_columns, self._specs, strict=True)):
            column.label = self._title(index, spec)
        self._rebuild()

    @property
    def _shell(self) -> Shell:
        assert isinstance(self.app, Shell)
        return self.app

    def action_inspect(self) -> None:
        row = self.current
        if row is None or row.raw is None:
            self._shell.say("There is no JSON behind this row.")
        else:
            self.app.push_screen(json_view(row.cells[0], row.raw))

    def action_copy(self) -> None:
        row = self.current
        if row is not None:
            self._shell.copy(row.id or row.key, "id")

    def action_portal(self) -> None:
        row = self.current
        if row is None or not row.portal:
            self._shell.say("This row has no page in the portal.")
        else:
            self.app.push_screen(TextView("Address in the portal", row.portal))


def column_widths(specs: Sequence[Column], width: int) -> tuple[int, ...]:
    """Widths that fill ``width`` columns, two of padding each; the first gets what is over."""
    fixed = [STATUS_WIDTH if spec.status else spec.width for spec in specs]
    open_ = [index for index, space in enumerate(fixed) if not space]
    left = width - 2 * len(specs) - sum(fixed) - 1
    if open_:
        share = max(6, left // len(open_))
        for index in open_:
            fixed[index] = max(share, cell_len(specs[index].title) + 1)
        fixed[open_[0]] += max(0, left - share * len(open_))
    return tuple(fixed)
