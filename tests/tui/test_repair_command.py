"""wrapkey repair: what it shows, what it asks, what it says afterwards."""

import json
from pathlib import Path

import pytest
from sandboxed import RunningSandbox

from tui.cli import run as main

SUB = "/subscriptions/5b000000-0000-4000-8000-0000000000d1"


@pytest.fixture
def desk(sandbox: RunningSandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    monkeypatch.setenv("WRAPKEY_HOME", str(tmp_path / "home"))
    ready = tmp_path / "ready.json"
    ready.write_text(json.dumps(sandbox.ready))
    return ["--connect", str(ready)]


def writes(sandbox: RunningSandbox) -> list[str]:
    return [
        f"{one['method']} {one['path']}"
        for one in sandbox.requests()
        if one["method"] in ("PUT", "PATCH", "DELETE")
    ]


def test_the_plan_says_what_each_step_changes_and_writes_nothing(
    sandbox: RunningSandbox, desk: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    sandbox.reset("broken/f01-creation-purge-protection")
    assert main(["repair", "mlw-prod", "--plan", *desk]) == 0
    said = capsys.readouterr()
    assert "turn on purge protection" in said.out
    assert "Can't be undone: Purge protection stays on for good" in said.out
    assert main(["repair", "mlw-prod", "--plan", "--json", *desk]) == 0
    told = json.loads(capsys.readouterr().out)
    assert set(told) == {"schema", "subject", "steps", "findings"}
    assert told["subject"].endswith("/workspaces/mlw-prod")
    assert all(step["undo"] for step in told["steps"])
    assert writes(sandbox) == []


def test_it_repairs_and_tells_what_is_ok_now(
    sandbox: RunningSandbox, desk: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    sandbox.reset("broken/f05-key-version-disabled")
    assert main(["repair", "mlw-prod", "--yes", "--json", *desk]) == 0
    said = capsys.readouterr()
    events = [json.loads(line) for line in said.out.splitlines()]
    assert events[-1]["event"] == "run.finished"
    assert "OK    The key is enabled" in said.err, said.err
    assert "FAIL" not in said.err
    assert "has not looked since the last change" in said.err
    assert len(writes(sandbox)) == 1


def test_nobody_is_asked_where_nobody_is(
    sandbox: RunningSandbox, desk: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    sandbox.reset("broken/f05-key-version-disabled")
    assert main(["repair", "mlw-prod", *desk]) == 2
    assert "add --yes" in capsys.readouterr().err
    assert sandbox.requests() == []


def test_where_nothing_fails_or_no_step_helps_it_says_so(
    sandbox: RunningSandbox, desk: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    sandbox.reset("broken/healthy")
    assert main(["repair", "mlw-prod", "--yes", *desk]) == 0
    assert "nothing fails" in capsys.readouterr().err
    sandbox.reset("broken/f09-key-purged")
    assert main(["repair", "mlw-prod", "--yes", *desk]) == 3
    assert "There is no step for this: Key cmk-ml" in capsys.readouterr().err
    assert writes(sandbox) == []


def test_the_end_of_a_key_is_chosen(
    sandbox: RunningSandbox, desk: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    sandbox.reset("broken/f06-key-expired")
    for wrong, why in (("soon", "is no date"), ("2020-01-01", "has passed")):
        assert main(["repair", "mlw-prod", "--plan", "--expires", wrong, *desk]) == 2
        assert why in capsys.readouterr().err
    assert main(["repair", "mlw-prod", "--plan", "--expires", "2031-02-03", *desk]) == 0
    said = capsys.readouterr()
    assert "let it expire on 3 Feb 2031" in said.out
    assert "must lie in the future" in said.err
    assert main(["repair", "mlw-prod", "--yes", "--expires", "2031-02-03", *desk]) == 0
    capsys.readouterr()
    assert main(["keys", "kv-ml-prod", *desk]) == 0
    assert "2031-02-03" in capsys.readouterr().out


def test_a_finding_that_is_not_there_is_bad_input(
    sandbox: RunningSandbox, desk: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    sandbox.reset("broken/f05-key-version-disabled")
    assert main(["repair", "mlw-prod", "--plan", "--finding", "key-gone", *desk]) == 2
    assert "tells of no such finding" in capsys.readouterr().err
    assert main(["repair", "mlw-prod", "--plan", "--finding", "key-enabled", *desk]) == 0
    assert main(["repair", "mlw-other", "--plan", *desk]) == 2


def test_who_may_not_is_told_before_the_run_waits(
    sandbox: RunningSandbox, desk: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    sandbox.reset("broken/f08-grant-removed")
    assert main(["repair", "mlw-prod", "--plan", "--principal", "contributor", *desk]) == 0
    said = capsys.readouterr()
    assert "Microsoft.Authorization/roleAssignments/write on" in said.err
    assert "Somebody with Owner, User Access Administrator" in said.err
    assert "az role assignment create --assignee-object-id" in said.err
    assert main(["repair", "mlw-prod", "--plan", *desk]) == 0
    assert "may not" not in capsys.readouterr().err
