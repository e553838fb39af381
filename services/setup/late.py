"""Creations that fail because a fresh grant has not arrived yet are sent once more.

Each is a PUT of the same body to the same id: where the first left a failed resource behind, the
second is what mends it, as a later run of the same plan would (services/setup/waiting.py sends
nothing while an operation goes on).
"""

import asyncio
from collections.abc import Awaitable, Callable

from services.azure.errors import AzureError
from services.model.plan import Step
from services.setup.context import Context, Observation

SIGNS = (
    "4002",
    "ForbiddenByRbac",
    "ForbiddenByPolicy",
    "KeyVaultAccessForbidden",
    "LinkedAuthorizationFailed",
)
"""In a failure: the word of Cosmos DB, of Key Vault, of Compute, or of Resource Manager for a right
on something that is named, when it is missing or not there yet."""


async def create(
    ctx: Context, step: Step, make: Callable[[], Awaitable[Observation]]
) -> Observation:
    """Make it; once more where it is refused for a right that this run granted a moment ago.

    Raises what ``make`` raises: its first refusal where that is about something else or the
    newest grant is older than the setting ``grace_s``, else its second.
    """
    try:
        return await make()
    except AzureError as error:
        age = ctx.newest_grant_age()
        if age is None or age > ctx.settings.grace_s or not about_rights(error):
            raise
        refusal = error
    pause = ctx.settings.propagation_s
    await ctx.say(
        "step.waiting",
        step,
        why=f"{refusal.what} The access it misses was granted {age:.0f} s ago and may not"
        " have arrived: Azure documents up to ten minutes. It is sent once more",
        code=refusal.inner or refusal.code,
        message=refusal.message,
        seconds=pause,
    )
    await asyncio.sleep(pause)
    return await make()


def about_rights(error: AzureError) -> bool:
    """Whether a failure is about a right that may be on its way."""
    told = f"{error.code} {error.inner} {error.message}"
    return any(sign in told for sign in SIGNS)
