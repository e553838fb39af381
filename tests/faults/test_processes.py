"""Azure that goes away, processes that are killed, disks that are full: with real processes."""

import json
import os
import signal
import sqlite3
import subprocess
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.faults.conftest import Away

Start = Callable[..., "subprocess.Popen[str]"]


def until(process: "subprocess.Popen[str]", *words: str) -> list[dict[str, Any]]:
    """Read events until one holds all of these words."""
    assert process.stdout is not None
    seen = []
    for line in process.stdout:
        seen.append(json.loads(line))
        if all(word in line for word in words):
            return seen
    raise AssertionError(f"ended before {words}: {process.stderr and process.stderr.read()}")


def rest(process: "subprocess.Popen[str]") -> tuple[list[dict[str, Any]], str]:
    out, err = process.communicate(timeout=60)
    return [json.loads(line) for line in out.splitlines()], err


def journal(home: Path) -> sqlite3.Connection:
    return sqlite3.connect(f"file:{home}/state/runs/journal.sqlite?mode=ro", uri=True)


def test_an_outage_in_the_middle_of_a_run_is_waited_out(
    away: Callable[..., Away], command: Start, intent: Callable[[Away], str]
) -> None:
    sandbox = away(speed=400)
    run = command("apply", intent(sandbox), "--yes", "--json", "--connect", str(sandbox.file))
    until(run, "resource.seen")
    first = sandbox.writes()
    sandbox.stop()
    waiting = until(run, "step.waiting", "attempt")[-1]
    assert waiting["step"] == "workspace"
    assert waiting["detail"]["until"]
    sandbox.start()
    events, err = rest(run)
    assert run.returncode == 0, (events[-3:], err)
    assert events[-1]["detail"]["status"] == "succeeded"
    assert not {one for one in sandbox.writes() if one in first}, "sent before, and again"


@pytest.mark.parametrize("by", ["apply", "resume"])
def test_a_killed_run_is_shown_as_interrupted_and_done_once(
    away: Callable[..., Away],
    command: Start,
    intent: Callable[[Away], str],
    tmp_path: Path,
    by: str,
) -> None:
    """By the same command again, and by the one that goes on with what was interrupted."""
    sandbox = away(speed=400)
    words = ("apply", intent(sandbox), "--yes", "--json", "--connect", str(sandbox.file))
    run = command(*words)
    until(run, "resource.seen")
    os.kill(run.pid, signal.SIGKILL)
    run.wait(10)
    with journal(tmp_path / "home") as database:
        assert database.execute("SELECT status FROM runs").fetchall() == [("running",)]
    again = command(*(words if by == "apply" else ("resume", "--json", *words[-2:])))
    events, err = rest(again)
    assert again.returncode == 0, err
    assert events[-1]["detail"] == {"status": "succeeded"}
    counted = Counter(sandbox.writes())
    assert {one for one, count in counted.items() if count > 1} == set()


def test_the_journal_knows_of_a_write_before_it_is_sent(
    away: Callable[..., Away], command: Start, intent: Callable[[Away], str], tmp_path: Path
) -> None:
    """Every write is kept back by the server: when it is seen there, its row is on the disk."""
    sandbox = away()
    sandbox.admin("POST", "faults", {"method": "PUT", "path": "/vaults/kv-one$", "delay": 1.5})
    run = command("apply", intent(sandbox), "--yes", "--json", "--connect", str(sandbox.file))
    until(run, "step.started", '"vault"')
    rows: list[Any] = []
    while not rows:
        assert run.poll() is None
        with journal(tmp_path / "home") as database:
            rows = database.execute(
                "SELECT answered FROM writes WHERE step = 'vault' AND method = 'PUT'"
            ).fetchall()
    assert rows == [(None,)]
    rest(run)
    assert run.returncode == 0
    with journal(tmp_path / "home") as database:
        sent = database.execute("SELECT method || ' ' || path FROM writes").fetchall()
    assert Counter(one for (one,) in sent) == Counter(sandbox.writes())
