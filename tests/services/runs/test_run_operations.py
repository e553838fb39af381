"""Runs that ended half way go on against the sandbox: nothing twice, nothing forgotten."""

import asyncio
import re
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from carrying import QUICK, connected, intent_for, writes
from sandboxed import RunningSandbox

from services.azure import keys
from services.azure.connection import Connection, ConnectionEvent, Timeouts
from services.azure.policies import RequestDone
from services.model.plan import Event, Plan
from services.runs.engine import Run, RunStatus
from services.runs.journal import Journal
from services.runs.resume import prepare
from services.runs.undo import plan_undo, preview
from services.setup.plan import make_plan

LATE = {"code": "DeploymentQuotaExceeded", "message": "The deployment broke late."}
WORKSPACE = "/workspaces/mlw-prod$"


@pytest.fixture
async def journal(tmp_path: Path) -> AsyncIterator[Journal]:
    made = await Journal.open(tmp_path / "runs" / "journal.sqlite")
    yield made
    await made.close()


async def until_write(
    conn: Connection,
    journal: Journal,
    plan: Plan,
    path: str,
    sandbox: RunningSandbox | None = None,
    method: str = "PUT",
) -> tuple[str, list[Event]]:
    """Begin a run that is interrupted as soon as a write to ``path`` was answered, or broke.

    With a sandbox, what that write begins will take as long as in Azure.
    """
    run = await Run.start(conn, journal, plan, settings=QUICK)
    events: list[Event] = []
    run.subscribe(events.append)

    def brake(event: Event) -> None:
        target = next((one.target for one in plan.steps if one.id == event.step), "")
        if sandbox is not None and event.event == "step.started" and re.search(path, target):
            sandbox.on_loop(lambda: setattr(sandbox.world.clock, "speed", 1.0))

    run.subscribe(brake)

    def cut(event: ConnectionEvent) -> None:
        wrote = isinstance(event, RequestDone) and event.method == method
        if wrote and re.search(path, event.path):  # type: ignore[union-attr]
            run.stop(interrupted=True)

    end = conn.subscribe(cut)
    assert await run.go() is RunStatus.INTERRUPTED
    end()
    if sandbox is not None:
        sandbox.on_loop(lambda: setattr(sandbox.world.clock, "speed", sandbox.speed))
    return run.id, events


@contextmanager
def ending(sandbox: RunningSandbox, conn: Connection, path: str) -> Iterator[None]:
    """Half an hour passes at once when ``path`` is asked for the second time."""
    left = [2]

    def look(event: ConnectionEvent) -> None:
        if isinstance(event, RequestDone) and event.method == "GET" and path in event.path:
            left[0] -= 1
            if not left[0]:
                sandbox.advance(1800)

    end = conn.subscribe(look)
    yield
    end()


async def go_on(conn: Connection, journal: Journal, run: str) -> tuple[RunStatus, list[Event]]:
    loaded = await Run.load(conn, journal, run, settings=QUICK)
    events: list[Event] = []
    loaded.subscribe(events.append)
    async with asyncio.timeout(30):
        return await loaded.go(), events


def failure(events: list[Event]) -> dict[str, Any]:
    (found,) = [one.detail for one in events if one.event == "step.failed"]
    return found


def puts(sandbox: RunningSandbox, path: str) -> int:
    return sum(one.startswith("PUT ") and bool(re.search(path, one)) for one in writes(sandbox))


def asked(sandbox: RunningSandbox, path: str) -> int:
    return sum(one["method"] == "GET" and path in one["path"] for one in sandbox.requests())


@pytest.mark.parametrize(
    ("path", "address"),
    [
        (WORKSPACE, "/workspaceOperationsStatus/"),
        ("/storageAccounts/[^/]+$", "/asyncoperations/"),
        ("/registries/[^/]+$", "/operationStatuses/"),
        ("/vaults/kv-ml-prod$", ""),
    ],
)
async def test_an_operation_of_a_process_before_is_followed_not_sent_again(
    sandbox: RunningSandbox, journal: Journal, path: str, address: str
) -> None:
    async with connected(sandbox) as conn:
        plan = await make_plan(conn, intent_for(sandbox, workspace={"registry": "new"}))
        run, _ = await until_write(conn, journal, plan, path, sandbox)
        left = [one for one in await journal.operations(run) if re.search(path, one.path)]
        assert len(left) == bool(address)
        found = await prepare(conn, journal, run)
        assert {one.seq for one in left} <= {one.seq for one in found.operations}
        sandbox.admin("DELETE", "requests")
        with ending(sandbox, conn, address or path.rstrip("$")):
            status, events = await go_on(conn, journal, run)
    assert status is RunStatus.SUCCEEDED, failure(events)
    assert puts(sandbox, path) == 0
    if address:
        assert asked(sandbox, address), [one["path"] for one in sandbox.requests()]
        said = [one.detail.get("note", "") for one in events if one.event == "step.progress"]
        assert any("operation is followed" in one for one in said)
    assert await journal.operations(run) == []
    kept = [one for one in await journal.writes(run) if re.search(path, one.path)]
    assert [one.outcome for one in kept] == (["succeeded"] if address else [""])


