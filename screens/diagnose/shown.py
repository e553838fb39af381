"""A diagnosis on the screen: findings, tree, timeline, details. Needs no connection."""

from collections.abc import Sequence

from textual.app import ComposeResult
from textual.widgets import ContentSwitcher, DataTable

from screens.base import Page
from screens.diagnose import findings as told
from screens.diagnose import trees
from screens.diagnose.explaining import explained, names_of
from screens.diagnose.pane import Pane
from screens.diagnose.table import FindingTable
from screens.keys import bind
from screens.run import Line
from screens.setup.page import explanation
from screens.setup.tabs import Tab, TabLine
from screens.widgets.explain import Explanation
from screens.widgets.inspect import TextView
from screens.widgets.shown import content
from screens.widgets.status import TitleLine
from screens.widgets.table import ListTable
from services.ids import ArmId, BadId
from services.model.diagnosis import NOUNS, Change, Diagnosis, Node, Target
from services.model.plan import Finding
from services.text import clip, plain

TABS = (Tab("findings", "Findings"), Tab("tree", "Tree"), Tab("timeline", "Timeline"))
HIGH = 32
"""Rows from which the pane below the list is higher."""


class Shown(Page[None]):
    """What all pages of a diagnosis share; they say what f, F, p and r do."""

    BINDINGS = bind(
        *("repair", "repair_all", "next_view", "timeline", "export"),
        *("proof", "judge_again", "local"),
    )
    VERTICAL_BREAKPOINTS = [(0, "-low"), (HIGH, "-high")]  # noqa: RUF012  (as Textual declares it)
    title_word = "Diagnose"
    guide = (
        "Root causes first; 'so:' stands before what they brought about, which is OK by itself "
        "when the cause is gone. Below the list: what was seen, what it means, what repairs it. "
        "Enter shows all of it with request ids. f shows the steps of a repair, asks, and carries "
        "them out as a run; then everything is read again. Tab shows what the workspace depends "
        "on, t what happened. ?? could not be read: the missing permission is named. The "
        "selection follows the first finding until you move it."
    )

    def __init__(self, target: Target) -> None:
        super().__init__()
        self._target = target
        self._diagnosis: Diagnosis | None = None
        self._tab = TABS[0].id
        self._local = False

    def body(self) -> ComposeResult:
        noun = NOUNS[self._target.kind]
        yield TitleLine(f"Diagnose  {plain(self._target.name)} ({noun})", "not read yet")
        yield TabLine(TABS)
        yield Line(id="state", classes="muted")
        with ContentSwitcher(initial="findings"):
            yield FindingTable()
            tree = ListTable(trees.TREE, id="tree")
            tree.show_header = False
            yield tree
            yield ListTable(trees.TIMELINE, id="timeline")
        yield Pane()

    def where(self) -> str:
        try:
            id = ArmId.parse(self._target.id)
        except BadId:
            return "Diagnose"
        known = self.shell.session.subscriptions
        name = next((one.name for one in known if one.id == id.subscription), "")
        return f"{name or id.subscription} > {id.group}"

    def on_mount(self) -> None:
        self.query_one(FindingTable).focus()

    # -- showing

    def show(self, found: Diagnosis, state: str) -> None:
        """Show the whole of it, with a line about it."""
        self._diagnosis = found
        self.query_one(FindingTable).show(told.rows(found.findings, found.target.id))
        self.query_one("#tree", ListTable).load(trees.node_rows(found.tree))
        self._show_timeline()
        self.query_one(TitleLine).show(right=told.counts(found.findings))
        self.query_one(TabLine).show(
            {"findings": str(len(found.findings)), "timeline": str(len(found.timeline))}
        )
        self.state(state)
        self.tell()

    def _show_timeline(self) -> None:
        if self._diagnosis is not None:
            rows = trees.change_rows(self._diagnosis, local=self._local)
            self.query_one("#timeline", ListTable).load(rows)

    def state(self, text: str) -> None:
        """One line above the list."""
        line = self.query_one("#state", Line)
        room = (line.size.width or self.app.size.width) - 2
        line.show(content(f" {clip(plain(text), room)}", "$text-muted"))

    # -- what is selected

    @property
    def table(self) -> ListTable:
        """The list that is shown."""
        return self.query_one(f"#{self._tab}", ListTable)

    @property
    def selected(self) -> object:
        """The finding, node or change of the selected row."""
        row = self.table.current
        return None if row is None else row.data

    def finding(self) -> Finding | None:
        """The selected finding, or the first one that the selected node or change is about."""
        one = self.selected
        if isinstance(one, Finding):
            return one
        ids = one.findings if isinstance(one, Node) else one.fits if isinstance(one, Change) else ()
        return next((self.by_id[id] for id in ids if id in self.by_id), None)

    @property
    def by_id(self) -> dict[str, Finding]:
        """Every finding that is known."""
        return {one.id: one for one in (self._diagnosis.findings if self._diagnosis else ())}

    def on_data_table_row_highlighted(self) -> None:
        self.tell()

    def tell(self) -> None:
        """Say what there is to say about the selected row."""
        self.query_one(Pane).show(self._blocks())
        self.refresh_explanation()

    def _blocks(self) -> Sequence[told.Block]:
        one = self.selected
        if isinstance(one, Finding):
            return told.blocks(one, self.by_id)
        if isinstance(one, Node):
            return trees.node_blocks(one, self.by_id)
        if isinstance(one, Change):
            return trees.change_blocks(one, self.by_id, local=self._local)
        if self._diagnosis is None:
            return ()
        if self._tab == "timeline":
            return (("", trees.NOTHING),)
        return told.summary(self._diagnosis)

    def explain(self) -> Explanation:
        names = names_of(self._diagnosis, self._target.name)
        one = self.finding() if self.is_mounted else None
        return explanation("wrap", names) if one is None else explained(one, names)

    def on_data_table_row_selected(self, event: DataTable.RowSelected) -> None:
        one, found = self.selected, self._diagnosis
        if isinstance(one, Finding):
            self._read(one.title, told.details(one, found))
        elif isinstance(one, Node):
            self._read(one.title, trees.node_details(one, self.by_id))
        elif isinstance(one, Change):
            self._read(one.what, trees.change_details(one, self.by_id, local=self._local))
        elif found is not None:
            said = "\n\n".join(f"{label}: {value}" for label, value in told.summary(found))
            self._read(told.nothing_fails(found.findings), said)

    def _read(self, title: str, text: str) -> None:
        self.app.push_screen(TextView(plain(title), text))

    # -- views

    def action_next_view(self) -> None:
        order = [tab.id for tab in TABS]
        self.view(order[(order.index(self._tab) + 1) % len(order)])

    def action_timeline(self) -> None:
        self.view("findings" if self._tab == "timeline" else "timeline")

    def view(self, tab: str) -> None:
        """Show findings, tree or timeline."""
        self._tab = tab
        self.query_one(ContentSwitcher).current = tab
        self.query_one(TabLine).choose(tab)
        self.table.focus()
        self.tell()

    def action_local(self) -> None:
        self._local = not self._local
        self._show_timeline()
        self.shell.say(f"Times of the timeline are {'yours' if self._local else 'UTC'} now.")
        self.tell()
