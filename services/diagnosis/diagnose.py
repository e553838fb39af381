"""Diagnoses one workspace: reads each fact once, judges as facts arrive, writes nothing."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from services.azure import workspaces
from services.azure.connection import Connection
from services.azure.events import ConnectionEvent, RequestDone
from services.checks.facts import Asked
from services.checks.reading import Reading, reading
from services.diagnosis.absent import gone
from services.diagnosis.conclude import checks_of, conclude, judge_one, left_out_of
from services.diagnosis.facts import Live, described, ids_in
from services.diagnosis.readers import FIELDS, READERS
from services.diagnosis.registry import reads_of
from services.diagnosis.seen import Gone, Seen
from services.model.diagnosis import Diagnosis, Target
from services.model.plan import Finding
from services.model.resources import Caller, Workspace
from services.text import plain

ALWAYS = frozenset(
    {
        *("workspace", "subscription", "groups", "permissions", "identity", "cosmos"),
        *("deleted_vault", "deleted_key", "present", *FIELDS),
    }
)
"""Facts that are read for the tree, the timeline and the repairs too."""

Heard = Callable[[Finding], None]


async def diagnose(
    conn: Connection,
    target: Target,
    heard: Heard | None = None,
    *,
    ask_azure: bool = True,
    probe: bool = False,
) -> Diagnosis:
    """Everything that is wrong with a workspace, root causes first; see :func:`look`."""
    return conclude(await look(conn, target, heard, ask_azure=ask_azure, probe=probe))


async def look(
    conn: Connection,
    target: Target,
    heard: Heard | None = None,
    *,
    ask_azure: bool = True,
    probe: bool = False,
) -> Seen:
    """Read everything that a diagnosis follows from.

    ``heard`` is given each finding as soon as it is made: without its causes and repairs,
    which only all findings together tell. ``ask_azure``: let Azure's own diagnosis run too,
    which can take half a minute. ``probe``: wrap and unwrap random bytes as the caller. Raises
    AzureError where the workspace can't be read.
    """
    there, asked = await _workspace(conn, target)
    if there is None:
        return await _seen(conn, target, await gone(conn, target, asked))
    if there.encryption is None:
        return await _seen(conn, target, there)
    left_out = frozenset({*(() if ask_azure else ("remarks",)), *(() if probe else ("probe",))})
    async with _pass(conn, there, asked) as made:
        facts = wanted(there, left_out)
        for fact in facts:
            made.get(fact)  # all begin now, also those that no check waits for
        if heard is not None:
            await _tell(made, target, checks_of(there, left_out), heard)
        await made.gather(facts)
        return await _seen(conn, target, _live(made, target))


def wanted(there: Workspace, left_out: frozenset[str]) -> frozenset[str]:
    """Names of the facts that are read about a workspace, where some are left out."""
    checks = checks_of(there, left_out)
    read = {fact for check in checks for fact in reads_of(check)}
    return (ALWAYS | read) - left_out_of(there, left_out)


async def _seen(conn: Connection, target: Target, there: Live | Gone | Workspace) -> Seen:
    who = conn.caller or await conn.who()
    caller = Caller(
        object_id=who.object_id,
        tenant_id=who.tenant_id,
        name=who.name,
        kind=who.principal_type,
        app_id=who.app_id,
    )
    return Seen(target=target, at=conn.now(), cloud=conn.cloud, caller=caller, there=there)


async def _workspace(conn: Connection, target: Target) -> tuple[Workspace | None, Asked]:
    """The workspace, and the request that told of it; raises AzureError."""
    asked: list[Asked] = []

    def hear(event: ConnectionEvent) -> None:
        if isinstance(event, RequestDone) and target.id.lower() in event.path.lower():
            tail = "/".join(event.path.strip("/").split("/")[-2:])
            asked.append(Asked(plain(f"{event.method} {tail}"), event.request_id))

    stop = conn.subscribe(hear)
    try:
        there = await workspaces.get_workspace(conn, target.id)
    finally:
        stop()
    return there, asked[-1] if asked else Asked("GET workspace")


@asynccontextmanager
async def _pass(conn: Connection, there: Workspace, asked: Asked) -> AsyncIterator[Reading]:
    async with reading(conn, described(there), {}) as made:
        made.readers = READERS
        made.ids = ids_in(there, made.ids)
        made.give("workspace", there, asked)
        yield made


async def _tell(made: Reading, target: Target, checks: tuple[str, ...], heard: Heard) -> None:
    """The findings of all checks, each as soon as what it reads is there."""

    async def judge(check: str) -> None:
        await made.gather(reads_of(check))
        for finding in judge_one(check, _live(made, target)):
            heard(finding)

    tasks = [asyncio.ensure_future(judge(check)) for check in checks]
    try:
        await asyncio.gather(*tasks)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def _live(made: Reading, target: Target) -> Live:
    """What has been read until now."""
    had = made.told()
    return Live(
        target=target,
        workspace=had["workspace"],
        intent=made.intent,
        facts=made.facts(),
        **{field: had[fact] for fact, field in FIELDS.items() if fact in had},
    )
