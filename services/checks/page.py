"""docs/failures.md: which failures are foreseen, by which check, and which are not."""

from services.checks.registry import CHECKS, NOT_COVERED, Check

_WORDS = {"fail": "FAIL", "fix": "FIX", "warn": "WARN", "unknown": "??"}


def failures_page() -> str:
    """The page, from the registry."""
    lines = [
        "# What is checked before anything is written",
        "",
        "`wrapkey check INTENT.toml` asks these questions and writes nothing; Review and `wrapkey"
        " plan` ask them too. OK means allowed, never certain to succeed: no API of Azure tells"
        " free capacity in advance. FAIL refuses `wrapkey apply`, unless `--accept CHECK` names the"
        " check. FIX is repaired by a step of the plan. ?? could not be known, and says why.",
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
        "## Failures and who sees them",
        "",
        "| Failure | Checks |",
        "|---|---|",
        *(f"| {number} | {', '.join(f'`{id}`' for id in ids)} |" for number, ids in _by_failure()),
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
        "This page is written by `python -m services.schema`.",
    ]
    return "\n".join(lines) + "\n"


def _row(check: Check) -> str:
    cells = (
        f"`{check.id}`",
        check.title,
        _WORDS[check.severity],
        " ".join(check.failures) or "none",
        ", ".join(check.reads).replace("_", " ") or "the intent alone",
        f"`{check.scenario}`" if check.scenario else "none",
    )
    return f"| {' | '.join(cells)} |"


def _by_failure() -> list[tuple[str, list[str]]]:
    found: dict[str, list[str]] = {}
    for check in CHECKS:
        for number in check.failures:
            found.setdefault(number, []).append(check.id)
    return sorted(found.items())
