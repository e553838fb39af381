"""Run: every step as it happens, and what Azure makes or starts below it as it appears."""

from datetime import UTC, datetime

from textual import events, work
from textual.app import ComposeResult, RenderResult
from textual.containers import Horizontal, VerticalScroll
from textual.content import Content
from textual.widget import Widget

from screens.base import Page
from screens.carried import Carried
from screens.keys import bind
from screens.runcost import as_made
from screens.runlast import LastLines
from screens.runtext import clock, clock_text, details, sentence, step_text, telling, title
from screens.setup.page import explanation
from screens.widgets.explain import Explanation
from screens.widgets.inspect import TextView
from screens.widgets.prompt import Prompt
from screens.widgets.shown import status
from screens.widgets.status import Note
from services import portal
from services.azure import workspaces
from services.azure.connection import Connection
from services.azure.errors import AzureError
from services.explain import Names
from services.model.intent import ClusterSetup, WorkspaceSetup, kind_of, named
from services.runs.view import SeenResource, StepLine, subject
from services.text import plain, shorten

NARROW = 72
"""Columns below which the clock leaves out how long it usually still takes."""
FLUSH = 0.25
"""Seconds between two looks at what has changed: at most 4 repaints a second."""

SIGNED_OUT = "Nobody is signed in yet: w on Home shows how."

