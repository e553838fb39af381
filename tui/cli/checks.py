"""checks and check: which questions there are, and their answers for an intent file."""

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING

import click

from tui.cli.intentfile import intent_file, make, read_intent
from tui.cli.options import Given, as_json, shared
from tui.cli.output import document, table, talk
from tui.cli.plans import WORDS
from tui.exits import Exit

if TYPE_CHECKING:
    from services.model.plan import Finding, Plan


@click.command()
@as_json
@shared
def checks(as_json: bool) -> Exit:
    """List every check: what it is about and how grave it can be."""
    from services.diagnosis.registry import listed
    from services.runs.headless import check_document

    if as_json:
        document(checks=[check_document(one) for one in listed()])
    else:
        rows = [
            (one.id, WORDS[one.severity], " ".join(one.failures), one.title) for one in listed()
        ]
        table(("Check", "Gravest", "Failures", "OK means"), rows)
    return Exit.DONE


@click.command()
@intent_file
@as_json
@shared
@click.pass_context
def check(context: click.Context, intent: Path, as_json: bool) -> Exit:
    """Check INTENT (a TOML file) against what is there. Changes nothing."""
    given = Given.of(context)
    wanted = read_intent(intent)

    def heard(finding: "Finding") -> None:
        if not as_json and finding.status not in ("ok", "skipped"):
            click.echo(f"{WORDS[finding.status]:<5} {finding.check}: {finding.title}")

    async def work() -> "Plan":
        from tui.connect import connected

        async with connected(given.options, given.paths, given.memory) as conn:
            return await make(conn, given, wanted, heard)

    made = asyncio.run(work())
    from services.runs.headless import findings_document, worst

    if as_json:
        document(**findings_document(made))
    else:
        _tell(made)
    return Exit.CHECK_FAILS if worst(made) == "fail" else Exit.DONE


def _tell(made: "Plan") -> None:
    """The counts, and what to do about each failure."""
    counts = [
        f"{sum(one.status == status for one in made.findings)} {word}"
        for status, word in WORDS.items()
    ]
    talk(", ".join(counts) + ". Nothing was changed.")
    for one in made.findings:
        if one.status == "fail":
            repair = f" {one.repair.text}" if one.repair else ""
            talk(f"FAIL  {one.check}: {one.meaning}{repair}")
