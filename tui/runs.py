"""Runs of this process: they belong to the application, not to a screen."""

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING

from screens.session import Session

if TYPE_CHECKING:
    from services.azure.policies import ConnectionEvent
    from services.model.plan import Plan
    from services.runs.engine import Run
    from services.runs.journal import Journal
    from services.runs.view import RunView


class Runs:
    """Starts runs, keeps their views, and ends them in order."""

    def __init__(self, session: Session, broke: Callable[[str, BaseException], None]) -> None:
        """``broke`` is told of a fault in a run that is not an answer of Azure."""
        self._session = session
        self._broke = broke
        self._journal: Journal | None = None
        self._tasks: dict[str, asyncio.Task[object]] = {}

    async def journal(self) -> "Journal":
        """The journal, opened when first asked for; raises JournalError."""
        from services.runs.engine import runs_folder
        from services.runs.journal import Journal

        if self._journal is None:
            folder = runs_folder(self._session.paths.state)
            self._journal = await Journal.open(folder / "journal.sqlite")
        return self._journal

    async def start(self, plan: "Plan") -> "tuple[Run, RunView]":
        """Enter a run in the journal and begin it; raises JournalError and AzureError."""
        from services.runs.engine import Run
        from services.runs.view import RunView

        session = self._session
        run = await Run.start(session.live, await self.journal(), plan)
        view = RunView(run.id, plan, pace=session.speed or 1.0)
        run.subscribe(view.hear)
        session.runs[run.id], session.views[run.id] = run, view
        self.go(run)
        session.changed()
        return run, view

    def go(self, run: "Run") -> None:
        """Carry a run out, or go on with one that has ended."""
        self._tasks[run.id] = asyncio.create_task(self._follow(run), name=f"run {run.id}")

    async def _follow(self, run: "Run") -> None:
        view = self._session.views[run.id]
        end = self._session.live.subscribe(lambda event: note_write(view, event))
        try:
            await run.go()
        except Exception as error:
            self._broke(run.id, error)
        finally:
            end()
            self._session.changed()

    def retry(self, run: "Run", step: str) -> None:
        """Try a step again; a run that has ended goes on."""
        run.retry(step)
        if self._tasks[run.id].done():
            self.go(run)

    async def close(self) -> None:
        """Interrupt what runs: writes on their way are awaited, the journal is closed."""
        for task in self._tasks.values():
            task.cancel()
        await asyncio.gather(*self._tasks.values(), return_exceptions=True)
        for run in self._session.runs.values():
            await run.close()
        if self._journal is not None:
            await self._journal.close()


def note_write(view: "RunView", event: "ConnectionEvent") -> None:
    """Put a write into the run's log."""
    from services.azure.policies import RequestDone

    if isinstance(event, RequestDone) and event.method not in ("GET", "HEAD"):
        name = "/".join(event.path.rstrip("/").split("/")[-2:])
        answer = event.status if event.status is not None else "no answer"
        view.write(
            f"{event.at:%H:%M:%S}Z {event.method} {name} {answer} {event.ms:.0f} ms"
            f"  request {event.request_id[:8]}…"
        )
