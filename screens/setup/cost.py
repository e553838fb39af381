"""The review's tab Cost: what each part costs a month, what is assumed, both modes beside."""

from textual import work
from textual.app import ComposeResult
from textual.containers import Vertical, VerticalScroll
from textual.widgets import Static

from screens.keys import bind
from screens.setup.tabs import TabLine
from screens.shell import Shell
from screens.widgets.prompt import Prompt
from screens.widgets.shown import lines as shown_lines
from screens.widgets.status import Note
from screens.widgets.table import Column, ListTable, Row
from services.azure.prices import CURRENCIES
from services.cost import assumptions, of_plan, words
from services.cost.chart import bars
from services.model.cost import Estimate, Line
from services.model.plan import Plan
from services.setup.draft import Draft

COSTS = (
    Column("What", prose=True),
    Column("Quantity", 14, right=True),
    Column("Price", 17, right=True),
    Column("A month", 11, right=True),
)
READING = "Reading Azure's prices."


class CostPane(Vertical):
    """Lines of the estimate, their sum below, or bars and modes in their place."""

    DEFAULT_CSS = """
    CostPane #cost-total { height: auto; max-height: 4; padding: 0 1; color: $text-muted; }
    CostPane #cost-parts { height: 1fr; padding: 0 1; display: none; scrollbar-size-vertical: 1; }
    CostPane #cost-parts Static { height: auto; }
    """
    BINDINGS = bind("assume", "currency", "modes")

    def __init__(self, draft: Draft) -> None:
        super().__init__(id="cost")
        self._draft = draft
        self._plan: Plan | None = None
        self._basis: of_plan.Basis | None = None
        self._estimate: Estimate | None = None

    def compose(self) -> ComposeResult:
        yield ListTable(COSTS, id="cost-lines")
        with VerticalScroll(id="cost-parts"):
            yield Static("", id="cost-bars", markup=False)
        yield Static(READING, id="cost-total", markup=False)

    @property
    def table(self) -> ListTable:
        """The lines."""
        return self.query_one("#cost-lines", ListTable)

    @property
    def shell(self) -> Shell:
        """The application, typed."""
        assert isinstance(self.app, Shell)
        return self.app

    def enter(self) -> None:
        """Take the focus, on what is shown."""
        parts = self.query_one("#cost-parts")
        (parts if parts.display else self.table).focus()

    def clear(self) -> None:
        """The plan is made anew: nothing is known."""
        self._plan = self._basis = self._estimate = None
        self.table.load(())
        self.query_one("#cost-bars", Static).update("")
        self.query_one("#cost-total", Static).update(READING)
        self.screen.query_one(TabLine).show({"cost": ""})

    def read(self, plan: Plan) -> None:
        """Estimate this plan, reading prices in the background."""
        self._plan = plan
        self._read(plan)

    @work(group="read", exclusive=True, description="read prices")
    async def _read(self, plan: Plan) -> None:
        session = self.shell.session
        draft = self._draft
        self._basis = await of_plan.read(session.live, plan, session.paths.state, draft.currency)
        self._show()

    def _show(self) -> None:
        if self._basis is None:
            return
        made = self._estimate = self._basis.estimate(self._draft.assumptions)
        self.table.load([_row(one) for one in made.lines])
        said = " ".join(part for part in (words.total(made), words.age(made), made.problem) if part)
        self.query_one("#cost-total", Static).update(shown_lines(said))
        self._draw()
        self.screen.query_one(TabLine).show({"cost": words.short(made)})

    def _draw(self) -> None:
        made = self._estimate
        if made is not None:
            dearest = sorted(made.lines, key=lambda one: one.high.subtotal or 0.0, reverse=True)
            parts = (*words.sides(made), "", *bars(dearest, self.size.width - 4), "", *made.free)
            self.query_one("#cost-bars", Static).update(shown_lines("\n".join(parts)))

    def on_resize(self) -> None:
        self._draw()

    def action_modes(self) -> None:
        parts = self.query_one("#cost-parts")
        parts.display = not parts.display
        self.table.display = self.query_one("#cost-total").display = not parts.display
        self.enter()
        mode = " * is the mode of this plan." if self._draft.kind == "workspace" else ""
        if parts.display:
            self.screen.query_one(Note).say(
                f"# is the low end, . goes on to the high one.{mode} m shows the list again."
            )

    def action_assume(self) -> None:
        line = self.table.current.data if self.table.current else None
        if not isinstance(line, Line):
            return
        if not line.assumes:
            self.shell.say(f"Nothing to assume here. {line.assumption}")
            return
        value = assumptions.written(self._draft.assumptions, line.assumes)
        label = "; ".join(assumptions.about(name) for name in line.assumes)
        if len(value) > 1:
            label = f"{label}: {' or '.join(value)}"
        self.app.push_screen(
            Prompt(f"Assume {label}", value=value[0], rule=self._rule), self._assume
        )

    def _rule(self, text: str) -> str:
        return assumptions.problem(self._draft.assumptions, text)

    def _assume(self, text: str | None) -> None:
        if text:
            self._draft.assumptions = assumptions.changed(self._draft.assumptions, text)
            self._remember()
            self._show()

    def _remember(self) -> None:
        self.shell.remember_cost(self._draft.currency, self._draft.assumptions)

    def action_currency(self) -> None:
        self.app.push_screen(
            Prompt("Currency", value=self._draft.currency, known=CURRENCIES, rule=_currency),
            self._take_currency,
        )

    def _take_currency(self, code: str | None) -> None:
        if code and self._plan is not None:
            self._draft.currency = code.strip().upper()
            self._remember()
            self.read(self._plan)


