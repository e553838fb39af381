"""Diagnoses one workspace: reads each fact once, judges as facts arrive, writes nothing."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager

from services.azure import workspaces
from services.azure.connection import Connection
from services.azure.events import ConnectionEvent, RequestDone
from services.checks import preflight
from services.checks.facts import Asked
from services.checks.findings import holds as holds_before
from services.checks.reading import Reading, reading
from services.diagnosis.absent import absent, not_ours
from services.diagnosis.causes import linked
from services.diagnosis.facts import Live, described, ids_in, key_of
from services.diagnosis.findings import Judge, holds, retold
from services.diagnosis.judges import managed, workspace
from services.diagnosis.readers import FIELDS, READERS
from services.diagnosis.registry import SHARED, reads_of
from services.diagnosis.repairs import with_repairs
from services.diagnosis.settling import settling
from services.diagnosis.since import dated
from services.diagnosis.timeline import timeline
from services.diagnosis.tree import tree
from services.model.diagnosis import Diagnosis, Target
from services.model.plan import Finding
from services.model.resources import Workspace
from services.text import plain

JUDGES: dict[str, Judge] = {**workspace.JUDGES, **managed.JUDGES}
"""Diagnosis' own, by the id of the check."""

ALWAYS = frozenset(
    {
        *("workspace", "subscription", "groups", "permissions", "identity", "cosmos"),
        *("deleted_vault", "deleted_key", "present", *FIELDS),
    }
)
"""Facts that are read for the tree, the timeline and the repairs too."""

OF_CREATION = frozenset(
    {
        *("policy-workspace", "policy-cosmos", "policy-search", "policy-storage"),
        *("cosmos-region", "search-quota", "storage-quota"),
    }
)
"""Checks that are only asked where the workspace was never made whole, or failed to change."""

OF_KEY = frozenset({"key", "deleted_key", "newest_key", "rotation", "versions"})
"""Facts that need the name of a key."""

Heard = Callable[[Finding], None]


async def diagnose(
    conn: Connection,
    target: Target,
    heard: Heard | None = None,
    *,
    ask_azure: bool = True,
    probe: bool = False,
) -> Diagnosis:
    """Everything that is wrong with a workspace, root causes first.

    ``heard`` is given each finding as soon as it is made: without its causes and repairs,
    which only all findings together tell. ``ask_azure``: let Azure's own diagnosis run too,
    which can take half a minute. ``probe``: wrap and unwrap random bytes as the caller. Raises AzureError where the workspace can't be read.
    """
    there, asked = await _workspace(conn, target)
    if there is None:
        return await absent(conn, target, asked)
    if there.encryption is None:
        return not_ours(conn, target, there)
    async with _pass(conn, there, asked) as made:
        left_out = _left_out(there, ask_azure=ask_azure, probe=probe)
        checks = _checks(there, left_out)
        facts = ({fact for check in checks for fact in reads_of(check)} | ALWAYS) - left_out
        for fact in facts:
            made.get(fact)  # all begin now, also those that no check waits for
        found = await _judged(made, target, checks, heard)
        await made.gather(facts)
        live = _live(made, target)
    explained = settling(linked(dated(one, live) for one in found), live)
    findings = with_repairs(explained, live)
    return Diagnosis(
        target=target,
        at=conn.now(),
        tree=tree(live, findings),
        findings=findings,
        timeline=timeline(live, findings),
    )


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


def _left_out(there: Workspace, *, ask_azure: bool, probe: bool) -> frozenset[str]:
    """Facts that are not read."""
    return frozenset(
        {
            *(() if ask_azure else ("remarks",)),
            *(() if probe else ("probe",)),
            *(() if key_of(there) else OF_KEY),
        }
    )


def _checks(there: Workspace, left_out: frozenset[str]) -> tuple[str, ...]:
    """The checks that are asked of this workspace."""
    whole = there.state == "Succeeded"
    return tuple(
        check
        for check in (*SHARED, *JUDGES)
        if not (whole and check in OF_CREATION) and not left_out & reads_of(check)
    )


async def _judged(
    made: Reading, target: Target, checks: tuple[str, ...], heard: Heard | None
) -> list[Finding]:
    """The findings of all checks, each as soon as what it reads is there."""
    found: list[Finding] = []

    async def judge(check: str) -> None:
        await made.gather(reads_of(check))
        for finding in judge_one(check, _live(made, target)):
            found.append(finding)
            if heard is not None:
                heard(finding)

    tasks = [asyncio.ensure_future(judge(check)) for check in checks]
    try:
        await asyncio.gather(*tasks)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    return found


def judge_one(check: str, live: Live) -> Iterator[Finding]:
    """The findings of one check on what was read; OK where nothing is wrong. Pure."""
    if check in SHARED:
        said = tuple(preflight.JUDGES[check](live.intent, live.facts))
        plain_ones = said or (holds_before(check, live.target.name, live.facts),)
        yield from (retold(one, live) for one in plain_ones)
    else:
        yield from tuple(JUDGES[check](live)) or (holds(check, live),)


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
