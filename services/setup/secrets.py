"""Values that stand in no file of wrapkey's: read where they are used, and kept nowhere."""

from collections.abc import Mapping

from services.secretfiles import value
from services.setup.context import Context


async def read(ctx: Context, sources: Mapping[str, str]) -> dict[str, str]:
    """The value of each source (``env:NAME`` or ``file:PATH``).

    One that is absent pauses the run until somebody gives it or says to go on; then it is looked
    for again. What was given counts for the whole run, and for this process alone.
    """
    found = {name: _value(ctx, source) for name, source in sources.items()}
    while missing := [name for name, value in found.items() if value is None]:
        await ctx.absent(sources[missing[0]])
        found = {name: _value(ctx, source) for name, source in sources.items()}
    return {name: value for name, value in found.items() if value is not None}


def _value(ctx: Context, source: str) -> str | None:
    return ctx.given[source] if source in ctx.given else value(source)
