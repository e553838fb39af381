"""Lets writes through: journalled first, few at once, one at a time on each vault."""

import asyncio
from collections import defaultdict
from contextlib import AsyncExitStack

from services.azure.policies import Outcome, Write
from services.runs.audit import Audit
from services.runs.journal import Journal


class Gate:
    """What all steps of one run share."""

    def __init__(
        self, journal: Journal, run: str, writes: int, audit: Audit, nonce: str = ""
    ) -> None:
        self.journal = journal
        self.audit = audit
        self.run = run
        self.nonce = nonce
        """Of the ownership the writes are sent under; the journal refuses those of another."""
        self.slots = asyncio.Semaphore(writes)
        self.vaults: dict[str, asyncio.Lock] = defaultdict(asyncio.Lock)
        self.open = asyncio.Event()
        """Cleared while the run is paused."""
        self.open.set()
        self.stopped = False


class StepRecorder:
    """The write recorder of one step (see :mod:`services.azure.policies`)."""

    def __init__(self, gate: Gate, step: str, vault: str) -> None:
        self._gate = gate
        self._step = step
        self._vault = vault
        self._held: dict[str, tuple[int, AsyncExitStack]] = {}
        self._on_their_way = 0
        self._idle = asyncio.Event()
        self._idle.set()

    async def before(self, write: Write) -> None:
        """Wait for a turn, then enter the write in the journal.

        Ends the step by cancellation when the run was stopped.
        """
        gate = self._gate
        async with AsyncExitStack() as turn:
            await gate.open.wait()
            if self._vault:  # the vault first: who holds a slot never waits for a vault
                await turn.enter_async_context(gate.vaults[self._vault])
            await turn.enter_async_context(gate.slots)
            if gate.stopped:
                raise asyncio.CancelledError
            # On its way from here on: a stop waits for its answer, so that what the journal
            # says was sent is never without an outcome.
            self._on_their_way += 1
            self._idle.clear()
            try:
                seq = await gate.journal.begin_write(
                    gate.run,
                    self._step,
                    method=write.method,
                    host=write.host,
                    path=write.path,
                    body_sha256=write.body_sha256,
                    request=write.client_request_id,
                    nonce=gate.nonce,
                )
                await gate.audit.sent(seq, self._step, write)
            except BaseException:
                self._ended()
                raise
            self._held[write.client_request_id] = (seq, turn.pop_all())

    async def after(self, write: Write, outcome: Outcome) -> None:
        """Enter what became of it and let the next one through."""
        seq, turn = self._held.pop(write.client_request_id)
        async with turn:
            try:
                await self._gate.journal.end_write(
                    seq,
                    status=outcome.status,
                    request_id=outcome.request_id,
                    operation=outcome.operation,
                    error=outcome.error,
                )
                await self._gate.audit.result(seq, self._step, write, outcome)
            finally:
                self._ended()

    async def ended(self, address: str, outcome: str) -> None:
        """Enter how an operation ended, so that nobody follows it again."""
        await self._gate.journal.end_operation(self._gate.run, address, outcome)

    async def idle(self) -> None:
        """Return when none of this step's writes is on its way."""
        await self._idle.wait()

    async def release(self) -> None:
        """Give back every turn; for a step that ended between before and after."""
        while self._held:
            _, (_, turn) = self._held.popitem()
            await turn.aclose()
            self._ended()

    def _ended(self) -> None:
        self._on_their_way -= 1
        if not self._on_their_way:
            self._idle.set()
