"""What watchers ask of the owner of a run: rows in the journal, read by it alone."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Literal, get_args

from services.runs.journal import Journal

Command = Literal["pause", "proceed", "stop", "yield", "retry"]
"""``yield``: end the writes on their way and leave the run to somebody else; ``retry`` names a
step."""

POLL_S = 0.25
"""Seconds between two looks at whether the journal has changed."""


async def obey(
    journal: Journal, run: str, nonce: str, act: Callable[[Command, str], Awaitable[None]]
) -> None:
    """Hand each command to ``act`` as it comes, until cancelled; others are left unheard.

    Raises RunTaken as soon as ``nonce`` is not the present owner's, and JournalError.
    """
    mark = None
    while True:
        said = await journal.mark()
        if said != mark:
            mark = said
            await journal.keep(run, nonce)
            for command, argument in await journal.take_commands(run):
                if command in get_args(Command):
                    await act(command, argument)  # type: ignore[arg-type]
        await asyncio.sleep(POLL_S)
