"""plan and apply: an intent file carried out without screens."""

import asyncio
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import click

from services.text import plain
from tui.cli.asking import need_an_answer
from tui.cli.failed import BadInput
from tui.cli.intentfile import intent_file, make, read_intent
from tui.cli.options import Given, as_json, shared
from tui.cli.output import document, table, talk
from tui.cli.plans import WORDS, duration, failing
from tui.exits import Exit

if TYPE_CHECKING:
    from services.model.cost import Assumptions, Estimate
    from services.model.intent import Intent
    from services.model.plan import Plan

_SIGNS = {"create": "+", "change": "~", "grant": "+", "wait": ".", "verify": "=", "delete": "-"}


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
    need_an_answer("wrapkey plan", yes=yes)
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
