"""wrapkey runs, undo and audit verify, as scripts call them."""

import json
from pathlib import Path
from typing import Any

import pytest
from sandboxed import RunningSandbox

from services.runs.audit import FILE
from tui.cli import run as main

INTENT = """\
kind = "workspace"
subscription = "{subscription}"
region = "westeurope"
resource_group = "rg-ml"
[vault]
name = "kv-ml-prod"
create = true
[key]
name = "cmk-ml"
create = true
bits = 2048
[workspace]
name = "mlw-prod"
encryption = "service-side"
"""
GROUP = "/subscriptions/{}/resourceGroups/rg-ml"


class Desk:
    def __init__(self, folder: Path, sandbox: RunningSandbox, capsys: Any) -> None:
        self.sandbox, self.folder, self._capsys = sandbox, folder, capsys
        self._ready = folder / "ready.json"
        self._ready.write_text(json.dumps(sandbox.ready))

    def __call__(self, *words: str) -> tuple[int, str, str]:
        code = main([*words, "--connect", str(self._ready)])
        said = self._capsys.readouterr()
        return code, said.out, said.err

    def apply(self) -> str:
        file = self.folder / "intent.toml"
        file.write_text(INTENT.format(subscription=self.sandbox.subscription))
        code, out, err = self("apply", str(file), "--yes", "--json")
        assert code == 0, err
        return str(json.loads(out.splitlines()[0])["run"])


@pytest.fixture
def desk(
    sandbox: RunningSandbox,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Desk:
    monkeypatch.setenv("WRAPKEY_HOME", str(tmp_path / "home"))
    return Desk(tmp_path, sandbox, capsys)


def test_a_run_is_listed_logged_exported_undone_and_audited(desk: Desk, tmp_path: Path) -> None:
    run = desk.apply()
    code, out, _ = desk("runs", "--json")
    (told,) = json.loads(out)["runs"]
    assert code == 0
    assert (told["id"], told["status"], told["purpose"]) == (run, "succeeded", "setup")
    assert told["subject"].endswith("/workspaces/mlw-prod") and told["seconds"] >= 0
    assert run in desk("runs")[1]

    code, out, _ = desk("runs", run, "--json")
    log = json.loads(out)
    assert code == 0 and log["schema"] == 1
    assert all(one["request_id"] for one in log["writes"] if one["status"])
    assert log["events"][-1]["event"] == "run.finished"
    page = tmp_path / "log.md"
    assert desk("runs", run, "--export", str(page))[0] == 0
    text = page.read_text()
    assert text.startswith(f"# Run {run}: setup mlw-prod")
    assert all(one["request_id"] in text.replace("\\", "") for one in log["writes"])
    assert desk("runs", run, "--export", str(tmp_path / "log.json"))[0] == 0
    assert json.loads((tmp_path / "log.json").read_text()) == log

    sandbox = desk.sandbox
    sandbox.admin("DELETE", "requests")
    code, out, _ = desk("undo", run, "--preview", "--json")
    shown = {one["step"]: one["verdict"] for one in json.loads(out)["items"]}
    assert code == 0 and shown["workspace"] == "delete" and shown["vault"] == "stays"
    assert not [one for one in sandbox.requests() if one["method"] in ("PUT", "DELETE")]
    code, out, err = desk("undo", run, "--with-key", "--yes", "--json")
    assert code == 0, err
    last = json.loads(out.splitlines()[-1])
    assert (last["event"], last["detail"]) == ("run.finished", {"status": "succeeded"})
    assert sandbox.call("GET", GROUP.format(sandbox.subscription)).status_code == 404
    listed = json.loads(desk("runs", "--json")[1])["runs"]
    assert {one["purpose"] for one in listed} == {"setup", "undo"}

    code, out, _ = desk("audit", "verify", "--json")
    verdict = json.loads(out)
    assert code == 0 and verdict["ok"] and verdict["lines"] > 20
    file = tmp_path / "home" / "state" / "runs" / FILE
    file.write_bytes(file.read_bytes().replace(b'"DELETE"', b'"PATCH"', 1))
    code, out, _ = desk("audit", "verify")
    assert code == 3 and "FAIL  line" in out


def test_an_undo_asks_nobody_where_nobody_is(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    code, _, err = desk("undo", "beef")
    assert code == 2 and "--preview" in err
    code, _, err = desk("undo", "beef", "--yes")
    assert code == 2 and "no run beef" in err
    code, _, err = desk("runs", "beef")
    assert code == 2 and "no run beef" in err
    code, _, err = desk("runs", "--export", "x.md")
    assert code == 2 and "RUN" in err


@pytest.mark.parametrize(("typed", "deleted"), [("y", False), ("the run", True)])
def test_an_undo_wants_the_runs_id_typed(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, typed: str, deleted: bool
) -> None:
    run = desk.apply()
    monkeypatch.setattr("sys.stdin.isatty", lambda: True)
    monkeypatch.setattr("click.prompt", lambda *_, **__: run if typed == "the run" else typed)
    desk.sandbox.admin("DELETE", "requests")
    code, _, err = desk("undo", run)
    assert code == 0, err
    assert "STAYS" in err and "DELETE" in err
    sent = [one for one in desk.sandbox.requests() if one["method"] == "DELETE"]
    assert bool(sent) is deleted


def test_an_empty_record_is_whole(desk: Desk) -> None:
    code, out, _ = desk("audit", "verify", "--json")
    assert code == 0 and json.loads(out)["lines"] == 0
