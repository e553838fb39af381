"""Undo: what a run made, what of it goes, what stays and why; then a question, then the run."""

from textual import work
from textual.app import ComposeResult

from screens.base import Page
from screens.keys import bind
from screens.setup.page import explanation
from screens.widgets.confirm import TypedConfirm
from screens.widgets.explain import Explanation
from screens.widgets.inspect import TextView
from screens.widgets.status import Note, TitleLine
from screens.widgets.table import Column, ListTable, Row
from services.azure.errors import AzureError
from services.explain import Names
from services.runs.journal import JournalError
from services.runs.undo import Undo, UndoItem, plan_undo
from services.text import plain

COLUMNS = (Column("", 6), Column("What the run made", prose=True))
WORDS = {"delete": "DELETE", "stays": "STAYS", "gone": "GONE"}
NOTHING = "There is nothing of this run to take back."


class UndoPage(Page[None]):
    """Nothing is deleted before the run's id was typed."""

    BINDINGS = bind("undo_now", "with_key", "again_list")
    title_word = "Undo"
    guide = (
        "Everything the run made, in the order an undo takes it back. DELETE goes, STAYS does not, "
        "GONE is not there any more; the line below says why, and what is lost with it. What has "
        "changed since, or others use, always stays. The key and the vaults stay unless w takes "
        "them too. a asks for the run's id and then begins a run that deletes."
    )

    def __init__(self, run: str) -> None:
        super().__init__()
        self._run = run
        self._with_key = False
        self._found: Undo | None = None

    def body(self) -> ComposeResult:
        yield TitleLine(f"Undo run {self._run}", "looking")
        yield ListTable(COLUMNS)
        yield Note("Nothing is deleted yet.", id="note")

    def explain(self) -> Explanation:
        return explanation("undo", Names())

    def on_mount(self) -> None:
        self.query_one(ListTable).focus()
        self.action_again()

    def action_again(self) -> None:
        self._found = None
        self.refresh_bindings()
        self._look()

    @work(group="load", exclusive=True, description="look")
    async def _look(self) -> None:
        try:
            found = await self.shell.look_back(self._run, self._with_key)
        except AzureError as error:
            self.query_one(Note).say(f"{error.what} {error.means} {error.do}")
            return
        except (JournalError, LookupError) as error:
            self.query_one(Note).say(str(error))
            return
        self._found = found
        self.query_one(ListTable).load([_row(one) for one in found.items])
        counted = [sum(one.verdict == word for one in found.items) for word in WORDS]
        self.query_one(TitleLine).show(right=f"{counted[0]} go, {counted[1]} stay")
        self._tell()
        self.refresh_bindings()

    def on_data_table_row_highlighted(self) -> None:
        self._tell()

    def _tell(self) -> None:
        """Why the selected thing goes or stays."""
        row = self.query_one(ListTable).current
        if self._found is None:
            return
        one = row.data if row is not None else None
        self.query_one(Note).say(
            f"{plain(one.title)}. {plain(one.why)}" if isinstance(one, UndoItem) else NOTHING
        )

    def on_data_table_row_selected(self) -> None:
        row = self.query_one(ListTable).current
        if row is not None:
            self.app.push_screen(TextView(row.data.title, _details(row.data)))

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        if action == "undo_now":
            return bool(self._found and self._found.deletes) or None
        return super().check_action(action, parameters)

    def action_with_key(self) -> None:
        self._with_key = not self._with_key
        self.action_again()

    def action_undo_now(self) -> None:
        self._ask()

    @work(group="ask", exclusive=True, description="ask")
    async def _ask(self) -> None:
        found = self._found
        if found is None:
            return
        text = "\n".join(
            [
                f"In {found.subject.partition('/providers/')[0]}:",
                *(f"- {one.title}. {one.why}" for one in found.deletes),
            ]
        )
        question = f"Delete {len(found.deletes)} things of run {found.run}?"
        if await self.app.push_screen_wait(TypedConfirm(question, text, found.run)):
            self.shell.start_run(plan_undo(found))


def _details(one: UndoItem) -> str:
    """All that is known of it, as lines."""
    return f"{WORDS[one.verdict]}: {plain(one.title)}\nTarget: {one.target}\n\n{plain(one.why)}"


def _row(one: UndoItem) -> Row:
    return Row(one.step, (WORDS[one.verdict], plain(one.title)), id=one.target, data=one)
