"""runs, undo and audit: what was done, taking it back, and whether the record is whole."""

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING

import click

from tui.cli.asking import need_an_answer, typed
from tui.cli.carrying import begin, opened
from tui.cli.failed import BadInput
from tui.cli.options import Given, as_json, shared
from tui.cli.output import document, table, talk
from tui.exits import Exit

if TYPE_CHECKING:
    from services.runs.auditing import AuditVerdict
    from services.runs.history import RunLine, RunLog
    from services.runs.undo import Undo

_WORDS = {"delete": "DELETE", "stays": "STAYS", "gone": "GONE"}


@click.command()
@click.argument("run", required=False)
@click.option(
    "--export",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Write the log of RUN to FILE: Markdown for a name that ends in .md, JSON for .json.",
)
@as_json
@shared
@click.pass_context
def runs(context: click.Context, run: str | None, export: Path | None, as_json: bool) -> Exit:
    """List every run, or show the full log of RUN. Asks nothing of Azure."""
    given = Given.of(context)
    if export is not None and (run is None or export.suffix not in (".md", ".json")):
        raise BadInput("--export needs a RUN and a file name that ends in .md or .json.")
    return asyncio.run(_runs(given, run, export, as_json))


async def _runs(given: Given, run: str | None, export: Path | None, as_json: bool) -> Exit:
    import msgspec

    from services.runs import history

    async with opened(given) as journal:
        if run is None:
            found = await history.lines(journal)
            if as_json:
                document(runs=msgspec.to_builtins(found))
            else:
                _tell_runs(found)
            return Exit.DONE
        try:
            log = await history.log(journal, run.strip().lower())
        except LookupError as error:
            raise BadInput(f"{error} `wrapkey runs` lists all.") from None
    if export is not None:
        _export(log, export)
    elif as_json:
        document(**msgspec.to_builtins(log))
    else:
        click.echo(history.markdown(log), nl=False)
    return Exit.DONE


def _tell_runs(found: "list[RunLine]") -> None:
    from services.ids import ArmId

    rows = [
        (
            one.id,
            one.status,
            f"{one.created:%Y-%m-%d %H:%M}Z",
            f"{one.seconds} s" if one.seconds is not None else "",
            one.purpose,
            ArmId.parse(one.subject).name,
            one.who,
        )
        for one in found
    ]
    table(("Run", "Status", "Began", "Took", "What", "About", "Who"), rows)


def _export(log: "RunLog", path: Path) -> None:
    from services import home
    from services.runs.history import written

    try:
        home.write(path, written(log, path.suffix))
    except OSError as error:
        raise BadInput(f"{path}: {error.strerror}.") from None
    talk(f"The log of run {log.run.id} is in {path}.")


@click.command()
@click.argument("run")
@click.option("--with-key", is_flag=True, help="The key and the vaults of the run too, softly.")
@click.option("--preview", is_flag=True, help="Only show what would be deleted, and what stays.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@as_json
@shared
@click.pass_context
def undo(
    context: click.Context, *, run: str, with_key: bool, preview: bool, yes: bool, as_json: bool
) -> Exit:
    """Take back what RUN made. What changed since, or others use, stays.

    Shows first exactly what will be deleted and what will not, and why. It is a run itself: it
    can be watched and resumed. Events go to stdout.
    """
    given = Given.of(context)
    need_an_answer("wrapkey undo RUN --preview", yes=yes, only_show=preview)
    return asyncio.run(
        _undo(given, run, with_key=with_key, only_show=preview, yes=yes, as_json=as_json)
    )


async def _undo(
    given: Given, run: str, *, with_key: bool, only_show: bool, yes: bool, as_json: bool
) -> Exit:
    from services.runs.undo import plan_undo, preview
    from tui.connect import connected

    async with connected(given.options, given.paths, given.memory) as conn:
        async with opened(given) as journal:
            try:
                found = await preview(conn, journal, run.strip().lower(), with_key=with_key)
            except LookupError as error:
                raise BadInput(f"{error} `wrapkey runs` lists all runs.") from None
        if only_show and as_json:
            document(**_undo_document(found))
            return Exit.DONE
        _tell_undo(found, aside=not only_show)
        if only_show or not found.deletes or (not yes and not _sure(found)):
            talk("Nothing was changed.")
            return Exit.DONE
        return await begin(conn, given, plan_undo(found), away="", as_json=as_json)


def _undo_document(found: "Undo") -> dict[str, object]:
    import msgspec

    items = msgspec.to_builtins(found.items)
    return {"run": found.run, "subject": found.subject, "with_key": found.with_key, "items": items}


def _tell_undo(found: "Undo", *, aside: bool) -> None:
    """One line for each thing and why; to stderr where events follow on stdout."""
    for one in found.items:
        text = f"{_WORDS[one.verdict]:<6}  {one.title}"
        talk(text) if aside else click.echo(text)
        if one.why:
            talk(f"        {one.why}") if aside else click.echo(f"        {one.why}")
    if not found.deletes:
        talk(f"There is nothing of run {found.run} to take back.")


def _sure(found: "Undo") -> bool:
    talk(f"{len(found.deletes)} things of {found.subject} will be deleted.")
    return typed(found.run, "delete them")


@click.group()
def audit() -> None:
    """The record of every write that wrapkey ever sent."""


@audit.command()
@as_json
@shared
@click.pass_context
def verify(context: click.Context, as_json: bool) -> Exit:
    """Walk the chain of the audit file and compare it with the journal.

    Names the first line that was edited. A file that somebody wrote anew as a whole, with the
    journal, does not show.
    """
    import msgspec

    given = Given.of(context)
    found = asyncio.run(_verify(given))
    if as_json:
        document(**msgspec.to_builtins(found))
    else:
        _tell_audit(found)
    return Exit.DONE if found.ok else Exit.CHECK_FAILS


async def _verify(given: Given) -> "AuditVerdict":
    from services.runs.auditing import verify as walked

    async with opened(given) as journal:
        return await walked(journal)


def _tell_audit(found: "AuditVerdict") -> None:
    click.echo(f"{'OK' if found.ok else 'FAIL':<5} {found.lines} lines in {found.path}")
    if found.broken:
        click.echo(f"FAIL  line {found.broken}: {found.why}")
    for number in found.differing:
        click.echo(f"FAIL  line {number} says something else than the journal.")
    for name in found.missing:
        click.echo(f"FAIL  no line for write {name}: it was taken away.")
    if found.to_fill:
        talk(f"{found.to_fill} lines were kept from the file by a crash: the next run adds them.")
    if found.before:
        talk(f"{found.before} writes are older than the file.")
    if found.unknown:
        talk(f"{found.unknown} lines are of runs that the journal does not know.")
