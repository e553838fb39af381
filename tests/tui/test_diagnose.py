"""wrapkey diagnose, as scripts and people call it."""

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sandboxed import RunningSandbox

from services.azure.clouds import AZURE_PUBLIC
from services.checks.facts import Asked
from services.diagnosis import bundle
from services.diagnosis.seen import Gone, Seen
from services.model.diagnosis import Target
from services.model.resources import Caller
from tui.cli import run as main

WORKSPACE = (
    "/subscriptions/00000000-0000-0000-0000-000000000001/resourceGroups/rg-ml/providers"
    "/Microsoft.MachineLearningServices/workspaces/mlw"
)
GONE = Seen(
    target=Target(id=WORKSPACE, name="mlw"),
    at=datetime(2026, 11, 23, 12, tzinfo=UTC),
    cloud=AZURE_PUBLIC,
    caller=Caller(object_id="o", tenant_id="t", name="ada", kind="User"),
    there=Gone(asked=Asked("GET workspaces/mlw", "r-1")),
)


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
    assert "Nothing that you may read fits mlw-other." in capsys.readouterr().err


def test_checks_lists_those_of_diagnosis(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["checks", "--json"]) == 0
    by_id = {one["id"]: one for one in json.loads(capsys.readouterr().out)["checks"]}
    assert by_id["cosmos-status"]["phases"] == ["diagnosis"]
    assert by_id["key-enabled"]["phases"] == ["preflight", "diagnosis"]
    assert by_id["vault-name"]["phases"] == ["preflight"]


def test_reports_bundles_and_masks_come_out_of_one_look(
    sandbox: RunningSandbox, desk: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    sandbox.reset("broken/f08-grant-removed")
    facts, page = tmp_path / "facts.json", tmp_path / "report.html"
    keep = ["--bundle", str(facts), "--output", str(page)]
    assert main(["diagnose", "mlw-prod", "--quick", *keep, *desk]) == 3
    said = capsys.readouterr()
    assert said.out == ""
    assert f"wrapkey diagnose --from {facts}" in said.err
    assert page.read_text(encoding="utf-8").startswith("<!DOCTYPE html>")
    assert [one.stat().st_mode & 0o777 for one in (facts, page)] == [0o600, 0o600]
    asked = len(sandbox.requests())

    assert main(["diagnose", "--from", str(facts), "--json"]) == 3
    told = json.loads(capsys.readouterr().out)
    assert told["findings"][0]["check"] == "cosmos-grant"
    assert (told["by"], told["masked"]) == ("admin", False)
    assert main(["diagnose", "--from", str(facts), "--format", "md", "--mask"]) == 3
    text = capsys.readouterr().out
    assert text.startswith("# Diagnosis of workspace-1")
    assert "mlw-prod" not in text and "ada@contoso.test" not in text
    assert main(["diagnose", "--from", str(facts)]) == 3
    said = capsys.readouterr()
    assert said.out.startswith("FAIL  Azure Cosmos DB may not read, wrap and unwrap")
    assert "Azure is asked nothing." in said.err
    assert len(sandbox.requests()) == asked


def test_a_masked_bundle_names_nobody(
    sandbox: RunningSandbox, desk: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    sandbox.reset("broken/f05-key-version-disabled-logged")
    facts = tmp_path / "facts.json"
    ask = ["diagnose", "mlw-prod", "--quick", "--mask", "--bundle", str(facts)]
    assert main([*ask, *desk]) == 3
    shown = capsys.readouterr().out
    assert main(["diagnose", "--from", str(facts)]) == 3
    assert capsys.readouterr().out == shown
    for name in ("mlw-prod", "kv-ml-prod", "cmk-ml", "contoso.test", sandbox.ready["tenant_id"]):
        assert name not in facts.read_text(encoding="utf-8")
        assert name not in shown


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ([], "Name what to diagnose, or a bundle"),
        (["mlw", "--from", "x.json"], "one of the two"),
        (["--from", "x.json", "--probe"], "leave one out"),
        (["--from", "none.json"], "No such file"),
        (["--from", "."], "Is a directory"),
        (["--from", "x.json", "--json", "--format", "md"], "exclude each other"),
        (["--from", "x.json", "--output", "report.pdf"], "the name tells no format"),
        (["--from", "x.json"], "The bundle is damaged"),
        (["--from", "new.json"], "written by a newer wrapkey"),
        (["--from", "good.json", "--output", "none/report.md"], "No such file"),
    ],
)
def test_words_and_files_that_can_not_be_used_end_in_a_sentence(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    words: list[str],
    said: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("x.json").write_text('{"format": "wrapkey diagnosis", "ver')
    Path("new.json").write_text('{"format": "wrapkey diagnosis", "version": 99}')
    Path("good.json").write_bytes(bundle.encode(GONE))
    assert main(["diagnose", *words]) == 2
    told = capsys.readouterr()
    assert said in told.err
    assert told.out == "" and "Traceback" not in told.err
