"""Values that stand in no file of wrapkey's: read where they are used, and kept nowhere."""

from collections.abc import Mapping

from services.secretfiles import value
from services.setup.context import Context


async def read(ctx: Context, sources: Mapping[str, str]) -> dict[str, str]:
    """The value of each source (``env:NAME`` or ``file:PATH``).

    One that is absent pauses the run until somebody says to go on; then it is looked for again.
    """
    while missing := [source for source in sources.values() if value(source) is None]:
        await ctx.absent(missing[0])
    return {name: value(source) or "" for name, source in sources.items()}
