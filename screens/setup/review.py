"""Review: the plan, its findings, and the one confirmation before anything is written."""

from pathlib import Path

import msgspec
from textual.app import ComposeResult
from textual.widgets import ContentSwitcher, DataTable

from screens.keys import bind
from screens.setup import cost, quota
from screens.setup.cost import CostPane
from screens.setup.page import SetupPage, explanation
from screens.setup.tabs import Tab, TabLine
from screens.widgets.confirm import Confirm
from screens.widgets.explain import Explanation
from screens.widgets.inspect import TextView
from screens.widgets.prompt import Prompt
from screens.widgets.status import Note
from screens.widgets.table import Column, ListTable, Row
from services import intents
from services.model.cost import Line
from services.model.plan import Finding, Plan, Step, wanted
from services.model.quota import QuotaLine
from services.setup.draft import Draft
from services.setup.plan import make_plan, settled
from services.text import plain

PLAN = (Column("#", 2, right=True), Column("", 1), Column("Step", prose=True), Column("Takes", 15))
CHECKS = (Column("State", status=True), Column("Check", prose=True), Column("Subject", 14))
TABS = (
    Tab("plan", "Plan"),
    Tab("checks", "Checks"),
    Tab("quota", "Quota"),
    Tab("cost", "Cost"),
)
FITS = 53
"""Characters of a step's title that the list shows on 80 columns; more is said below it."""
NO_CHECKS = "There was nothing to check: what the plan works on does not exist yet."
ACTIONS = {
    "create": "makes something",
    "change": "changes something",
    "grant": "gives access",
    "wait": "waits",
    "verify": "only reads",
}
SIGNS = {"create": "+", "change": "~", "grant": "+", "wait": ".", "verify": "="}
WORDS = {
    "ok": "OK",
    "fix": "FIX",
    "warn": "WARN",
    "fail": "FAIL",
    "unknown": "??",
    "skipped": "--",
}
ORDER = ("fail", "unknown", "fix", "warn", "ok", "skipped")


