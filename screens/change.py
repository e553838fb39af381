"""A change before it is made: what is done, what was found, who is concerned; then a question."""

from abc import abstractmethod
from collections.abc import Sequence
from typing import NamedTuple

from textual import work
from textual.app import ComposeResult

from screens.base import Page
from screens.keys import bind
from screens.setup.findings import WORDS
from screens.widgets.inspect import TextView
from screens.widgets.status import Note, TitleLine
from screens.widgets.table import Column, ListTable, Row
from services.azure.connection import Connection
from services.azure.errors import AzureError
from services.model.plan import Finding, Plan
from services.text import plain

COLUMNS = (Column("", 6), Column("What", prose=True))
UNREAD = "Nothing was read yet, and nothing is changed."


class Line(NamedTuple):
    """One line of the list, and all there is to say about it."""

    word: str
    text: str
    more: str = ""
    id: str = ""


class ChangePage(Page[None]):
    """What every change shows before it is made.

    A page gives ``heading``, ``look()``, which reads and returns lines, and ``ask()``.
    """

    BINDINGS = bind("again_list")
    heading = ""

    def __init__(self) -> None:
        super().__init__()
        self.plan: Plan | None = None
        """What would be carried out; None before it was read."""

    @abstractmethod
    async def look(self, conn: Connection) -> Sequence[Line]:
        """Read everything, keep ``plan``; raises AzureError, and ValueError with a sentence."""

    @abstractmethod
    async def ask(self, plan: Plan) -> bool:
        """The question before it is begun."""

    def about(self) -> str:
        """What to say while no line is selected."""
        return UNREAD

    def body(self) -> ComposeResult:
        yield TitleLine(self.heading, "reading")
        yield ListTable(COLUMNS)
        yield Note(UNREAD, id="note")

    def on_mount(self) -> None:
        self.query_one(ListTable).focus()
        self.action_again()

    def action_again(self) -> None:
        self.plan = None
        self.query_one(TitleLine).show(self.heading, "reading")
        self.refresh_bindings()
        self._look()

    @work(group="load", exclusive=True, description="look")
    async def _look(self) -> None:
        try:
            lines = await self.look(self.shell.session.live)
        except AzureError as error:
            self._unread(f"{error.what} {error.means} {error.do}")
            return
        except (ValueError, LookupError) as error:
            self._unread(str(error))
            return
        except RuntimeError:
            self._unread("Nobody is signed in yet: w on Home shows how.")
            return
        rows = [
            Row(str(at), (plain(one.word), plain(one.text)), id=one.id, data=one)
            for at, one in enumerate(lines)
        ]
        self.query_one(ListTable).load(rows)
        self.query_one(TitleLine).show(self.heading, counted(self.plan))
        self._tell()
        self.refresh_bindings()

    def _unread(self, why: str) -> None:
        self.query_one(ListTable).load([])
        self.query_one(TitleLine).show(self.heading, "not possible")
        self.query_one(Note).say(why)

    def on_data_table_row_highlighted(self) -> None:
        self._tell()

    def _tell(self) -> None:
        """All about the selected line."""
        row = self.query_one(ListTable).current
        if self.plan is not None:
            one: Line | None = row.data if row is not None else None
            self.query_one(Note).say(f"{one.text}. {one.more}" if one else self.about())

    def on_data_table_row_selected(self) -> None:
        row = self.query_one(ListTable).current
        if row is not None:
            one: Line = row.data
            text = "\n\n".join(part for part in (one.text, one.more, one.id) if part)
            self.app.push_screen(TextView(plain(one.text), text))

    @property
    def ready(self) -> bool:
        """Whether it may be begun: nothing fails, and there is something to do."""
        plan = self.plan
        return plan is not None and bool(plan.steps) and not failing(plan)

    def begin(self) -> None:
        """Ask, then begin the run."""
        self._begin()

    @work(group="ask", exclusive=True, description="ask")
    async def _begin(self) -> None:
        plan = self.plan
        if plan is not None and self.ready and await self.ask(plan):
            self.shell.start_run(plan)


def failing(plan: Plan) -> list[Finding]:
    """Findings that refuse it."""
    return [one for one in plan.findings if one.status == "fail"]


def counted(plan: Plan | None) -> str:
    """``5 steps``, and what speaks against it."""
    if plan is None:
        return ""
    steps = len(plan.steps)
    told = [f"{steps} step{'' if steps == 1 else 's'}" if steps else "nothing to do"]
    for status in ("fail", "warn", "unknown"):
        number = sum(one.status == status for one in plan.findings)
        told += [f"{number} {WORDS[status]}"] if number else []
    return "  ".join(told)


def findings(plan: Plan) -> list[Line]:
    """Findings that are not OK, the gravest first."""
    order = ("fail", "warn", "unknown")
    found = [one for one in plan.findings if one.status in order]
    found.sort(key=lambda one: order.index(one.status))
    return [
        Line(
            WORDS[one.status],
            one.title,
            " ".join(part for part in (one.meaning, one.repair.text if one.repair else "") if part),
            one.subject,
        )
        for one in found
    ]


def steps(plan: Plan) -> list[Line]:
    """The steps in their order, numbered."""
    return [
        Line(f"{number:>2}", one.title, one.irreversible, one.target)
        for number, one in enumerate(plan.steps, 1)
    ]
