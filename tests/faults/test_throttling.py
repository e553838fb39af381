"""Runs against real request limits: they finish, and nothing goes out before its Retry-After."""

import asyncio
from pathlib import Path
from typing import Any

import pytest
from carrying import carry_out, connected, intent_for
from sandboxed import RunningSandbox

from services.azure.events import RequestDone, Throttled
from services.azure.throttle import budget
from services.azure.vaults import list_vaults
from services.runs.engine import RunStatus

WAIT = 1.0
"""What every refusal asks for here, in seconds: one token at least is there by then."""


class Watch:
    """The client's side of the record: when each request left and was answered."""

    def __init__(self) -> None:
        self.done: dict[str, RequestDone] = {}
        self.waits: list[Throttled] = []

    def __call__(self, event: RequestDone | Throttled) -> None:
        if isinstance(event, Throttled):
            self.waits.append(event)
        else:
            self.done[event.request_id] = event

    def left(self, id: str) -> float:
        return self.done[id].at.timestamp() - self.done[id].ms / 1000


def too_early(sandbox: RunningSandbox, watch: Watch) -> tuple[int, list[str]]:
    """Refusals of the sandbox's record, and requests that came in before their end.

    One that had left before the refusal was here can't be held any more.
    """
    record = [one for one in sandbox.requests() if one["request_id"] in watch.done]
    refusals = [one for one in record if one["status"] == 429]
    early = [
        f"{other['method']} {other['path']} {other['at'] - one['at']:.3f} s after"
        for one in refusals
        for other in record
        if one["at"] < other["at"] < one["at"] + WAIT
        and scope(one) == scope(other)
        and watch.left(other["request_id"]) > watch.done[one["request_id"]].at.timestamp()
    ]
    return len(refusals), early


def scope(entry: dict[str, Any]) -> str:
    return budget(entry["method"], f"https://{entry['host']}{entry['path']}")


@pytest.mark.parametrize(("kind", "rate"), [("writes", 3), ("reads", 12)])
async def test_a_run_under_heavy_limits_finishes_and_asks_for_nothing_early(
    sandbox: RunningSandbox, tmp_path: Path, kind: str, rate: int
) -> None:
    sandbox.admin("POST", "settings", {"throttle": {kind: {"burst": rate, "per_s": rate}}})
    watch = Watch()
    async with connected(sandbox) as conn:
        conn.subscribe(watch)
        done = await carry_out(conn, tmp_path, intent_for(sandbox))
    assert done.status is RunStatus.SUCCEEDED, done.failures()
    refusals, early = too_early(sandbox, watch)
    assert refusals >= 3 and early == []
    said = [one.detail for one in done.events if one.event == "step.waiting"]
    throttled = [one for one in said if one["why"] == "throttled by Azure"]
    assert throttled and all(one["until"].endswith("Z") for one in throttled)


async def test_one_closed_budget_holds_no_other(sandbox: RunningSandbox, tmp_path: Path) -> None:
    fault = {"method": "PUT", "path": "/resourcegroups/rg-ml$", "status": 429, "retry_after": 2}
    sandbox.admin("POST", "faults", fault)
    watch = Watch()
    async with connected(sandbox) as conn:
        conn.subscribe(watch)
        done = await carry_out(conn, tmp_path, intent_for(sandbox))
        assert done.status is RunStatus.SUCCEEDED, done.failures()
        assert [page async for page in list_vaults(conn, sandbox.subscription)]
    (refused,) = [one for one in watch.done.values() if one.status == 429]
    during = {
        one.method
        for one in watch.done.values()
        if 0 < one.at.timestamp() - refused.at.timestamp() < 1.9
    }
    assert "GET" in during and "PUT" not in during


async def test_a_vault_that_refuses_is_waited_for_and_the_subscription_is_not(
    sandbox: RunningSandbox, tmp_path: Path
) -> None:
    create = {"method": "POST", "path": "/keys/cmk-ml/create", "status": 429}
    sandbox.admin("POST", "faults", {**create, "headers": {"retry-after-ms": "1500"}})
    watch, meanwhile = Watch(), asyncio.Event()
    async with connected(sandbox) as conn:

        def hear(event: RequestDone | Throttled) -> None:
            watch(event)
            if isinstance(event, RequestDone) and event.status == 429:
                meanwhile.set()

        async def read() -> None:
            await meanwhile.wait()
            assert [page async for page in list_vaults(conn, sandbox.subscription)]

        conn.subscribe(hear)
        done, _ = await asyncio.gather(carry_out(conn, tmp_path, intent_for(sandbox)), read())
    assert done.status is RunStatus.SUCCEEDED, done.failures()
    (refused,) = [one for one in watch.done.values() if one.status == 429]
    later = [
        (one.host, watch.left(one.request_id) - refused.at.timestamp())
        for one in watch.done.values()
        if watch.left(one.request_id) > refused.at.timestamp()
    ]
    assert min(late for host, late in later if host == refused.host) >= 1.49
    assert min(late for host, late in later if host != refused.host) < 1.4
    waits = [one for one in done.events if one.detail.get("why") == "throttled by Azure"]
    assert {one.step for one in waits} == {"key"}
