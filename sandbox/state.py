"""Everything the sandbox knows, in one serialisable place.

Documents are kept the way Azure's answers look (plain JSON), because providers hand
them out almost as they are. Providers that need tables of their own ask for them by
name with :meth:`State.table`; they are saved with the rest.
"""

import hashlib
import uuid
from typing import Any

import msgspec

Json = dict[str, Any]


class Principal(msgspec.Struct):
    """A user, an app's service principal or a managed identity in one tenant."""

    object_id: str
    tenant_id: str
    name: str
    kind: str
    """``User`` or ``ServicePrincipal``, as ARM spells principalType."""
    app_id: str = ""
    """The application (client) id; empty for a person."""
    upn: str = ""
    """The sign-in name of a person; empty for an app."""
    secret: str = ""
    """The client secret that signs it in; empty when nobody can sign in as it."""
    enabled: bool = True
    created: float = 0.0
    """When ARM starts to know it (epoch); until then role assignments are refused."""
    sp_type: str = "Application"
    """servicePrincipalType in Graph: ``Application`` or ``ManagedIdentity``."""
    listed: bool = False
    """Whether it is one of the scenario's cast, named in the ready document."""
    groups: list[str] = []


class Resource(msgspec.Struct):
    """One ARM resource: the document clients see and what only the provider knows."""

    doc: Json
    created: float
    inner: Json = {}
    """Provider's own data, never shown (wrapped data keys, counters)."""
    managed_by: str = ""
    """The resource this one belongs to; writes by anybody else are denied."""


class Job(msgspec.Struct):
    """Work that falls due at ``due`` and is done before the first request after it."""

    due: float
    kind: str
    data: Json
    order: int = 0


class Operation(msgspec.Struct):
    """A long-running operation, polled by the client."""

    id: str
    status: str
    """``InProgress``, ``Succeeded``, ``Failed`` or ``Canceled``."""
    started: float
    ended: float = 0.0
    target: str = ""
    """The ARM id it works on."""
    error: Json | None = None
    result: Json | None = None
    """Body of the final Location poll, where the operation has one."""
    inner: Json = {}


class State(msgspec.Struct):
    """All tables. Keys that are ARM ids are lower case."""

    scenario: str = "empty"
    seed: int = 0
    offset: float = 0.0
    counter: int = 0
    tenants: dict[str, Json] = {}
    subscriptions: dict[str, Json] = {}
    principals: dict[str, Principal] = {}
    """By object id."""
    registrations: dict[str, str] = {}
    """``{subscription}/{namespace}`` in lower case to a registration state."""
    groups: dict[str, Resource] = {}
    resources: dict[str, Resource] = {}
    assignments: dict[str, Resource] = {}
    """Role assignments by lower-case id; ``created`` starts the propagation time."""
    locks: dict[str, Resource] = {}
    denials: dict[str, Resource] = {}
    """Deny assignments by lower-case id."""
    activity: list[Json] = []
    operations: dict[str, Operation] = {}
    jobs: list[Job] = []
    settings: dict[str, Any] = {}
    """What a scenario sets apart from resources: quotas, closed regions, delays."""
    tables: dict[str, Json] = {}

    def table(self, name: str) -> Json:
        """A provider's own table, made when first asked for."""
        return self.tables.setdefault(name, {})

    def new_id(self) -> str:
        """A GUID that is the same in every run with the same seed and history."""
        self.counter += 1
        digest = hashlib.sha256(f"{self.seed}:{self.counter}".encode()).digest()
        return str(uuid.UUID(bytes=digest[:16], version=4))

    def add_job(self, due: float, kind: str, **data: Any) -> None:
        """Put work on the calendar; jobs due at the same time run in this order."""
        self.counter += 1
        self.jobs.append(Job(due, kind, data, self.counter))


def save(state: State) -> bytes:
    """The state as JSON."""
    return msgspec.json.encode(state)


def load(data: bytes) -> State:
    """The state back from JSON; raises msgspec.ValidationError on a damaged file."""
    return msgspec.json.decode(data, type=State)
