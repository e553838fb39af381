"""Runs of this process: they belong to the application, not to a screen."""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from screens.session import Session

if TYPE_CHECKING:
    from screens.carried import Carried, Carrier
    from services.azure.policies import ConnectionEvent
    from services.model.plan import Plan
    from services.runs.engine import Run
    from services.runs.journal import Journal
    from services.runs.view import RunView


class Own:
    """A run of this process, as its page drives it (screens.carried)."""

    def __init__(self, runs: "Runs", run: "Run", view: "RunView") -> None:
        self._runs = runs
        self._run = run
        self.view = view

    @property
    def carrier(self) -> "Carrier":
        """Us, until another process has taken the run."""
        return "another" if self.problem else "us"

    @property
    def problem(self) -> str:
        """Who has taken the run; empty while it is ours."""
        return self._runs.lost.get(self._run.id, "")

    def subscribe(self, listener: Callable[[], None]) -> Callable[[], None]:
        """Hear of every change from now on; the answer ends that."""
        return self._run.subscribe(lambda _: listener())

    async def pause(self) -> None:
        """Send no new write."""
        await self._run.pause()

    async def proceed(self) -> None:
        """End a pause."""
        self._run.proceed()

    async def give(self, source: str, value: str) -> bool:
        """Give a secret that a step waits for; it stays in this process."""
        self._run.give(source, value)
        return True

    async def stop(self) -> None:
        """Begin nothing more; writes on their way are awaited."""
        self._run.stop()

    async def retry(self, step: str) -> None:
        """Try a step again; a run that has ended goes on."""
        self._runs.retry(self._run, step)

    async def values(self, step: str) -> dict[str, Any]:
        """What a step has found and left for others."""
        return self._run.context.results.get(step, {})


class Runs:
    """Starts runs, keeps their views, and ends them in order."""

    def __init__(
        self,
        session: Session,
        broke: Callable[[str, BaseException], None],
        over: Callable[[], None],
    ) -> None:
        """``broke`` is told of a fault in a run that is not an answer of Azure, ``over`` of ends."""
        self._session = session
        self._broke = broke
        self._over = over
        self._journal: Journal | None = None
        self._opening = asyncio.Lock()
        self._tasks: dict[str, asyncio.Task[object]] = {}
        self.lost: dict[str, str] = {}
        """Runs of this process that another one carries out by now, and the words for it."""

    async def journal(self) -> "Journal":
        """The journal, opened when first asked for; raises JournalError."""
        from services.runs.journal import Journal

        async with self._opening:
            if self._journal is None:
                self._journal = await Journal.open(self._session.paths.journal)
        return self._journal

    async def start(self, plan: "Plan") -> Own:
        """Enter a run in the journal and begin it; raises JournalError and AzureError."""
        from services.runs.engine import Run

        run = await Run.start(self._session.live, await self.journal(), plan)
        own = self._keep(run)
        self.go(run)
        return own

    def _keep(self, run: "Run") -> Own:
        """Keep a run that this process owns, and its view."""
        from services.runs.view import RunView

        session = self._session
        view = RunView(run.id, run.plan, pace=session.speed or 1.0)
        run.subscribe(view.hear)
        session.runs[run.id], session.views[run.id] = run, view
        return Own(self, run, view)

    async def look(self, run: str) -> "Carried":
        """A run of this process, or one read from the journal.

        Raises LookupError for an unknown one, and JournalError.
        """
        from tui.watching import Watched

        found = self._session.runs.get(run)
        if found is not None and run not in self.lost:
            return Own(self, found, self._session.views[run])
        journal = await self.journal()
        row = await journal.run(run)
        if row is None:
            raise LookupError(f"There is no run {run}.")
        watched = Watched(journal, row, self._session.speed or 1.0)
        await watched.begin()
        return watched

    async def resume(self, run: str, *, consent: bool = False) -> Own:
        """Own a run of the journal and go on with it.

        Raises LookupError, RunLocked (services.runs.lock), JournalError and AzureError.
        """
        from services.runs.engine import Run
        from services.runs.replay import replay

        journal = await self.journal()
        if run in self._session.runs:
            await self._session.runs[run].close()
        loaded = await Run.load(self._session.live, journal, run, consent=consent)
        own = self._keep(loaded)
        await replay(journal, own.view)
        self.go(loaded)
        return own

    def go(self, run: "Run") -> None:
        """Carry a run out, or go on with one that has ended."""
        self.lost.pop(run.id, None)
        self._tasks[run.id] = asyncio.create_task(self._follow(run), name=f"run {run.id}")
        self._session.changed()

    async def _follow(self, run: "Run") -> None:
        from services.runs.journal import RunTaken
        from services.runs.lock import RunLocked

        view = self._session.views[run.id]
        end = self._session.live.subscribe(lambda event: note_write(view, event))
        try:
            await run.go()
        except (RunLocked, RunTaken) as error:
            self.lost[run.id] = _told(error)
            view.end("interrupted", datetime.now(UTC))
            self._broke(run.id, error)
        except Exception as error:
            self._broke(run.id, error)
        finally:
            end()
            self._over()

    def retry(self, run: "Run", step: str) -> None:
        """Try a step again; a run that has ended goes on."""
        run.retry(step)
        if self._tasks[run.id].done():
            self.go(run)

    @property
    def live(self) -> "list[RunView]":
        """Runs that this process carries out now."""
        session = self._session
        return [session.views[id] for id, run in session.runs.items() if run.status == "running"]

    async def end(self, *, interrupted: bool) -> "list[RunView]":
        """Begin nothing more, await the writes on their way, give up what is owned.

        ``interrupted``: nobody chose this. Returns the runs that were going on.
        """
        live = self.live
        for view in live:
            self._session.runs[view.run].stop(interrupted=interrupted)
        await asyncio.gather(*self._tasks.values(), return_exceptions=True)
        for view in live:
            await self._session.runs[view.run].close()
        return live

    async def close(self) -> "list[RunView]":
        """End what still runs and close the journal; returns what was going on."""
        live = await self.end(interrupted=True)
        for run in self._session.runs.values():
            await run.close()
        if self._journal is not None:
            await self._journal.close()
            self._journal = None
        return live


def _told(error: Exception) -> str:
    text = str(error).rstrip(".")
    return f"{text[:1].upper()}{text[1:]}. Leave this screen and open the run again to watch it."


def note_write(view: "RunView", event: "ConnectionEvent") -> None:
    """Put a write into the run's log."""
    from services.azure.policies import RequestDone
    from services.runs.replay import write_line

    if isinstance(event, RequestDone) and event.method not in ("GET", "HEAD"):
        said = (event.at, event.method, event.path, event.status)
        view.write(write_line(*said, ms=event.ms, request=event.request_id))
