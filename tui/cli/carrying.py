"""Runs without screens: begun, carried out, handed to another process, watched."""

import asyncio
import signal
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from functools import partial
from typing import TYPE_CHECKING

import click

from services.text import plain
from tui import farewell
from tui.cli.options import Given
from tui.cli.output import line, talk
from tui.exits import Exit
from tui.streams import nobody_reads

if TYPE_CHECKING:
    from services.azure.connection import Connection
    from services.model.plan import Event, Plan
    from services.runs.engine import Run
    from services.runs.journal import Journal
    from services.runs.rows import RunRow
    from services.runs.view import RunView

Tell = Callable[["Event"], None]

ENDS = {"succeeded": Exit.DONE, "failed": Exit.AZURE_REFUSED}
"""Exit code by how a run ended; any other end can be resumed."""

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


@asynccontextmanager
async def opened(given: Given) -> "AsyncIterator[Journal]":
    """The journal; a damaged one is set aside only where somebody says so. Raises JournalError."""
    from services.runs.journal import Journal, JournalDamaged, set_aside

    path = given.paths.journal
    try:
        journal = await Journal.open(path)
    except JournalDamaged as error:
        if not sys.stdin.isatty():
            talk("Nobody can be asked here: move the file away, or do this in a terminal.")
            raise
        talk(str(error))
        if not click.confirm("Set it aside now, and begin a new one?", err=True):
            raise
        talk(f"The old journal is kept: {set_aside(path)}")
        journal = await Journal.open(path)
    try:
        if journal.mode_note:
            talk(journal.mode_note)
        yield journal
    finally:
        await journal.close()


async def begin(
    conn: "Connection", given: Given, made: "Plan", *, away: str, as_json: bool
) -> Exit:
    """Carry a new plan out, or watch who does so already. ``away``: how a process signs in."""
    from services.runs.engine import Run
    from services.runs.view import RunView

    async with opened(given) as journal:
        same = await journal.same(made, conn.cloud.name)
        if same is not None:
            talk(f"Run {same.id} does this already; it is watched.")
            return await watched(journal, same, as_json)
        run = await Run.start(conn, journal, made)
        if away:
            await run.close()
            return await _handed_over(given, journal, run.id, away, as_json)
        return await carried(given, run, RunView(run.id, made), as_json)


async def _handed_over(given: Given, journal: "Journal", run: str, way: str, as_json: bool) -> Exit:
    from tui import detached

    options = detached.signed_in_as(given.options, way, given.options.principal)
    process = detached.start(run, options, given.paths.state)
    try:
        await detached.begun(process, journal, run, 0, given.paths.state)
    except detached.NotDetached as error:
        talk(f"Run {run} was entered but not begun. {error}")
        talk(f"Go on with:  {farewell.command('resume', run, given.options)}")
        return Exit.INTERRUPTED
    _, first = (await journal.events(run))[0]
    (_json_event if as_json else _Told({}))(first)
    for text in farewell.goes_on(run):
        talk(text)
    return Exit.DONE


async def carried(given: Given, run: "Run", view: "RunView", as_json: bool) -> Exit:
    """Carry out a run that this process owns; signals end it in order."""
    from services.runs.journal import JournalError, RunTaken
    from services.runs.lock import RunLocked

    run.subscribe(view.hear)
    titles = {step.id: step.title for step in run.plan.steps}
    run.subscribe(_heard(run, _json_event if as_json else _Told(titles)))
    try:
        status = await _until_done(run)
    except (RunLocked, RunTaken) as error:
        talk(str(error))
        for text in farewell.goes_on(run.id):
            talk(text)
        return Exit.INTERRUPTED
    except JournalError as error:
        talk(str(error))
        for text in farewell.stopped(view, given.options):
            talk(text)
        return Exit.INTERRUPTED
    finally:
        await run.close()
    code = ENDS.get(str(status), Exit.INTERRUPTED)
    if code is Exit.DONE and not as_json:
        await _tell_log(run)
    if code is Exit.INTERRUPTED:
        for text in farewell.stopped(view, given.options):
            talk(text)
    return code