class Review(SetupPage):
    """Nothing has been changed yet."""

    BINDINGS = bind("apply", "write_intent", "next_tab", "again_list")
    number = 6
    topic = "review"
    title_word = "Set up: review"
    guide = (
        "The plan in the order of dependencies: + makes something, ~ changes something, = only "
        "reads. Tab shows what was checked, what is left of each quota, and what it costs a month. a applies after one "
        "question that names the subscription and what can't be undone; w writes the intent as a "
        "file for wrapkey apply."
    )

    def __init__(self, draft: Draft) -> None:
        super().__init__(draft)
        self.plan: Plan | None = None
        self._found: list[Finding] = []
        self._tab = TABS[0].id

    def question(self) -> ComposeResult:
        yield TabLine(TABS)
        with ContentSwitcher(initial="plan"):
            yield ListTable(PLAN, id="plan")
            yield ListTable(CHECKS, id="checks")
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
        self.load(self._read())

    async def _read(self) -> None:
        self._found = []
        plan = await make_plan(self.conn, self.draft.intent(), self._heard)
        self.plan = plan
        steps = [_step(number, step) for number, step in enumerate(plan.steps, 1)]
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
        findings = sorted(self._found, key=lambda one: ORDER.index(one.status))
        self.query_one("#checks", ListTable).load([_finding(one) for one in findings])
        self.query_one(TabLine).show({"checks": _counts(findings)})
        if self.plan is None and findings:
            self.set_timer(0.25, self._show_found)

    def _say_plan(self, plan: Plan) -> None:
        failing = [one for one in plan.findings if one.status == "fail"]
        if failing:
            first = failing[0]
            repair = f" {first.repair.text}" if first.repair else ""
            text = f"Settle first: {first.title}. {first.meaning}{repair}"
        else:
            last = sum(1 for step in plan.steps if step.irreversible)
            undo = f" {last} can't be undone." if last else ""
            text = f"Nothing has been changed yet. {len(plan.steps)} steps.{undo} a applies them."
        self.query_one(Note).say(text)

    def on_data_table_row_highlighted(self) -> None:
        row = self._table.current
        if self.plan is None or row is None:
            return
        if isinstance(row.data, Step) and row.data.irreversible:
            self.query_one(Note).say(
                f"{row.data.title}. This can't be undone: {row.data.irreversible}"
                " Nothing has been changed yet."
            )
        elif isinstance(row.data, Step) and len(row.data.title) > FITS:
            self.query_one(Note).say(f"{row.data.title}. Nothing has been changed yet.")
        elif isinstance(row.data, Finding):
            repair = f" {row.data.repair.text}" if row.data.repair else ""
            self.query_one(Note).say(f"{row.data.meaning or row.data.title}{repair}")
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
            self.query_one(Note).say(NO_CHECKS)
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
            self.app.push_screen(TextView(chosen.data.title, step_details(chosen.data)))
        elif chosen is not None and isinstance(chosen.data, Line):
            self.app.push_screen(TextView(chosen.data.what, cost.details(chosen.data)))
        elif chosen is not None and isinstance(chosen.data, QuotaLine):
            self.app.push_screen(TextView(chosen.data.service, quota.details(chosen.data)))
        elif chosen is not None:
            self.app.push_screen(TextView(chosen.data.title, finding_details(chosen.data)))

    def action_apply(self) -> None:
        plan = self.plan
        if plan is None:
            self.shell.say("The plan is still being made.")
            return
        failing = [one for one in plan.findings if one.status == "fail"]
        if self.shell.session.options.read_only:
            self.shell.say("Read-only: wrapkey was started with --read-only and writes nothing.")
        elif failing:
            self.shell.say(f"Not yet: {failing[0].title}.", bad=True)
        else:
            name = self.draft.subscription.name
            self.app.push_screen(
                Confirm(f"Apply {len(plan.steps)} steps in {name}?", question(plan, name)),
                self._apply,
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


def question(plan: Plan, subscription: str) -> str:
    """What the confirmation says: where, what can't be undone, what is not known."""
    lines = [f"Subscription {subscription} ({wanted(plan).subscription})."]
    final = [step for step in plan.steps if step.irreversible]
    if final:
        lines += ["", "These can't be undone:"]
        lines += [f"  {step.title}\n    {step.irreversible}" for step in final]
    unknown = [one for one in plan.findings if one.status == "unknown"]
    if unknown:
        lines += ["", "Not known:"] + [f"  {one.title}" for one in unknown]
    return "\n".join(lines)


def takes(seconds: int) -> str:
    """An expected duration."""
    if seconds <= 0:
        return ""
    return f"~{seconds} s" if seconds < 60 else f"~{round(seconds / 60)} min"


def _step(number: int, step: Step) -> Row:
    last = "CAN'T BE UNDONE" if step.irreversible else takes(step.expected_s)
    cells = (str(number), SIGNS[step.action], step.title, last)
    return Row(step.id, cells, step.target, raw=msgspec.to_builtins(step), data=step)


def _finding(finding: Finding) -> Row:
    name = finding.subject.partition("/keys/")[2] or finding.subject.rstrip("/")
    short = name.partition("/")[0] if "/keys/" in finding.subject else name.rpartition("/")[2]
    cells = (WORDS[finding.status], finding.title, short)
    raw = msgspec.to_builtins(finding)
    return Row(finding.id, cells, finding.subject, raw=raw, data=finding)


def step_details(step: Step) -> str:
    """A step in full, as lines."""
    known = [
        ("Step", step.title),
        ("What", ACTIONS[step.action]),
        ("Target", step.target),
        ("Usually takes", takes(step.expected_s)),
        ("Can't be undone", step.irreversible),
        ("Begins after", ", ".join(step.needs)),
    ]
    text = [f"{name}: {plain(value)}" for name, value in known if value]
    given = {name: plain(value) for name, value in step.params.items() if value != {}}
    values = [f"  {name}: {value}" for name, value in given.items() if value]
    return "\n".join([*text, "", "With", *values] if values else text)


def finding_details(finding: Finding) -> str:
    """A finding in full, as lines."""
    text = [f"{WORDS[finding.status]}: {plain(finding.title)}", f"Subject: {finding.subject}"]
    text += [f"Means: {plain(finding.meaning)}"] if finding.meaning else []
    text += [f"Repair: {plain(finding.repair.text)}"] if finding.repair else []
    if finding.evidence:
        text += ["", "Seen"]
        text += [f"  {one.call}: {one.field} = {plain(one.value)}" for one in finding.evidence]
    return "\n".join([*text, "", f"Source: {finding.source}"] if finding.source else text)


def _counts(findings: list[Finding]) -> str:
    counted = [(WORDS[word], sum(one.status == word for one in findings)) for word in ORDER]
    shown = [f"{count} {word}" for word, count in counted if count]
    return " ".join(shown) or "none"
