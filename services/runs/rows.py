"""What the journal's rows say, as data."""

from datetime import datetime
from typing import Any

import msgspec

from services.model.plan import Plan, Purpose


class RunRow(msgspec.Struct, frozen=True, kw_only=True):
    """One run as the journal knows it."""

    id: str
    created: datetime
    cloud: str
    caller: str
    """Object id of who made the plan."""
    host: str
    pid: int
    status: str
    finished: datetime | None
    plan: Plan
    purpose: Purpose = "setup"
    subject: str = ""
    """ARM id of what the run is about."""
    digest: str = ""
    """Of what is wanted, without what is only told; see services/runs/wish.py."""
    principal: str = ""
    """Name of who carries it out, as the sign-in says it."""
    nonce: str = ""
    """Of the process that owns it now or owned it last."""


class StepRow(msgspec.Struct, frozen=True, kw_only=True):
    """Where one step stands."""

    id: str
    kind: str
    status: str
    result: dict[str, Any]
    error: dict[str, Any]


class WriteRow(msgspec.Struct, frozen=True, kw_only=True):
    """One write: sent, and answered where ``answered`` is there."""

    seq: int
    step: str
    method: str
    host: str = ""
    path: str
    body_sha256: str
    client_request_id: str
    sent: datetime
    answered: datetime | None
    status: int | None
    request_id: str
    operation: str
    """Address of the long-running operation it started; empty for none."""
    error: str
    ended: datetime | None = None
    """When the end of its operation was seen."""
    outcome: str = ""
    """How its operation ended: succeeded, failed or gone; empty while nobody knows."""

    @property
    def accepted(self) -> bool:
        """Whether Azure took it; its operation may fail all the same."""
        return self.status is not None and self.status < 300

    @property
    def running(self) -> bool:
        """Whether its operation may still go on in Azure."""
        return self.accepted and bool(self.operation) and not self.outcome
