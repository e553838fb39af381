"""Diagnose one workspace: findings as they are made, and the repair, which is a run of its own."""

from collections.abc import Callable, Iterable
from datetime import datetime

from textual import work

from screens.diagnose import exporting, repairing
from screens.diagnose import findings as told
from screens.diagnose.shown import Shown
from screens.diagnose.table import FindingTable
from screens.keys import bind
from screens.setup.tabs import TabLine
from screens.widgets.confirm import Confirm, TypedConfirm
from screens.widgets.prompt import Prompt
from screens.widgets.status import TitleLine
from services.azure.errors import AzureError
from services.diagnosis.conclude import conclude
from services.diagnosis.diagnose import look
from services.diagnosis.expiry import parse
from services.diagnosis.repair import plan_repair
from services.diagnosis.seen import Seen
from services.ids import same
from services.model.diagnosis import Diagnosis, Target
from services.model.plan import Finding, Plan
from services.text import plain

FLUSH = 0.25
"""Seconds between two paints of what streams in."""
READING = "Reading, writing nothing. Azure's own diagnosis may take half a minute."
SIGNED_OUT = "Nobody is signed in: w on Home shows how."
PROOF = (
    "wrapkey makes 32 random bytes, lets the vault wrap them with this key, unwrap them again, and "
    "compares. It shows that the key itself works at this moment, for you. It does not show that "
    "Cosmos DB, AI Search or Storage may use it: they come as somebody else, from another network. "
    "Nothing is kept or changed; the vault counts, bills and logs two operations."
)


