"""Carries out a plan: every step observed first, in the order its needs allow."""

import asyncio
import os
import secrets
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any, Self

from services.azure.connection import Connection
from services.azure.policies import recorder
from services.azure.throttle import watcher
from services.model.plan import Event, EventName, Plan, Step
from services.runs.attempt import Attempt
from services.runs.audit import Audit, fill
from services.runs.clock import Clock
from services.runs.commands import Command, obey
from services.runs.gate import Gate, StepRecorder
from services.runs.held import Held
from services.runs.journal import Journal, JournalError, RunTaken, told
from services.runs.lock import RunLock
from services.runs.pause import Pause
from services.runs.recall import recall
from services.runs.status import GOOD, RunStatus, StepStatus
from services.setup import recheck, steps
from services.setup.context import Context, Kind, Settings

__all__ = ["GOOD", "Listener", "Run", "RunStatus", "StepStatus", "runs_folder"]

Listener = Callable[[Event], None]


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
        self.context = Context(conn, plan, settings, self.emit, running=self._operation)
        self._journal = journal
        self._lock = lock
        self._find = find
        audit = Audit(journal.path.parent, run, lambda: _who(conn, plan))
        self._gate = Gate(journal, run, settings.writes, audit, lock.nonce)
        self._pause = Pause(conn, self._gate, settings.poll_s)
        self.context.absent = self._pause.secret
        self._clock = Clock()
        self._by_id = {step.id: step for step in plan.steps}
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._attempts: dict[str, Attempt] = {}
        self._recorders: dict[str, StepRecorder] = {}
        self._listeners: list[Listener] = []
        self._speaking = asyncio.Lock()
        self._changed = asyncio.Event()
        self._pause.changed = self._changed.set
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
        await journal.add_run(run, plan, cloud=conn.cloud.name, **_signature(conn, lock))
        await fill(journal)
        return cls(conn, journal, run, plan, lock, settings=settings, find=find)

    @classmethod
    async def load(
        cls,
        conn: Connection,
        journal: Journal,
        run: str,
        *,
        consent: bool = False,
        settings: Settings | None = None,
        find: Callable[[str], Kind] = steps.kind,
    ) -> Self:
        """Own a run of the journal again. Every step is observed anew when it goes on.

        ``consent`` takes it from a process of another host that is said to live no more. Raises
        LookupError for an unknown run, and RunLocked when another process owns it.
        """
        row = await journal.run(run)
        if row is None:
            raise LookupError(f"there is no run {run} in {journal.path}")
        with told(journal.path):
            lock = RunLock.take(journal.path.parent, run, consent)
        made = cls(conn, journal, run, row.plan, lock, settings=settings, find=find)
        try:
            await made._take_over()
        except BaseException:
            lock.free()
            raise
        return made

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
                at=self._clock.now(),
                run=self.id,
                event=event,
                step=step,
                resource=resource,
                detail=detail,
            )
            try:
                await self._journal.add_event(said)
            except JournalError:
                # The end is told even where it can't be kept: who listens must not wait for it.
                if event == "run.finished":
                    self._tell(said)
                raise
            self._tell(said)

    def _tell(self, said: Event) -> None:
        for listener in tuple(self._listeners):
            listener(said)

    async def go(self) -> RunStatus:
        """Do what can be done; returns when nothing is left or nothing more can be.

        After a failure :meth:`retry` and another ``go`` continue: every step is observed anew.
        A cancelled ``go`` leaves the run as interrupted; writes on their way are awaited.
        Nobody owns the run afterwards. Raises JournalError where the journal can't be written,
        and RunLocked where another process owns the run by now.
        """
        if not self._lock.held:
            with told(self._journal.path):
                self._lock = RunLock.take(self._journal.path.parent, self.id)
            await self._take_over()
        try:
            return await self._go()
        finally:
            self._lock.free()

    async def _go(self) -> RunStatus:
        self._gate.stopped = False
        self.status = RunStatus.RUNNING
        # wrapkey may be upgraded while this goes on: what the run needs is loaded before.
        for one in {step.kind for step in self.plan.steps}:
            self._find(one)
        for step, status in self.steps.items():
            self.steps[step] = StepStatus.PENDING if status in GOOD else status
        unhear = self.context.conn.subscribe(self._pause.hear)
        obeying = asyncio.create_task(obey(self._journal, self.id, self._lock.nonce, self._act))
        try:
            await self.emit("run.started", steps=len(self.plan.steps))
            while not self._gate.stopped and (self._begin() or self._tasks):
                await self._pause.tell(self.emit)
                await self._wait(obeying)
        except RunTaken:
            await self._drop()
            raise
        except BaseException:
            await self._end(RunStatus.INTERRUPTED)
            raise
        finally:
            unhear()
            obeying.cancel()
        return await self._end(self._outcome())

    async def _act(self, command: Command, argument: str) -> None:
        """Do what a watcher asks."""
        match command:
            case "pause":
                await self.pause()
            case "proceed":
                self.proceed()
            case "stop" | "yield":
                self.stop(interrupted=command == "yield")
            case "retry" if argument in self.steps:
                self.retry(argument)

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
        self._pause.begin("user")
        await self._pause.tell(self.emit)

    def proceed(self) -> None:
        """End a pause, whatever its reason."""
        self._pause.end()

    def give(self, source: str, value: str) -> None:
        """Use this value for a secret that can't be read here, and end a pause.

        It stays in memory: neither the journal nor any event knows it.
        """
        self.context.given[source] = value
        self.proceed()

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

    async def _wait(self, obeying: asyncio.Task[None]) -> None:
        """Until a step ends or somebody asks for something."""
        self._changed.clear()
        asked = asyncio.create_task(self._changed.wait())
        try:
            some = {asked, obeying, *self._tasks.values()}
            await asyncio.wait(some, return_when=asyncio.FIRST_COMPLETED)
        finally:
            asked.cancel()
        if obeying.done():
            await obeying
        for name, task in list(self._tasks.items()):
            if task.done():
                del self._tasks[name]
                if not task.cancelled() and (error := task.exception()):
                    raise error

    async def _step(self, step: Step) -> None:
        record = self._recorders[step.id] = StepRecorder(self._gate, step.id, step.vault)
        attempt = self._attempts[step.id] = Attempt(
            self.context, self._find(step.kind), step, self._pause.signed_out
        )
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
        seen = ended.skipped and await self._journal.took(self.id, step.id)
        status = StepStatus.SKIPPED if ended.skipped and not seen else StepStatus.DONE
        found = self.context.results.get(step.id, {})
        self.context.results[step.id] = {**found, **ended.values}
        again = "" if ended.skipped else await recheck.judged_again(self.context, step)
        # What was made stays on record as it was made: others see by it what has changed since.
        kept = None if seen and found else ended.values
        await self._journal.end_operations(self.id, step.id)
        await self._journal.set_step(self.id, step.id, status, result=kept)
        said = "; ".join(part for part in (ended.note, again) if part)
        note = {"note": said} if said else {}
        await self.emit("step.skipped" if ended.skipped else "step.done", step.id, **note)
        return status

    async def _cancel(self, step: str, task: asyncio.Task[None]) -> None:
        record = self._recorders.get(step)
        if record is not None:
            await record.idle()
        task.cancel()

    async def _drop(self) -> None:
        """Leave the run to who has taken it over: its journal is theirs now."""
        await self._stand_still()
        self._tasks.clear()
        self.status = RunStatus.INTERRUPTED
        ended = {"status": str(self.status)}
        at = self._clock.now()
        self._tell(Event(at=at, run=self.id, event="run.finished", detail=ended))

    async def _stand_still(self) -> None:
        """Begin nothing more, await the writes on their way, end the steps."""
        self._gate.stopped = True
        await asyncio.gather(*(self._cancel(*item) for item in self._tasks.items()))
        await asyncio.gather(*self._tasks.values(), return_exceptions=True)

    async def _end(self, status: RunStatus) -> RunStatus:
        await self._stand_still()
        for step in self._tasks:
            await self._journal.set_step(self.id, step, self.steps[step])
        self._tasks.clear()
        self.status = status
        try:
            await self._journal.finish_run(self.id, status, self._lock.nonce)
        finally:
            await self.emit("run.finished", status=str(status))
        return status

    async def _take_over(self) -> None:
        """Tell the journal whose writes it takes from now on, and remember what it knows."""
        await self._journal.take_over(self.id, **_signature(self.context.conn, self._lock))
        self._gate.nonce = self._lock.nonce
        await fill(self._journal, self.id)
        # Left for an owner before us, who did not hear them any more.
        await self._journal.take_commands(self.id)
        said = await self._journal.events(self.id)
        self._clock = Clock(said[-1][1].at if said else None)
        await recall(self.context, self._journal, self.id)

    async def _operation(self, step: str) -> str:
        """Address of an operation of a step that may still go on."""
        running = await self._journal.operations(self.id, step)
        return running[-1].operation if running else ""

    def _outcome(self) -> RunStatus:
        if all(status in GOOD for status in self.steps.values()):
            return RunStatus.SUCCEEDED
        return self._stopped_as if self._gate.stopped else RunStatus.FAILED


def _signature(conn: Connection, lock: RunLock) -> dict[str, Any]:
    """Who owns a run, as the journal keeps it."""
    principal = conn.caller.name if conn.caller else ""
    host, pid = socket.gethostname(), os.getpid()
    return {"host": host, "pid": pid, "nonce": lock.nonce, "principal": principal}


def _who(conn: Connection, plan: Plan) -> tuple[str, str]:
    """Object id and name of who writes; before the sign-in told it, of who made the plan."""
    return (conn.caller.object_id, conn.caller.name) if conn.caller else (plan.caller, "")


def runs_folder(state: Path) -> Path:
    """Where journal and locks of runs live, below the state folder."""
    return state / "runs"
