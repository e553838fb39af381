"""plan and apply: an intent file carried out without screens."""

import asyncio
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from services.text import plain
from tui.cli.failed import BadInput
from tui.cli.options import Given, shared
from tui.cli.output import document, table, talk
from tui.exits import Exit

if TYPE_CHECKING:
    from services.azure.connection import Connection
    from services.model.cost import Assumptions, Estimate
    from services.model.intent import Intent
    from services.model.plan import Finding, Plan

as_json = click.option("--json", "as_json", is_flag=True, help="JSON on stdout.")
intent_file = click.argument(
    "intent", type=click.Path(exists=True, dir_okay=False, readable=True, path_type=Path)
)

LARGEST = 1_000_000
"""Bytes of an intent file; an intent with every field takes about one thousand."""

_SIGNS = {"create": "+", "change": "~", "grant": "+", "wait": ".", "verify": "=", "delete": "-"}
WORDS = {
    "ok": "OK",
    "fix": "FIX",
    "warn": "WARN",
    "fail": "FAIL",
    "unknown": "??",
    "skipped": "--",
}


@click.command()
@intent_file
@click.option("--currency", default="USD", metavar="CODE", help="Of the cost, for example EUR.")
@click.option(
    "--assume", multiple=True, metavar="NAME=VALUE", help="For the cost: cosmos_rus=2000."
)
@as_json
@shared
@click.pass_context
def plan(
    context: click.Context, intent: Path, currency: str, assume: tuple[str, ...], as_json: bool
) -> Exit:
    """Show what INTENT (a TOML file) would change, and cost a month. Changes nothing."""
    given = Given.of(context)
    wanted = read_intent(intent)
    assumptions = assumed(assume)
    code = known_currency(currency)

    async def work() -> "tuple[Plan, Estimate]":
        from services.cost import of_plan
        from tui.connect import connected

        async with connected(given.options, given.paths, given.memory) as conn:
            made = await make(conn, given, wanted)
            basis = await of_plan.read(conn, made, given.paths.state, code)
            return made, basis.estimate(assumptions)

    made, cost = asyncio.run(work())
    if as_json:
        from services.runs.headless import plan_document

        document(**plan_document(made, cost))
    else:
        _tell_plan(made)
        _tell_quota(made)
        _tell_cost(cost)
    return Exit.CHECK_FAILS if failing(made) else Exit.DONE


@click.command()
@intent_file
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.option("--accept", multiple=True, metavar="CHECK", help="Go on although this check fails.")
@click.option("--detach", is_flag=True, help="Leave it to a process without a terminal.")
@as_json
@shared
@click.pass_context
def apply(  # noqa: PLR0917  (click gives what the options say)
    context: click.Context,
    intent: Path,
    yes: bool,
    accept: tuple[str, ...],
    detach: bool,
    as_json: bool,
) -> Exit:
    """Carry out INTENT (a TOML file). Events go to stdout, one a line."""
    given = Given.of(context)
    wanted = read_intent(intent)
    if not yes and not sys.stdin.isatty():
        raise BadInput("Nobody can be asked here: look at `wrapkey plan` first, then add --yes.")
    _known(accept)
    how = How(yes=yes, accept=accept, detach=detach, as_json=as_json)
    return asyncio.run(_apply(given, wanted, how))


def _known(accept: tuple[str, ...]) -> None:
    """Refuse what is no check: a slip of the pen must not look like consent."""
    from services.checks.registry import BY_ID

    for one in accept:
        if one not in BY_ID:
            raise BadInput(f"--accept {one}: there is no such check. `wrapkey checks` lists all.")


@dataclass(frozen=True)
class How:
    """In which way an intent is applied."""

    yes: bool
    accept: tuple[str, ...]
    detach: bool
    as_json: bool


async def _apply(given: Given, wanted: "Intent", how: How) -> Exit:
    from tui.cli.carrying import begin
    from tui.connect import signed_in
    from tui.detached import refuse

    here = (given.options, given.paths, given.memory)
    check = refuse if how.detach else lambda _: None
    async with signed_in(*here, check) as (conn, way):
        made = await make(conn, given, wanted)
        bad = [one for one in failing(made) if one.check not in how.accept]
        if bad:
            for one in bad:
                talk(f"FAIL  {one.check}: {one.title}")
            talk("Nothing was changed. Settle these first, or name each with --accept.")
            return Exit.CHECK_FAILS
        if not how.yes and not _sure(made):
            talk("Nothing was changed.")
            return Exit.DONE
        away = way if how.detach else ""
        return await begin(conn, given, made, away=away, as_json=how.as_json)


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


def _problem(path: Path, problem: Any) -> str:
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


def assumed(given: tuple[str, ...]) -> "Assumptions":
    """The usual assumptions with these changed; raises BadInput with the first broken rule."""
    from services.cost.assumptions import BadAssumption, changed
    from services.model.cost import Assumptions

    made = Assumptions()
    try:
        for text in given:
            made = changed(made, text)
    except BadAssumption as error:
        raise BadInput(str(error)) from None
    return made


def known_currency(code: str) -> str:
    """A currency of Azure's prices in capitals; raises BadInput for another."""
    from services.azure.prices import CURRENCIES

    if code.strip().upper() not in CURRENCIES:
        raise BadInput(f"{plain(code, 20)} is no currency of Azure's: {', '.join(CURRENCIES)}.")
    return code.strip().upper()


def _tell_quota(made: "Plan") -> None:
    from services.checks import quotawords

    if made.quota:
        table(quotawords.HEAD, [quotawords.cells(one) for one in made.quota])


def _tell_cost(cost: "Estimate") -> None:
    from services.cost import words

    talk(f"Cost: {words.total(cost)} {words.age(cost)}")
    if cost.problem:
        talk(f"{words.UNKNOWN:<5} {cost.problem}")


def failing(made: "Plan") -> list["Finding"]:
    """Findings that refuse an apply."""
    return [one for one in made.findings if one.status == "fail"]


def _tell_plan(made: "Plan") -> None:
    rows = [
        (
            f"{number:>2} {_SIGNS[step.action]} {step.title}",
            "CAN'T BE UNDONE" if step.irreversible else duration(step.expected_s),
        )
        for number, step in enumerate(made.steps, 1)
    ]
    table(("Step", "Takes"), rows)
    for one in made.findings:
        if one.status not in {"ok", "skipped"}:
            talk(f"{WORDS[one.status]:<5} {one.title}")
    if not made.steps:
        talk("Everything is as the intent says: there is nothing to do.")


def duration(seconds: int) -> str:
    """How long something usually takes, in words; empty for at once."""
    if not seconds:
        return ""
    return f"~{seconds} s" if seconds < 60 else f"~{round(seconds / 60)} min"


def _sure(made: "Plan") -> bool:
    """One question that names subscription and what can't be undone."""
    from services.model.plan import wanted

    if not made.steps:
        return True
    _tell_plan(made)
    for step in made.steps:
        if step.irreversible:
            talk(f"Can't be undone: {step.title}. {step.irreversible}")
    where = f"in subscription {wanted(made).subscription}"
    return click.confirm(f"Carry out {len(made.steps)} steps {where}?", err=True)
