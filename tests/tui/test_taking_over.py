"""resume of a run that another host's process may carry out, and a newer journal."""

import json
import sqlite3
from pathlib import Path
from typing import Any

import carrying
import msgspec
import pytest
from sandboxed import RunningSandbox

from services.home import Paths
from services.intents import write
from services.runs import place
from services.runs.engine import Run
from services.runs.journal import Journal
from services.runs.layout import VERSION
from services.runs.lock import Owner
from services.setup.plan import make_plan
from tui.exits import Exit
from tui.main import main


@pytest.fixture(autouse=True)
def paths(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Paths:
    monkeypatch.setenv("WRAPKEY_HOME", str(tmp_path / "home"))
    monkeypatch.delenv("WRAPKEY_CONNECT", raising=False)
    return Paths.here()


@pytest.fixture
def to(sandbox: RunningSandbox, tmp_path: Path) -> tuple[str, str]:
    file = tmp_path / "ready.json"
    file.write_text(json.dumps(sandbox.ready))
    return ("--connect", str(file))


@pytest.fixture
async def run(
    sandbox: RunningSandbox, tmp_path: Path, paths: Paths, monkeypatch: pytest.MonkeyPatch
) -> str:
    """A run that a process of another host has begun, on a network file system."""
    mounts = tmp_path / "mountinfo"
    mounts.write_text(f"22 1 254:0 / {tmp_path} rw - nfs4 srv:/home rw\n")
    monkeypatch.setattr(place, "MOUNTS", mounts)
    async with carrying.connected(sandbox) as conn:
        plan = await make_plan(conn, carrying.intent_for(sandbox))
        journal = await Journal.open(paths.journal)
        begun = await Run.start(conn, journal, plan)
        await begun.close()
        await journal.close()
    theirs = Owner(host="elsewhere", pid=77, since="2026-11-23T12:00:00Z")
    (paths.journal.parent / f"{begun.id}.lock").write_bytes(msgspec.json.encode(theirs))
    sandbox.admin("DELETE", "requests")
    return begun.id


def test_a_run_of_another_host_goes_on_here_when_somebody_says_so(
    sandbox: RunningSandbox, run: str, to: tuple[str, str], capsys: Any
) -> None:
    code = main(["resume", run, "--take-over", "--yes", "--json", *to])
    said = capsys.readouterr()
    assert code == Exit.DONE, said.err
    assert json.loads(said.out.splitlines()[-1])["detail"] == {"status": "succeeded"}


def test_with_read_only_a_run_is_left_to_who_carries_it_out(
    sandbox: RunningSandbox, run: str, to: tuple[str, str], capsys: Any
) -> None:
    code = main(["resume", run, "--take-over", "--yes", "--read-only", *to])
    said = capsys.readouterr().err
    assert code == Exit.BAD_INPUT
    assert "process 77 on elsewhere" in said and "it is not taken over" in said
    assert carrying.writes(sandbox) == []


@pytest.mark.parametrize(
    "words", [("runs",), ("resume",), ("watch", "beef"), ("apply", "{}", "--yes")]
)
def test_a_journal_of_a_newer_wrapkey_is_left_alone_and_said(
    sandbox: RunningSandbox,
    tmp_path: Path,
    paths: Paths,
    to: tuple[str, str],
    words: tuple[str, ...],
    capsys: Any,
) -> None:
    intent = tmp_path / "intent.toml"
    intent.write_text(write(carrying.intent_for(sandbox)))
    paths.journal.parent.mkdir(parents=True, exist_ok=True)
    with sqlite3.connect(paths.journal) as file:
        file.execute(f"PRAGMA user_version = {VERSION + 1}")
    before = paths.journal.read_bytes()
    code = main([*(word.format(intent) for word in words), *(to if words[0] == "apply" else ())])
    said = capsys.readouterr()
    assert code == Exit.BAD_INPUT
    assert "was written by a newer wrapkey" in said.err
    assert "update wrapkey or move the file away" in said.err
    assert "Traceback" not in said.err and "fault" not in said.err
    assert carrying.writes(sandbox) == []
    assert paths.journal.read_bytes() == before
