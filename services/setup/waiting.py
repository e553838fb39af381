"""Waiting for something in Azure to become true, within a limit."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Coroutine
from contextlib import suppress
from typing import Any

from services.azure import operations
from services.azure.errors import AzureError, ErrorKind
from services.azure.operations import Operation, delay
from services.model.plan import Step
from services.setup.context import Context, Observation, StepFailed

BUSY = {
    "accepted",
    "creating",
    "inprogress",
    "pending",
    "provisioning",
    "registeringdns",
    "resolvingdns",
    "running",
    "unknown",
    "updating",
}
"""Provisioning states, lower case, that end by themselves: wait, don't send again."""


async def until(
    ctx: Context,
    step: Step,
    look: Callable[[], Awaitable[Observation]],
    limit: float | None = None,
) -> Observation:
    """Look again and again until done; raises StepFailed after ``limit`` seconds.

    The pause grows with the age of the wait as it does for operations, up to the setting
    ``probe_s``.
    """
    began = time.monotonic()
    longest = ctx.settings.ready_s if limit is None else limit
    while True:
        found = await look()
        if found.done:
            return found
        age = time.monotonic() - began
        if age > longest:
            raise StepFailed(
                f"{step.title}: not done after {longest:.0f} s",
                "Azure took the request and has not finished it.",
                "Look at the resource in the portal, then retry this step.",
                code="Timeout",
            )
        await asyncio.sleep(min(ctx.settings.probe_s, delay(age)))


State = Callable[[], Awaitable[str | None]]
"""Reads the provisioning state of what a step makes; None where it is not there."""


async def begun(ctx: Context, step: Step, state: State) -> Coroutine[Any, Any, None] | None:
    """How to wait for a creation that goes on already, or None: then it may be sent.

    Our own, also of a process before this one, is followed by the operation's address in the
    journal; somebody else's by the state of the resource. Awaiting raises AzureError with the
    innermost cause where our own failed, and StepFailed after the setting ``ready_s``.
    """
    address = await ctx.running_operation(step)
    if address:
        return _followed(ctx, step, address, state)
    if (await state() or "").lower() in BUSY:
        return _settled(ctx, step, state)
    return None


async def create(
    ctx: Context,
    step: Step,
    state: State,
    begin: Callable[[], Awaitable[Operation]],
    look: Callable[[], Awaitable[None]],
) -> None:
    """Send a creation, or follow the one that goes on, and ``look`` at it until it has ended.

    Raises AzureError where it failed, and StepFailed like :func:`begun`.
    """
    going = await begun(ctx, step, state)
    if going is None:
        operation = await begin()
        going = operations.wait(ctx.conn, operation, step.title)
    waiting: asyncio.Future[Any] = asyncio.ensure_future(going)
    try:
        await _watch(ctx, step, waiting, look)
        await waiting
    finally:
        waiting.cancel()
        with suppress(asyncio.CancelledError, AzureError, StepFailed):
            await waiting


async def change(
    ctx: Context,
    step: Step,
    state: State,
    look: Callable[[], Awaitable[Observation]],
    begin: Callable[[], Awaitable[Operation]],
) -> None:
    """Follow a change that goes on already; where none does or it was another, send it and wait.

    Raises AzureError where the change failed, and StepFailed like :func:`begun`.
    """
    going = await begun(ctx, step, state)
    if going is not None:
        await going
        if (await look()).done:
            return
    await operations.wait(ctx.conn, await begin(), step.title)


async def untold() -> None:
    """The state of what tells none while it changes: its operation alone is followed."""


async def _watch(
    ctx: Context, step: Step, waiting: asyncio.Future[Any], look: Callable[[], Awaitable[None]]
) -> None:
    began = time.monotonic()
    while True:
        pause = min(ctx.settings.look_s, operations.delay(time.monotonic() - began))
        done, _ = await asyncio.wait({waiting}, timeout=pause)
        try:
            await look()
        except AzureError as error:
            # Watching is for the reader; the operation itself is what decides.
            await ctx.say("step.progress", step, note=f"{error.what} {error.means}")
        if done:
            return


async def _followed(ctx: Context, step: Step, address: str, state: State) -> None:
    await ctx.say("step.progress", step, note="Azure took it before; its operation is followed")
    try:
        await operations.follow(ctx.conn, address, what=step.title)
    except AzureError as error:
        if error.kind is not ErrorKind.NOT_FOUND:
            raise
        # Azure forgets operations; the resource still tells.
        await _settled(ctx, step, state)


async def _settled(ctx: Context, step: Step, state: State) -> None:
    async def look() -> Observation:
        return Observation(done=(await state() or "").lower() not in BUSY)

    await until(ctx, step, look)
