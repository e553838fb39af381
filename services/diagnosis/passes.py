"""One pass over everything that is read about a target: each fact once, judged as facts arrive."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from services.azure.connection import Connection
from services.azure.events import ConnectionEvent, RequestDone
from services.checks.facts import Asked, Ids
from services.checks.reading import Reader, Reading, reading
from services.diagnosis.conclude import judge_one
from services.diagnosis.findings import Looked
from services.diagnosis.registry import reads_of
from services.model.intent import Intent
from services.model.plan import Finding
from services.text import plain

Heard = Callable[[Finding], None]
T = TypeVar("T")


@dataclass(frozen=True)
class Pass(Generic[Looked]):
    """What is read about one target, and what becomes of it."""

    intent: Intent
    """That describes the target."""
    checks: Iterable[str]
    """Ids of the checks that are asked of it."""
    facts: frozenset[str]
    """Names of all facts that are read."""
    readers: Mapping[str, Reader]
    """Of facts that preflight does not read, by name."""
    live: Callable[[Reading], Looked]
    """What has been read until now."""
    given: Mapping[str, tuple[Any, Asked]] = field(default_factory=dict)
    """Facts that were read before the pass began."""
    ids: Callable[[Ids], Ids] = lambda ids: ids
    """The ids of the live objects, where the intent alone names others."""


async def examine(conn: Connection, what: Pass[Looked], heard: Heard | None) -> Looked:
    """Read it all; ``heard`` is given each finding as soon as it is made. Raises AzureError."""
    async with reading(conn, what.intent, {}) as made:
        made.readers = what.readers
        made.ids = what.ids(made.ids)
        for name, (value, asked) in what.given.items():
            made.give(name, value, asked)
        for fact in what.facts:
            made.get(fact)  # all begin now, also those that no check waits for
        if heard is not None:
            await _tell(made, what, heard)
        await made.gather(what.facts)
        return what.live(made)


async def first(
    conn: Connection, id: str, read: Callable[[Connection, str], Awaitable[T]]
) -> tuple[T, Asked]:
    """The target itself, and the request that told of it; raises AzureError."""
    asked: list[Asked] = []

    def hear(event: ConnectionEvent) -> None:
        if isinstance(event, RequestDone) and id.lower() in event.path.lower():
            tail = "/".join(event.path.strip("/").split("/")[-2:])
            asked.append(Asked(plain(f"{event.method} {tail}"), event.request_id))

    stop = conn.subscribe(hear)
    try:
        there = await read(conn, id)
    finally:
        stop()
    return there, asked[-1] if asked else Asked("GET target")


async def _tell(made: Reading, what: Pass[Looked], heard: Heard) -> None:
    """The findings of all checks, each as soon as what it reads is there."""

    async def judge(check: str) -> None:
        await made.gather(reads_of(check))
        for finding in judge_one(check, what.live(made)):
            heard(finding)

    tasks = [asyncio.ensure_future(judge(check)) for check in what.checks]
    try:
        await asyncio.gather(*tasks)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
