"""Run: every step as it happens, and the managed group's resources as they appear."""

from datetime import UTC, datetime
from typing import Any

from textual.app import ComposeResult, RenderResult
from textual.containers import Horizontal, VerticalScroll
from textual.content import Content
from textual.widget import Widget

from screens.base import Page
from screens.keys import bind
from screens.setup.page import explanation
from screens.widgets.explain import Explanation
from screens.widgets.inspect import TextView
from screens.widgets.shown import status
from screens.widgets.status import Note
from services.explain import Names
from services.runs.engine import Run
from services.runs.view import RunView, SeenResource, StepLine
from services.text import plain, shorten

FLUSH = 0.25
"""Seconds between two looks at what has changed: at most 4 repaints a second."""

TYPES = {
    "microsoft.documentdb/databaseaccounts": "Cosmos DB",
    "microsoft.search/searchservices": "AI Search",
    "microsoft.storage/storageaccounts": "Storage",
}


class Line(Widget):
    """One line of text that is sent only when it has changed."""

    DEFAULT_CSS = "Line { height: 1; }"

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:
        super().__init__(id=id, classes=classes)
        self._content = Content("")

    def show(self, shown: Content) -> None:
        """Show this."""
        if shown != self._content:
            self._content = shown
            self.refresh()

    def render(self) -> RenderResult:
        return self._content


class StepRow(Horizontal, can_focus=True):
    """One step: its word, its title and note, and its time in a widget of its own."""

    DEFAULT_CSS = """
    StepRow { height: 1; padding: 0 1; }
    StepRow:focus { text-style: reverse; }
    StepRow .text { width: 1fr; }
    StepRow .time { width: 8; text-align: right; }
    """

    def __init__(self, line: StepLine) -> None:
        super().__init__()
        self.line = line

    def compose(self) -> ComposeResult:
        yield Line(classes="text")
        yield Line(classes="time")

    def update(self, now: datetime) -> None:
        """Show the line as it is now."""
        width = max(20, self.app.size.width - 12)
        text, clock = self.query(Line)
        text.show(step_text(self.line, width))
        seconds = self.line.seconds(now)
        clock.show(Content("" if seconds is None else f"{clock_text(seconds):>8}"))


class ResourceRow(Line):
    """A resource of the managed group below its step."""

    def update(self, seen: SeenResource, width: int) -> None:
        """Show it as Azure last told it."""
        kind = TYPES.get(seen.type.lower(), plain(seen.type.rsplit("/", 1)[-1], 30))
        state = "" if seen.word == "OK" else f"   {plain(seen.state)}"
        room = max(8, width - 30 - len(kind))
        name = shorten(plain(seen.name), room)
        self.show(Content.assemble("        ", status(seen.word), f" {kind}  {name}{state}"))


class RunPage(Page[None]):
    """A run that lives in the application: leaving this screen does not stop it."""

    BINDINGS = bind("details", "pause", "retry", "run_down", "run_up")
    title_word = "Run"
    guide = (
        "Every line is a step; OK is true now, RUN is being done, WAIT waits and says for what, "
        "FAIL has failed, .. has not begun. Enter shows a step in full: its target, what Azure "
        "answered, the command for somebody who may do it. p pauses before the next write, r "
        "tries a failed or waiting step again. esc leaves the screen; the run goes on."
    )

    def __init__(self, run: Run, view: RunView) -> None:
        super().__init__()
        self.run_, self.view = run, view
        self._shown: dict[str, ResourceRow] = {}
        self._stale = True

    def body(self) -> ComposeResult:
        with Horizontal(id="run-head"):
            yield Line(id="run-title")
            yield Line(id="run-clock")
        with VerticalScroll(id="steps", can_focus=False):
            for line in self.view.lines.values():
                yield StepRow(line)
        yield Line(id="run-log")
        yield Note("", id="note")

    def on_mount(self) -> None:
        self._unhear = self.run_.subscribe(lambda _: self._mark())
        self._tick()
        self.set_interval(FLUSH, self._flush)
        self.set_interval(1.0, self._tick)
        self.query(StepRow).first().focus()

    def on_unmount(self) -> None:
        self._unhear()

    def where(self) -> str:
        intent = self.view.plan.intent
        return f"{intent.resource_group} > {intent.region}"

    def explain(self) -> Explanation:
        intent = self.view.plan.intent
        names = Names(vault=intent.vault.name, key=intent.key.name, workspace=intent.workspace.name)
        return explanation("run", names)

    # -- painting

    def _mark(self) -> None:
        self._stale = True

    def _flush(self) -> None:
        """Paint what events have changed, if any have."""
        if self._stale:
            self._stale = False
            self._paint()

    def _tick(self) -> None:
        """Move the clocks while something runs."""
        if self._stale or self.view.ended is None:
            self._paint()

    def _paint(self) -> None:
        now, view = datetime.now(UTC), self.view
        self.query_one("#run-title", Line).show(title(view))
        self.query_one("#run-clock", Line).show(clock(view, now))
        for row in self.query(StepRow):
            row.update(now)
            self._paint_resources(row)
        if view.log:
            room = max(20, self.app.size.width - 2)
            self.query_one("#run-log", Line).show(Content(f" {shorten(plain(view.log[-1]), room)}"))
        self.query_one(Note).say(self._sentence())

    def _paint_resources(self, row: StepRow) -> None:
        after: Widget = row
        for seen in row.line.resources.values():
            shown = self._shown.get(seen.id)
            if shown is None:
                shown = self._shown[seen.id] = ResourceRow()
                self.query_one("#steps").mount(shown, after=after)
            shown.update(seen, self.app.size.width)
            after = shown

    def _sentence(self) -> str:
        """What the selected or the most telling step has to say."""
        lines = list(self.view.lines.values())
        focused = self.focused.line if isinstance(self.focused, StepRow) else None
        if self.view.status == "succeeded":
            return f"Finished in {clock_text(self.view.elapsed(datetime.now(UTC)))}. {last(lines)}"
        telling = next((one for one in lines if one.word == "FAIL"), None) or next(
            (one for one in lines if one.word == "WAIT"), None
        )
        line = focused if focused and focused.word in ("FAIL", "WAIT") else telling
        if line is None:
            return "The run belongs to wrapkey, not to this screen: esc leaves it running."
        return telling_text(line)

    # -- keys

    def action_run_down(self) -> None:
        self.focus_next(StepRow)

    def action_run_up(self) -> None:
        self.focus_previous(StepRow)

    def on_descendant_focus(self) -> None:
        super().on_descendant_focus()
        self._mark()

    def action_details(self) -> None:
        if isinstance(self.focused, StepRow):
            line = self.focused.line
            self.app.push_screen(TextView(line.step.title, details(line, self.view)))

    async def action_pause(self) -> None:
        if self.view.ended is not None:
            self.shell.say("The run is over.")
        elif self.view.status == "paused":
            self.run_.proceed()
            self.view.status = "running"
            self._mark()
        else:
            await self.run_.pause()

    def action_retry(self) -> None:
        line = self.focused.line if isinstance(self.focused, StepRow) else None
        if line is None or line.word not in ("FAIL", "WAIT"):
            failing = [one for one in self.view.lines.values() if one.word in ("FAIL", "WAIT")]
            line = failing[0] if failing else None
        if line is None:
            self.shell.say("No step has failed or waits.")
        else:
            self.shell.retry_step(self.run_, line.step.id)


