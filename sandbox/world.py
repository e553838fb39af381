"""What every handler is given: the state, the time, the addresses, and timed work."""

import asyncio
from dataclasses import dataclass, field
from operator import attrgetter
from typing import TYPE_CHECKING, Any

from sandbox import activity
from sandbox.clock import Clock
from sandbox.routing import JobHandler
from sandbox.state import Json, Operation, Principal, Resource, State

if TYPE_CHECKING:
    from sandbox.tokens import Issuer


@dataclass(frozen=True)
class Addresses:
    """Where the sandbox's services answer. No trailing slashes."""

    port: int

    @property
    def arm(self) -> str:
        """Azure Resource Manager, and the Entra authority."""
        return f"https://localhost:{self.port}"

    @property
    def authority(self) -> str:
        """Entra; one host with ARM, since MSAL asks the system's resolver."""
        return self.arm

    @property
    def graph(self) -> str:
        """Microsoft Graph; its own path, so that its tokens have their own audience."""
        return f"{self.arm}/graph"

    @property
    def prices(self) -> str:
        """The Retail Prices API, whole address."""
        return f"{self.arm}/api/retail/prices"

    @property
    def admin(self) -> str:
        """The control endpoint."""
        return f"{self.arm}/admin"

    @property
    def log_analytics(self) -> str:
        """The query API of Log Analytics; its audience too."""
        return f"https://api.loganalytics.localhost:{self.port}"

    @property
    def vault_suffix(self) -> str:
        """DNS suffix of vaults, with port and without the leading dot."""
        return f"vault.localhost:{self.port}"

    def vault(self, name: str) -> str:
        """A vault's own address."""
        return f"https://{name}.{self.vault_suffix}"


@dataclass
class World:
    """The sandbox, as handlers see it."""

    state: State
    clock: Clock
    addresses: Addresses
    jobs: dict[str, JobHandler] = field(default_factory=dict)
    changed: bool = False
    """Set by whoever changed the state; the server saves it and clears this."""
    issuer: "Issuer | None" = None
    """Signs and reads tokens; there is none where no server runs."""
    caches: dict[str, Any] = field(default_factory=dict)
    """What is computed from the state and can be thrown away; never saved."""
    released: asyncio.Event = field(default_factory=asyncio.Event)
    """Set, and replaced by a new one, when requests that a fault holds back may go on."""
    _moment: float | None = None

    def epoch(self) -> float:
        """Now; while timed work runs, the instant it was due (a clock jump loses nothing)."""
        return self.clock.epoch() if self._moment is None else self._moment

    def iso(self) -> str:
        """:meth:`epoch` the way ARM writes it."""
        return self.clock.iso(self.epoch())

    def run_due(self) -> None:
        """Do all work that has fallen due, in order of time, including what it adds."""
        now = self.clock.epoch()
        if self._earliest() > now:
            return
        while self.state.jobs:
            job = min(self.state.jobs, key=attrgetter("due", "order"))
            if job.due > now:
                return
            self.state.jobs.remove(job)
            self.changed = True
            if self._stuck(job.data):
                continue
            self._moment = job.due
            try:
                self.jobs[job.kind](self, job.data)
            finally:
                self._moment = None

    def _earliest(self) -> float:
        """When the next work is due; looked up anew when the calendar has changed."""
        state = self.state
        key = (id(state.jobs), len(state.jobs), state.counter)
        known = self.caches.get("earliest")
        if known is None or known[0] != key:
            due = min((job.due for job in state.jobs), default=float("inf"))
            known = self.caches["earliest"] = (key, due)
        return float(known[1])

    def _stuck(self, data: Json) -> bool:
        """Whether the work belongs to an operation that a fault has made stuck."""
        for value in data.values():
            operation = self.state.operations.get(value) if isinstance(value, str) else None
            if operation and operation.inner.get("stuck"):
                return True
        return False

    def after(self, seconds: float, kind: str, **data: object) -> float:
        """Have ``kind`` done after Azure ``seconds``; returns the epoch it is due."""
        due = self.epoch() + seconds / self.clock.speed
        self.state.add_job(due, kind, **data)
        return due

    def start_operation(self, target: str, **inner: object) -> Operation:
        """Begin a long-running operation on ``target``; a job has to end it."""
        operation = Operation(
            self.state.new_id(), "InProgress", self.epoch(), target=target, inner=dict(inner)
        )
        self.state.operations[operation.id] = operation
        return operation

    def end_operation(
        self, operation_id: str, error: Json | None = None, result: Json | None = None
    ) -> None:
        """End an operation: Failed with an error, Succeeded without one."""
        operation = self.state.operations[operation_id]
        error = error or operation.inner.get("fault")
        operation.status = "Failed" if error else "Succeeded"
        operation.ended = self.epoch()
        operation.error = error
        operation.result = result
        activity.ended(self, operation)

    def resource(self, resource_id: str) -> Resource | None:
        """A resource by id, whatever its spelling."""
        return self.state.resources.get(resource_id.lower().rstrip("/"))

    def principal(self, object_id: str) -> Principal | None:
        """A principal by object id."""
        return self.state.principals.get(object_id.lower())
