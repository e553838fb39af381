"""wrapkey checks and wrapkey check, as scripts call them."""

import json
from pathlib import Path
from typing import Any

import pytest
from sandboxed import RunningSandbox

from tui.cli import run as main

INTENT = """\
kind = "workspace"
subscription = "5b000000-0000-4000-8000-0000000000d1"
region = "westeurope"
resource_group = "rg-ml"
[vault]
name = "{vault}"
resource_group = "rg-sec"
[key]
name = "cmk-ml"
[workspace]
name = "mlw-new"
"""


@pytest.fixture
def desk(sandbox: RunningSandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    sandbox.reset("contoso")
    monkeypatch.setenv("WRAPKEY_HOME", str(tmp_path / "home"))
    ready = tmp_path / "ready.json"
    ready.write_text(json.dumps(sandbox.ready))
    return ["--connect", str(ready)]


def intent(folder: Path, vault: str) -> str:
    file = folder / "intent.toml"
    file.write_text(INTENT.format(vault=vault))
    return str(file)


def test_checks_lists_every_check(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["checks", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["schema"] == 1
    names = {"id", "title", "subject", "phases", "severity", "reads", "scenario", "failures"}
    assert all(names <= set(one) for one in told["checks"])
    assert main(["checks"]) == 0
    assert "key-enabled" in capsys.readouterr().out


def test_check_says_what_fails_and_exits_with_3(
    desk: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str], sandbox: RunningSandbox
) -> None:
    assert main(["check", intent(tmp_path, "kv-gone-for-ever"), "--json", *desk]) == 3
    told: dict[str, Any] = json.loads(capsys.readouterr().out)
    assert told["worst"] == "fail"
    failing = [one for one in told["findings"] if one["status"] == "fail"]
    assert "vault-exists" in {one["check"] for one in failing}
    assert all(one["failures"] and one["evidence"] for one in failing)
    assert {one["service"] for one in told["quota"]} >= {"Storage accounts", "Cosmos DB accounts"}


def test_check_of_what_is_well_exits_with_0_and_tells_only_what_is_not(
    desk: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["check", intent(tmp_path, "kv-ml-prod"), *desk]) == 0
    said = capsys.readouterr()
    assert "search-capacity" in said.out and "vault-exists" not in said.out
    assert "0 FAIL" in said.err and "Nothing was changed." in said.err


def test_apply_refuses_what_fails_unless_it_is_accepted(
    desk: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str], sandbox: RunningSandbox
) -> None:
    file = intent(tmp_path, "kv-gone-for-ever")
    assert main(["apply", file, "--yes", *desk]) == 3
    assert "vault-exists" in capsys.readouterr().err
    puts = [one for one in sandbox.requests() if one["method"] in ("PUT", "PATCH", "DELETE")]
    assert puts == []
    assert main(["apply", file, "--yes", "--accept", "vault-exist", *desk]) == 2
    assert "`wrapkey checks` lists all" in capsys.readouterr().err
