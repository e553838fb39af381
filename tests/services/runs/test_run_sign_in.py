"""A sign-in that is lost in the middle of a run: the run waits, says where to sign in, goes on."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from carrying import QUICK, connected, intent_for
from sandboxed import RunningSandbox

from services.azure import devicecode
from services.azure.clouds import Cloud
from services.azure.connection import Connection
from services.azure.credentials import credential_for
from services.azure.devicecode import DeviceCode
from services.model.plan import Event
from services.runs.engine import Run, RunStatus
from services.runs.follow import follow
from services.runs.journal import Journal
from services.setup.plan import make_plan

EXPIRED = {"error": {"code": "ExpiredAuthenticationToken", "message": "The token has expired."}}
LOST = {"path": "^/(subscriptions|tenants)", "status": 401, "times": -1, "body": EXPIRED}


@pytest.fixture
async def journal(tmp_path: Path) -> AsyncIterator[Journal]:
    made = await Journal.open(tmp_path / "runs" / "journal.sqlite")
    yield made
    await made.close()


async def carry(run: Run, hear: Any) -> tuple[RunStatus, list[Event]]:
    events: list[Event] = []
    run.subscribe(events.append)
    run.subscribe(hear)
    async with asyncio.timeout(40):
        return await run.go(), events


def told_of(events: list[Event]) -> str:
    """What a failed assertion should say."""
    failed = (one for one in events if one.event == "step.failed" or not one.step)
    return "\n".join(f"{one.event} {one.step} {one.detail}" for one in failed)


async def test_a_run_waits_for_a_lost_sign_in_and_goes_on_when_it_is_back(
    sandbox: RunningSandbox, journal: Journal
) -> None:
    async with connected(sandbox) as conn:
        run = await Run.start(
            conn, journal, await make_plan(conn, intent_for(sandbox)), settings=QUICK
        )

        def hear(event: Event) -> None:
            if (event.event, event.step) == ("step.done", "group"):
                sandbox.admin("POST", "faults", LOST)
            elif event.event == "run.paused":
                sandbox.admin("DELETE", "faults")

        status, events = await carry(run, hear)
    assert status is RunStatus.SUCCEEDED, told_of(events)
    names = [one.event for one in events if one.event.startswith("run.")]
    assert names == ["run.started", "run.paused", "run.proceeded", "run.finished"]
    told = next(one.detail for one in events if one.event == "run.paused")
    assert told["why"] == "sign-in"
    assert told["do"]
    assert "step.failed" not in {one.event for one in events}


async def test_while_the_sign_in_is_lost_nothing_is_written_and_a_stop_ends_it(
    sandbox: RunningSandbox, journal: Journal
) -> None:
    async with connected(sandbox) as conn:
        run = await Run.start(
            conn, journal, await make_plan(conn, intent_for(sandbox)), settings=QUICK
        )
        probes: list[Any] = []

        def look(event: Any) -> None:
            if getattr(event, "path", "") == "/tenants":
                probes.append(event)
                if len(probes) == 6:
                    run.stop(interrupted=True)

        conn.subscribe(look)

        def hear(event: Event) -> None:
            if (event.event, event.step) == ("step.done", "group"):
                sandbox.admin("POST", "faults", LOST)

        status, events = await carry(run, hear)
        assert status is RunStatus.INTERRUPTED
        assert "run.proceeded" not in {one.event for one in events}
        sandbox.admin("DELETE", "faults")
        again = await Run.load(conn, journal, run.id, settings=QUICK)
        status, _ = await carry(again, lambda _: None)
    assert status is RunStatus.SUCCEEDED


async def test_who_watches_sees_the_code_and_may_enter_it(
    sandbox: RunningSandbox, journal: Journal
) -> None:
    cloud = Cloud.from_ready(sandbox.ready)
    tenant = sandbox.ready["tenant_id"]
    shown: list[DeviceCode] = []

    def enter(code: str) -> None:
        sandbox.admin("POST", "approve", {"user_code": code, "principal": "admin"})

    def show(code: DeviceCode) -> None:
        shown.append(code)
        if len(shown) == 1:
            enter(code.code)

    devicecode.forget(cloud, tenant)
    credential = credential_for("device-code", cloud, tenant, show)
    async with await Connection.open(cloud, credential) as conn:
        await conn.who()
        run = await Run.start(
            conn, journal, await make_plan(conn, intent_for(sandbox)), settings=QUICK
        )

        def lose(event: Event) -> None:
            if (event.event, event.step) == ("step.done", "group"):
                devicecode.forget(cloud, tenant)
                conn._tokens.forget()

        async def watch() -> dict[str, Any]:
            other = await Journal.open(journal.path)
            found: dict[str, Any] = {}
            async for event in follow(other, run.id, poll_s=0.01):
                if event.event == "run.paused":
                    found = event.detail
                    enter(found["code"])
            await other.close()
            return found

        watching = asyncio.create_task(watch())
        status, events = await carry(run, lose)
        found = await asyncio.wait_for(watching, 20)
    devicecode.forget(cloud, tenant)
    assert status is RunStatus.SUCCEEDED
    assert found["why"] == "sign-in"
    assert (found["code"], found["address"]) in {(one.code, one.address) for one in shown[1:]}
    assert found["until"].endswith("Z")
    names = [one.event for one in events if one.event.startswith("run.")]
    assert len(shown) == 2, "one code to begin with, one after the sign-in was lost"
    assert names == ["run.started", "run.paused", "run.proceeded", "run.finished"]
