"""A titled list that fills itself page by page and says in place what it could not read."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence

from textual import work
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.widgets import Static

from screens.widgets.shown import content
from screens.widgets.status import TitleLine
from screens.widgets.table import Column, ListTable, Row
from services.azure.errors import AzureError

Pages = AsyncIterator[Sequence[Row]]
Sentences = Callable[[AzureError], str]

TOLD = 2
"""Different problems that are spelt out; more are counted."""


def sentences(error: AzureError) -> str:
    """What happened, what it means, what to do."""
    return f"{error.what} {error.means} {error.do}"


class Listing(Vertical):
    """Rows from one or several sources; what one can't read hides nothing of the others."""

    DEFAULT_CSS = """
    Listing { height: 1fr; }
    Listing .problem { height: auto; max-height: 5; padding: 0 1; display: none; }
    Listing .problem.-said { display: block; }
    """

    def __init__(self, title: str, columns: Sequence[Column], *, id: str) -> None:
        super().__init__(id=id)
        self._title, self._columns = title, tuple(columns)
        self._keys: set[str] = set()
        self._problems: list[str] = []
        self._reading = False

    def compose(self) -> ComposeResult:
        yield TitleLine(self._title, "not read yet")
        yield ListTable(self._columns)
        yield Static(classes="problem", markup=False)

    @property
    def table(self) -> ListTable:
        """The list itself."""
        return self.query_one(ListTable)

    def read(self, main: Pages, *others: Pages, because: Sentences = sentences) -> None:
        """Show these rows instead, each page of main as it arrives, then all others.

        ``because`` turns the error of a source into sentences.
        """
        self._read(main, others, because)

    @work(group="read", exclusive=True, description="read a list")
    async def _read(self, main: Pages, others: Sequence[Pages], because: Sentences) -> None:
        self._keys, self._problems, self._reading = set(), [], True
        self._say()
        self.table.load([])
        await self._take(main, because, self._add)
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(self._pages(source, because)) for source in others]
            for task in tasks:  # read at the same time, shown in their order
                for page in await task:
                    self._add(page)
        self._reading = False
        self._count(str(len(self._keys)))

    async def _pages(self, source: Pages, because: Sentences) -> list[Sequence[Row]]:
        found: list[Sequence[Row]] = []
        await self._take(source, because, found.append)
        return found

    async def _take(
        self, source: Pages, because: Sentences, add: Callable[[Sequence[Row]], None]
    ) -> None:
        try:
            async for page in source:
                add(page)
        except AzureError as error:
            text = because(error)
            if text not in self._problems:
                self._problems.append(text)
            self._say()

    def _add(self, page: Sequence[Row]) -> None:
        """What changes while pages are read may stand on two of them."""
        fresh = [row for row in page if row.key not in self._keys]
        self._keys.update(row.key for row in fresh)
        self.table.extend({row.key: row for row in fresh}.values())

    def _say(self) -> None:
        line, told = self.query_one(".problem", Static), self._problems
        more = len(told) - TOLD
        text = " ".join(told[:TOLD])
        if told:
            text += f" And {more} more like this." if more > 0 else ""
            text += f" {getattr(self.screen, 'again_key', 'r')} reads again."
        line.update(content(text, "$text-error"))
        line.set_class(bool(text), "-said")

    def _count(self, text: str) -> None:
        state = f"reading   {text}" if self._reading else text
        if self._problems and not self._reading:
            state = f"{text}   incomplete" if self._keys else "not read"
        elif not self._keys and not self._reading:
            state = "none"
        self.query_one(TitleLine).show(right=f"/ filter   {state}")

    def on_list_table_counted(self, event: ListTable.Counted) -> None:
        self._count(event.text)
