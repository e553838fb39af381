"""What the application does with runs: begin, show, resume, take over, leave."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from textual import work
from textual.screen import Screen

from screens.base import Page
from screens.session import Options
from screens.shell import Shell
from tui import farewell
from tui.exits import Exit
from tui.runs import Runs

if TYPE_CHECKING:
    from screens.carried import Carried
    from services.model.plan import Plan
    from services.runs.history import RunLog
    from services.runs.rows import RunRow
    from services.runs.undo import Undo
    from services.runs.view import RunView

YIELD_S = 90.0
"""How long another process may take to end its writes; a request has 60 s."""


class RunShell(Shell):
    """The part of the application that screens ask about runs."""

    _runs: Runs
    last_words: str
    """What to tell the person when the screens are gone."""
    _ending: "asyncio.Task[None] | None" = None
    _mending = False

    # -- begin, show

    def start_run(self, plan: "Plan") -> None:
        if self._may_write():
            self._start_run(plan)

    def _may_write(self) -> bool:
        """Whether runs may write; where not, it is said before one begins and fails."""
        if self.session.options.read_only:
            self.say(
                "Read-only: wrapkey was started with --read-only and writes nothing.", bad=True
            )
        return not self.session.options.read_only

    @work(group="start run", description="start a run")
    async def _start_run(self, plan: "Plan") -> None:
        with self._telling("Nothing was begun. "):
            journal = await self._runs.journal()
            same = await journal.same(plan, self.session.live.cloud.name)
            if same is not None:
                self.say(f"Run {same.id} does this already: here it is.")
                await self._show(await self._runs.look(same.id))
            else:
                await self._show(await self._runs.start(plan))
            self.read_past()

    async def _show(self, run: "Carried") -> None:
        """The run's page, over Home, the list of runs or the diagnosis that it came from."""
        from screens.run import RunPage

        # One paint for all of it: every page of Set up below would be painted as it appears.
        with self.batch_update():
            while len(self.screen_stack) > 1 and not self._stays(self.screen):
                await self.pop_screen()
            await self.push_screen(RunPage(run))

    @staticmethod
    def _stays(screen: Screen[Any]) -> bool:
        """Whether a screen stays open below the page of a run."""
        return isinstance(screen, Page) and screen.under_runs

    def open_run(self, run: str) -> None:
        self._open_run(run)

    @work(group="open run", exclusive=True, description="show")
    async def _open_run(self, run: str) -> None:
        with self._telling():
            await self._show(await self._runs.look(run))

    async def past_runs(self) -> "tuple[RunRow, ...]":
        self.session.past = tuple(await (await self._runs.journal()).standing())
        return self.session.past

    async def run_log(self, run: str) -> "RunLog":
        from services.runs.history import log

        return await log(await self._runs.journal(), run)

    async def look_back(self, run: str, with_key: bool) -> "Undo":
        from services.runs.undo import preview

        return await preview(self.session.live, await self._runs.journal(), run, with_key=with_key)

    def read_past(self) -> None:
        """Tell Home what the journal knows."""
        self._read_past()

    @work(group="past", exclusive=True, description="read runs")
    async def _read_past(self) -> None:
        with self._telling():
            if self.session.paths.journal.exists():
                await self.past_runs()
                self.session.changed()

    # -- go on

    def resume_run(self, run: str) -> None:
        if self._may_write():
            self._resume_run(run)

    @work(group="resume", exclusive=True, description="resume")
    async def _resume_run(self, run: str) -> None:
        from screens.widgets.confirm import Confirm
        from services.runs.resume import prepare
        from tui.resuming import elsewhere, standing

        if self.session.stage != "ready":
            self.say("Nobody is signed in yet: w on Home shows how.", bad=True)
            return
        with self._telling():
            journal, conn = await self._runs.journal(), self.session.live
            self.say("Looking at what the run has done, and whether it is still so.")
            found = await prepare(conn, journal, run)
            if problem := elsewhere(found.run, conn.cloud):
                self.say(problem, bad=True)
                return
            text = "\n".join(standing(found))
            if await self.push_screen_wait(Confirm(f"Go on with run {run}?", text)):
                await self._carry_on(run)

    async def _carry_on(self, run: str) -> None:
        from screens.widgets.confirm import Confirm
        from services.runs.lock import RunLocked

        row = await (await self._runs.journal()).run(run)
        if row is not None and row.status == "succeeded":
            self.say(f"Run {run} has succeeded meanwhile: there is nothing to go on with.")
            await self._show(await self._runs.look(run))
            return
        try:
            await self._show(await self._runs.resume(run))
        except RunLocked as error:
            if error.owner.certain or error.owner.here:
                self.say(f"It goes on elsewhere: {error}.")
                await self._show(await self._runs.look(run))
                return
            text = (
                f"The run belongs to {error.owner}. From here nobody can tell. If it does live, it "
                "will send nothing more from now on."
            )
            if await self.push_screen_wait(Confirm(f"Take run {run} from another host?", text)):
                await self._show(await self._runs.resume(run, consent=True))
        self.read_past()

    def take_over(self, run: str) -> None:
        if self._may_write():
            self._take_over(run)

    @work(group="resume", exclusive=True, description="yield")
    async def _take_over(self, run: str) -> None:
        from screens.widgets.confirm import Confirm
        from services.runs.lock import owner
        from services.runs.resume import ask_to_yield

        with self._telling():
            journal = await self._runs.journal()
            theirs = owner(journal.path.parent, run)
            text = (
                f"{theirs or 'Nobody'} carries it out. It is asked to end its writes on their way "
                "and to leave; then the run goes on here, as you."
            )
            if not await self.push_screen_wait(Confirm(f"Take run {run} over?", text)):
                return
            if theirs is None or not theirs.certain or await ask_to_yield(journal, run, YIELD_S):
                await self._carry_on(run)
            else:
                self.say(
                    f"{theirs} does not answer. Should it hang, end it: the run is free then.",
                    bad=True,
                )

    # -- what goes wrong

    @contextmanager
    def _telling(self, before: str = "") -> Iterator[None]:
        """Say what kept something from being done; a damaged journal is offered to be mended."""
        from services.azure.errors import AzureError
        from services.runs.journal import JournalDamaged, JournalError
        from services.runs.lock import RunLocked

        try:
            yield
        except JournalDamaged:
            self.mend_journal()
        except AzureError as error:
            self.say(f"{before}{error.what} {error.means} {error.do}", bad=True)
        except (JournalError, RunLocked, LookupError) as error:
            self.say(f"{before}{error}", bad=True)

    def mend_journal(self) -> None:
        if not self._mending:
            self._mending = True
            self._mend()

    @work(group="mend", description="mend the journal")
    async def _mend(self) -> None:
        try:
            await self._ask_to_set_aside()
        finally:
            self._mending = False

    async def _ask_to_set_aside(self) -> None:
        from screens.widgets.confirm import Confirm
        from services.runs.journal import JournalDamaged, JournalError, set_aside

        try:
            await self._runs.journal()
        except JournalDamaged as error:
            problem = str(error)
        except JournalError as error:
            self.say(str(error), bad=True)
            return
        else:
            return
        if await self.push_screen_wait(Confirm("Set the journal of runs aside?", problem)):
            with self._telling():
                kept = set_aside(self.session.paths.journal)
                await self.past_runs()
                self.session.changed()
                self.say(f"A new journal was begun. The old one is kept: {kept}")

    # -- leave

    async def action_quit(self) -> None:
        live = self._runs.live
        if not live:
            self.exit(return_code=Exit.DONE)
            return
        from screens.leave import Leave
        from tui.detached import needs_person

        if not isinstance(self.screen, Leave):
            self.push_screen(Leave(live, needs_person(self.session.way)), self._leave)

    def _leave(self, answer: str | None) -> None:
        if answer and self._ending is None:
            if answer == "leave":
                self.say("Another process takes the run over, then wrapkey ends.")
            else:
                self.say("The writes on their way are awaited, then wrapkey ends.")
            self._ending = asyncio.create_task(self._end(hand_over=answer == "leave"))

    def terminal_gone(self) -> None:
        """The terminal has gone, or we were told to end: in order, and without a question."""
        if self._ending is None:
            self._ending = asyncio.create_task(self._end(hand_over=False, chosen=False))

    async def _end(self, *, hand_over: bool, chosen: bool = True) -> None:
        """Hand all runs to processes of their own, or end them; then leave."""
        from tui.detached import needs_person

        if hand_over and not needs_person(self.session.way):
            await asyncio.gather(*(self._hand_over(view) for view in self._runs.live))
        code = Exit.DONE
        for view in await self._runs.end(interrupted=hand_over or not chosen):
            if view.status != "succeeded":
                code = Exit.INTERRUPTED
                self._say_at_end(*farewell.stopped(view, self._as_now))
        self.exit(return_code=code)

    @property
    def _as_now(self) -> Options:
        """The options that lead another wrapkey to the same Azure as the same principal."""
        from tui.detached import signed_in_as

        return signed_in_as(self.session.options, self.session.way, self.session.principal)

    async def _hand_over(self, view: "RunView") -> None:
        """The run goes on here until the other process has signed in and asks for it."""
        from services.runs.journal import JournalError
        from tui import detached

        state = self.session.paths.state
        try:
            journal = await self._runs.journal()
            said = await journal.events(view.run)
            process = detached.start(view.run, self._as_now, state)
            await detached.begun(process, journal, view.run, said[-1][0] if said else 0, state)
        except (detached.NotDetached, JournalError, OSError) as error:
            self._say_at_end(f"Run {view.run} could not be handed over. {error}")
        else:
            self._say_at_end(*farewell.goes_on(view.run))

    def _say_at_end(self, *lines: str) -> None:
        self.last_words += "".join(f"{line}\n" for line in lines)