class DiagnosePage(Shown):
    """What is wrong with a workspace now. Writes nothing before a repair was agreed to."""

    BINDINGS = bind("exports_too")
    under_runs = True

    def __init__(self, target: Target) -> None:
        super().__init__(target)
        self._seen: Seen | None = None
        """All that was read."""
        self._coming: list[Finding] = []
        self._reading = False
        self._due = False
        """Whether what has come is about to be painted."""
        self._ended: set[tuple[str, datetime]] = set()
        """Repairs that have ended, by run and time."""
        self._repaired: Plan | None = None
        """The plan of a repair that has just ended."""

    def on_mount(self) -> None:
        super().on_mount()
        self._ended = set(self._repairs())
        self.action_again()

    # -- reading

    def action_again(self) -> None:
        self._look()

    def _look(self, *, probe: bool = False, ask_azure: bool = True) -> None:
        if self.shell.session.connection is None:
            self.state(f"{SIGNED_OUT} r reads then.")
            return
        self._coming, self._reading = [], True
        self._paint()
        self._read_all(probe, ask_azure)

    @work(group="load", exclusive=True, description="diagnose")
    async def _read_all(self, probe: bool, ask_azure: bool) -> None:
        conn = self.shell.session.live
        try:
            seen = await look(conn, self._target, self._heard, ask_azure=ask_azure, probe=probe)
        except AzureError as error:
            self._reading = False
            self.query_one(TitleLine).show(right="not read")
            self.state(f"{error.what} {error.means} {error.do} r reads again.")
            self.shell.say(f"{error.what} {error.means} {error.do}", bad=True)
            return
        self._seen, self._reading = seen, False
        found = conclude(seen)
        self.show(found, self._standing(found))
        if probe:
            self._select("key-probe")

    def _heard(self, finding: Finding) -> None:
        """Findings are shown as they come, four times a second at most."""
        self._coming.append(finding)
        if not self._due:
            self._due = True
            self.set_timer(FLUSH, self._flush)

    def _flush(self) -> None:
        self._due = False
        if self._reading:
            self._paint()

    def _paint(self) -> None:
        """What has come so far; until something has, what was found last."""
        found = told.under_way(self._coming)
        if found:
            self.query_one(FindingTable).show(told.rows(found))
            self.query_one(TabLine).show({"findings": str(len(found))})
        self.query_one(TitleLine).show(right=f"reading  {told.counts(found)}".rstrip())
        self.state(READING)
        self.tell()

    @property
    def by_id(self) -> dict[str, Finding]:
        return super().by_id | {one.id: one for one in (self._coming if self._reading else ())}

    def _standing(self, found: Diagnosis) -> str:
        """One line: what a repair has brought, else when this was read."""
        if self._repaired is None:
            return f"As of {told.when(found.at)}."
        said = repairing.ended(self._repaired, found)
        self._repaired = None
        self.shell.say(f"Diagnosed again after the repair. {said}")
        return said

    def _select(self, check: str) -> None:
        """Show the first finding of a check."""
        key = next((one.id for one in self.by_id.values() if one.check == check), "")
        if key:
            self.query_one(FindingTable).choose(key)
            self.view("findings")

    def action_export(self) -> None:
        if self._reading or self._diagnosis is None:
            self.shell.say("Still reading: a report tells everything.")
        else:
            exporting.ask(self, self._seen, self._diagnosis)

    def action_exports(self) -> None:
        from screens.exports import open_exports

        open_exports(self, self._target)

    # -- proof

    def action_proof(self) -> None:
        self.app.push_screen(
            Confirm("Try the key as you?", PROOF),
            lambda sure: self._look(probe=True) if sure else None,
        )

    # -- repair

    def _ready(self) -> Diagnosis | None:
        """The diagnosis that can be repaired; where none can, why is said."""
        if self.shell.session.options.read_only:
            self.shell.say(repairing.READ_ONLY)
        elif self.shell.session.connection is None:
            self.shell.say(SIGNED_OUT)
        elif self._reading or self._diagnosis is None:
            self.shell.say("Still reading: repairs are known when everything is judged.")
        else:
            return self._diagnosis
        return None

    def action_repair(self) -> None:
        diagnosis, one = self._ready(), self.finding()
        if diagnosis is None:
            return
        if one is None:
            self.shell.say("f is for a finding: select what should be repaired.")
        elif repairing.can(one):
            self._ask(diagnosis, [one])
        else:
            self.shell.say(repairing.no_repair(one, self.by_id))

    def action_repair_all(self) -> None:
        diagnosis = self._ready()
        if diagnosis is None:
            return
        safe, left = repairing.safe(diagnosis), repairing.left_out(diagnosis)
        if safe:
            self._ask(diagnosis, safe, left)
        else:
            self.shell.say(f"Nothing that fails has a repair that can be undone. {left}".rstrip())

    def _ask(self, diagnosis: Diagnosis, chosen: Iterable[Finding], more: str = "") -> None:
        """Ask for the end of a key where it gets a new one, then for the whole of it."""
        ids = [one.id for one in chosen]
        plan = plan_repair(diagnosis, ids)
        day = repairing.new_end(plan)
        if not day:
            self._confirm(plan, more)
            return

        def rule(typed: str) -> str:
            return repairing.end_rule(typed, diagnosis.at)

        def chose(typed: str | None) -> None:
            if typed:
                self._confirm(plan_repair(diagnosis, ids, expires=parse(typed)), more)

        self.app.push_screen(Prompt("Let the key expire on", value=day, rule=rule), chose)

    def _confirm(self, plan: Plan, more: str) -> None:
        steps = f"{len(plan.steps)} step{'' if len(plan.steps) == 1 else 's'}"
        question = f"Repair {plain(self._target.name)} with {steps}?"
        text = repairing.question(plan, more)
        screen: Confirm | TypedConfirm = Confirm(question, text)
        if any(repairing.deletes(step) for step in plan.steps):
            screen = TypedConfirm(question, text, self._target.name)
        self.app.push_screen(screen, self._carry_out(plan))

    def _carry_out(self, plan: Plan) -> Callable[[bool | None], None]:
        def answered(sure: bool | None) -> None:
            if sure:
                self.shell.start_run(plan)

        return answered

    def _repairs(self) -> dict[tuple[str, datetime], Plan]:
        """Repairs of this workspace that have ended in this process, by run and time."""
        return {
            (view.run, view.ended): view.plan
            for view in self.shell.session.views.values()
            if view.ended is not None
            and view.plan.purpose == "repair"
            and same(view.plan.subject, self._target.id)
        }

    def session_changed(self) -> None:
        """A repair that has ended is looked at at once, also under the page of its run."""
        over = {at: plan for at, plan in self._repairs().items() if at not in self._ended}
        if over and self._diagnosis is not None:
            self._ended |= over.keys()
            self._repaired = list(over.values())[-1]
            self.query_one(FindingTable).follow()
            # what Azure's own diagnosis looks at was not repaired, and can take half a minute
            self._look(ask_azure=False)
