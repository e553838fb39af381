"""rotate: move a workspace, a disk encryption set or a container group to another key version."""

import asyncio
from typing import TYPE_CHECKING

import click

from tui.cli.asking import need_an_answer, typed
from tui.cli.dependents import lines
from tui.cli.failed import BadInput
from tui.cli.options import Given, as_json, shared
from tui.cli.output import document, talk
from tui.cli.plans import failing, refusal, tell_findings
from tui.cli.setup import How
from tui.exits import Exit

if TYPE_CHECKING:
    from services.azure.connection import Connection
    from services.changes.model import Rotation, Wish
    from services.model.plan import Plan


@click.command()
@click.argument("what", metavar="ID|NAME|KEY-URL")
@click.option("--version", metavar="V", help="To this version: 32 hex digits, or latest.")
@click.option(
    "--key", metavar="NAME", help="To another key; of a workspace only one of the same vault."
)
@click.option("--new-version", is_flag=True, help="To a new version; without --key the default.")
@click.option(
    "--secret",
    "secrets",
    metavar="NAME=SOURCE",
    multiple=True,
    help="Where a secret of a container group is found: env:NAME or file:PATH.",
)
@click.option(
    "--preview",
    is_flag=True,
    help="Only show what would be done, and who is left on the old version.",
)
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.option("--detach", is_flag=True, help="Leave it to a process without a terminal.")
@as_json
@shared
@click.pass_context
def rotate(  # noqa: PLR0917  (click gives what the options say)
    context: click.Context,
    what: str,
    version: str | None,
    key: str | None,
    new_version: bool,
    secrets: tuple[str, ...],
    preview: bool,
    yes: bool,
    detach: bool,
    as_json: bool,
) -> Exit:
    """Move to a new version of the key what it encrypts.

    ID|NAME|KEY-URL is a workspace, a disk encryption set, a cluster (which stands for its set), a
    container group (which is deleted and made again), or the address of a key, which stands for
    every workspace and set that uses it. Waits until the version is taken, as far as Azure tells.
    Events go to stdout.
    """
    from services.changes.model import Wish

    given = Given.of(context)
    need_an_answer("wrapkey rotate ID --preview", yes=yes, only_show=preview)
    wish = Wish(key=key or "", version=version or "", new=new_version, secrets=_sources(secrets))
    how = How(yes=yes, accept=(), detach=detach, as_json=as_json)
    return asyncio.run(_rotate(given, what, wish, how, only_show=preview))


def _sources(secrets: tuple[str, ...]) -> dict[str, str]:
    """Name to source; raises BadInput for what is no ``NAME=env:...`` or ``NAME=file:...``."""
    found = {}
    for text in secrets:
        name, _, source = text.partition("=")
        if not name or not source.startswith(("env:", "file:")) or source.endswith(":"):
            raise BadInput(f"{text}: a secret is NAME=env:VARIABLE or NAME=file:PATH.")
        found[name] = source
    return found


async def _rotate(given: Given, text: str, wish: "Wish", how: How, *, only_show: bool) -> Exit:
    from services.changes.document import rotation_document
    from services.changes.rotation import plan_rotation
    from tui.cli.carrying import begin
    from tui.connect import signed_in
    from tui.detached import refuse

    here = (given.options, given.paths, given.memory)
    check = refuse if how.detach else lambda _: None
    async with signed_in(*here, check) as (conn, way):
        found = await _read(conn, text, wish)
        made = plan_rotation(found)
        if only_show and how.as_json:
            document(**rotation_document(found, made))
            return Exit.CHECK_FAILS if failing(made) else Exit.DONE
        _tell(found, made)
        refused = refusal(made)
        if refused is not None:
            return refused
        if only_show or (not how.yes and not _sure(found)):
            talk("Nothing was changed.")
            return Exit.DONE
        away = way if how.detach else ""
        return await begin(conn, given, made, away=away, as_json=how.as_json)


async def _read(conn: "Connection", text: str, wish: "Wish") -> "Rotation":
    from services.changes.rotation import NoRotation, read
    from services.diagnosis.target import NoTarget

    try:
        return await read(conn, text, wish)
    except (NoRotation, NoTarget) as error:
        raise BadInput(str(error)) from None


def _tell(found: "Rotation", made: "Plan") -> None:
    """To stderr: who uses the key with which version, what is found, what is done."""
    from services.changes.findings import unknown_tool
    from services.model.diagnosis import NOUNS

    users = found.dependents
    if isinstance(users, tuple):
        talk(f"{len(users)} depend on the key, of what you may read, as of {found.at:%H:%M:%S}Z:")
        for one in users:
            talk(next(lines(one)))
    tell_findings(found.findings)
    if not any(one.check == "rotation-tool" and one.status == "warn" for one in found.findings):
        talk(unknown_tool(NOUNS[found.places[0].kind]))
    for number, step in enumerate(made.steps, 1):
        forever = f"  Can't be undone: {step.irreversible}" if step.irreversible else ""
        talk(f"{number:>2} {step.title}{forever}")


def _sure(found: "Rotation") -> bool:
    """A yes; where something is deleted to be made again, its name: a y is too little for that."""
    names = ", ".join(one.of.name for one in found.places)
    if not any(one.kind == "container-group" for one in found.places):
        return click.confirm(f"Rotate {names}?", err=True)
    return typed(names, "delete it and make it again")
