"""One step: observe, apply, try again where that is safe, wait where somebody else must act."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec

from services.azure.errors import AzureError, ErrorKind
from services.checks.facts import CLOSED
from services.model.plan import Step
from services.runs.held import WHY, stamp
from services.setup.context import Context, Kind, Observation, StepFailed

OUTAGE = {ErrorKind.NETWORK, ErrorKind.TIMEOUT}
"""No answer at all: waited out for as long as the settings allow, however many tries it takes."""

PASSING = {*OUTAGE, ErrorKind.THROTTLED, ErrorKind.SERVER}
"""Failures that pass by themselves: the step is observed again, then applied again."""


UNKNOWN = "PrincipalNotFound"
"""A principal made a moment ago is not yet in every copy of the directory (the page "Troubleshoot
Azure RBAC", symptom "Assigning a role to a new principal sometimes fails")."""

LONGEST_S = 15.0
"""Longest pause between two tries where Azure names none."""


class Ended(msgspec.Struct, frozen=True, kw_only=True):
    """How a step ended."""

    values: dict[str, Any] = {}
    note: str = ""
    skipped: bool = False
    failure: dict[str, Any] | None = None
    """Detail of ``step.failed``; None when the step is true."""


class Attempt:
    """Carries out one step once; :meth:`again` cuts a wait for somebody else short."""

    def __init__(
        self,
        ctx: Context,
        kind: Kind,
        step: Step,
        signed_out: Callable[[AzureError, float], Awaitable[bool]],
    ) -> None:
        """``signed_out`` waits for a sign-in lost since then; False where it was not lost."""
        self._ctx = ctx
        self._signed_out = signed_out
        self._kind = kind
        self._step = step
        self._again = asyncio.Event()
        self._applied = False
        self._silent_since = 0.0
        """When Azure stopped to answer, on the monotonic clock; 0 while it answers."""
        self._unknown_since = 0.0
        """When Azure first did not know the principal."""
        self._throttled_since = 0.0
        """When Azure began to refuse for its limits; 0 while it takes calls."""

    def again(self) -> None:
        """Stop waiting for somebody else and try now."""
        self._again.set()

    async def run(self) -> Ended:
        """The step's way to its end; never raises for an answer of Azure."""
        tries = 0
        while True:
            began = time.monotonic()
            ended, refusal = await self._try()
            if ended is not None:
                return ended
            assert refusal is not None
            # Outside the handler: what is raised from here on has nothing to do with it.
            if _may_not(refusal):
                seen = await self._somebody_else(refusal)
                if seen is not None:
                    return Ended(values=seen.values, note=seen.note)
                continue
            if time.monotonic() - began > self._ctx.settings.steady_s:
                tries = 0
            tries += 1
            if not self._worth_it(refusal, tries):
                if refusal.kind is ErrorKind.SIGN_IN and await self._signed_out(refusal, began):
                    tries = 0
                    continue
                return Ended(failure=_failed(refusal))
            await self._pause(refusal, tries)

    def _worth_it(self, error: AzureError, tries: int) -> bool:
        """Whether to look and try again."""
        if error.kind in OUTAGE:
            self._silent_since = self._silent_since or time.monotonic()
            return time.monotonic() - self._silent_since < self._ctx.settings.outage_s
        self._silent_since = 0.0
        if error.kind is ErrorKind.THROTTLED:
            self._throttled_since = self._throttled_since or time.monotonic()
            return time.monotonic() - self._throttled_since < self._ctx.settings.throttled_s
        self._throttled_since = 0.0
        if UNKNOWN in (error.code, error.inner):
            self._unknown_since = self._unknown_since or time.monotonic()
            return time.monotonic() - self._unknown_since < self._ctx.settings.replica_s
        if error.kind is ErrorKind.SIGN_IN:
            # Refused with a token that ended on the way; by now it is forgotten.
            return error.status == 401 and tries == 1
        return error.kind in PASSING and tries < self._ctx.settings.attempts

    async def _try(self) -> tuple[Ended | None, AzureError | None]:
        """One look and, where it is needed, one write: an end, or Azure's refusal."""
        try:
            found = await self._observe()
            if found.done:
                skipped = not self._applied
                return Ended(values=found.values, note=found.note, skipped=skipped), None
            self._applied = True
            found = await self._kind.apply(self._ctx, self._step)
            return Ended(values=found.values, note=found.note), None
        except StepFailed as error:
            return Ended(failure=_failure(error.code, error.what, error.means, error.do)), None
        except AzureError as error:
            return None, error

    async def _observe(self) -> Observation:
        """What is there; a look that is refused counts as not there, the try will tell."""
        try:
            return await self._kind.observe(self._ctx, self._step)
        except AzureError as error:
            if _may_not(error):
                return Observation(done=False, note=error.what)
            raise

    async def _pause(self, error: AzureError, tries: int) -> None:
        settings = self._ctx.settings
        named = error.retry_after is not None
        delay = (
            error.retry_after if named else min(settings.backoff_s * 2 ** (tries - 1), LONGEST_S)
        )
        assert delay is not None
        what = error.what.rstrip(".")
        why = f"{what}; the state is looked at again, then the step is tried again"
        await self._ctx.say(
            "step.waiting",
            self._step,
            why=WHY if error.kind is ErrorKind.THROTTLED else why,
            code=error.code,
            until=stamp(datetime.now(UTC) + timedelta(seconds=delay)),
            attempt=tries,
        )
        await asyncio.sleep(delay)

    async def _somebody_else(self, error: AzureError) -> Observation | None:
        """Wait until the step is seen true; None when it should be tried again."""
        self._again.clear()
        await self._ctx.say(
            "step.waiting",
            self._step,
            why=error.what,
            means=error.means,
            code=error.inner or error.code,
            whom="somebody who may do this: run the command, or grant you the right and retry",
            command=self._kind.command(self._ctx, self._step),
            poll_s=self._ctx.settings.poll_s,
        )
        while True:
            try:
                await asyncio.wait_for(self._again.wait(), self._ctx.settings.poll_s)
                return None
            except TimeoutError:
                found = await self._look()
                if found.done:
                    return found

    async def _look(self) -> Observation:
        """Any answer but "it is there" means not yet: others may be half way."""
        try:
            return await self._kind.observe(self._ctx, self._step)
        except AzureError as error:
            return Observation(done=False, note=error.what)


def _may_not(error: AzureError) -> bool:
    """Whether the caller may not do it. An operation that failed is told with 200: what was
    forbidden then was forbidden to the service that carried it out, and nobody's retry helps."""
    refused = error.status is None or error.status >= 400
    return refused and error.kind is ErrorKind.FORBIDDEN and error.inner not in CLOSED


def _failed(error: AzureError) -> dict[str, Any]:
    detail = _failure(error.inner or error.code, error.what, error.means, error.do)
    failures = [error.failure] if error.failure else []
    more = {"failures": failures, "message": error.message, "request_id": error.request_id}
    return {**detail, **more}


def _failure(code: str, what: str, means: str, do: str) -> dict[str, Any]:
    return {"cause": {"code": code, "what": what, "means": means}, "repair": do}
