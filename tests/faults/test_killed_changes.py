"""Rotations and deletes whose process is killed in the middle: resumed, nothing is done twice."""

import os
import signal
import subprocess
import time
from collections import Counter
from collections.abc import Callable

import pytest

from tests.faults.conftest import Away
from tests.faults.test_processes import rest, until

Start = Callable[..., "subprocess.Popen[str]"]
WORKSPACE = "/workspaces/mlw-prod"


def asked(sandbox: Away, *words: str) -> None:
    """Wait until a write with these words has reached the sandbox."""
    deadline = time.monotonic() + 30
    while not any(all(word in one for word in words) for one in sandbox.writes()):
        assert time.monotonic() < deadline, words
        time.sleep(0.02)


@pytest.mark.parametrize("step", ["key", "workspace-key", "taken"])
def test_a_killed_rotation_goes_on(away: Callable[..., Away], command: Start, step: str) -> None:
    sandbox = away(speed=100)
    sandbox.admin("POST", "reset", {"scenario": "broken/healthy"})
    here = ("--connect", str(sandbox.file))
    run = command("rotate", "mlw-prod", "--yes", "--json", *here)
    until(run, "step.started", f'"step":"{step}"')
    if step == "workspace-key":
        asked(sandbox, "PATCH", WORKSPACE)
    os.kill(run.pid, signal.SIGKILL)
    run.wait(10)
    events, err = rest(command("resume", "--yes", "--json", *here))
    assert events and events[-1]["detail"]["status"] == "succeeded", err
    counted = Counter(one.rsplit("/", 1)[-1] for one in sandbox.writes() if "Graph" not in one)
    assert counted == {"create": 1, "mlw-prod": 1}
    note = next(one for one in events if one.get("step") == "kept" and one.get("detail"))
    assert "24 h for Cosmos DB" in note["detail"]["note"]


def test_a_killed_delete_goes_on(away: Callable[..., Away], command: Start) -> None:
    sandbox = away(speed=20)
    sandbox.admin("POST", "reset", {"scenario": "broken/healthy"})
    here = ("--connect", str(sandbox.file))
    run = command("delete", "mlw-prod", "--purge", "--yes", "--json", *here)
    asked(sandbox, "DELETE", WORKSPACE)
    os.kill(run.pid, signal.SIGKILL)
    run.wait(10)
    events, err = rest(command("resume", "--yes", "--json", *here))
    assert events and events[-1]["detail"]["status"] == "succeeded", err
    assert len([one for one in sandbox.writes() if one.startswith("DELETE")]) == 1


def test_a_rotation_is_left_to_another_process(away: Callable[..., Away], command: Start) -> None:
    sandbox = away(speed=400)
    sandbox.admin("POST", "reset", {"scenario": "broken/healthy"})
    words = ("rotate", "mlw-prod", "--yes", "--detach", "--json")
    begun, err = rest(command(*words, "--connect", str(sandbox.file)))
    assert [one["event"] for one in begun] == ["run.started"], err
    events, err = rest(command("watch", begun[0]["run"], "--json"))
    assert events and events[-1]["detail"]["status"] == "succeeded", err
