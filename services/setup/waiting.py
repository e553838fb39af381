"""Waiting for something in Azure to become true, within a limit."""

import asyncio
import time
from collections.abc import Awaitable, Callable

from services.azure.operations import delay
from services.model.plan import Step
from services.setup.context import Context, Observation, StepFailed

BUSY = {
    "accepted",
    "creating",
    "inprogress",
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
