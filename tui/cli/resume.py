"""resume and watch: a run that was begun before, or elsewhere."""

import asyncio
import sys
from typing import TYPE_CHECKING

import click

from tui.cli.carrying import carried, opened, watched
from tui.cli.failed import BadInput
from tui.cli.options import Given, as_json, shared
from tui.cli.output import talk
from tui.exits import Exit

if TYPE_CHECKING:
    from services.runs.journal import Journal
    from services.runs.rows import RunRow

YIELD_S = 90.0
"""How long another process may take to end its writes; a request has 60 s."""


@click.command()
@click.argument("run")
@as_json
@shared
@click.pass_context
def watch(context: click.Context, run: str, as_json: bool) -> Exit:
    """Follow RUN, whoever carries it out. Reads the journal alone and needs no sign-in.

    Ctrl-C ends the watching, never the run.
    """
    given = Given.of(context)

    async def work() -> Exit:
        async with opened(given) as journal:
            return await watched(journal, await _known(journal, run), as_json)

    try:
        return asyncio.run(work())
    except KeyboardInterrupt:
        talk(f"No longer watched; the run is as it was.  wrapkey watch {run}")
        return Exit.INTERRUPTED


@click.command()
@click.argument("run", required=False)
@click.option("--yes", is_flag=True, help="Do not ask, whatever has changed since.")
@click.option("--take-over", is_flag=True, help="Take it from the process that carries it out.")
@as_json
@shared
@click.pass_context
def resume(
    context: click.Context, run: str | None, yes: bool, take_over: bool, as_json: bool
) -> Exit:
    """Go on with RUN; default: the newest that was interrupted. Events go to stdout.

    Shows first what has changed since, and asks where something has. A run that another process
    carries out is watched instead.
    """
    given = Given.of(context)
    return asyncio.run(_resume(given, run, yes=yes, take_over=take_over, as_json=as_json))


async def _resume(
    given: Given, run: str | None, *, yes: bool, take_over: bool, as_json: bool
) -> Exit:
    from services.runs.lock import owner

    async with opened(given) as journal:
        row = await (_known(journal, run) if run else _newest(journal))
        theirs = owner(journal.path.parent, row.id)
        if theirs is None and row.status == "succeeded":
            talk(f"Run {row.id} has succeeded: there is nothing to go on with.")
            return Exit.DONE
        if theirs is not None and take_over and given.options.read_only:
            # Else it would be stopped there and could not go on here.
            raise BadInput(
                f"Run {row.id} is carried out by {theirs}, and --read-only writes nothing here:"
                " it is not taken over."
            )
        if theirs is not None and not take_over:
            talk(f"Run {row.id} is carried out by {theirs}; it is watched.")
            talk(f"To carry it out here instead:  wrapkey resume {row.id} --take-over")
            return await watched(journal, row, as_json)
        return await _go_on(given, journal, row, yes=yes, consent=take_over, as_json=as_json)


async def _go_on(
    given: Given, journal: "Journal", row: "RunRow", *, yes: bool, consent: bool, as_json: bool
) -> Exit:
    from services.runs.engine import Run
    from services.runs.lock import RunLocked
    from services.runs.replay import replay
    from services.runs.resume import prepare
    from services.runs.view import RunView
    from tui.connect import connected
    from tui.resuming import elsewhere, standing

    async with connected(given.options, given.paths, given.memory) as conn:
        if problem := elsewhere(row, conn.cloud):
            raise BadInput(problem)
        found = await prepare(conn, journal, row.id)
        talk(f"Run {row.id}")
        for text in standing(found):
            talk(text)
        if found.changes and not yes:
            if not sys.stdin.isatty():
                raise BadInput(
                    "Nobody can be asked here: look at what has changed, then add --yes."
                )
            if not click.confirm("Go on, and make it again where it is needed?", err=True):
                talk("Nothing was changed.")
                return Exit.INTERRUPTED
        await _yielded(journal, row.id)
        if (now := await journal.run(row.id)) is not None and now.status == "succeeded":
            talk(f"Run {row.id} has succeeded meanwhile.")
            return Exit.DONE
        try:
            loaded = await Run.load(conn, journal, row.id, consent=consent)
        except RunLocked as error:
            talk(f"{error}; it is watched.")
            return await watched(journal, row, as_json)
        view = RunView(row.id, row.plan)
        await replay(journal, view)
        return await carried(given, loaded, view, as_json)


async def _yielded(journal: "Journal", run: str) -> None:
    """Ask whoever carries the run out to leave; only now, so that it stands still but a moment."""
    from services.runs.lock import owner
    from services.runs.resume import ask_to_yield

    theirs = owner(journal.path.parent, run)
    if theirs is None or not theirs.certain:
        return
    talk(f"{theirs} is asked to end its writes and to leave.")
    if not await ask_to_yield(journal, run, YIELD_S):
        raise BadInput(f"{theirs} does not answer. Should it hang, end it: the run is free then.")


async def _known(journal: "Journal", run: str) -> "RunRow":
    """The run of this id; raises BadInput."""
    row = await journal.run(run.strip().lower())
    if row is None:
        raise BadInput(f"There is no run {run} in {journal.path}. `wrapkey runs` lists all.")
    return row


async def _newest(journal: "Journal") -> "RunRow":
    """The newest run that was interrupted, and which others there are; raises BadInput."""
    from services.runs.view import subject

    found = [one for one in await journal.standing() if one.status in ("interrupted", "stopped")]
    if not found:
        raise BadInput("No run was interrupted. `wrapkey runs` lists all; name one to resume it.")
    if len(found) > 1:
        talk(f"{len(found)} runs were interrupted; the newest goes on. Name another to resume it:")
        for one in found:
            talk(
                f"  {one.id}  {one.status:<11}  {one.created:%Y-%m-%d %H:%M}Z  {subject(one.plan).name}"
            )
    return found[0]