def title(view: RunView) -> Content:
    """Which run, and how many steps are true."""
    state = "" if view.status in ("running", "") else f"   {view.status}"
    return Content.assemble(
        (f" Run {view.run}  {plain(view.workspace)}", "bold"),
        f"   {view.done} of {view.total} done{state}",
    )


def clock(view: RunView, now: datetime) -> Content:
    """How long it has taken and usually still takes."""
    elapsed = f"{clock_text(view.elapsed(now))} elapsed"
    left = view.left(now)
    if view.ended is None and left:
        elapsed += f"   ~{left} s left" if left < 60 else f"   ~{round(left / 60)} min left"
    return Content(elapsed)


def clock_text(seconds: int) -> str:
    """A duration the way a clock shows it."""
    return f"{seconds // 60:02}:{seconds % 60:02}"


def step_text(line: StepLine, width: int) -> Content:
    """Word, title and note in ``width`` columns; the note gives way to the title."""
    room = width - 6
    head = shorten(plain(line.step.title), room)
    left = room - len(head) - 3
    note = shorten(plain(line.note), left) if left > 8 else ""
    return Content.assemble(
        status(line.word), " ", head, ("   " if note else ""), (note, "$text-muted")
    )


def telling_text(line: StepLine) -> str:
    """Why a step waits or has failed, and what to do."""
    detail = line.detail
    if line.word == "FAIL":
        cause = detail.get("cause")
        means = cause.get("means", "") if isinstance(cause, dict) else ""
        return f"{line.note} {means} {detail.get('repair', '')} Enter: details. r: try again."
    command = detail.get("command")
    whom = f" For {detail.get('whom')}; enter shows the command." if command else ""
    return f"WAIT: {line.note}.{whom}"


def last(lines: list[StepLine]) -> str:
    """What verify had to say."""
    return lines[-1].note if lines else ""


def details(line: StepLine, view: RunView) -> str:
    """Everything known about a step, as lines."""
    step = line.step
    known = [
        ("Step", step.title),
        ("Target", step.target),
        ("State", line.word),
        ("Note", line.note),
        ("Can't be undone", step.irreversible),
    ]
    text = [f"{name}: {plain(value)}" for name, value in known if value]
    text += _flat(line.detail)
    if line.resources:
        text += ["", "Seen in the managed group:"]
        text += [f"  {one.word} {one.id} {one.state}" for one in line.resources.values()]
    if view.log:
        text += ["", "Writes of this run:", *view.log]
    return "\n".join(text)


def _flat(detail: dict[str, Any], before: str = "") -> list[str]:
    found: list[str] = []
    for name, value in detail.items():
        if isinstance(value, dict):
            found += _flat(value, f"{before}{name}.")
        else:
            found.append(f"{before}{name}: {plain(value)}")
    return found