TYPES = {
    "microsoft.documentdb/databaseaccounts": "Cosmos DB",
    "microsoft.search/searchservices": "AI Search",
    "microsoft.storage/storageaccounts": "Storage",
    "container": "Container",
    "microsoft.containerservice/managedclusters/agentpools": "Node pool",
    "microsoft.compute/virtualmachinescalesets": "Nodes",
    "microsoft.network/loadbalancers": "Load balancer",
    "microsoft.network/publicipaddresses": "Address",
    "microsoft.network/virtualnetworks": "Network",
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
        width = max(20, (self.size.width or self.app.size.width) - 12)
        text, clock = self.query(Line)
        text.show(step_text(self.line, width))
        seconds = self.line.seconds(now)
        clock.show(Content("" if seconds is None else f"{clock_text(seconds):>8}"))


class ResourceRow(Line):
    """A resource of the managed group, or a container, below its step."""

    def update(self, seen: SeenResource, width: int) -> None:
        """Show it as Azure last told it."""
        kind = TYPES.get(seen.type.lower(), plain(seen.type.rsplit("/", 1)[-1], 30))
        state = "" if seen.word == "OK" else f"   {plain(seen.state)}"
        room = max(8, width - 30 - len(kind))
        name = shorten(plain(seen.name), room)
        self.show(Content.assemble("        ", status(seen.word), f" {kind}  {name}{state}"))


class RunPage(Page[None]):
    """A run that lives in the application: leaving this screen does not stop it."""

    BINDINGS = bind(
        *("details", "pause", "give", "stop", "retry", "resume", "take_over"),
        *("undo", "result_browse", "exports", "result_portal", "run_down", "run_up"),
    )
    title_word = "Run"
    guide = (
        "Every line is a step; OK is true now, RUN is being done, WAIT waits and says for what, "
        "FAIL has failed, .. has not begun. Enter shows a step in full: its target, what Azure "
        "answered, the command for somebody who may do it. p pauses before the next write, r "
        "tries a failed or waiting step again, s stops after the writes on their way. The selection "
        "follows the run until you move it. esc leaves the screen; the run goes on. A run of "
        "another process is shown from the journal: the same keys are told to it, and t takes "
        "it over. Where a step waits for a secret, g asks for it, hidden. c goes on with a run "
        "that nobody carries out any more, u shows what it made and what an undo would take back. "
        "E writes the files and commands that other tools need of what is made."
    )

    def __init__(self, run: Carried) -> None:
        super().__init__()
        self.run_, self.view = run, run.view
        self._shown: dict[str, ResourceRow] = {}
        self._stale = True
        self._follows = True
        """Nobody has moved the selection yet: it follows the run."""
        self._works: tuple[object, ...] = ()
        self._last = LastLines()
        self._cost: str | None = None
        """What it costs as it was made; None until somebody asks."""

    def body(self) -> ComposeResult:
        with Horizontal(id="run-head"):
            yield Line(id="run-title")
            yield Line(id="run-clock")
        with VerticalScroll(id="steps", can_focus=False):
            for line in self.view.lines.values():
                yield StepRow(line)
            yield self._last
        yield Line(id="run-log")
        yield Note("", id="note")

    def on_mount(self) -> None:
        self._unhear = self.run_.subscribe(self._mark)
        self._tick()
        self.set_interval(FLUSH, self._flush)
        self.set_interval(1.0, self._tick)
        self.query(StepRow).first().focus()

    def on_unmount(self) -> None:
        self._unhear()

    def on_resize(self, event: events.Resize) -> None:
        """What gives way to what depends on the width."""
        self.set_class(event.size.width < NARROW, "narrow")
        self._mark()

    def session_changed(self) -> None:
        """Another process may have taken the run meanwhile, which is no event of it."""
        self._mark()

    def where(self) -> str:
        plan = self.view.plan
        about = subject(plan)
        known = self.shell.session.subscriptions
        name = next((one.name for one in known if one.id == about.subscription), "")
        return (
            f"{name or about.subscription} > {plan.intent.region if plan.intent else about.group}"
        )

    def explain(self) -> Explanation:
        intent = self.view.plan.intent
        names = Names(workspace=self.view.name)
        if intent is not None:
            names = Names(
                vault=intent.vault.name,
                key=intent.key.name,
                workspace=named(intent),
                kind=kind_of(intent),
            )
        return explanation("undo" if self.view.plan.purpose == "undo" else "run", names)

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
        head = self.query_one("#run-title", Line)
        head.show(title(view, head.size.width or self.app.size.width - 32))
        self.query_one("#run-clock", Line).show(clock(view, now, short=self.has_class("narrow")))
        for row in self.query(StepRow):
            row.update(now)
            self._paint_resources(row)
        if view.log or self._cost:
            room = max(20, self.app.size.width - 2)
            last = self._cost or view.log[-1]
            self.query_one("#run-log", Line).show(Content(f" {shorten(plain(last), room)}"))
        focused = self.focused.line if isinstance(self.focused, StepRow) else None
        said = self.run_.problem or sentence(view, focused, now, self.run_.carrier)
        self.query_one(Note).say(said)
        if view.status == "succeeded" and self._cost is None and self.shell.session.connection:
            self._cost = ""
            self._estimate()
            self._last.read(view.plan)
        if self._follows and self.is_current:
            self._follow()
        self._refresh_keys()

    @work(group="read", description="estimate what was made")
    async def _estimate(self) -> None:
        self._cost = await as_made(self.shell.session, self.view.plan)
        self._mark()

    def _follow(self) -> None:
        """Keep the step that is at work selected and in sight, until somebody moves."""
        line = telling(self.view)
        row = next((one for one in self.query(StepRow) if one.line is line), None)
        if row is None:
            return
        seen = list(line.resources) if line else []
        last: Widget = self._shown[seen[-1]] if seen else row
        if row is not self.focused:
            self.set_focus(row, scroll_visible=False)
        self.call_after_refresh(self._bring, last)

    def _bring(self, widget: Widget) -> None:
        """Scroll only when it is out of sight, then by half a page: every scroll sends the list."""
        steps = self.query_one("#steps")
        height, at = steps.content_size.height, widget.virtual_region.y
        if not steps.scroll_offset.y <= at < steps.scroll_offset.y + height:
            steps.scroll_to(y=max(0, at - height // 2), animate=False)

    def _refresh_keys(self) -> None:
        """Tell the key line when other keys work than before."""
        works = (self._live, self._can_retry(), self.view.status, self.run_.carrier)
        if works != self._works:
            self._works = works
            self.refresh_bindings()

    def _paint_resources(self, row: StepRow) -> None:
        known = [self._shown[id] for id in row.line.resources if id in self._shown]
        new = []
        for seen in row.line.resources.values():
            if seen.id not in self._shown:
                self._shown[seen.id] = ResourceRow()
                new.append(self._shown[seen.id])
            self._shown[seen.id].update(seen, self.app.size.width)
        if new:
            self.query_one("#steps").mount_all(new, after=known[-1] if known else row)

    # -- keys

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Keys that do nothing now are dimmed; those of the result come with it."""
        done = self.view.status == "succeeded"
        if action == "resume":
            return self.view.ended is not None and not done
        if action == "take_over":
            return self.run_.carrier == "another" and self._live
        if action == "retry" and not self._can_retry():
            return None if self._live and self.run_.carrier == "us" else False
        if action == "undo":
            return not self._live and self.view.plan.purpose != "undo"
        if action in ("pause", "stop") and not self._live:
            return False
        if action == "portal":
            connection = self.shell.session.connection
            return done and bool(connection and connection.cloud.portal)
        if action == "exports":
            return done and isinstance(self.view.plan.intent, WorkspaceSetup | ClusterSetup)
        if action == "browse_result":
            return done and isinstance(self.view.plan.intent, WorkspaceSetup)
        if action == "give":
            return self._live and bool(self._absent)
        return super().check_action(action, parameters)

    @property
    def _absent(self) -> str:
        """Where a secret is looked for that the run waits for; empty where it waits for none."""
        pause = self.view.pause
        return str(pause.get("what") or "") if pause.get("why") == "secret" else ""

    @property
    def _live(self) -> bool:
        """Whether somebody carries the run out now."""
        return self.view.ended is None and self.run_.carrier != "nobody"

    def _can_retry(self) -> bool:
        """Whether a step can be tried again by whoever owns the run."""
        return (self._live or self.run_.carrier == "us") and any(
            line.word in ("FAIL", "WAIT") for line in self.view.lines.values()
        )

    def action_run_down(self) -> None:
        self._follows = False
        self.focus_next(StepRow)

    def action_run_up(self) -> None:
        self._follows = False
        self.focus_previous(StepRow)

    @property
    def _workspace(self) -> str:
        return str(subject(self.view.plan))

    def action_undo(self) -> None:
        from screens.undo import UndoPage

        if self.shell.session.connection is None:
            self.shell.say(SIGNED_OUT, bad=True)
        else:
            self.app.push_screen(UndoPage(self.view.run))

    def action_portal(self) -> None:
        conn = self.shell.session.live
        address = portal.resource(conn.cloud, self._workspace)
        self.app.push_screen(TextView("Address in the portal", address))

    def action_exports(self) -> None:
        from screens.exports import open_of

        open_of(self, subject(self.view.plan))

    def action_browse_result(self) -> None:
        if self.shell.session.connection is None:
            self.shell.say(SIGNED_OUT, bad=True)
        else:
            self._browse(self.shell.session.connection)

    @work(group="browse", exclusive=True, description="browse")
    async def _browse(self, conn: Connection) -> None:
        from screens.browse.workspace import WorkspaceDetail

        try:
            found = await workspaces.get_workspace(conn, self._workspace)
        except AzureError as error:
            self.shell.say(f"{error.what} {error.means} {error.do}", bad=True)
            return
        if found is None:
            self.shell.say("The workspace is not there any more.", bad=True)
        else:
            self.app.push_screen(WorkspaceDetail(found))

    def on_descendant_focus(self) -> None:
        super().on_descendant_focus()
        self._mark()

    async def action_details(self) -> None:
        if isinstance(self.focused, StepRow):
            line = self.focused.line
            values = await self.run_.values(line.step.id)
            text = details(line, self.view, values.get("lines", ()))
            text += self._last.text if line.step.kind in ("container-group", "verify-group") else ""
            self.app.push_screen(TextView(line.step.title, text))

    async def action_pause(self) -> None:
        if self.view.status == "paused":
            await self.run_.proceed()
        else:
            await self.run_.pause()
        self._mark()

    def action_give(self) -> None:
        source = self._absent
        if not source:
            return

        def given(value: str | None) -> None:
            if value:
                self._give(source, value)

        label = f"Value of {plain(source)}, kept nowhere"
        self.app.push_screen(Prompt(label, hidden=True), given)

    @work(group="give", description="go on")
    async def _give(self, source: str, value: str) -> None:
        if not await self.run_.give(source, value):
            self.shell.say("Another process carries it out: type it there, or take it over.")
        self._mark()

    async def action_stop(self) -> None:
        await self.run_.stop()
        self.shell.say("It stops: nothing more is begun, the writes on their way are awaited.")

    async def action_retry(self) -> None:
        line = self.focused.line if isinstance(self.focused, StepRow) else None
        if line is None or line.word not in ("FAIL", "WAIT"):
            failing = [one for one in self.view.lines.values() if one.word in ("FAIL", "WAIT")]
            line = failing[0] if failing else None
        if line is not None:
            await self.run_.retry(line.step.id)

    def action_resume(self) -> None:
        self.shell.resume_run(self.view.run)

    def action_take_over(self) -> None:
        self.shell.take_over(self.view.run)
