"""stdout is data, stderr is talk."""

import sys
from collections.abc import Sequence
from typing import Any

import click
import msgspec

from services.model.resources import Noun
from services.text import plain
from tui.streams import nobody_reads

SCHEMA = 1
"""Version of every JSON document on stdout."""


def talk(text: str) -> None:
    """Say something to the person; never data. Where nobody is there any more it goes nowhere."""
    try:
        click.echo(plain(text), err=True)
    except OSError:
        nobody_reads(sys.stderr)


def document(**parts: Any) -> None:
    """One JSON document on stdout."""
    data = msgspec.json.encode({"schema": SCHEMA, **parts})
    click.echo(msgspec.json.format(data, indent=2).decode())


def line(item: dict[str, Any]) -> None:
    """One JSON object in one line on stdout, sent at once."""
    click.echo(msgspec.json.encode({"schema": SCHEMA, **item}).decode())
    sys.stdout.flush()


def bare(value: Any) -> Any:
    """A noun as JSON, without the JSON it came from."""
    if isinstance(value, msgspec.Struct):
        return {
            name: bare(getattr(value, name))
            for name in value.__struct_fields__
            if not (name == "raw" and isinstance(value, Noun))
        }
    return [bare(one) for one in value] if isinstance(value, (list, tuple)) else value


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Aligned columns on stdout; the heading goes to stderr where stdout is not a terminal."""
    cells = [[plain(text) for text in row] for row in rows]
    widths = [max(map(len, column)) for column in zip(head, *cells, strict=True)]
    click.echo(_line(head, widths), err=not sys.stdout.isatty())
    for row in cells:
        click.echo(_line(row, widths))


def _line(texts: Sequence[str], widths: Sequence[int]) -> str:
    return "  ".join(f"{text:<{width}}" for text, width in zip(texts, widths, strict=True)).rstrip()
