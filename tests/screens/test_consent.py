"""A run that a process of another host began, and a journal that a newer wrapkey wrote."""

import sqlite3
from pathlib import Path

import msgspec
import pytest
from carrying import intent_for, writes
from opening import quiet
from sandboxed import RunningSandbox
from test_runs_elsewhere import left_behind, until

from screens.widgets.confirm import Confirm
from services.home import Paths
from services.runs import place
from services.runs.layout import VERSION
from services.runs.lock import Owner, owner
from services.setup.plan import make_plan


@pytest.fixture
def network(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of all this, said to be mounted from a server."""
    mounts = tmp_path / "mountinfo"
    mounts.write_text(f"22 1 254:0 / {tmp_path} rw - nfs4 srv:/home rw\n")
    monkeypatch.setattr(place, "MOUNTS", mounts)
    return tmp_path


@pytest.mark.usefixtures("network")
async def test_a_run_of_another_host_is_taken_after_a_second_yes(
    opened, running_sandbox: RunningSandbox
):
    async with opened() as (app, pilot):
        plan = await make_plan(app.session.live, intent_for(running_sandbox))
        run = await left_behind(app, plan)
        folder = Paths.here().journal.parent
        theirs = Owner(host="elsewhere", pid=77, since="2026-11-23T12:00:00Z")
        (folder / f"{run}.lock").write_bytes(msgspec.json.encode(theirs))
        running_sandbox.admin("DELETE", "requests")
        app.open_run(run)
        await until(app, "Another process carries this run out", "t take over")
        for answer in ("n", "y"):
            await pilot.press("t")
            await until(
                app, f"Take run {run} over?", "process 77 on elsewhere", "if it still lives"
            )
            await pilot.press("y")
            await until(app, f"Take run {run} from another host?", "nobody can tell")
            assert not app._runs.live
            assert writes(running_sandbox) == []
            await pilot.press(answer)
            await quiet(app, pilot)
        await until(app, "p pause", "s stop")
        mine = owner(folder, run)
        assert mine and mine.here
        await pilot.press("s")
        await until(app, "stopped")


async def test_a_journal_of_a_newer_wrapkey_is_left_alone_and_said(opened, home: Path):
    path = Paths.here().journal
    path.parent.mkdir(parents=True, exist_ok=True)
    with sqlite3.connect(path) as file:
        file.execute(f"PRAGMA user_version = {VERSION + 1}")
    before = path.read_bytes()
    async with opened() as (app, pilot):

        def said() -> str:
            return " ".join(one.message for one in app._notifications)

        await quiet(app, pilot)
        assert "was written by a newer wrapkey" in said()
        assert "update wrapkey or move the file away" in said()
        await pilot.press("h")
        text = await until(app, "newer wrapkey")
        assert "Set the journal of runs aside?" not in text
        assert not isinstance(app.screen, Confirm)
    assert path.read_bytes() == before
