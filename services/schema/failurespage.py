"""docs/failures.md: which failures are foreseen, by which check, and what each one means."""

from collections.abc import Iterator

from services.checks.check import Check
from services.checks.registry import CHECKS, NOT_COVERED
from services.diagnosis.coverage import Afterwards, afterwards
from services.diagnosis.registry import listed
from services.failures import CATALOGUE, Entry, Sign

_WORDS = {"fail": "FAIL", "fix": "FIX", "warn": "WARN", "unknown": "??"}


def failures_page() -> str:
    """The page, from the checks of preflight and diagnosis and the failure catalogue."""
    lines = [
        "# What is checked before anything is written",
        "",
        "`wrapkey check INTENT.toml` asks these questions and writes nothing; Review and `wrapkey"
        " plan` ask them too. OK means allowed, never certain to succeed: no API of Azure tells"
        " free capacity in advance. FAIL refuses `wrapkey apply`, unless `--accept CHECK` names the"
        " check. FIX is repaired by a step of the plan. ?? could not be known, and says why.",
        "",
        "The failures themselves stand below: what Azure says, what it means, what to do. `wrapkey"
        " explain` names the one that an error belongs to.",
        "",
        "Gravest is the gravest word a check can say. Each scenario is an estate of the sandbox that"
        " trips the check: `wrapkey --sandbox --scenario failures/NAME`.",
        "",
        "## Checks",
        "",
        "| Check | OK means | Gravest | Failures | Reads | Scenario |",
        "|---|---|---|---|---|---|",
        *(_row(check) for check in CHECKS),
        "",
        *_of_diagnosis(),
        *_afterwards(),
        "## Failures and who sees them",
        "",
        "| Failure | What | Checks |",
        "|---|---|---|",
        *(_seen(entry) for entry in CATALOGUE if _checks(entry)),
        "",
        "## Not covered",
        "",
        "| Failure | What | Why not |",
        "|---|---|---|",
        *(f"| {one.failure} | {one.title} | {one.reason} |" for one in NOT_COVERED),
        "",
        "## Without a scenario",
        "",
        *(f"- `{one.id}`: {one.without}" for one in CHECKS if not one.scenario),
        "",
        "## What each failure looks like, and what to do",
        "",
        *(line for entry in CATALOGUE for line in _entry(entry)),
        "This page is written by `python -m services.schema`.",
    ]
    return "\n".join(lines) + "\n"


def _of_diagnosis() -> Iterator[str]:
    yield from (
        "## Checks of a workspace that is there",
        "",
        "`wrapkey diagnose ID` asks these and writes nothing. Those that stand above too are judged"
        " by the same rule, on what is there. A finding that another one explains is no root cause.",
        "",
        "| Check | OK means | Gravest | Failures | Reads | Scenario |",
        "|---|---|---|---|---|---|",
        *(_row(check) for check in listed() if "diagnosis" in check.phases),
        "",
    )


def _afterwards() -> Iterator[str]:
    """What is seen once it has happened, and what is not."""
    yield from (
        "## Failures after the fact",
        "",
        "What `wrapkey diagnose` names of a workspace that is there: `wrapkey --sandbox --scenario"
        " broken/NAME` shows it.",
        "",
        "| Failure | What | Checks | Scenario, or why none |",
        "|---|---|---|---|",
        *(_shown(one) for one in afterwards()),
        "",
    )


def _shown(one: Afterwards) -> str:
    checks = ", ".join(f"`{check}`" for check in one.checks)
    return (
        f"| {one.failure} | {one.title} | {checks or 'none'} |"
        f" {f'`broken/{one.scenario}`' if one.scenario else one.reason} |"
    )


def _row(check: Check) -> str:
    cells = (
        f"`{check.id}`",
        check.title,
        _WORDS[check.severity],
        " ".join(check.failures) or "none",
        ", ".join(check.reads).replace("_", " ") or "the intent alone",
        ", ".join(f"`{one}`" for one in (check.scenario, *check.further) if one) or "none",
    )
    return f"| {' | '.join(cells)} |"


def _checks(entry: Entry) -> list[str]:
    return [f"`{check.id}`" for check in CHECKS if entry.number in check.failures]


def _seen(entry: Entry) -> str:
    return f"| {entry.number} | {entry.title} | {', '.join(_checks(entry))} |"


def _entry(entry: Entry) -> Iterator[str]:
    yield from (f"### {entry.number} {entry.title}", "")
    looks = "; ".join(_sign(sign) for sign in entry.signs)
    yield f"- Azure says: {looks or 'nothing of its own; looking at the resources shows it'}"
    yield f"- Means: {entry.means}"
    for sign in entry.signs:
        if sign.means:
            yield f"- With {_sign(sign)}: {sign.means}"
    yield f"- Do: {entry.repair}"
    for sign in entry.signs:
        if sign.repair:
            yield f"- With {_sign(sign)}, do: {sign.repair}"
    if entry.unsure:
        yield f"- Not certain: {entry.unsure}"
    yield from (f"- Source: {entry.source}", "")


def _sign(sign: Sign) -> str:
    """A code as code, words as words; Cosmos DB's substatus by its name."""
    code = sign.code.replace("cosmos-", "substatus ")
    return " and ".join([f"`{code}`"] * bool(code) + [f'"{sign.says}"'] * bool(sign.says))