async def test_what_a_run_made_stays_its_own_when_it_goes_on(
    sandbox: RunningSandbox, journal: Journal
) -> None:
    async with connected(sandbox) as conn:
        plan = await make_plan(conn, intent_for(sandbox))
        run, before = await until_write(conn, journal, plan, WORKSPACE)
        done = {one.step for one in before if one.event == "step.done"}
        kept = {one.id: one.result for one in await journal.steps(run)}
        assert (await journal.run(run)).status == "interrupted"  # type: ignore[union-attr]
        status, events = await go_on(conn, journal, run)
    assert status is RunStatus.SUCCEEDED
    assert done <= {one.step for one in events if one.event == "step.skipped"}
    rows = {one.id: one for one in await journal.steps(run)}
    made = {one.step for one in await journal.writes(run)}
    assert {id for id, row in rows.items() if row.status == "done"} >= made
    assert all(rows[id].result == kept[id] for id in done & made)
    times = [event.at for _, event in await journal.events(run)]
    assert times == sorted(times)


async def test_an_operation_that_fails_late_is_told_and_the_next_try_sends_again(
    sandbox: RunningSandbox, journal: Journal
) -> None:
    fault = {"method": "PUT", "path": WORKSPACE, "operation": "failed", "error": LATE}
    sandbox.admin("POST", "faults", fault)
    async with connected(sandbox) as conn:
        plan = await make_plan(conn, intent_for(sandbox))
        run, _ = await until_write(conn, journal, plan, WORKSPACE)
        status, events = await go_on(conn, journal, run)
        assert status is RunStatus.FAILED
        told = failure(events)
        assert told["message"] == LATE["message"]
        assert told["cause"]["code"] == LATE["code"]
        assert told["repair"]
        assert puts(sandbox, WORKSPACE) == 1
        assert [one.outcome for one in await journal.writes(run) if one.step == "workspace"] == [
            "failed"
        ]
        status, events = await go_on(conn, journal, run)
    assert status is RunStatus.SUCCEEDED, failure(events)
    assert puts(sandbox, WORKSPACE) == 2


@pytest.mark.parametrize("late", [False, True])
async def test_a_deletion_of_a_process_before_is_followed_not_sent_again(
    sandbox: RunningSandbox, journal: Journal, late: bool
) -> None:
    async with connected(sandbox) as conn:
        made = await Run.start(
            conn, journal, await make_plan(conn, intent_for(sandbox)), settings=QUICK
        )
        assert await made.go() is RunStatus.SUCCEEDED
        if late:
            fault = {"method": "DELETE", "path": WORKSPACE, "operation": "failed", "error": LATE}
            sandbox.admin("POST", "faults", fault)
        plan = plan_undo(await preview(conn, journal, made.id))
        run, _ = await until_write(conn, journal, plan, WORKSPACE, sandbox, "DELETE")
        with ending(sandbox, conn, "/workspaceOperationsStatus/"):
            status, events = await go_on(conn, journal, run)
        said = [one.detail.get("note", "") for one in events if one.event == "step.progress"]
        assert any("operation is followed" in one for one in said)
        kept = await journal.writes(run, "undo-workspace")
        assert [one.outcome for one in kept] == ["failed" if late else "succeeded"]
        if late:
            assert status is RunStatus.FAILED and failure(events)["message"] == LATE["message"]
            status, events = await go_on(conn, journal, run)
    assert status is RunStatus.SUCCEEDED, failure(events)
    deletes = [one for one in writes(sandbox) if one.startswith("DELETE ")]
    assert sum(bool(re.search(WORKSPACE, one)) for one in deletes) == (2 if late else 1)


async def test_an_operation_that_never_ends_fails_in_time_and_is_never_sent_twice(
    sandbox: RunningSandbox, journal: Journal
) -> None:
    sandbox.admin("POST", "faults", {"method": "PUT", "path": WORKSPACE, "operation": "stuck"})
    async with connected(sandbox, timeouts=Timeouts(operation=0.5)) as conn:
        plan = await make_plan(conn, intent_for(sandbox))
        run = await Run.start(conn, journal, plan, settings=QUICK)
        events: list[Event] = []
        run.subscribe(events.append)
        assert await run.go() is RunStatus.FAILED
        told = failure(events)
        assert "has not finished it" in told["cause"]["means"]
        assert "nothing is sent twice" in told["repair"]
        assert len(await journal.operations(run.id)) == 1
        status, events = await go_on(conn, journal, run.id)
        assert status is RunStatus.FAILED
        assert failure(events)["cause"]["code"] == "OperationOverdue"
        assert puts(sandbox, WORKSPACE) == 1
        sandbox.on_loop(lambda: cancel(sandbox))
        status, events = await go_on(conn, journal, run.id)
        assert status is RunStatus.FAILED
        assert "ancel" in str(failure(events))
        assert puts(sandbox, WORKSPACE) == 1
        status, events = await go_on(conn, journal, run.id)
    assert status is RunStatus.SUCCEEDED, failure(events)
    assert puts(sandbox, WORKSPACE) == 2


