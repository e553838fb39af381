"""delete: a workspace, container group, disk encryption set or cluster; never a key or a vault."""

import asyncio
from typing import TYPE_CHECKING

import click

from services.text import plain
from tui.cli.asking import need_an_answer, typed
from tui.cli.failed import BadInput
from tui.cli.options import Given, as_json, shared
from tui.cli.output import document, talk
from tui.cli.plans import failing, refusal, tell_findings
from tui.exits import Exit

if TYPE_CHECKING:
    from services.azure.connection import Connection
    from services.changes.model import Deletion


@click.command()
@click.argument("what", metavar="ID|NAME")
@click.option(
    "--purge", is_flag=True, help="A workspace for good at once, a softly deleted one too."
)
@click.option("--preview", is_flag=True, help="Only show what goes, what stays and what it costs.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@as_json
@shared
@click.pass_context
def delete(
    context: click.Context, *, what: str, purge: bool, preview: bool, yes: bool, as_json: bool
) -> Exit:
    """Delete a workspace, container group, disk encryption set or cluster; key and vault stay.

    A workspace softly: for 14 days it can be recovered, and its managed group goes on costing. The
    others for good. Shows first what goes and what stays, and asks for the name. Events go to
    stdout.
    """
    given = Given.of(context)
    need_an_answer("wrapkey delete ID --preview", yes=yes, only_show=preview)
    return asyncio.run(
        _delete(given, what, purge=purge, only_show=preview, yes=yes, as_json=as_json)
    )


async def _delete(
    given: Given, text: str, *, purge: bool, only_show: bool, yes: bool, as_json: bool
) -> Exit:
    from services.changes.deletion import plan_deletion
    from services.changes.document import deletion_document
    from tui.cli.carrying import begin
    from tui.connect import connected

    async with connected(given.options, given.paths, given.memory) as conn:
        found = await _read(conn, given, text, purge)
        made = plan_deletion(found)
        if only_show and as_json:
            document(**deletion_document(found, made))
            return Exit.CHECK_FAILS if failing(made) else Exit.DONE
        _tell(found)
        refused = refusal(made)
        if refused is not None:
            return refused
        if only_show or (not yes and not typed(found.name, f"{_verb(found)} it")):
            talk("Nothing was changed.")
            return Exit.DONE
        return await begin(conn, given, made, away="", as_json=as_json)


async def _read(conn: "Connection", given: Given, text: str, purge: bool) -> "Deletion":
    from services.changes.deletion import NoDeletion, read
    from services.diagnosis.target import NoTarget

    try:
        return await read(conn, text, given.paths.state, purge=purge)
    except (NoDeletion, NoTarget) as error:
        raise BadInput(str(error)) from None


def _tell(found: "Deletion") -> None:
    """To stderr: what goes and when, what stays, what it costs, what speaks against it."""
    from services.changes.deletionwords import cost_line, name_of, when

    for one in found.goes:
        talk(f"DELETE  {one.kind} {plain(name_of(one))}, {when(found, one)}: {one.why}")
    for one in found.stays:
        talk(f"STAYS   {one.kind} {plain(name_of(one))}: {one.why}")
    talk(cost_line(found))
    tell_findings(found.findings)


def _verb(found: "Deletion") -> str:
    return "purge" if found.purge and found.kind == "workspace" else "delete"
