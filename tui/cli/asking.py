"""Asking a person before anything is changed, and saying so where nobody can be asked."""

import sys

import click

from services.text import plain
from tui.cli.failed import BadInput


def need_an_answer(look: str, *, yes: bool, only_show: bool = False) -> None:
    """Raise BadInput where a question would come and nobody is there to answer it.

    ``look``: the command that shows what would be done.
    """
    if not yes and not only_show and not sys.stdin.isatty():
        raise BadInput(f"Nobody can be asked here: look at `{look}` first, then add --yes.")


def typed(name: str, to_do: str) -> bool:
    """Whether the person types this name: for what can't be brought back a y is too little."""
    said: str = click.prompt(
        f"Type {plain(name)} to {to_do}, or press enter", default="", show_default=False, err=True
    )
    return said.strip() == name
