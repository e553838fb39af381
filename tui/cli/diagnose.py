"""diagnose: what is wrong with something that is there, and why. Changes nothing."""

import asyncio
import sys
from dataclasses import dataclass
from pathlib import Path
from shutil import get_terminal_size
from typing import TYPE_CHECKING, Any

import click

from services.text import plain
from tui.cli.diagnosed import lines
from tui.cli.failed import BadInput
from tui.cli.open import no_terminal, open_app
from tui.cli.options import Given, as_json, shared
from tui.cli.output import talk
from tui.exits import Exit

if TYPE_CHECKING:
    from services.diagnosis.seen import Seen
    from services.model.diagnosis import Diagnosis

FORMATS = ("md", "html", "json")


@click.command()
@click.argument("named", metavar="ID|NAME", required=False, default="")
@click.option(
    "--probe", is_flag=True, help="Wrap and unwrap random bytes with the key, as yourself."
)
@click.option("--quick", is_flag=True, help="Leave Azure's own diagnosis out: it can take long.")
@click.option(
    "--from",
    "source",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Judge what this bundle holds, and ask Azure nothing.",
)
@click.option(
    "--bundle",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Keep what was read in FILE, for somebody who may not ask Azure.",
)
@click.option("--mask", is_flag=True, help="Masks in place of names and ids, in all that is told.")
@click.option("--format", "form", type=click.Choice(FORMATS), help="A report in place of lines.")
@click.option(
    "--output",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Write the report to FILE; its name tells the format: .md, .html or .json.",
)
@as_json
@shared
@click.pass_context
def diagnose(context: click.Context, /, **said: Any) -> Exit:
    """Find out why something can't use its key. Changes nothing.

    ID|NAME is a workspace, a container group, a cluster or a disk encryption set: its ARM id,
    that of its vault or of something in the group that Azure made for it, the address of its
    key, or its name, which is searched over all subscriptions.

    A bundle is shown on the screen of a diagnosis where stdout is a terminal.
    """
    asked = Asked(**said)
    form = asked.report()
    given = Given.of(context)
    seen = _opened(asked.source) if asked.source else asyncio.run(_look(given, asked))
    from services.diagnosis import bundle
    from services.diagnosis.conclude import conclude
    from services.diagnosis.written import report

    if asked.mask:
        seen = bundle.mask(seen)
    try:
        found = bundle.judged(seen) if asked.source else conclude(seen)
    except bundle.BadBundle as error:
        raise BadInput(f"{asked.source}: {error}") from None
    if asked.bundle is not None:
        _write(asked.bundle, bundle.encode(seen))
        talk(f"What was read is in {asked.bundle}: wrapkey diagnose --from {asked.bundle}")
    if asked.on_screen():
        return _shown(given, found, asked)
    if asked.output is not None:
        _write(asked.output, report(found, form).encode())
        talk(f"The report is in {asked.output}.")
    elif form:
        click.echo(report(found, form), nl=False)
    else:
        for line in lines(found, get_terminal_size().columns if sys.stdout.isatty() else 0):
            click.echo(plain(line))
    fails = any(one.status == "fail" for one in found.findings)
    return Exit.CHECK_FAILS if fails else Exit.DONE


@dataclass(frozen=True, kw_only=True)
class Asked:
    """What the command was asked for."""

    named: str
    probe: bool
    quick: bool
    source: Path | None
    bundle: Path | None
    mask: bool
    form: str | None
    output: Path | None
    as_json: bool

    def report(self) -> str:
        """The format of the report, or nothing; raises BadInput for words that exclude."""
        if bool(self.named) == (self.source is not None):
            raise BadInput("Name what to diagnose, or a bundle with --from: one of the two.")
        if self.source is not None and self.probe:
            raise BadInput("--probe asks the vault, and --from asks nothing: leave one out.")
        form = self.form or ("json" if self.as_json else "")
        if self.as_json and form != "json":
            raise BadInput(f"--json and --format {form} exclude each other: choose one.")
        if self.output is not None and not form:
            form = self.output.suffix.removeprefix(".").lower()
            if form not in FORMATS:
                raise BadInput(
                    f"{self.output}: the name tells no format. End it in .md, .html or .json, or"
                    " add --format."
                )
        return form

    def on_screen(self) -> bool:
        """Whether a bundle is to be looked at, and there is a terminal to do so."""
        told = self.form or self.as_json or self.output or self.bundle
        return bool(self.source and not told and sys.stdout.isatty() and not no_terminal())


def _shown(given: Given, found: "Diagnosis", asked: Asked) -> Exit:
    """The same screen as of a diagnosis of one's own, without Azure."""
    from screens.diagnose.kept import KeptPage

    return Exit(open_app(given, lambda: KeptPage(found, str(asked.source))))


async def _look(given: Given, asked: Asked) -> "Seen":
    from services.diagnosis import target
    from services.diagnosis.diagnose import look
    from tui.connect import connected

    async with connected(given.options, given.paths, given.memory) as conn:
        try:
            meant = await target.find(conn, asked.named)
        except target.NoTarget as error:
            raise BadInput(str(error)) from None
        talk(f"Reading {meant.id}")
        return await look(conn, meant, ask_azure=not asked.quick, probe=asked.probe)


def _opened(path: Path) -> "Seen":
    """What a bundle holds; raises BadInput."""
    from services.diagnosis import bundle

    try:
        seen = bundle.load(path)
    except bundle.BadBundle as error:
        raise BadInput(f"{path}: {error}") from None
    except OSError as error:
        raise BadInput(f"{path}: {error.strerror}.") from None
    who = seen.caller.name or seen.caller.object_id
    talk(f"As {who} read it on {seen.at:%Y-%m-%d at %H:%M:%S} UTC. Azure is asked nothing.")
    return seen


def _write(path: Path, data: bytes) -> None:
    """A file that only its owner may read; raises BadInput."""
    from services import home

    try:
        home.write(path, data)
    except OSError as error:
        raise BadInput(f"{path}: {error.strerror}.") from None