async def _tell_log(run: "Run") -> None:
    """The last lines of the container group that was made."""
    from services.azure.errors import AzureError
    from services.setup.lastlog import last_log

    try:
        log = await last_log(run.context.conn, run.plan)
    except AzureError as error:
        talk(f"??    log not read: {error.what} {error.means}")
        return
    if log is not None:
        talk(f"Container {log.container} wrote last:" if log.lines else "It has written nothing.")
        for text in log.lines[-10:]:
            talk(f"  {text}")


async def _until_done(run: "Run") -> object:
    """A signal begins nothing more and waits for what is under way."""
    loop = asyncio.get_running_loop()
    # What nohup ignores stays ignored: then the run goes on without its terminal.
    caught = [one for one in SIGNALS if signal.getsignal(one) is not signal.SIG_IGN]
    for name in caught:
        loop.add_signal_handler(name, partial(run.stop, interrupted=True))
    try:
        return await run.go()
    finally:
        for name in caught:
            loop.remove_signal_handler(name)


async def watched(journal: "Journal", row: "RunRow", as_json: bool) -> Exit:
    """Tell a run's events, all there were and each that comes, until its end."""
    from services.runs.follow import OwnerGone
    from services.runs.handed import follow_on

    tell = _json_event if as_json else _Told({step.id: step.title for step in row.plan.steps})
    status = ""
    try:
        async for event in follow_on(journal, row.id):
            tell(event)
            if event.event == "run.finished":
                status = str(event.detail.get("status", ""))
    except OwnerGone as error:
        talk(str(error))
        status = ""
    code = ENDS.get(status, Exit.INTERRUPTED)
    if code is Exit.INTERRUPTED:
        talk(f"Go on with:  wrapkey resume {row.id}")
    return code


def _heard(run: "Run", tell: Tell) -> Tell:
    """Tell of events until nobody reads any more: then the run ends in order."""

    def hear(event: "Event") -> None:
        try:
            tell(event)
        except OSError:
            # A closed pipe, or a terminal that hung up. What is still said goes nowhere.
            nobody_reads(sys.stdout)
            run.stop(interrupted=True)
        if event.event == "run.paused" and event.detail.get("why") == "secret":
            # Nobody can give it to this process: its environment stays as it is.
            talk(f"{event.detail.get('what')} is not there: provide it, then go on.")
            run.stop(interrupted=True)

    return hear


def _json_event(event: "Event") -> None:
    import msgspec

    line(msgspec.to_builtins(event))


class _Told:
    """Events as lines for a person."""

    def __init__(self, titles: dict[str, str]) -> None:
        self._titles = titles

    def __call__(self, event: "Event") -> None:
        for text in told(event, self._titles):
            click.echo(text)


_EVENTS = {
    "step.started": "..",
    "step.progress": "..",
    "step.waiting": "WAIT",
    "step.done": "OK",
    "step.skipped": "OK",
    "step.failed": "FAIL",
    "resource.seen": "+",
}


def told(event: "Event", titles: dict[str, str]) -> list[str]:
    """An event in lines: time, status word, what; then what it means and what to do."""
    detail = event.detail
    cause = detail["cause"] if isinstance(detail.get("cause"), dict) else {}
    what = titles.get(event.step) or f"run {event.run} {event.event.removeprefix('run.')}"
    more = {
        "step.skipped": "already so",
        "step.done": detail.get("note", ""),
        "step.failed": cause.get("what", ""),
        "run.finished": detail.get("status", ""),
        "resource.seen": event.resource.rpartition("/providers/")[2],
    }.get(event.event, detail.get("why", ""))
    if detail.get("code") and event.event == "run.paused":
        more = f"open {detail.get('address')} in any browser and enter {detail['code']}"
    word = _EVENTS.get(event.event, "")
    head = f"{event.at:%H:%M:%S}Z  {word:<4}  {plain(what)}{': ' if more else ''}{plain(more)}"
    below = (
        detail.get("what"),
        cause.get("means"),
        detail.get("message"),
        detail.get("repair"),
        detail.get("means"),
        detail.get("do"),
        detail.get("command"),
    )
    return [head, *(f"{'':<17}{plain(text)}" for text in below if text)]
