"""All checks of one intent: against the longest chain of reads that wait for each other."""

import asyncio
import time
from collections import Counter, defaultdict
from collections.abc import Awaitable, Iterator
from contextvars import ContextVar
from typing import Any

import aiohttp

from benchmarks.measure import Figure, alternate
from benchmarks.sandbox import Loopback, running
from services.azure import tls
from services.azure.clouds import Cloud
from services.azure.connection import Connection, ConnectionEvent
from services.azure.credentials import principal_from_ready
from services.azure.events import RequestDone
from services.checks.preflight import EVERYTHING, judged, read_all
from services.checks.reading import Reader, Reading
from services.model.intent import Intent, KeyIntent, VaultIntent, WorkspaceIntent, WorkspaceSetup
from services.model.resources import Caller
from services.setup.dependencies import dependencies_of

DELAY = 0.1
"""Seconds that every request waits in the sandbox."""

RUNS = 7

_fact: ContextVar[str] = ContextVar("fact", default="")


class Watched(Reading):
    """A pass that keeps which fact waits for which, and who makes which request."""

    def __init__(self, *parts: Any) -> None:
        super().__init__(*parts)
        self.waits: defaultdict[str, set[str]] = defaultdict(set)
        self.made: defaultdict[str, Counter[object]] = defaultdict(Counter)
        """By fact: how many requests each of its tasks made, one after the other."""

    def get(self, name: str) -> asyncio.Task[Any]:
        """Keep that the fact being read waits for this one."""
        if _fact.get():
            self.waits[_fact.get()].add(name)
        return super().get(name)

    async def _read(self, name: str, reader: Reader) -> Any:
        _fact.set(name)
        return await super()._read(name, reader)

    def hear(self, event: ConnectionEvent) -> None:
        """Keep that the task at work made a request."""
        super().hear(event)
        if isinstance(event, RequestDone):
            self.made[_fact.get()][asyncio.current_task()] += 1

    def chain(self, name: str) -> list[str]:
        """The longest chain of requests that ends with this fact; a fact for each request."""
        before = max((self.chain(one) for one in self.waits[name]), key=len, default=[])
        return [*before, *[name] * max(self.made[name].values(), default=0)]


class Admin:
    """The sandbox's control endpoint."""

    def __init__(self, ready: dict[str, Any]) -> None:
        self._ready = ready

    async def ask(self, method: str, path: str, body: Any = None) -> Any:
        """One call; its JSON, or None."""
        connector = aiohttp.TCPConnector(
            ssl=tls.context(self._ready["ca_file"]), resolver=Loopback()
        )
        async with (
            aiohttp.ClientSession(connector=connector) as session,
            session.request(method, f"{self._ready['admin']}/{path}", json=body) as answer,
        ):
            answer.raise_for_status()
            return await answer.json() if answer.status == 200 else None


def intent_of(ready: dict[str, Any]) -> Intent:
    """A workspace whose vault and key are there, so that as much as possible is asked."""
    return WorkspaceSetup(
        subscription=ready["subscriptions"][0]["id"],
        region="westeurope",
        resource_group="rg-ml",
        vault=VaultIntent(name="kv-keys", resource_group="rg-sec"),
        key=KeyIntent(name="expires-in-a-year"),
        workspace=WorkspaceIntent(name="mlw-bench", registry="new"),
    )


async def watched(conn: Connection, intent: Intent) -> Watched:
    """A whole pass, for its plan of reads."""
    told = await conn.who()
    caller = Caller(
        object_id=told.object_id,
        tenant_id=told.tenant_id,
        name=told.name,
        kind=told.principal_type,
        app_id=told.app_id,
    )
    made = Watched(conn, intent, dependencies_of(intent).further, caller)
    stop = conn.subscribe(made.hear)
    _ = [finding async for finding in judged(made)]
    await made.gather(EVERYTHING)
    stop()
    return made


async def seconds(work: Awaitable[object]) -> float:
    """How long something takes."""
    begun = time.perf_counter()
    await work
    return time.perf_counter() - begun


async def one_by_one(conn: Connection, intent: Intent, count: int) -> None:
    """Plain GETs, each after the other's answer."""
    for _ in range(count):
        path = f"/subscriptions/{intent.subscription}"
        await conn.call("arm", "GET", path, params={"api-version": "2022-12-01"})


def figures() -> Iterator[Figure | str]:
    """The whole pass, its modules imported and its connections made by one before it."""
    with running() as (ready, _), asyncio.Runner() as runner:
        intent, admin = intent_of(ready), Admin(ready)
        credential = principal_from_ready(ready)
        conn = runner.run(Connection.open(Cloud.from_ready(ready), credential))
        further = dependencies_of(intent).further
        runner.run(read_all(conn, intent, further))
        runner.run(admin.ask("POST", "faults", {"path": "/", "times": -1, "delay": DELAY}))
        plan = runner.run(watched(conn, intent))
        chain = max((plan.chain(name) for name in EVERYTHING), key=len)
        runner.run(admin.ask("DELETE", "requests"))
        _, findings = runner.run(read_all(conn, intent, further))
        asked = runner.run(admin.ask("GET", "requests"))["value"]
        asked = [one for one in asked if not one["path"].startswith("/admin")]
        value, baseline = alternate(
            lambda: runner.run(seconds(read_all(conn, intent, further))),
            lambda: runner.run(seconds(one_by_one(conn, intent, len(chain)))),
            RUNS,
        )
        runner.run(conn.close())
    checks = len({one.check for one in findings})
    yield f"{checks} checks, {len(asked)} requests; the longest chain: {' > '.join(chain)}"
    yield Figure(f"checks / their longest chain, {DELAY:.1f} s a request", value, baseline, 1.15)
