"""wrapkey diagnose, as scripts and people call it."""

import json
from pathlib import Path

import pytest
from sandboxed import RunningSandbox

from tui.cli import run as main


@pytest.fixture
def desk(sandbox: RunningSandbox, tmp_path: Path) -> list[str]:
    ready = tmp_path / "ready.json"
    ready.write_text(json.dumps(sandbox.ready))
    return ["--connect", str(ready), "--read-only"]


def test_it_names_the_cause_by_the_workspaces_name_and_exits_with_3(
    sandbox: RunningSandbox, desk: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    sandbox.reset("broken/f05-key-version-disabled")
    assert main(["diagnose", "mlw-prod", "--json", *desk]) == 3
    told = json.loads(capsys.readouterr().out)
    assert told["schema"] == 1
    assert {"target", "tree", "root_causes", "findings", "timeline"} <= set(told)
    assert told["root_causes"] == [told["findings"][0]["id"]]
    first = told["findings"][0]
    assert first["phase"] == "diagnosis"
    assert first["check"] == "key-enabled"
    assert first["repair"]["steps"][0]["id"] == "key-enable"
    assert all(one["request_id"] for one in first["evidence"])
    assert told["tree"]["below"][0]["status"] == "fail"


def test_people_read_the_cause_its_consequences_and_the_tree(
    sandbox: RunningSandbox, desk: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    sandbox.reset("broken/f08-grant-removed")
    assert main(["diagnose", "mlw-prod", "--quick", *desk]) == 3
    said = capsys.readouterr().out.splitlines()
    assert said[0].startswith("FAIL  Azure Cosmos DB may not read, wrap and unwrap")
    assert any(line.strip().startswith("since") and "ada@contoso.test" in line for line in said)
    assert any("so   FAIL  Cosmos DB" in line for line in said)
    assert any(line.startswith("FAIL  ") and "grant: role" in line for line in said)


def test_a_key_is_tried_on_request_only(
    sandbox: RunningSandbox, desk: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    sandbox.reset("broken/healthy")
    assert main(["diagnose", "mlw-prod", "--quick", *desk]) == 0
    assert "Nothing fails." in capsys.readouterr().out
    tried = [one for one in sandbox.requests() if one["path"].endswith("wrapkey")]
    assert tried == []
    assert main(["diagnose", "mlw-prod", "--quick", "--probe", "--json", *desk]) == 0
    findings = json.loads(capsys.readouterr().out)["findings"]
    (one,) = [each for each in findings if each["check"] == "key-probe"]
    assert one["status"] == "ok"
    assert "not that Cosmos DB may use it" in one["meaning"]


def test_what_fits_nothing_is_bad_input(
    sandbox: RunningSandbox, desk: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    sandbox.reset("broken/healthy")
    assert main(["diagnose", "mlw-other", *desk]) == 2
    assert "No workspace that you may read fits mlw-other." in capsys.readouterr().err


def test_checks_lists_those_of_diagnosis(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["checks", "--json"]) == 0
    by_id = {one["id"]: one for one in json.loads(capsys.readouterr().out)["checks"]}
    assert by_id["cosmos-status"]["phases"] == ["diagnosis"]
    assert by_id["key-enabled"]["phases"] == ["preflight", "diagnosis"]
    assert by_id["vault-name"]["phases"] == ["preflight"]
