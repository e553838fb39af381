"""Clocks that jump, disks that are full, homes that can't be written: of this machine and Azure's."""

import asyncio
import json
from collections import Counter
from pathlib import Path

import msgspec
import pytest
from carrying import QUICK, connected, intent_for, writes
from sandboxed import RunningSandbox

from services.intents import write
from services.model.plan import Event
from services.runs.engine import Run, RunStatus
from services.runs.journal import Journal
from services.setup.plan import make_plan
from tests.faults import killed
from tests.faults.estate import Estate, kept
from tui.exits import Exit
from tui.main import main

MONTH = 30 * 86400.0


@pytest.mark.parametrize("skew", [0, -MONTH], ids=["alike", "behind"])
async def test_azures_clock_may_jump_in_mid_run(
    sandbox: RunningSandbox, tmp_path: Path, skew: float
) -> None:
    """A month forward, three times; and beginning where ours is, or a month behind it."""
    offset = skew
    sandbox.admin("POST", "clock", {"offset": offset})
    async with connected(sandbox) as conn:
        plan = await make_plan(conn, intent_for(sandbox))
        journal = await Journal.open(tmp_path / "runs" / "journal.sqlite")
        run = await Run.start(conn, journal, plan, settings=QUICK)

        def hear(event: Event) -> None:
            nonlocal offset
            if event.event == "step.started" and event.step in ("vault", "key", "workspace"):
                offset += MONTH
                sandbox.admin("POST", "clock", {"offset": offset})

        run.subscribe(hear)
        async with asyncio.timeout(60):
            assert await run.go() is RunStatus.SUCCEEDED
        times = [event.at for _, event in await journal.events(run.id)]
        await run.close()
        await journal.close()
    sandbox.admin("POST", "clock", {"offset": 0})
    assert offset == skew + 3 * MONTH
    assert times == sorted(times) and (times[-1] - times[0]).total_seconds() < 60
    assert {one for one, count in Counter(writes(sandbox)).items() if count > 1} == set()


@pytest.mark.parametrize("limit", [30_000, 200_000, 400_000, 800_000])
def test_a_disk_that_is_full_at_some_moment_costs_nothing(
    sandbox: RunningSandbox, tmp_path: Path, limit: int
) -> None:
    """No file of the run may be larger: the system refuses the write, as a full disk does."""

    async def planned() -> bytes:
        async with connected(sandbox) as conn:
            return msgspec.json.encode(await make_plan(conn, intent_for(sandbox)))

    plan = asyncio.run(planned())
    sandbox.reset()
    estate = Estate(sandbox, plan)
    task = killed.Task(sandbox.ready, plan, str(tmp_path))
    assert killed.carry(task._replace(limit=limit)) != 0
    before = kept(tmp_path)
    assert estate.took() - estate.count(before.sent if before else []) == Counter()
    assert killed.carry(task) == 0
    took = estate.took()
    assert {one for one, count in took.items() if count > 1 and not one.endswith("/ID")} == set()
    assert asyncio.run(estate.wrong(tmp_path, took)) == []


def test_with_a_home_that_cannot_be_written_nothing_is_sent(
    sandbox: RunningSandbox,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Not even root may make a folder in /proc."""
    monkeypatch.setenv("WRAPKEY_HOME", "/proc/self/task")
    ready, file = tmp_path / "ready.json", tmp_path / "intent.toml"
    ready.write_text(json.dumps(sandbox.ready))
    file.write_text(write(intent_for(sandbox)))
    code = main(["apply", str(file), "--yes", "--connect", str(ready)])
    said = capsys.readouterr().err
    assert code == Exit.BAD_INPUT, said
    assert "/proc/self/task" in said and "Traceback" not in said
    assert writes(sandbox) == []