def cancel(sandbox: RunningSandbox) -> None:
    """What somebody leaves who cancels the creation of the workspace."""
    world = sandbox.world
    (operation,) = [
        one
        for one in world.state.operations.values()
        if one.status == "InProgress" and "mlw-prod" in one.target
    ]
    operation.status, operation.ended = "Canceled", world.epoch()
    operation.error = {"code": "Canceled", "message": "The operation was canceled by the user."}
    found = world.resource(operation.target)
    assert found
    found.doc["properties"]["provisioningState"] = "Failed"


async def test_an_operation_azure_has_forgotten_is_told_by_the_resource(
    sandbox: RunningSandbox, journal: Journal
) -> None:
    async with connected(sandbox) as conn:
        plan = await make_plan(conn, intent_for(sandbox))
        run, _ = await until_write(conn, journal, plan, WORKSPACE, sandbox)
        address = "/workspaceOperationsStatus/"
        fault = {"method": "GET", "path": address, "status": 404, "times": -1}
        sandbox.admin("POST", "faults", fault)
        with ending(sandbox, conn, "/workspaces/mlw-prod"):
            status, events = await go_on(conn, journal, run)
    assert status is RunStatus.SUCCEEDED, failure(events)
    assert puts(sandbox, WORKSPACE) == 1
    assert [one.outcome for one in await journal.writes(run) if one.step == "workspace"] == ["gone"]


async def test_a_write_whose_answer_was_lost_is_looked_for(
    sandbox: RunningSandbox, journal: Journal
) -> None:
    path = "/storageAccounts/[^/]+$"
    sandbox.admin("POST", "faults", {"method": "PUT", "path": path, "reset": "after"})
    async with connected(sandbox) as conn:
        plan = await make_plan(conn, intent_for(sandbox))
        run, _ = await until_write(conn, journal, plan, path)
        found = await prepare(conn, journal, run)
        assert [one.step for one in found.unknown] == ["storage"]
        status, events = await go_on(conn, journal, run)
    assert status is RunStatus.SUCCEEDED, failure(events)
    assert puts(sandbox, path) == 1


def delete_storage(sandbox: RunningSandbox, plan: Plan) -> None:
    (id,) = [one.target for one in plan.steps if one.id == "storage"]
    assert sandbox.call("DELETE", id, version="2023-01-01").ok


async def test_what_somebody_deleted_meanwhile_is_shown_and_made_again(
    sandbox: RunningSandbox, journal: Journal
) -> None:
    async with connected(sandbox) as conn:
        plan = await make_plan(conn, intent_for(sandbox))
        run = await Run.start(conn, journal, plan, settings=QUICK)
        events: list[Event] = []
        run.subscribe(events.append)

        def hear(event: Event) -> None:
            if (event.event, event.step) == ("step.done", "storage"):
                delete_storage(sandbox, plan)

        run.subscribe(hear)
        assert await run.go() is RunStatus.FAILED
        told = failure(events)
        assert told["cause"]["what"]
        assert told["repair"]
        sent = len(writes(sandbox))
        found = await prepare(conn, journal, run.id)
        assert len(writes(sandbox)) == sent, "looking writes nothing"
        (change,) = found.changes
        assert (change.step, change.was) == ("storage", "done by this run")
        assert "made again" in change.now
        status, events = await go_on(conn, journal, run.id)
    assert status is RunStatus.SUCCEEDED, failure(events)
    assert puts(sandbox, "/storageAccounts/[^/]+$") == 2


async def test_a_failed_step_that_is_retried_finds_what_was_deleted_too(
    sandbox: RunningSandbox, journal: Journal
) -> None:
    async with connected(sandbox) as conn:
        plan = await make_plan(conn, intent_for(sandbox))
        run = await Run.start(conn, journal, plan, settings=QUICK)
        gone: list[str] = []

        def hear(event: Event) -> None:
            if (event.event, event.step) == ("step.done", "storage") and not gone:
                gone.append(event.step)
                delete_storage(sandbox, plan)

        run.subscribe(hear)
        assert await run.go() is RunStatus.FAILED
        run.retry("workspace")
        assert await run.go() is RunStatus.SUCCEEDED


async def test_a_key_that_was_rotated_meanwhile_is_shown(
    sandbox: RunningSandbox, journal: Journal
) -> None:
    async with connected(sandbox) as conn:
        plan = await make_plan(conn, intent_for(sandbox))
        run, _ = await until_write(conn, journal, plan, WORKSPACE)
        assert (await prepare(conn, journal, run)).changes == ()
        wish = next(one for one in plan.steps if one.id == "key").params
        spec = keys.KeySpec(type="RSA", bits=2048)
        new = await keys.create_key(conn, wish["vault_uri"], wish["name"], spec)
        found = await prepare(conn, journal, run)
    (change,) = found.changes
    assert change.step == "key"
    assert f"version is {new.version}" in change.now
