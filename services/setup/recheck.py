"""After a repair: the check that asked for it is judged again, on facts read anew."""

from collections.abc import Iterable

from services.azure.errors import AzureError
from services.checks.preflight import judge_one
from services.checks.reading import reading
from services.checks.registry import BY_ID
from services.model.plan import Finding, Step
from services.setup.context import Context
from services.setup.dependencies import dependencies_of

GOOD = ("ok", "skipped", "warn")
WORDS = {"fail": "FAIL", "fix": "FIX", "unknown": "??"}


async def judged_again(ctx: Context, step: Step) -> str:
    """Say what the checks find now that this step repairs, and return it in one line.

    Each is said as ``step.progress`` too, with its ``check`` and ``status``. Empty where the
    step repairs nothing, or others that repair what the same check found are still to be done. It
    reads only; an answer that does not come is said, and fails nothing: the step itself is true.
    """
    before = tuple(_repaired(ctx, step))
    said = []
    try:
        for finding in await _now(ctx, before):
            note = _words(finding)
            said.append(note)
            detail = {"check": finding.check, "status": finding.status}
            await ctx.say("step.progress", step, note=f"checked again: {note}", **detail)
    except AzureError as error:
        said.append(f"?? {error.what}")
    return f"checked again: {'; '.join(dict.fromkeys(said))}" if said else ""


def _repaired(ctx: Context, step: Step) -> list[Finding]:
    """Findings of the checks whose last repair this step completes.

    A check is judged once for all of them: seven providers that are registered at the same time
    would have the subscription's whole list read seven times.
    """
    planned = {one.id for one in ctx.plan.steps}
    fixed = [one for one in ctx.plan.findings if _steps(one) and _steps(one) <= planned]
    mine = {one.check for one in fixed if step.id in _steps(one)}
    unfinished = {one.check for one in fixed if _steps(one) - ctx.results.keys()}
    return [one for one in fixed if one.check in mine - unfinished]


def _steps(finding: Finding) -> set[str]:
    """Ids of the steps that repair a finding."""
    if finding.status != "fix" or finding.repair is None:
        return set()
    return {one.id for one in finding.repair.steps}


async def _now(ctx: Context, before: tuple[Finding, ...]) -> list[Finding]:
    """Each finding as it is now."""
    intent = ctx.plan.intent
    if intent is None or not before:
        return []
    needs = {fact for one in before for fact in BY_ID[one.check].reads} | {"subscription"}
    async with reading(ctx.conn, intent, dependencies_of(intent).further) as made:
        await made.gather(needs)
        facts = made.facts()
    known = {one.id for one in ctx.plan.findings}
    return [_same(one, judge_one(BY_ID[one.check], intent, facts), known) for one in before]


def _same(was: Finding, found: Iterable[Finding], known: set[str]) -> Finding:
    """What became of a finding: OK where its check finds nothing but what others repair."""
    bad = [one for one in found if one.status not in GOOD]
    left = next((one for one in bad if one.id == was.id or one.id not in known), None)
    title = BY_ID[was.check].title
    good = Finding(id=was.id, check=was.check, subject=was.subject, status="ok", title=title)
    return left or good


def _words(finding: Finding) -> str:
    if finding.status in GOOD:
        return f"OK {finding.check}"
    return f"{WORDS[finding.status]} {finding.title}"
