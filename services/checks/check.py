"""What a check is: the shape of the register's lines. Data only."""

from typing import Literal

import msgspec

from services.model.intent import Kind

Phase = Literal["preflight", "diagnosis"]
Severity = Literal["fail", "fix", "warn", "unknown"]

EVERY: tuple[Kind, ...] = ("workspace", "container-group", "cluster")
ML: tuple[Kind, ...] = ("workspace",)
ACI: tuple[Kind, ...] = ("container-group",)
AKS: tuple[Kind, ...] = ("cluster",)


class Check(msgspec.Struct, frozen=True, kw_only=True):
    """One question that is asked before anything is written. Data only."""

    id: str
    """Kebab-case; what people give to ``--accept``."""
    title: str
    """What holds when it is OK."""
    subject: str
    """The kind of thing it judges."""
    severity: Severity
    """The gravest status it can have; fix where the plan repairs it in any case."""
    reads: tuple[str, ...]
    """Facts it is judged from; see services/checks/facts.py."""
    kinds: tuple[Kind, ...] = EVERY
    """Kinds of intent it is asked of."""
    failures: tuple[str, ...] = ()
    """Numbers of the failure catalogue."""
    phases: tuple[Phase, ...] = ("preflight",)
    scenario: str = ""
    """Sandbox scenario (below failures/) that trips it; empty where ``without`` says why."""
    further: tuple[str, ...] = ()
    """Scenarios (below failures/) that trip it with another kind of intent."""
    without: str = ""
    """Why there is no scenario."""
    repairs: tuple[str, ...] = ()
    """Beginnings of the ids of plan steps that repair it."""
    source: str = ""


class NotCovered(msgspec.Struct, frozen=True, kw_only=True):
    """A failure of the catalogue that no check foresees, and why."""

    failure: str
    title: str
    reason: str


def seen(
    id: str, title: str, subject: str, severity: Severity, *reads: str, **more: object
) -> Check:
    """A check with the scenario of its own name."""
    return msgspec.convert(
        {
            "id": id,
            "title": title,
            "subject": subject,
            "severity": severity,
            "reads": reads,
            "scenario": "" if "without" in more else id,
            **more,
        },
        Check,
    )
