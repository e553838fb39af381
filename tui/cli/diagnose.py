"""diagnose: what is wrong with a workspace that is there, and why. Changes nothing."""

import asyncio
from collections.abc import Iterator
from typing import TYPE_CHECKING

import click

from services.text import plain
from tui.cli.failed import BadInput
from tui.cli.options import Given, shared
from tui.cli.output import document, talk
from tui.cli.setup import WORDS, as_json
from tui.exits import Exit

if TYPE_CHECKING:
    from services.model.diagnosis import Diagnosis, Node
    from services.model.plan import Finding


@click.command()
@click.argument("workspace", metavar="ID|NAME")
@click.option(
    "--probe", is_flag=True, help="Wrap and unwrap random bytes with the key, as yourself."
)
@click.option("--quick", is_flag=True, help="Leave Azure's own diagnosis out: it can take long.")
@as_json
@shared
@click.pass_context
def diagnose(
    context: click.Context, workspace: str, probe: bool, quick: bool, as_json: bool
) -> Exit:
    """Find out why a workspace does not work. Changes nothing.

    ID|NAME is an ARM id of the workspace, of its vault or of something in its managed group, the
    address of its key, or its name, which is searched over all subscriptions.
    """
    given = Given.of(context)

    async def work() -> "Diagnosis":
        from services.diagnosis import target
        from services.diagnosis.diagnose import diagnose as look
        from tui.connect import connected

        async with connected(given.options, given.paths, given.memory) as conn:
            try:
                meant = await target.find(conn, workspace)
            except target.NoTarget as error:
                raise BadInput(str(error)) from None
            talk(f"Reading {meant.id}")
            return await look(conn, meant, ask_azure=not quick, probe=probe)

    found = asyncio.run(work())
    if as_json:
        from services.diagnosis.document import diagnosis_document

        document(**diagnosis_document(found))
    else:
        for line in lines(found):
            click.echo(plain(line))
    fails = any(one.status == "fail" for one in found.findings)
    return Exit.CHECK_FAILS if fails else Exit.DONE


def lines(found: "Diagnosis") -> Iterator[str]:
    """Root causes with what they cause; then warnings and what is not known; then the tree."""
    from services.diagnosis.causes import consequences, roots

    causes = roots(found)
    for root in causes:
        yield from _finding(root, "")
        for one in consequences(found, root.id):
            yield f"      so   {WORDS[one.status]:<5} {one.title}"
    if not causes:
        yield "Nothing fails."
    for one in found.findings:
        if one.status in ("warn", "unknown"):
            yield f"{WORDS[one.status]:<5} {one.title}"
    yield ""
    yield from _tree(found.tree, 0)


def _finding(one: "Finding", margin: str) -> Iterator[str]:
    number = f" ({', '.join(one.failures)})" if one.failures else ""
    yield f"{margin}{WORDS[one.status]:<5} {one.title}{number}"
    if one.since is not None:
        by = f", by {one.by}" if one.by else ""
        yield f"{margin}      since {one.since:%Y-%m-%dT%H:%M:%SZ}{by}"
    if one.meaning:
        yield f"{margin}      {one.meaning}"
    for seen in one.evidence:
        request = f" (request {seen.request_id})" if seen.request_id else ""
        yield f"{margin}      {seen.call}: {seen.field} {seen.value}{request}"
    if one.repair is not None:
        yield f"{margin}      Repair: {one.repair.text}"
        for step in one.repair.steps:
            forever = f" Can't be undone: {step.irreversible}" if step.irreversible else ""
            yield f"{margin}        - {step.title}.{forever}"


def _tree(node: "Node", depth: int) -> Iterator[str]:
    note = f"  {node.note}" if node.note else ""
    kind = node.kind.replace("-", " ")
    yield f"{WORDS[node.status]:<5} {'  ' * depth}{kind}: {node.title}{note}"
    for below in node.below:
        yield from _tree(below, depth + 1)
