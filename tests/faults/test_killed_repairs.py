"""Repairs of clusters and container groups killed while Azure is at work, and resumed."""

import asyncio
import signal
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import msgspec
import pytest
from carrying import writes
from sandboxed import SPEED, RunningSandbox

from services.diagnosis.diagnose import diagnose
from services.diagnosis.repair import plan_repair
from services.model.plan import Plan, Step
from tests.faults import killed
from tests.services.diagnosis.looking import signed_in, target_of

REPAIRS = {
    "cluster-vms-stopped": ("nodes-start", "POST"),
    "cluster-rotation-stopped": ("set-identity", "PATCH"),
    "cluster-creation-no-grant": ("cluster-again", "PUT"),
    "containers-restart-failed": ("container-start", "POST"),
}
"""By scenario: the kind of step that brings back what its key had stopped, and what it sends."""
MOMENTS = {
    "not sent": ("INSERT INTO writes {} {}#1", True),
    "answer lost": ("UPDATE writes {} {}#1", False),
    "begun": ("UPDATE writes {} {}#1", True),
}
TWICE = ("containers-restart-failed", "answer lost")
"""A group that starts tells nothing that one whose image is out of reach does not: it is told to
start again, which changes nothing."""


def at_speed(sandbox: RunningSandbox, speed: float) -> None:
    """How fast everything goes that begins from now on."""
    sandbox.on_loop(lambda: setattr(sandbox.world.clock, "speed", speed))


def looks_again_and_again(sandbox: RunningSandbox, since: int) -> None:
    """Wait until something has been asked for so often that nothing but waiting asks for it."""
    until = time.monotonic() + 30
    while True:
        asked = sandbox.requests()[since:]
        counted = Counter(one["path"] for one in asked if one["method"] == "GET")
        if any(times > 4 for times in counted.values()):
            return
        assert time.monotonic() < until, counted
        time.sleep(0.02)


@pytest.mark.parametrize("moment", MOMENTS)
@pytest.mark.parametrize("scenario", REPAIRS)
def test_a_killed_repair_follows_what_azure_has_begun(
    sandbox: RunningSandbox, tmp_path: Path, scenario: str, moment: str
) -> None:
    """Up to its last write at full speed, then Azure needs for ever until the next process waits."""
    kind, method = REPAIRS[scenario]
    plan, step = asyncio.run(repair_of(sandbox, scenario, kind))
    task = killed.Task(sandbox.ready, msgspec.json.encode(plan), str(tmp_path))
    here = killed.Moment(f"UPDATE steps running {step.id}#1")
    assert killed.carry(task._replace(moment=here)) == -signal.SIGKILL
    at_speed(sandbox, 0.1)
    try:
        said, after = MOMENTS[moment]
        here = killed.Moment(said.format(step.id, method), after)
        assert killed.carry(task._replace(moment=here)) == -signal.SIGKILL
        with ThreadPoolExecutor(1) as pool:
            since = len(sandbox.requests())
            going = pool.submit(killed.carry, task)
            looks_again_and_again(sandbox, since)
            at_speed(sandbox, SPEED)
            sandbox.advance(1200)
            assert going.result() == 0
    finally:
        at_speed(sandbox, SPEED)
    name = step.target.rpartition("/")[2]
    sent = [one for one in writes(sandbox) if one.startswith(method) and f"/{name}" in one]
    assert len(sent) == (2 if (scenario, moment) == TWICE else 1), sent


async def repair_of(sandbox: RunningSandbox, scenario: str, kind: str) -> tuple[Plan, Step]:
    sandbox.reset(f"broken/{scenario}")
    async with signed_in(sandbox) as conn:
        plan = plan_repair(await diagnose(conn, target_of(scenario)))
    (step,) = [one for one in plan.steps if one.kind == kind]
    return plan, step
