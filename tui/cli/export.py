"""export: files and commands for tools that are not wrapkey. Changes nothing."""

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING

import click

from tui.cli.failed import BadInput
from tui.cli.options import Given, as_json, shared
from tui.cli.output import document, talk
from tui.exits import Exit

if TYPE_CHECKING:
    from services.exports.model import Export, ExportKind

output = click.option(
    "--output",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Write it to FILE, in place of stdout.",
)


@click.group()
@shared
def export() -> None:
    """Write out what other tools need. The file goes to stdout, what to know of it to stderr."""


@export.command("aci-snippet")
@click.argument("workspace", metavar="ID|NAME")
@click.option("--key", default="", metavar="KEY-URL", help="This key, not the workspace's own.")
@output
@as_json
@shared
@click.pass_context
def aci_snippet(
    context: click.Context, workspace: str, key: str, output: Path | None, as_json: bool
) -> Exit:
    """Python for SDK v1: a model of a workspace to Container Instances, with a key of yours.

    ID|NAME is a workspace, or the address of its key.
    """
    return _told(Given.of(context), "aci-snippet", workspace, {"key": key}, output, as_json)


@export.command("storage-class")
@click.argument("cluster", metavar="ID|NAME")
@click.option(
    "--set", "encryption_set", default="", metavar="ID|NAME", help="This set, not its own."
)
@click.option("--name", default="encrypted", metavar="NAME", help="Of the StorageClass.")
@click.option("--sku", default="StandardSSD_LRS", metavar="SKU", help="Kind of disk.")
@output
@as_json
@shared
@click.pass_context
def storage_class(  # noqa: PLR0917  (click gives what the options say)
    context: click.Context,
    cluster: str,
    encryption_set: str,
    name: str,
    sku: str,
    output: Path | None,
    as_json: bool,
) -> Exit:
    """A StorageClass for data disks with a key of yours, and an example of a claim.

    ID|NAME is a cluster, or a disk encryption set.
    """
    wish = {"encryption_set": encryption_set, "name": name, "sku": sku}
    return _told(Given.of(context), "storage-class", cluster, wish, output, as_json)


@export.command("etcd-kms")
@click.argument("cluster", metavar="ID|NAME")
@click.option("--key", required=True, metavar="KEY-URL", help="The key for etcd.")
@output
@as_json
@shared
@click.pass_context
def etcd_kms(
    context: click.Context, cluster: str, key: str, output: Path | None, as_json: bool
) -> Exit:
    """The commands that encrypt a cluster's secrets in etcd, which no disk encryption does."""
    return _told(Given.of(context), "etcd-kms", cluster, {"key": key}, output, as_json)


def _told(  # noqa: PLR0917
    given: Given,
    kind: "ExportKind",
    asked: str,
    wish: dict[str, str],
    output: Path | None,
    as_json: bool,
) -> Exit:
    found = asyncio.run(_read(given, kind, asked, wish))
    if output is not None:
        _write(output, found.text)
    if as_json:
        document(
            kind=found.kind,
            file=found.file,
            text=found.text,
            commands=list(found.commands),
            says=list(found.says),
        )
        return Exit.DONE
    if output is None:
        click.echo(found.text, nl=False)
    for text in found.says:
        talk(text)
    if found.file:
        talk("What to run:")
        for text in found.commands:
            talk(f"  {text}")
    return Exit.DONE


def _write(output: Path, text: str) -> None:
    try:
        output.write_text(text, encoding="utf-8")
    except OSError as error:
        raise BadInput(f"{output} can't be written: {error.strerror}.") from None


async def _read(given: Given, kind: "ExportKind", asked: str, wish: dict[str, str]) -> "Export":
    from services.diagnosis.target import NoTarget
    from services.exports import reading
    from services.exports.model import BadExport, Wish
    from tui.connect import connected

    async with connected(given.options, given.paths, given.memory) as conn:
        try:
            return await reading.read(conn, kind, asked, Wish(**wish))
        except (NoTarget, BadExport) as error:
            raise BadInput(str(error)) from None
