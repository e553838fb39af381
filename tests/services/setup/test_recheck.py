"""After a repair its check is judged again, on what Azure says by then."""

from pathlib import Path

import msgspec
import pytest
from carrying import Carried, carry_out, connected, intent_for, writes
from sandboxed import RunningSandbox

from sandbox import scenario
from services.checks import repairs
from services.model.intent import Intent
from services.runs.engine import RunStatus
from services.setup.plan import make_plan


def wanted(sandbox: RunningSandbox, name: str) -> Intent:
    sandbox.reset(f"failures/{name}")
    intent = msgspec.convert(scenario.read(f"failures/{name}")["intent"], Intent)
    return repairs.choose(intent, name, True)


def told(done: Carried, check: str) -> list[str]:
    return [
        one.detail["status"]
        for one in done.events
        if one.event == "step.progress" and one.detail.get("check") == check
    ]


@pytest.mark.parametrize(
    ("name", "step"),
    [
        ("provider-registered", "register-documentdb"),
        ("cosmos-grant", "grant-cosmos"),
        ("vault-protection", "vault-repair"),
        ("key-enabled", "key-enable"),
        ("key-deleted", "key-recover"),
    ],
)
async def test_a_repair_is_judged_again(
    sandbox: RunningSandbox, tmp_path: Path, name: str, step: str
) -> None:
    intent = wanted(sandbox, name)
    async with connected(sandbox) as conn:
        done = await carry_out(conn, tmp_path, intent)
    assert done.status is RunStatus.SUCCEEDED, done.failures()
    assert told(done, name) == ["ok"]
    (end,) = [one for one in done.events if one.event == "step.done" and one.step == step]
    assert f"checked again: OK {name}" in end.detail["note"]


async def test_what_several_steps_repair_is_judged_once_after_the_last(
    sandbox: RunningSandbox, tmp_path: Path
) -> None:
    async with connected(sandbox) as conn:
        plan = await make_plan(conn, intent_for(sandbox))
        before = listings(sandbox)
        done = await carry_out(conn, tmp_path, plan)
    registered = [one.id for one in plan.steps if one.kind == "register"]
    assert len(registered) > 1
    assert told(done, "provider-registered") == ["ok"] * len(registered)
    notes = [one.detail.get("note", "") for one in done.events if one.event == "step.done"]
    assert [one for one in notes if "provider-registered" in one] == [
        "checked again: OK provider-registered"
    ]
    assert listings(sandbox) - before == 1


def listings(sandbox: RunningSandbox) -> int:
    """How often the subscription's whole list of providers was read."""
    return sum(one["path"].endswith("/providers") for one in sandbox.requests())


async def test_what_is_still_wrong_is_said_and_stops_nothing(
    sandbox: RunningSandbox, tmp_path: Path
) -> None:
    """A step that is true without mending the key: here it allows an operation, no more."""
    intent = wanted(sandbox, "key-operations")
    async with connected(sandbox) as conn:
        plan = await make_plan(conn, intent)
        (step,) = [one for one in plan.steps if one.id == "key-operations"]
        beside = {**step.params, "ops": ["sign"]}
        step = msgspec.structs.replace(step, params=beside, needs=())
        done = await carry_out(conn, tmp_path, msgspec.structs.replace(plan, steps=(step,)))
    assert done.status is RunStatus.SUCCEEDED, done.failures()
    assert told(done, "key-operations") == ["fix"]
    (end,) = [one for one in done.events if one.event == "step.done"]
    assert end.detail["note"].startswith("checked again: FIX Key cmk: wrapKey and")


async def test_what_can_not_be_read_again_is_said(sandbox: RunningSandbox, tmp_path: Path) -> None:
    intent = wanted(sandbox, "provider-registered")
    async with connected(sandbox) as conn:
        plan = await make_plan(conn, intent)
        registering = [one for one in plan.steps if one.kind == "register"]
        plan = msgspec.structs.replace(plan, steps=tuple(registering))
        fault = {"method": "GET", "path": "/providers$", "times": -1, "status": 403}
        sandbox.admin("POST", "faults", fault)
        done = await carry_out(conn, tmp_path, plan)
    assert done.status is RunStatus.SUCCEEDED, done.failures()
    assert told(done, "provider-registered") == ["unknown"]


async def test_nothing_is_read_again_where_nothing_was_repaired(
    sandbox: RunningSandbox, tmp_path: Path
) -> None:
    sandbox.reset("failures/_healthy")
    intent = msgspec.convert(scenario.read("failures/_healthy")["intent"], Intent)
    async with connected(sandbox) as conn:
        done = await carry_out(conn, tmp_path, intent)
    assert done.status is RunStatus.SUCCEEDED, done.failures()
    assert writes(sandbox)
    assert not [one for one in done.events if "checked again" in str(one.detail)]
