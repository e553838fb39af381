"""Container groups and clusters by the command line: real processes, a real sandbox."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.journeys.conftest import Sandbox
from tests.journeys.test_headless import Desk
from tui.exits import Exit

HEAD = """\
kind = "{kind}"
subscription = "{subscription}"
region = "westeurope"
resource_group = "rg-run"
[vault]
name = "kv-headless"
create = true
[key]
name = "cmk-run"
create = true
bits = 2048
"""
GROUP = """\
[container_group]
name = "score-1"
identity = { create = "uai-aci" }
[[container_group.containers]]
name = "main"
image = "nginx"
ports = [80]
"""
CLUSTER = """\
[cluster]
name = "aks-1"
node_count = 2
identity = { create = "uai-aks" }
[cluster.disk_encryption_set]
name = "des-1"
"""


@pytest.mark.parametrize(
    ("kind", "table", "quota"),
    [("container-group", GROUP, "Container groups"), ("cluster", CLUSTER, "Compute:")],
)
def test_planned_checked_and_made_true_once(
    sandboxes: Callable[..., Sandbox], tmp_path: Path, kind: str, table: str, quota: str
) -> None:
    desk = Desk(tmp_path, sandboxes("empty", 2000))
    file = desk.intent(HEAD.replace("{kind}", kind) + table)
    planned = desk.run("plan", file, "--json")
    assert planned.code == Exit.DONE, planned.err
    assert planned.json["intent"]["kind"] == kind
    assert planned.json["cost"]["lines"]
    assert any(one["service"].startswith(quota) for one in planned.json["quota"])
    assert desk.run("check", file).code == Exit.DONE
    assert desk.writes() == []
    done = desk.run("apply", file, "--yes", "--json")
    assert done.code == Exit.DONE, done.out
    assert json.loads(done.out.splitlines()[-1])["detail"]["status"] == "succeeded"
    before = desk.writes()
    puts = [one for one in before if one.startswith("PUT") and "roleAssignments" not in one]
    assert puts and len(puts) == len(set(puts)), "nothing is made twice"
    again = desk.run("apply", file, "--yes")
    assert again.code == Exit.DONE
    assert ("Container main wrote last:" in again.err) is (kind == "container-group"), again.err
    assert desk.writes() == before
    listed = desk.run("runs", "--json").out
    assert "score-1" in listed or "aks-1" in listed
