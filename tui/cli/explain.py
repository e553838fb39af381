"""explain: what an error means that somebody got, from az, a portal, Terraform or a script."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click
import msgspec

from tui.cli.failed import BadInput
from tui.cli.options import as_json
from tui.cli.output import document
from tui.exits import Exit

if TYPE_CHECKING:
    from services.failures.explained import Explained

MOST = 1_000_000
"""Bytes that are read of a file or of stdin."""

_WIDTH = 12


@click.command()
@click.argument("error", default="-", metavar="[ERROR]")
@as_json
def explain(error: str, as_json: bool) -> Exit:
    """Explain ERROR, a file with an error of Azure; - or nothing reads stdin.

    Takes what az, an SDK, the portal or Terraform printed, as it is. Asks nothing of Azure.
    """
    from services.failures.explained import explain_text

    given = _given(error)
    if not given.strip():
        raise BadInput("There is nothing to explain: give a file, or the error on stdin.")
    found = explain_text(given)
    if as_json:
        document(**msgspec.to_builtins(found))
    else:
        _tell(found)
    return Exit.DONE


def _given(error: str) -> bytes:
    if error == "-":
        if sys.stdin.isatty():
            click.echo("Paste the error, then press Ctrl-D on a line of its own.", err=True)
        return sys.stdin.buffer.read(MOST)
    try:
        with Path(error).open("rb") as file:
            return file.read(MOST)
    except OSError as why:
        raise BadInput(f"{error} can't be read: {why.strerror or why}.") from None


def _tell(found: "Explained") -> None:
    """For a person: what it is, what it means, what to do, where to look."""
    if found.title:
        click.echo(f"{found.failure}  {found.title}".strip())
    else:
        click.echo("This error is not in the failure catalogue. What could be read of it:")
    click.echo("")
    rows = [
        ("Azure says", found.message),
        ("Code", " > ".join(found.codes)),
        ("Status", str(found.status or "")),
        ("Means", found.means),
        ("Do", found.repair),
        ("Not certain", found.unsure),
        ("Source", found.source),
        ("Request id", found.request_id),
        ("Correlation", found.correlation_id),
    ]
    for name, text in rows:
        if text:
            click.echo(f"{name:<{_WIDTH}} {text}")
    if found.cut:
        click.echo(f"{'Read':<{_WIDTH}} only the beginning; the rest is longer than an error is")
    for sentence in _next(found):
        click.echo(sentence)


def _next(found: "Explained") -> list[str]:
    """What to type now, or what is missing for it."""
    if found.resources and (found.subject or not found.title):
        lines = [f"  wrapkey diagnose {id}" for id in found.resources]
        return ["", "To see what is there now:", *lines]
    if found.subject:
        return ["", f"To be sure, give the id of the {found.subject}: wrapkey diagnose ID"]
    if not found.title:
        return ["", "The request id helps Microsoft's support." if found.request_id else ""]
    return []
