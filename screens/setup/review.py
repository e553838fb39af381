"""Review: the plan, its findings, and the one confirmation before anything is written."""

from pathlib import Path

from textual.app import ComposeResult
from textual.widgets import ContentSwitcher, DataTable

from screens.keys import bind
from screens.setup import cost, findings, planned, quota
from screens.setup.accept import Accept
from screens.setup.cost import CostPane
from screens.setup.page import SetupPage, explanation
from screens.setup.tabs import Tab, TabLine
from screens.widgets.confirm import Confirm
from screens.widgets.explain import Explanation
from screens.widgets.inspect import TextView
from screens.widgets.prompt import Prompt
from screens.widgets.status import Note
from screens.widgets.table import ListTable
from services import intents
from services.checks.facts import Facts
from services.model.cost import Line
from services.model.plan import Finding, Plan, Step
from services.model.quota import QuotaLine
from services.setup.draft import Draft
from services.setup.plan import build, read_facts, settled

TABS = (
    Tab("plan", "Plan"),
    Tab("checks", "Checks"),
    Tab("quota", "Quota"),
    Tab("cost", "Cost"),
)


class Review(SetupPage):
    """Nothing has been changed yet."""

    BINDINGS = bind("apply", "fix", "fix_all", "write_intent", "next_tab", "again_list")
    number = 6
    topic = "review"
    title_word = "Set up: review"
    guide = (
        "The plan in the order of dependencies: + makes something, ~ changes something, = only "
        "reads. Tab shows what was checked, what is left of each quota, and what it costs a month. "
        "f takes the repair of a finding into the plan or leaves it out, F takes all that can be "
        "undone. a applies after one question that names the subscription, what can't be undone "
        "and what was accepted; w writes the intent as a file for wrapkey apply."
    )

    def __init__(self, draft: Draft) -> None:
        super().__init__(draft)
        self.plan: Plan | None = None
        self._facts: Facts | None = None
        self._accepted: frozenset[str] = frozenset()
        """Checks that are gone on with although they fail."""
        self._found: list[Finding] = []
        self._tab = TABS[0].id

    def question(self) -> ComposeResult:
        yield TabLine(TABS)
        with ContentSwitcher(initial="plan"):
            yield ListTable(planned.PLAN, id="plan")
            yield ListTable(findings.CHECKS, id="checks")
            yield ListTable(quota.QUOTAS, id="quota")
            yield CostPane(self.draft)
        yield Note("Reading what is there.", id="note")

    def on_mount(self) -> None:
        self.query_one("#plan", ListTable).focus()
        self.action_again()

    def action_again(self) -> None:
        self.plan = None
        self.query_one(CostPane).clear()
        self.query_one(Note).say("Reading what is there, to leave out what is true already.")
        self.load(self._read)

    async def _read(self) -> None:
        self._found = []
        self._facts = await read_facts(self.conn, self.draft.intent(), self._heard)
        self._build(self._facts)

    def _build(self, facts: Facts) -> None:
        """Make the plan of what was read and chosen, and show it."""
        plan = self.plan = build(self.draft.intent(), facts)
        steps = [planned.row(number, step) for number, step in enumerate(plan.steps, 1)]
        self.query_one("#plan", ListTable).load(steps)
        self._found = list(plan.findings)
        self._show_found()
        self.query_one("#quota", ListTable).load([quota.row(one) for one in plan.quota])
        self.query_one(TabLine).show({"plan": str(len(steps)), "quota": quota.short(plan.quota)})
        self._say_plan(plan)
        self.query_one(CostPane).read(plan)

    def _heard(self, finding: Finding) -> None:
        """Findings are shown as they come, four times a second at most."""
        self._found.append(finding)
        if len(self._found) == 1:
            self.set_timer(0.25, self._show_found)

    def _show_found(self) -> None:
        told = findings.in_order(self._found)
        table = self.query_one("#checks", ListTable)
        at = table.current.key if table.current else ""
        table.load([findings.row(one) for one in told])
        table.select(at)
        self.query_one(TabLine).show({"checks": findings.counts(told)})
        if self.plan is None and told:
            self.set_timer(0.25, self._show_found)

    def _say_plan(self, plan: Plan) -> None:
        failing = self._failing(plan)
        if failing:
            self.query_one(Note).say(
                f"Settle first: {failing[0].title}. {findings.note(failing[0])}"
            )
            return
        last = sum(1 for step in plan.steps if step.irreversible)
        undo = f" {last} can't be undone." if last else ""
        accepted = len(findings.failing(plan.findings))
        fails = f" {accepted} accepted although it fails." if accepted else ""
        text = (
            f"Nothing has been changed yet. {len(plan.steps)} steps.{undo}{fails} a applies them."
        )
        self.query_one(Note).say(text)

    def _failing(self, plan: Plan) -> list[Finding]:
        """What fails and is not accepted."""
        return [one for one in findings.failing(plan.findings) if one.check not in self._accepted]

    def on_data_table_row_highlighted(self) -> None:
        row = self._table.current
        if self.plan is None or row is None:
            return
        if isinstance(row.data, Step) and (text := planned.note(row.data)):
            self.query_one(Note).say(f"{text} Nothing has been changed yet.")
        elif isinstance(row.data, Finding):
            self.query_one(Note).say(findings.note(row.data))
        elif isinstance(row.data, Line):
            self.query_one(Note).say(cost.note(row.data))
        elif isinstance(row.data, QuotaLine):
            self.query_one(Note).say(quota.note(row.data))
        else:
            self._say_plan(self.plan)

    def action_next_tab(self) -> None:
        order = [tab.id for tab in TABS]
        self._tab = order[(order.index(self._tab) + 1) % len(order)]
        self.query_one(ContentSwitcher).current = self._tab
        self.query_one(TabLine).choose(self._tab)
        table = self._table
        if self._tab == "cost":
            self.query_one(CostPane).enter()
        else:
            table.focus()
        if self._tab == "checks" and not table.rows_shown and self.plan is not None:
            self.query_one(Note).say(findings.NO_CHECKS)
        else:
            self.on_data_table_row_highlighted()

    def explain(self) -> Explanation | None:
        return explanation("cost" if self._tab == "cost" else self.topic, self.names())

    @property
    def _table(self) -> ListTable:
        """The list of the tab that is shown."""
        if self._tab == "cost":
            return self.query_one(CostPane).table
        return self.query_one(f"#{self._tab}", ListTable)

    def on_data_table_row_selected(self, event: DataTable.RowSelected) -> None:
        chosen = event.control.current if isinstance(event.control, ListTable) else None
        if chosen is not None and isinstance(chosen.data, Step):
            self.app.push_screen(TextView(chosen.data.title, planned.details(chosen.data)))
        elif chosen is not None and isinstance(chosen.data, Line):
            self.app.push_screen(TextView(chosen.data.what, cost.details(chosen.data)))
        elif chosen is not None and isinstance(chosen.data, QuotaLine):
            self.app.push_screen(TextView(chosen.data.service, quota.details(chosen.data)))
        elif chosen is not None:
            self.app.push_screen(TextView(chosen.data.title, findings.details(chosen.data)))

    # -- repairs

    def action_fix(self) -> None:
        finding = self._finding()
        if finding is None:
            self.shell.say("f is for a finding of the checks, or a step that repairs one.")
        elif findings.offered(finding):
            self._take(finding)
        elif findings.taken(finding) or self.draft.repairs.get(finding.check):
            self._choose({finding.check: False})
        else:
            self.query_one(Note).say(findings.no_choice(finding))

    def _take(self, finding: Finding) -> None:
        """Take its repair into the plan; what can't be undone needs its own yes."""
        if findings.safe(finding):
            self._choose({finding.check: True})
        else:
            self.app.push_screen(
                Confirm("This can't be undone. Take it into the plan?", findings.final(finding)),
                lambda sure: self._choose({finding.check: True}) if sure else None,
            )

    def action_fix_all(self) -> None:
        open_ = [one for one in self._found if findings.offered(one)]
        safe = [one for one in open_ if findings.safe(one)]
        if safe:
            self._choose({one.check: True for one in safe})
        left = len(open_) - len(safe)
        final = f" {left} can't be undone: f on its finding asks for it." if left else ""
        count = f"{len(safe)} repair{'' if len(safe) == 1 else 's'}"
        self.shell.say(f"{count if safe else 'No repair'} taken into the plan.{final}")

    def _finding(self) -> Finding | None:
        """The selected one, or the one that the selected step repairs, or the first to settle."""
        row = self._table.current
        if row is None or self.plan is None:
            return None
        if isinstance(row.data, Finding):
            return row.data
        mine = (one for one in self.plan.findings if _repaired_by(one, row.data))
        return next(mine, next(iter(self._failing(self.plan)), None))

    def _choose(self, repairs: dict[str, bool]) -> None:
        self.draft.repairs |= repairs
        self._accepted -= repairs.keys()
        if self._facts is not None:
            self._build(self._facts)

    # -- applying

    def action_apply(self) -> None:
        plan = self.plan
        if plan is None:
            self.shell.say("The plan is still being made.")
        elif self.shell.session.options.read_only:
            self.shell.say("Read-only: wrapkey was started with --read-only and writes nothing.")
        elif self._failing(plan):
            failing = findings.failing(plan.findings)
            self.app.push_screen(Accept(failing, self._accepted), self._accept)
        else:
            self._ask(plan)

    def _accept(self, checks: frozenset[str] | None) -> None:
        if checks is not None and self.plan is not None:
            self._accepted = checks
            self._say_plan(self.plan)
            self._ask(self.plan)

    def _ask(self, plan: Plan) -> None:
        name = self.draft.subscription.name
        text = planned.question(plan, name)
        self.app.push_screen(
            Confirm(f"Apply {len(plan.steps)} steps in {name}?", text), self._apply
        )

    def _apply(self, sure: bool | None) -> None:
        if sure and self.plan is not None:
            self.shell.start_run(self.plan)

    def action_write_intent(self) -> None:
        if self.plan is None:
            self.shell.say("The plan is still being made.")
            return
        self.app.push_screen(Prompt("Write to file", value="intent.toml"), self._write)

    def _write(self, name: str | None) -> None:
        if not name or self.plan is None:
            return
        path = Path(name).expanduser()
        text = intents.write(settled(self.plan))
        if path.exists():
            self.app.push_screen(
                Confirm(f"{name} exists. Replace it?", str(path.absolute())),
                lambda sure: self._save(path, text) if sure else None,
            )
        else:
            self._save(path, text)

    def _save(self, path: Path, text: str) -> None:
        try:
            path.write_text(text, encoding="utf-8")
        except OSError as error:
            self.shell.say(f"Not written: {error.strerror}: {path}", bad=True)
        else:
            self.shell.say(f"Written: {path}. `wrapkey apply {path}` does what a does here.")


def _repaired_by(finding: Finding, step: object) -> bool:
    return findings.taken(finding) and finding.repair is not None and step in finding.repair.steps
