"""repair: the steps that make good what was diagnosed, asked for, and carried out."""

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING

import click

from services.text import plain
from tui.cli.asking import need_an_answer, typed
from tui.cli.failed import BadInput
from tui.cli.options import Given, as_json, shared
from tui.cli.output import document, talk
from tui.cli.plans import WORDS, duration
from tui.exits import Exit

if TYPE_CHECKING:
    from datetime import datetime

    from services.azure.connection import Connection
    from services.model.diagnosis import Diagnosis, Target
    from services.model.plan import Plan


@dataclass(frozen=True)
class How:
    """What is repaired, and in which way."""

    findings: tuple[str, ...]
    expires: "datetime | None"
    only_show: bool
    yes: bool
    detach: bool
    as_json: bool


@click.command()
@click.argument("named", metavar="ID|NAME")
@click.option(
    "--finding",
    "findings",
    multiple=True,
    metavar="ID",
    help="Repair this finding of `wrapkey diagnose` (its id or its check); else all root causes.",
)
@click.option(
    "--expires", default="", metavar="DATE", help="New end of a key that has ended; else a year."
)
@click.option("--plan", "only_show", is_flag=True, help="Only show the steps.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.option("--detach", is_flag=True, help="Leave it to a process without a terminal.")
@as_json
@shared
@click.pass_context
def repair(  # noqa: PLR0917  (click gives what the options say)
    context: click.Context,
    named: str,
    findings: tuple[str, ...],
    expires: str,
    only_show: bool,
    yes: bool,
    detach: bool,
    as_json: bool,
) -> Exit:
    """Diagnose something, carry out what repairs it, and diagnose it again.

    ID|NAME is what `wrapkey diagnose` takes. Shows each step first: what it changes and whether
    that can be undone. Events go to stdout, one a line.
    """
    given = Given.of(context)
    need_an_answer("wrapkey repair ID --plan", yes=yes, only_show=only_show)
    how = How(findings, _end(expires), only_show, yes, detach, as_json)
    return asyncio.run(_repair(given, named, how))


def _end(text: str) -> "datetime | None":
    from services.diagnosis.expiry import BadEnd, parse

    try:
        return parse(text) if text else None
    except BadEnd as error:
        raise BadInput(f"--expires {plain(str(error), 300)}") from None


async def _repair(given: Given, named: str, how: How) -> Exit:
    from services.diagnosis import target
    from services.diagnosis.diagnose import diagnose
    from services.diagnosis.repair import NoRepair
    from tui.cli.carrying import begin
    from tui.connect import signed_in
    from tui.detached import refuse

    here = (given.options, given.paths, given.memory)
    async with signed_in(*here, refuse if how.detach else lambda _: None) as (conn, way):
        try:
            meant = await target.find(conn, named)
        except target.NoTarget as error:
            raise BadInput(str(error)) from None
        talk(f"Reading {meant.id}")
        found = await diagnose(conn, meant, ask_azure=False)
        try:
            made = _plan(found, how)
        except NoRepair as error:
            return _nothing(found, str(error), how)
        if how.only_show:
            _show(made, how)
            return Exit.DONE
        if not how.yes and not _sure(made, meant.name):
            talk("Nothing was changed.")
            return Exit.DONE
        away = way if how.detach else ""
        code = await begin(conn, given, made, away=away, as_json=how.as_json)
        return code if away or code is not Exit.DONE else await _again(conn, meant, made)


def _plan(found: "Diagnosis", how: How) -> "Plan":
    """Raises NoRepair, and BadInput for a finding that there is not or an end that can't be."""
    from services.diagnosis.expiry import BadEnd
    from services.diagnosis.repair import plan_repair

    wanted = []
    for one in how.findings:
        ids = [each.id for each in found.findings if one in (each.id, each.check)]
        if not ids:
            raise BadInput(f"--finding {one}: `wrapkey diagnose` tells of no such finding.")
        wanted += ids
    try:
        return plan_repair(found, wanted, expires=how.expires)
    except BadEnd as error:
        raise BadInput(f"--expires: {error}") from None


def _nothing(found: "Diagnosis", why: str, how: How) -> Exit:
    """Nothing fails, or nothing that wrapkey could repair: what to do instead is said."""
    if how.only_show and how.as_json:
        document(subject=found.target.id, steps=[], findings=[])
    talk(why)
    return Exit.CHECK_FAILS if any(one.status == "fail" for one in found.findings) else Exit.DONE


def _show(made: "Plan", how: How) -> None:
    if how.as_json:
        from services.diagnosis.document import repair_document

        document(**repair_document(made))
    else:
        _tell(made, aside=False)


def _tell(made: "Plan", *, aside: bool) -> None:
    """Each step, what takes it back, and what no step repairs; to stderr where events follow."""
    from services.diagnosis.expiry import RULE
    from services.diagnosis.repair import taken_back, unrepaired

    say = talk if aside else lambda text: click.echo(plain(text))
    for number, step in enumerate(made.steps, 1):
        takes = duration(step.expected_s)
        say(f"{number:>2}  {step.title}{f'  {takes}' if takes else ''}")
        say(f"    {taken_back(step)}")
    if any(step.kind == "key-extend" and step.params["expires"] for step in made.steps):
        talk(f"{RULE} --expires DATE chooses it.")
    for one in made.findings:
        for blocked in one.repair.blocked if one.repair else ():
            talk(f"WARN  {blocked.why} {blocked.who}:  {blocked.command}")
    for one in unrepaired(made):
        text = f": {one.repair.text}" if one.repair else ""
        talk(f"{WORDS[one.status]:<5} No step repairs {one.title}{text}")


def _sure(made: "Plan", name: str) -> bool:
    """One question; where something is taken away, its name must be typed."""
    _tell(made, aside=True)
    many = f"{len(made.steps)} step{'' if len(made.steps) == 1 else 's'}"
    if not any(step.action == "delete" for step in made.steps):
        return click.confirm(f"Repair {plain(name)} with {many}?", err=True)
    return typed(name, f"carry out {many}")


async def _again(conn: "Connection", meant: "Target", made: "Plan") -> Exit:
    """Diagnose once more, and say what became of it."""
    from services.diagnosis.diagnose import diagnose
    from services.diagnosis.repair import outcome

    after = await diagnose(conn, meant, ask_azure=False)
    told = outcome(made, after)
    talk(f"Diagnosed again: {meant.name}")
    for word, titles in (("OK", told.good), ("WARN", told.waits), ("FAIL", told.left)):
        for title in titles:
            talk(f"{word:<5} {title}")
    return Exit.CHECK_FAILS if told.left else Exit.DONE
