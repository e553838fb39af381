"""Reads facts: each once, all at the same time but for those that wait for another one."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping
from contextlib import asynccontextmanager
from contextvars import ContextVar
from typing import Any

from services.azure.connection import Connection
from services.azure.events import ConnectionEvent, RequestDone
from services.checks.facts import Asked, Facts, Unknown, ids_of, planned_from
from services.model.intent import Intent
from services.model.resources import Caller, Provider, Vault
from services.text import plain

Reader = Callable[["Reading"], Awaitable[Any]]


def by_name(*readers: Reader) -> dict[str, Reader]:
    """Readers by the name of the fact: ``_vault`` reads the fact ``vault``."""
    return {getattr(one, "__name__", "").removeprefix("_"): one for one in readers}


_reading: ContextVar[str] = ContextVar("wrapkey_fact", default="")


class Reading:
    """One pass over the facts of an intent. Made by :func:`reading`."""

    def __init__(
        self, conn: Connection, intent: Intent, further: Mapping[str, str], caller: Caller
    ) -> None:
        self.conn = conn
        self.intent = intent
        self.further = further
        self.ids = ids_of(intent)
        self.caller = caller
        self.readers: Mapping[str, Reader] = {}
        """Readers besides those of preflight, by name of fact."""
        self._tasks: dict[str, asyncio.Future[Any]] = {}
        self._asked: dict[str, Asked] = {}

    def get(self, name: str) -> asyncio.Future[Any]:
        """The fact of this name, read when it is first asked for; KeyError for an unknown one."""
        if name not in self._tasks:
            from services.checks.readers import READERS

            reader = self.readers[name] if name in self.readers else READERS[name]
            self._tasks[name] = asyncio.ensure_future(self._read(name, reader))
        return self._tasks[name]

    def give(self, name: str, value: Any, asked: Asked | None = None) -> None:
        """Take a fact that was read before this pass began."""
        told = asyncio.get_running_loop().create_future()
        told.set_result(value)
        self._tasks[name] = told
        if asked is not None:
            self._asked[name] = asked

    async def _read(self, name: str, reader: Reader) -> Any:
        _reading.set(name)
        return await reader(self)

    async def gather(self, names: Iterable[str]) -> None:
        """Wait for facts; raises AzureError where nothing can be read (a lost sign-in)."""
        await asyncio.gather(*(self.get(name) for name in names))

    def hear(self, event: ConnectionEvent) -> None:
        """Keep which request told a fact."""
        name = _reading.get()
        if name and isinstance(event, RequestDone):
            tail = "/".join(event.path.strip("/").split("/")[-2:])
            self._asked[name] = Asked(plain(f"{event.method} {tail}"), event.request_id)

    def facts(self) -> Facts:
        """What has been read until now."""
        return assemble(self, self.told())

    def told(self) -> dict[str, Any]:
        """By name: what each reader returned that has ended."""
        return {name: task.result() for name, task in self._tasks.items() if task.done()}

    @property
    def asked(self) -> Mapping[str, Asked]:
        """By name of fact: its last request."""
        return dict(self._asked)

    async def close(self) -> None:
        """Ask nothing more."""
        for task in self._tasks.values():
            task.cancel()
        await asyncio.gather(*self._tasks.values(), return_exceptions=True)


@asynccontextmanager
async def reading(
    conn: Connection, intent: Intent, further: Mapping[str, str]
) -> AsyncIterator[Reading]:
    """A pass that is over, whatever it still asks, when the block is left.

    ``further`` are ids of resources the plan may create, with their api-versions. Raises
    AzureError where not even the caller can be told.
    """
    told = await conn.who()
    caller = Caller(
        object_id=told.object_id,
        tenant_id=told.tenant_id,
        name=told.name,
        kind=told.principal_type,
        app_id=told.app_id,
    )
    made = Reading(conn, intent, further, caller)
    stop = conn.subscribe(made.hear)
    try:
        yield made
    finally:
        stop()
        await made.close()


async def read(conn: Connection, intent: Intent, further: Mapping[str, str]) -> Facts:
    """Read what the plan of ``intent`` depends on, and no more.

    Raises AzureError where nothing can be read: no sign-in, or not even the subscriptions can
    be listed. Anything else becomes Unknown.
    """
    async with reading(conn, intent, further) as made:
        await made.gather(planned_from(intent))
        return made.facts()


def assemble(made: Reading, had: dict[str, Any]) -> Facts:
    """Facts out of what readers returned; a reader may tell more than one field."""
    fields = {name: value for name, value in had.items() if name in Facts.__struct_fields__}
    fields["policies"] = {
        name: value
        for name, value in had.items()
        if name.startswith("policy_") and name != "policy_assignments"
    }
    fields["names"] = {name: had[name] for name in NAMES if name in had}
    if "key" in had:
        fields["key"], fields["reachable"], fields["key_from_arm"] = had["key"]
    if isinstance(had.get("providers"), list):
        fields["providers"] = {one.namespace.lower(): one.state for one in had["providers"]}
        fields["offers"] = _offers(had["providers"])
    vault = had.get("vault")
    if "permissions" in had:
        scope = str(made.ids.vault if isinstance(vault, Vault) else made.ids.group)
        fields["rights"] = _rights(made, had["permissions"], scope, vault)
    home = had.get("subscription")
    return Facts(
        cloud=made.conn.cloud,
        caller=made.caller,
        tenant=(home.tenant_id if home else "") or made.caller.tenant_id,
        now=made.conn.now(vault.uri if isinstance(vault, Vault) else ""),
        had=frozenset(had),
        asked=made.asked,
        visible=home is not None or "subscription" not in had,
        **fields,
    )


NAMES = ("storage_name", "secrets_vault_name", "registry_name")
"""Facts that are answers to whether a name is free."""


def _offers(providers: list[Provider]) -> dict[str, tuple[str, ...]]:
    return {
        f"{one.namespace}/{kind.name}".lower(): kind.locations
        for one in providers
        for kind in one.types
    }


def _rights(made: Reading, told: dict[str, Any], scope: str, vault: Any) -> Any:
    if isinstance(vault, Unknown):
        return vault
    whole = f"/subscriptions/{made.ids.group.subscription}".lower()
    return told.get(scope.lower() if isinstance(vault, Vault) else whole, ())
