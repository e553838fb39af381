"""How the checks of diagnosis are written down: data only."""

import msgspec

from services.checks.check import Check, Severity


class Shared(msgspec.Struct, frozen=True, kw_only=True):
    """A check of preflight that diagnosis asks as well."""

    id: str
    failures: tuple[str, ...]
    meaning: str = ""
    """In place of preflight's; empty where that holds here too."""
    repair: str = ""
    """What to do where no step repairs it and preflight names no command; ``{vault}``, ``{key}``,
    ``{subscription}``, ``{workspace}``, ``{group}`` and ``{subject}`` are filled in."""
    creation: bool = False
    """Only stops a workspace that is made or changed: WARN where the workspace is in order."""


def shared(
    id: str, *failures: str, meaning: str = "", repair: str = "", creation: bool = False
) -> tuple[str, Shared]:
    """An entry of a table of checks that preflight has too."""
    return id, Shared(id=id, failures=failures, meaning=meaning, repair=repair, creation=creation)


def own(
    id: str, title: str, subject: str, severity: Severity, *reads: str, **more: object
) -> Check:
    """A check that only diagnosis asks."""
    return msgspec.convert(
        {
            "id": id,
            "title": title,
            "subject": subject,
            "severity": severity,
            "reads": reads,
            "phases": ("diagnosis",),
            **more,
        },
        Check,
    )
