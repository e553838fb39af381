"""An intent file as commands take it: read with all that is wrong in it, and made a plan."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import click

from tui.cli.failed import BadInput
from tui.cli.options import Given

if TYPE_CHECKING:
    from services.azure.connection import Connection
    from services.intents import Problem
    from services.model.intent import Intent
    from services.model.plan import Finding, Plan

intent_file = click.argument(
    "intent", type=click.Path(exists=True, dir_okay=False, readable=True, path_type=Path)
)

LARGEST = 1_000_000
"""Bytes of an intent file; an intent with every field takes about one thousand."""


def read_intent(path: Path) -> "Intent":
    """The intent in this file; raises BadInput with every line, field and rule at once."""
    from services.intents import BadIntent, read

    try:
        with path.open("rb") as file:
            data = file.read(LARGEST + 1)
    except OSError as error:
        raise BadInput(f"{path}: {error.strerror}.") from None
    if len(data) > LARGEST:
        raise BadInput(f"{path} is no intent: it is larger than {LARGEST // 1000} kB.")
    try:
        return read(data.decode("utf-8-sig"))
    except UnicodeDecodeError:
        raise BadInput(f"{path} is no text in UTF-8.") from None
    except BadIntent as error:
        raise BadInput("\n".join(_problem(path, problem) for problem in error.problems)) from None


def _problem(path: Path, problem: "Problem") -> str:
    at = f"{path}:{problem.line}" if problem.line else str(path)
    known = f" Did you mean {problem.known}?" if problem.known else ""
    return f"{at}: {problem.path or 'the file'}: {problem.rule}{known}"


async def make(
    conn: "Connection",
    given: Given,
    wanted: "Intent",
    heard: Callable[["Finding"], None] | None = None,
) -> "Plan":
    """The plan; raises BadInput where --subscription means another one than the intent."""
    if given.options.subscription:
        from services.azure.subscriptions import list_subscriptions
        from tui.cli.listing import the_one

        meant = the_one(await list_subscriptions(conn), given.options.subscription)
        if meant.id != wanted.subscription.lower():
            raise BadInput(
                f"--subscription means {meant.name} ({meant.id}), the intent says"
                f" {wanted.subscription}. Leave the option out, or change the intent."
            )
    from services.setup.plan import make_plan

    return await make_plan(conn, wanted, heard)
