"""dependents: who would notice if a vault or a key could not be used. Changes nothing."""

import asyncio
from collections.abc import Iterator
from typing import TYPE_CHECKING

import click

from services.text import plain
from tui.cli.failed import BadInput
from tui.cli.options import Given, as_json, shared
from tui.cli.output import document, talk
from tui.exits import Exit

if TYPE_CHECKING:
    from services.azure.connection import Connection
    from services.model.fleet import Dependent, Subject


@click.command()
@click.argument("key", metavar="ID|KEY-URL")
@as_json
@shared
@click.pass_context
def dependents(context: click.Context, key: str, as_json: bool) -> Exit:
    """Show everything you may read that depends on a vault or a key. Changes nothing.

    ID|KEY-URL is the address of a key, of one version or of a vault, or the id of a vault, of a
    key in it, or of a workspace, which stands for its key.
    """
    given = Given.of(context)

    async def work() -> None:
        from services.fleet.dependents import NoSubject, subject_of
        from tui.connect import connected

        async with connected(given.options, given.paths, given.memory) as conn:
            try:
                subject = await subject_of(conn, key)
            except NoSubject as error:
                raise BadInput(str(error)) from None
            await (_document if as_json else _lines)(conn, subject)

    asyncio.run(work())
    return Exit.DONE


async def _document(conn: "Connection", subject: "Subject") -> None:
    import msgspec

    from services.changes.document import dependent_document
    from services.fleet.dependents import UNSEEN, all_of

    found = await all_of(conn, subject)
    document(
        subject=str(subject),
        at=msgspec.to_builtins(conn.now()),
        dependents=[dependent_document(one) for one in found],
        unseen=list(UNSEEN),
    )


async def _lines(conn: "Connection", subject: "Subject") -> None:
    """Each page as soon as it is there."""
    from services.fleet.dependents import UNSEEN
    from services.fleet.dependents import dependents as asked

    number = 0
    async for page in asked(conn, subject):
        for one in page:
            number += 1
            for text in lines(one):
                click.echo(text)
    talk(f"{number} depend on {subject}: what you may read, as of {conn.now():%Y-%m-%dT%H:%M:%SZ}.")
    talk("Not shown here:")
    for text in UNSEEN:
        talk(f"  {text}")


def lines(one: "Dependent") -> Iterator[str]:
    """What it is, its name and the version it says it uses; then what it means, and its id."""
    version = one.version or ("??" if one.how != "vault" else "no key")
    yield plain(f"{one.kind:<20} {one.name:<32} {version}").rstrip()
    yield f"{'':<20} {plain(one.says)}"
    yield f"{'':<20} {plain(one.id)}"
