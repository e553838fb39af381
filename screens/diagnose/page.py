"""Diagnose one workspace: findings as they are made, its tree, its timeline, and the repair."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime

from textual.app import ComposeResult
from textual.widgets import ContentSwitcher, DataTable

from screens.base import Page
from screens.diagnose import findings as told
from screens.diagnose import repairing, trees
from screens.diagnose.explaining import explained, names_of
from screens.diagnose.pane import Pane
from screens.diagnose.table import FindingTable
from screens.keys import bind
from screens.run import Line
from screens.setup.page import explanation
from screens.setup.tabs import Tab, TabLine
from screens.widgets.confirm import Confirm, TypedConfirm
from screens.widgets.explain import Explanation
from screens.widgets.inspect import TextView
from screens.widgets.shown import content
from screens.widgets.status import TitleLine
from screens.widgets.table import ListTable
from services.azure.errors import AzureError
from services.diagnosis.diagnose import diagnose
from services.diagnosis.repair import plan_repair
from services.ids import same
from services.model.diagnosis import Change, Diagnosis, Node, Target
from services.model.plan import Finding, Plan
from services.text import plain

TABS = (Tab("findings", "Findings"), Tab("tree", "Tree"), Tab("timeline", "Timeline"))
FLUSH = 0.25
"""Seconds between two paints of what streams in."""

HIGH = 32
"""Rows from which the pane below the list is higher."""

PROOF = (
    "wrapkey makes 32 random bytes, lets the vault wrap them with this key, unwrap them again, and "
    "compares. It shows that the key itself works at this moment, for you. It does not show that "
    "Cosmos DB, AI Search or Storage may use it: they come as somebody else, from another network. "
    "Nothing is kept or changed; the vault counts, bills and logs two operations."
)
OFFLINE = "This diagnosis was read from a file: nothing is asked of Azure, nothing is written."


@dataclass(frozen=True)
class Kept:
    """A diagnosis that was kept in a file, and where."""

    diagnosis: Diagnosis
    file: str


class DiagnosePage(Page[None]):
    """What is wrong with a workspace. Writes nothing by itself; a repair is a run of its own."""

    BINDINGS = bind(
        *("repair", "repair_all", "next_view", "timeline", "proof"),
        *("judge_again", "local"),
    )
    VERTICAL_BREAKPOINTS = [(0, "-low"), (HIGH, "-high")]  # noqa: RUF012  (as Textual declares it)
    title_word = "Diagnose"
    under_runs = True
    guide = (
        "Root causes first; 'so:' stands before what they brought about, which is OK by itself "
        "when the cause is gone. Below the list: what was seen, what it means, what repairs it. "
        "Enter shows all of it with request ids. f shows the steps of a repair, asks, and carries "
        "them out as a run; then everything is read again. Tab shows what the workspace depends "
        "on, t what happened. ?? could not be read: the missing permission is named. The "
        "selection follows the first finding until you move it."
    )

    def __init__(self, target: Target, kept: Kept | None = None) -> None:
        """Look at a target; or show a diagnosis that was kept, without asking Azure."""
        super().__init__()
        self._target = target
        self._kept = kept
        self._diagnosis = kept.diagnosis if kept else None
        self._coming: list[Finding] = []
        self._reading = False
        self._tab = TABS[0].id
        self._local = False
        self._ended: set[tuple[str, datetime]] = set()
        """Repairs that have ended, by run and time."""
        self._before: tuple[Finding, ...] = ()
        """What was found before a repair; empty when none was made."""

    @classmethod
    def of_file(cls, diagnosis: Diagnosis, file: str) -> "DiagnosePage":
        """A diagnosis as somebody has kept it: shown the same, without a connection."""
        return cls(diagnosis.target, Kept(diagnosis, file))

    def body(self) -> ComposeResult:
        yield TitleLine(f"Diagnose  {plain(self._target.name)} (workspace)", "reading")
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
        kept = f" > {self._kept.file}" if self._kept else ""
        return f"Diagnose{kept}"

    def on_mount(self) -> None:
        self._ended = self._repairs()
        self.query_one(FindingTable).focus()
        if self._diagnosis is None:
            self.action_again()
        else:
            self._show(self._diagnosis)

    # -- reading

    def action_again(self) -> None:
        self._look(probe=False)

    def _look(self, *, probe: bool) -> None:
        if self._kept is not None:
            self.shell.say(OFFLINE)
        elif self.shell.session.connection is None:
            self._state("Nobody is signed in: w on Home shows how. r reads then.")
        else:
            self._coming = []
            self._reading = True
            self._paint()
            self.run_worker(
                self._read(probe=probe), group="load", exclusive=True, description="diagnose"
            )

    async def _read(self, *, probe: bool) -> None:
        try:
            found = await diagnose(self.shell.session.live, self._target, self._heard, probe=probe)
        except AzureError as error:
            self._reading = False
            self.query_one(TitleLine).show(right="not read")
            self._state(f"{error.what} {error.means} {error.do} r reads again.")
            self.shell.say(f"{error.what} {error.means} {error.do}", bad=True)
            return
        self._reading = False
        self._diagnosis = found
        self._show(found)
        if probe:
            self._select_check("key-probe")

    def _heard(self, finding: Finding) -> None:
        """Findings are shown as they come, four times a second at most."""
        self._coming.append(finding)
        if len(self._coming) == 1:
            self.set_timer(FLUSH, self._flush)

    def _flush(self) -> None:
        if self._reading and self.is_attached:
            self._paint()
            self.set_timer(FLUSH, self._flush)

    def _paint(self) -> None:
        """What has come so far; until something has, what was found last."""
        found = told.under_way(self._coming)
        if self._coming:
            self.query_one(FindingTable).show(told.rows(found, done=False))
            self.query_one(TabLine).show({"findings": str(len(found))})
        self.query_one(TitleLine).show(right=f"reading  {told.counts(found)}".rstrip())
        self._state("Reading, writing nothing. Azure's own diagnosis may take half a minute.")
        self._tell()

    def _show(self, found: Diagnosis) -> None:
        """The whole of it."""
        table = self.query_one(FindingTable)
        table.show(told.rows(found.findings, done=True))
        self.query_one("#tree", ListTable).load(trees.node_rows(found.tree))
        self._show_timeline()
        self.query_one(TitleLine).show(right=told.counts(found.findings))
        self.query_one(TabLine).show(
            {"findings": str(len(found.findings)), "timeline": str(len(found.timeline))}
        )
        self._state(self._standing(found))
        self.refresh_bindings()
        self._tell()

    def _standing(self, found: Diagnosis) -> str:
        """One line: what a repair has brought, else when this was read."""
        if self._before:
            said = repairing.ended(self._before, found)
            self._before = ()
            self.shell.say(f"Diagnosed again after the repair. {said}")
            return said
        source = f" from {self._kept.file}" if self._kept else ""
        return f"As of {told.when(found.at)}{source}."

    def _show_timeline(self) -> None:
        if self._diagnosis is not None:
            rows = trees.change_rows(self._diagnosis, local=self._local)
            self.query_one("#timeline", ListTable).load(rows)

    def _state(self, text: str) -> None:
        self.query_one("#state", Line).show(content(f" {text}", "$text-muted"))

    # -- what is selected

    @property
    def _table(self) -> ListTable:
        return self.query_one(f"#{self._tab}", ListTable)

    @property
    def _selected(self) -> object:
        row = self._table.current
        return None if row is None else row.data

    @property
    def _by_id(self) -> dict[str, Finding]:
        found = self._diagnosis.findings if self._diagnosis else ()
        return {one.id: one for one in (*found, *(self._coming if self._reading else ()))}

    def on_data_table_row_highlighted(self) -> None:
        self._tell()

    def _tell(self) -> None:
        """Say what there is to say about the selected row."""
        one = self._selected
        said: list[told.Block] = []
        if isinstance(one, Finding):
            said = told.blocks(one, self._by_id)
        elif isinstance(one, Node):
            said = trees.node_blocks(one, self._by_id)
        elif isinstance(one, Change):
            said = trees.change_blocks(one, self._by_id, local=self._local)
        elif self._tab == "timeline" and self._diagnosis is not None:
            said = [("", trees.NOTHING)]
        elif self._tab == "findings" and self._diagnosis is not None and not self._reading:
            said = told.summary(self._diagnosis.findings)
        self.query_one(Pane).show(said)
        self.refresh_explanation()

    def explain(self) -> Explanation:
        names = names_of(self._diagnosis, self._target.name)
        one = self._selected if self.is_mounted else None
        return explained(one, names) if isinstance(one, Finding) else explanation("wrap", names)

    def _select_check(self, check: str) -> None:
        found = self._diagnosis.findings if self._diagnosis else ()
        key = next((one.id for one in found if one.check == check), "")
        if key:
            self.query_one(FindingTable).choose(key)
            self._view("findings")

    def on_data_table_row_selected(self, event: DataTable.RowSelected) -> None:
        one, found = self._selected, self._diagnosis
        if isinstance(one, Finding):
            self._read_text(one.title, told.details(one, found))
        elif isinstance(one, Node):
            self._read_text(one.title, trees.node_details(one, self._by_id))
        elif isinstance(one, Change):
            text = trees.change_details(one, self._by_id, local=self._local)
            self._read_text(one.what, text)
        elif found is not None:
            said = told.summary(found.findings)
            text = "\n\n".join(f"{label}: {value}" for label, value in said)
            self._read_text(told.nothing_fails(found.findings), text)

    def _read_text(self, title: str, text: str) -> None:
        self.app.push_screen(TextView(plain(title), text))

    # -- views

    def action_next_view(self) -> None:
        order = [tab.id for tab in TABS]
        self._view(order[(order.index(self._tab) + 1) % len(order)])

    def action_timeline(self) -> None:
        self._view("findings" if self._tab == "timeline" else "timeline")

    def _view(self, tab: str) -> None:
        self._tab = tab
        self.query_one(ContentSwitcher).current = tab
        self.query_one(TabLine).choose(tab)
        self._table.focus()
        self._tell()

    def action_local(self) -> None:
        self._local = not self._local
        self._show_timeline()
        self.shell.say(f"Times of the timeline are {'yours' if self._local else 'UTC'} now.")
        self._tell()

    # -- proof

    def action_proof(self) -> None:
        if self._kept is not None:
            self.shell.say(OFFLINE)
        else:
            self.app.push_screen(
                Confirm("Try the key as you?", PROOF),
                lambda sure: self._look(probe=True) if sure else None,
            )

    # -- repair

    def _may_not(self) -> str:
        """Why nothing can be repaired now; empty where it can."""
        if self._kept is not None:
            return f"{OFFLINE} Repair it from a diagnosis of your own."
        if self.shell.session.options.read_only:
            return repairing.READ_ONLY
        if self._reading or self._diagnosis is None:
            return "Still reading: repairs are known when everything is judged."
        if self.shell.session.connection is None:
            return "Nobody is signed in: w on Home shows how."
        return ""

    def action_repair(self) -> None:
        if problem := self._may_not():
            self.shell.say(problem)
            return
        assert self._diagnosis is not None
        one = self._selected if self._tab == "findings" else self._first_fit()
        if not isinstance(one, Finding):
            self.shell.say("f is for a finding: select what should be repaired.")
        elif repairing.can(one):
            self._ask([one])
        else:
            self.shell.say(repairing.no_repair(one, self._by_id))

    def _first_fit(self) -> Finding | None:
        """The finding that the selected node or change is about."""
        one = self._selected
        ids = one.findings if isinstance(one, Node) else one.fits if isinstance(one, Change) else ()
        return next((self._by_id[id] for id in ids if id in self._by_id), None)

    def action_repair_all(self) -> None:
        if problem := self._may_not():
            self.shell.say(problem)
            return
        assert self._diagnosis is not None
        left = repairing.unsafe(self._diagnosis)
        final = f" {len(left)} can't be undone: f on its finding asks for it." if left else ""
        safe = repairing.safe(self._diagnosis)
        if safe:
            self._ask(safe, final)
        else:
            self.shell.say(f"Nothing that fails has a repair that can be undone.{final}")

    def _ask(self, chosen: Iterable[Finding], more: str = "") -> None:
        assert self._diagnosis is not None
        plan = plan_repair(self._diagnosis, [one.id for one in chosen])
        steps = f"{len(plan.steps)} step{'' if len(plan.steps) == 1 else 's'}"
        question = f"Repair {plain(self._target.name)} with {steps}?"
        text = f"{repairing.question(plan)}{more}"
        screen: Confirm | TypedConfirm = Confirm(question, text)
        if any(repairing.deletes(step) for step in plan.steps):
            screen = TypedConfirm(question, text, self._target.name)
        self.app.push_screen(screen, self._carry_out(plan))

    def _carry_out(self, plan: Plan) -> Callable[[bool | None], None]:
        def answered(sure: bool | None) -> None:
            if sure:
                self.shell.start_run(plan)

        return answered

    def _repairs(self) -> set[tuple[str, datetime]]:
        """Repairs of this workspace that have ended in this process, by run and time."""
        return {
            (view.run, view.ended)
            for view in self.shell.session.views.values()
            if view.ended is not None
            and view.plan.purpose == "repair"
            and same(view.plan.subject, self._target.id)
        }

    def session_changed(self) -> None:
        """A repair that has ended is looked at at once, also under the page of its run."""
        over = self._repairs() - self._ended
        if over:
            self._ended |= over
            self._before = self._diagnosis.findings if self._diagnosis else ()
            self.query_one(FindingTable).follow()
            self._look(probe=False)
