"""A run that this process does not carry out: read from the journal, driven by its commands."""

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from services.runs.follow import OwnerGone
from services.runs.handed import follow_on
from services.runs.journal import Journal, JournalError
from services.runs.lock import owned
from services.runs.replay import WriteLog, replay
from services.runs.rows import RunRow
from services.runs.view import RunView

if TYPE_CHECKING:
    from screens.carried import Carrier

Changed = Callable[[], None]


class Watched:
    """As screens.carried wants it. It never writes anything but commands."""

    def __init__(self, journal: Journal, row: RunRow, pace: float) -> None:
        self.view = RunView(row.id, row.plan, pace=pace)
        self.problem = ""
        """Why it can't be followed any further; empty while it can."""
        self._row = row
        self._journal = journal
        self._listeners: list[Changed] = []
        self._task: asyncio.Task[None] | None = None
        self._log = WriteLog(self.view)
        self._after = 0
        self._last = row.created

    @property
    def carrier(self) -> "Carrier":
        """Another process while one owns the run."""
        alive = self.view.ended is None or self._owned
        return "another" if alive else "nobody"

    @property
    def _owned(self) -> bool:
        return owned(self._journal.path.parent, self.view.run)

    async def begin(self) -> None:
        """Read what there is, then follow where somebody carries it out; raises JournalError."""
        self._after, last = await replay(self._journal, self.view, self._log)
        self._last = last or self._last
        if self._owned:
            self._task = asyncio.create_task(self._follow(), name=f"watch {self.view.run}")
        elif self.view.ended is None:
            self._gone()

    async def _follow(self) -> None:
        try:
            async for event in follow_on(self._journal, self.view.run, self._after):
                self.view.hear(event)
                self._last = event.at
                await self._log.read(self._journal)
                self._tell()
        except OwnerGone:
            self._gone()
        except JournalError as error:
            self.problem = str(error)
        self._tell()

    def _gone(self) -> None:
        """Nobody carries it out and nobody said so: it was interrupted at its last word."""
        self.view.end("interrupted", self._last)

    def _tell(self) -> None:
        for listener in tuple(self._listeners):
            listener()

    def subscribe(self, listener: Changed) -> Callable[[], None]:
        """Hear of every change from now on; with the last listener the following ends too."""
        self._listeners.append(listener)

        def end() -> None:
            self._listeners.remove(listener)
            if not self._listeners and self._task is not None:
                self._task.cancel()

        return end

    async def pause(self) -> None:
        """Ask the owner to send no new write."""
        await self._journal.add_command(self.view.run, "pause")

    async def proceed(self) -> None:
        """Ask the owner to end a pause."""
        await self._journal.add_command(self.view.run, "proceed")

    async def give(self, source: str, value: str) -> bool:
        """Not from here: a secret goes through no journal."""
        return False

    async def stop(self) -> None:
        """Ask the owner to begin nothing more."""
        await self._journal.add_command(self.view.run, "stop")

    async def retry(self, step: str) -> None:
        """Ask the owner to try a step again."""
        await self._journal.add_command(self.view.run, "retry", step)

    async def values(self, step: str) -> dict[str, Any]:
        """What the journal keeps of a step's findings."""
        rows = await self._journal.steps(self.view.run)
        return next((one.result for one in rows if one.id == step), {})
