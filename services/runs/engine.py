"""Carries out a plan: every step observed first, in the order its needs allow."""

import asyncio
import os
import secrets
import socket
from collections.abc import Callable
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Any, Self

from services.azure.connection import Connection
from services.azure.policies import recorder
from services.azure.throttle import watcher
from services.model.plan import Event, EventName, Plan, Step
from services.runs.attempt import Attempt
from services.runs.gate import Gate, StepRecorder
from services.runs.held import Held
from services.runs.journal import Journal, told
from services.runs.lock import RunLock
from services.setup import recheck, steps
from services.setup.context import Context, Kind, Settings

Listener = Callable[[Event], None]


class RunStatus(StrEnum):
    """How a run stands."""

    RUNNING = "running"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    STOPPED = "stopped"
    INTERRUPTED = "interrupted"


class StepStatus(StrEnum):
    """How a step stands."""

    PENDING = "pending"
    RUNNING = "running"
    DONE = "done"
    SKIPPED = "skipped"
    FAILED = "failed"


GOOD = (StepStatus.DONE, StepStatus.SKIPPED)


class Run:
    """One plan being made true. Made by :meth:`start` or :meth:`load`; ``go`` carries it out."""

    def __init__(
        self,
        conn: Connection,
        journal: Journal,
        run: str,
        plan: Plan,
        lock: RunLock,
        *,
        settings: Settings | None = None,
        find: Callable[[str], Kind] = steps.kind,
    ) -> None:
        settings = settings or Settings()
        self.id = run
        self.plan = plan
        self.status = RunStatus.RUNNING
        self.steps = dict.fromkeys((step.id for step in plan.steps), StepStatus.PENDING)
        self.context = Context(conn, plan, settings, self.emit)
        self._journal = journal
        self._lock = lock
        self._find = find
        self._gate = Gate(journal, run, settings.writes)
        self._by_id = {step.id: step for step in plan.steps}
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._attempts: dict[str, Attempt] = {}
        self._recorders: dict[str, StepRecorder] = {}
        self._listeners: list[Listener] = []
        self._speaking = asyncio.Lock()
        self._changed = asyncio.Event()
        self._stopped_as = RunStatus.STOPPED

    @classmethod
    async def start(
        cls,
        conn: Connection,
        journal: Journal,
        plan: Plan,
        *,
        settings: Settings | None = None,
        find: Callable[[str], Kind] = steps.kind,
    ) -> Self:
        """Enter a new run in the journal and own it; nothing is written to Azure yet.

        Raises JournalError.
        """
        while True:
            run = secrets.token_hex(2)
            if await journal.run(run) is None:
                break
        with told(journal.path):
            lock = RunLock.take(journal.path.parent, run)
        host, pid = socket.gethostname(), os.getpid()
        await journal.add_run(run, plan, cloud=conn.cloud.name, host=host, pid=pid)
        return cls(conn, journal, run, plan, lock, settings=settings, find=find)

    @classmethod
    async def load(
        cls,
        conn: Connection,
        journal: Journal,
        run: str,
        *,
        settings: Settings | None = None,
        find: Callable[[str], Kind] = steps.kind,
    ) -> Self:
        """Own a run of the journal again. Every step is observed anew when it goes on.

        Raises LookupError for an unknown run and RunLocked when another process owns it.
        """
        row = await journal.run(run)
        if row is None:
            raise LookupError(f"there is no run {run} in {journal.path}")
        lock = RunLock.take(journal.path.parent, run)
        await journal.take_over(run, host=socket.gethostname(), pid=os.getpid())
        return cls(conn, journal, run, row.plan, lock, settings=settings, find=find)

    def subscribe(self, listener: Listener) -> Callable[[], None]:
        """Call ``listener`` with every event from now on, in order; returns how to end it."""
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

    async def emit(
        self, event: EventName, step: str = "", resource: str = "", **detail: Any
    ) -> None:
        """Keep an event in the journal, then hand it to the subscribers."""
        async with self._speaking:
            said = Event(
                at=datetime.now(UTC),
                run=self.id,
                event=event,
                step=step,
                resource=resource,
                detail=detail,
            )
            await self._journal.add_event(said)
            for listener in tuple(self._listeners):
                listener(said)

    async def go(self) -> RunStatus:
        """Do what can be done; returns when nothing is left or nothing more can be.

        After a failure :meth:`retry` and another ``go`` continue. A cancelled ``go`` leaves
        the run as interrupted; writes on their way are awaited.
        """
        self._gate.stopped = False
        self.status = RunStatus.RUNNING
        await self.emit("run.started", steps=len(self.plan.steps))
        try:
            while not self._gate.stopped and (self._begin() or self._tasks):
                await self._wait()
        except BaseException:
            await self._end(RunStatus.INTERRUPTED)
            raise
        return await self._end(self._outcome())

    def stop(self, *, interrupted: bool = False) -> None:
        """Begin nothing more; writes on their way are still awaited.

        ``interrupted``: nobody chose this, a signal or a closed terminal did.
        """
        self._stopped_as = RunStatus.INTERRUPTED if interrupted else RunStatus.STOPPED
        self._gate.stopped = True
        self._gate.open.set()
        self._changed.set()

    async def pause(self) -> None:
        """Send no new write until :meth:`proceed`; those on their way go on."""
        self._gate.open.clear()
        await self.emit("run.paused", why="user")

    def proceed(self) -> None:
        """End a pause."""
        self._gate.open.set()

    def retry(self, step: str) -> None:
        """Try a failed step again, or one that waits for somebody else, at once."""
        if self.steps[step] is StepStatus.FAILED:
            self.steps[step] = StepStatus.PENDING
        elif step in self._attempts:
            self._attempts[step].again()
        self._changed.set()

    async def close(self) -> None:
        """Give up the ownership of the run."""
        self._lock.free()

    def _begin(self) -> bool:
        """Start every step whose needs are met; whether any was."""
        ready = [step for step in self.plan.steps if self._ready(step)]
        for step in ready:
            self.steps[step.id] = StepStatus.RUNNING
            self._tasks[step.id] = asyncio.create_task(self._step(step), name=f"step {step.id}")
        return bool(ready)

    def _ready(self, step: Step) -> bool:
        return self.steps[step.id] is StepStatus.PENDING and all(
            self.steps[need] in GOOD for need in step.needs
        )

    async def _wait(self) -> None:
        """Until a step ends or somebody asks for something."""
        self._changed.clear()
        asked = asyncio.create_task(self._changed.wait())
        try:
            await asyncio.wait({asked, *self._tasks.values()}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            asked.cancel()
        for name, task in list(self._tasks.items()):
            if task.done():
                del self._tasks[name]
                if not task.cancelled() and (error := task.exception()):
                    raise error

    async def _step(self, step: Step) -> None:
        record = self._recorders[step.id] = StepRecorder(self._gate, step.id, step.vault)
        attempt = self._attempts[step.id] = Attempt(self.context, self._find(step.kind), step)
        token = recorder.set(record)
        watching = watcher.set(Held(self.context, step))
        try:
            await self._journal.set_step(self.id, step.id, StepStatus.RUNNING)
            await self.emit("step.started", step.id)
            status = await self._outcome_of(step, attempt)
            self.steps[step.id] = status
        except BaseException:
            self.steps[step.id] = StepStatus.PENDING
            raise
        finally:
            await record.release()
            recorder.reset(token)
            watcher.reset(watching)
            del self._attempts[step.id], self._recorders[step.id]

    async def _outcome_of(self, step: Step, attempt: Attempt) -> StepStatus:
        ended = await attempt.run()
        if ended.failure is not None:
            await self._journal.set_step(self.id, step.id, StepStatus.FAILED, error=ended.failure)
            await self.emit("step.failed", step.id, **ended.failure)
            return StepStatus.FAILED
        status = StepStatus.SKIPPED if ended.skipped else StepStatus.DONE
        self.context.results[step.id] = ended.values
        again = "" if ended.skipped else await recheck.judged_again(self.context, step)
        await self._journal.set_step(self.id, step.id, status, result=ended.values)
        said = "; ".join(part for part in (ended.note, again) if part)
        note = {"note": said} if said else {}
        await self.emit("step.skipped" if ended.skipped else "step.done", step.id, **note)
        return status

    async def _cancel(self, step: str, task: asyncio.Task[None]) -> None:
        record = self._recorders.get(step)
        if record is not None:
            await record.idle()
        task.cancel()

    async def _end(self, status: RunStatus) -> RunStatus:
        self._gate.stopped = True
        await asyncio.gather(*(self._cancel(*item) for item in self._tasks.items()))
        await asyncio.gather(*self._tasks.values(), return_exceptions=True)
        for step in self._tasks:
            await self._journal.set_step(self.id, step, self.steps[step])
        self._tasks.clear()
        self.status = status
        await self._journal.finish_run(self.id, status)
        await self.emit("run.finished", status=str(status))
        return status

    def _outcome(self) -> RunStatus:
        if all(status in GOOD for status in self.steps.values()):
            return RunStatus.SUCCEEDED
        return self._stopped_as if self._gate.stopped else RunStatus.FAILED


def runs_folder(state: Path) -> Path:
    """Where journal and locks of runs live, below the state folder."""
    return state / "runs"