def _currency(code: str) -> str:
    if code.strip().upper() in CURRENCIES:
        return ""
    return f"Azure's prices have these currencies: {' '.join(CURRENCIES)}. Example: EUR"


def _row(line: Line) -> Row:
    cells = (
        line.what,
        f"{words.amount(line)} {line.unit}",
        words.prices(line),
        words.span(line.low.subtotal, line.high.subtotal) if line.known else words.UNKNOWN,
    )
    order = {1: line.amount_high, 2: line.high.price, 3: line.high.subtotal}
    return Row(line.id, cells, line.high.meter_id, also=line.resource, order=order, data=line)


def note(line: Line) -> str:
    """A line in a sentence or two: for what, what was assumed, why nothing is known."""
    unknown = f" ??: {line.why}. It is left out of the sum." if line.why else ""
    other = (
        f" {line.instead_if.capitalize()}: {words.money(line.instead.subtotal)}."
        if line.instead
        else ""
    )
    change = f" e changes {' or '.join(line.assumes)}." if line.assumes else ""
    return f"For {line.resource}. {line.assumption}{other}{unknown}{change}"


def details(line: Line) -> str:
    """A line in full, as lines."""
    made = {"plan": "the plan", "azure": "Azure, in its own group", "use": "nobody: it is used"}
    known = [
        ("For", line.resource),
        ("Made by", made[line.made_by]),
        ("Assumed", line.assumption),
        (line.instead_if.capitalize(), words.money(line.instead.subtotal) if line.instead else ""),
        ("Not known", line.why),
        ("After a delete", "goes on for 14 days" if line.after_delete else ""),
    ]
    text = [f"{name}: {value}" for name, value in known if value]
    ends = dict.fromkeys((line.low, line.high))
    for part in ends:
        text += ["", f"Meter: {part.meter or words.UNKNOWN}"]
        text += [f"Meter id: {part.meter_id}"] if part.meter_id else []
        text.append(f"{part.quantity:,.6g} x {words.price(part.price)} ({part.unit or '??'})")
        text.append(f"A month: {words.money(part.subtotal)}")
    return "\n".join(text)
