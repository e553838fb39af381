"""What commands say of a plan before they carry it out."""

from typing import TYPE_CHECKING

from tui.cli.output import talk
from tui.exits import Exit

if TYPE_CHECKING:
    from services.model.plan import Finding, Plan

WORDS = {
    "ok": "OK",
    "fix": "FIX",
    "warn": "WARN",
    "fail": "FAIL",
    "unknown": "??",
    "skipped": "--",
}
"""Each status as people read it."""


def failing(made: "Plan") -> list["Finding"]:
    """Findings that refuse an apply."""
    return [one for one in made.findings if one.status == "fail"]


def refusal(made: "Plan") -> Exit | None:
    """Why nothing is begun: a finding that fails, or nothing to do; None where it may be."""
    if failing(made):
        talk("Nothing was changed. Settle these first.")
        return Exit.CHECK_FAILS
    if not made.steps:
        talk("It is so already: there is nothing to do.")
        return Exit.DONE
    return None


def tell_findings(found: "tuple[Finding, ...]") -> None:
    """Findings that are not OK, with what they mean and what to do."""
    for one in found:
        if one.status not in {"ok", "skipped"}:
            talk(f"{WORDS[one.status]:<5} {one.title}")
            for text in (one.meaning, one.repair.text if one.repair else ""):
                if text:
                    talk(f"      {text}")


def duration(seconds: int) -> str:
    """How long something usually takes, in words; empty for at once."""
    if not seconds:
        return ""
    return f"~{seconds} s" if seconds < 60 else f"~{round(seconds / 60)} min"
