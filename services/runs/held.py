"""What a run says while Azure's request limits hold one of its steps."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta

from services.azure.events import Throttled
from services.model.plan import Step
from services.setup.context import Context


class Held:
    """The watcher of one step (see :mod:`services.azure.throttle`); its requests may be many."""

    def __init__(self, ctx: Context, step: Step) -> None:
        self._ctx = ctx
        self._step = step
        self._waiting = 0
        self._until: datetime | None = None

    @asynccontextmanager
    async def __call__(self, wait: Throttled) -> AsyncIterator[None]:
        """Tell when the wait ends, once for requests that wait together; then that it is over.

        A wait that is cut short tells nothing: Azure may still refuse.
        """
        self._waiting += 1
        try:
            if self._until is None or (wait.until - self._until).total_seconds() >= 1:
                self._until = wait.until
                await self._ctx.say("step.waiting", self._step, why=WHY, until=stamp(wait.until))
            yield
        finally:
            self._waiting -= 1
            if not self._waiting:
                self._until = None
        if not self._waiting:
            await self._ctx.say("step.progress", self._step, note="Azure takes calls again")


WHY = "throttled by Azure"


def stamp(at: datetime) -> str:
    """A time as events carry it: UTC with Z, the whole second that is not before ``at``."""
    up = timedelta(seconds=1) if at.microsecond else timedelta()
    return (at.astimezone(UTC) + up).isoformat(timespec="seconds").replace("+00:00", "Z")
