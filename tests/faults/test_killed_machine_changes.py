"""Rotations and deletes of sets, groups and clusters, killed in the middle: nothing twice."""

import json
import os
import signal
import subprocess
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.faults.conftest import Away
from tests.faults.test_killed_changes import asked
from tests.faults.test_processes import rest, until

Start = Callable[..., "subprocess.Popen[str]"]


def kill(run: "subprocess.Popen[str]") -> None:
    os.kill(run.pid, signal.SIGKILL)
    run.wait(10)


def counted(sandbox: Away) -> Counter[str]:
    return Counter(one.rsplit("/", 1)[-1] for one in sandbox.writes() if "Graph" not in one)


@pytest.mark.parametrize("step", ["key", "set-key"])
def test_a_killed_rotation_of_a_set_goes_on(
    away: Callable[..., Away], command: Start, step: str
) -> None:
    sandbox = away(speed=100)
    sandbox.admin("POST", "reset", {"scenario": "broken/cluster-healthy-no-rotation"})
    here = ("--connect", str(sandbox.file))
    run = command("rotate", "des-prod", "--yes", "--json", *here)
    until(run, "step.started", f'"step":"{step}"')
    if step == "set-key":
        asked(sandbox, "PATCH", "/des-prod")
    kill(run)
    events, err = rest(command("resume", "--yes", "--json", *here))
    assert events and events[-1]["detail"]["status"] == "succeeded", err
    assert counted(sandbox) == {"create": 1, "des-prod": 1}


@pytest.mark.parametrize("step", ["away", "again"])
def test_a_killed_rotation_of_a_group_goes_on(
    away: Callable[..., Away], command: Start, tmp_path: Path, step: str
) -> None:
    """Between delete and creation there is nothing but the journal: it must be enough."""
    sandbox = away(speed=20)
    sandbox.admin("POST", "reset", {"scenario": "broken/containers-healthy"})
    here = ("--connect", str(sandbox.file))
    shown, err = command("rotate", "score-prod", "--preview", "--json", *here).communicate()
    assert shown, err
    names = json.loads(shown)["places"][0]["secrets"]
    source = tmp_path / "secret"
    source.write_text("again")
    given = [word for name in names for word in ("--secret", f"{name}=file:{source}")]
    run = command("rotate", "score-prod", "--yes", "--json", *given, *here)
    asked(sandbox, {"away": "DELETE", "again": "PUT"}[step], "/score-prod")
    kill(run)
    events, err = rest(command("resume", "--yes", "--json", *here))
    assert events and events[-1]["detail"]["status"] == "succeeded", (events[-3:], err)
    methods = Counter(one.partition(" ")[0] for one in sandbox.writes() if "/score-prod" in one)
    assert methods == {"DELETE": 1, "PUT": 1}


def test_a_killed_delete_of_a_cluster_goes_on(away: Callable[..., Away], command: Start) -> None:
    sandbox = away(speed=60)
    sandbox.admin("POST", "reset", {"scenario": "broken/cluster-healthy"})
    here = ("--connect", str(sandbox.file))
    run = command("delete", "aks-prod", "--yes", "--json", *here)
    asked(sandbox, "DELETE", "/aks-prod")
    kill(run)
    events, err = rest(command("resume", "--yes", "--json", *here))
    assert events and events[-1]["detail"]["status"] == "succeeded", err
    assert len([one for one in sandbox.writes() if one.startswith("DELETE")]) == 1
