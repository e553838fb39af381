"""The journal's file: older layouts, damage, full disks, network file systems."""

import asyncio
import shutil
import sqlite3
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from carrying import QUICK
from test_engine import CONN, Play, begin, plan, step

from services.runs import place
from services.runs.engine import Run
from services.runs.journal import (
    VERSION,
    Journal,
    JournalDamaged,
    JournalError,
    RunTaken,
    set_aside,
)
from services.runs.lock import RunLock

FIRST = Path(__file__).with_name("journal_v1.sql")
"""What the first layout's own engine wrote: a run with a failed step, and an interrupted one."""

LOCAL = "22 1 254:0 / / rw,relatime - ext4 /dev/vda rw\n"


@pytest.fixture
async def journal(tmp_path: Path) -> AsyncIterator[Journal]:
    made = await Journal.open(tmp_path / "runs" / "journal.sqlite")
    yield made
    await made.close()


def first(path: Path) -> Path:
    """A file of layout 1."""
    with sqlite3.connect(path) as file:
        file.executescript(FIRST.read_text())
    file.close()
    return path


async def test_a_journal_of_the_first_layout_is_migrated_with_its_rows(tmp_path: Path) -> None:
    path = first(tmp_path / "journal.sqlite")
    with sqlite3.connect(path) as file:
        assert file.execute("PRAGMA user_version").fetchone() == (1,)
        plans = file.execute("SELECT plan FROM runs ORDER BY id").fetchall()
    journal = await Journal.open(path)
    rows = {row.id: row for row in await journal.runs()}
    assert {row.status for row in rows.values()} == {"failed", "interrupted"}
    about = "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/rg/providers"
    for row in rows.values():
        assert row.subject == f"{about}/Microsoft.MachineLearningServices/workspaces/mlw"
        assert (row.purpose, row.digest, row.principal, row.nonce) == ("setup", "", "", "")
    assert [one.status for one in await journal.steps("e348")] == ["done", "failed", "done"]
    assert len(await journal.writes("e348")) == 3
    assert not any(one.running for one in await journal.writes("e348"))
    assert len(await journal.events("a841")) == 5
    assert await journal.take_commands("a841") == [("pause", "")]
    play = Play()
    play.true.add("a")
    run = await Run.load(CONN, journal, "a841", settings=QUICK, find=lambda _: play)
    assert await run.go() == "succeeded"
    await journal.close()
    with sqlite3.connect(path) as file:
        assert file.execute("PRAGMA user_version").fetchone() == (VERSION,)
        assert file.execute("SELECT plan FROM runs ORDER BY id").fetchall() == plans


async def test_two_that_migrate_at_once_do_it_once(tmp_path: Path) -> None:
    path = first(tmp_path / "journal.sqlite")
    journals = await asyncio.gather(*(Journal.open(path) for _ in range(4)))
    for one in journals:
        assert len(await one.runs()) == 2
        await one.close()


async def test_an_older_wrapkey_goes_on_writing_to_a_migrated_journal(tmp_path: Path) -> None:
    path = first(tmp_path / "journal.sqlite")
    journal = await Journal.open(path)
    with sqlite3.connect(path) as file:
        file.execute(
            "INSERT INTO writes (run, step, method, path, body_sha256, client_request_id, sent)"
            " VALUES ('a841', 'b', 'PUT', '/b', '', 'x', '2026-11-23T12:00:00.000Z')"
        )
        file.execute(
            "INSERT INTO runs (id, created, cloud, caller, host, pid, status, plan) SELECT 'ffff',"
            " created, cloud, caller, host, pid, 'running', plan FROM runs WHERE id = 'a841'"
        )
    assert (await journal.writes("a841"))[-1].path == "/b"
    found = await journal.run("ffff")
    assert found and found.purpose == "setup"
    await journal.close()


def overwrite(path: Path, at: int, data: bytes) -> None:
    with path.open("r+b") as file:
        file.seek(at)
        file.write(data)


def no_database(path: Path) -> None:
    path.write_bytes(b"this was a journal" * 300)


def torn_page(path: Path) -> None:
    overwrite(path, 3 * 4096, b"\xff" * 4096)


def cut_off(path: Path) -> None:
    with path.open("r+b") as file:
        file.truncate(path.stat().st_size - 2 * 4096)


@pytest.mark.parametrize("spoil", [no_database, torn_page, cut_off])
async def test_a_damaged_journal_is_said_left_and_set_aside(tmp_path: Path, spoil: Any) -> None:
    path = tmp_path / "runs" / "journal.sqlite"
    made = await Journal.open(path)
    for number in range(20):
        await made.add_run(f"{number:04}", plan(step("a")), cloud="Test", host="h", pid=1)
    await made.close()
    spoil(path)
    before = path.read_bytes()
    with pytest.raises(JournalDamaged, match="is damaged"):
        await Journal.open(path)
    assert path.read_bytes() == before
    aside = set_aside(path)
    assert aside.read_bytes() == before
    assert aside.name.startswith("journal.sqlite.set-aside-20")
    assert not path.exists()
    new = await Journal.open(path)
    assert await new.runs() == []
    await new.close()


async def test_damage_that_shows_while_it_is_open_is_called_so(tmp_path: Path) -> None:
    path = tmp_path / "journal.sqlite"
    made = await Journal.open(path)
    for number in range(200):
        await made.add_run(f"{number:04}", plan(step("a")), cloud="Test", host="h", pid=1)
    await made.close()
    found = await Journal.open(path)
    size = path.stat().st_size
    overwrite(path, 8192, b"\xff" * (size - 8192))
    with pytest.raises(JournalDamaged):
        await found.runs()
    await found.close()


async def test_a_set_aside_journal_keeps_what_was_only_in_its_wal(tmp_path: Path) -> None:
    path, copy = tmp_path / "a" / "journal.sqlite", tmp_path / "b"
    made = await Journal.open(path)
    await made.add_run("beef", plan(step("a")), cloud="Test", host="h", pid=1)
    shutil.copytree(path.parent, copy)  # as a crash leaves it: nothing is in the file yet
    await made.close()
    first_aside, other = set_aside(copy / "journal.sqlite"), copy / "journal.sqlite"
    with sqlite3.connect(first_aside) as file:
        assert file.execute("SELECT id FROM runs").fetchall() == [("beef",)]
    other.write_bytes(b"x")
    assert set_aside(other) not in (first_aside, other)


async def test_a_full_disk_stops_the_run_before_the_write_it_cannot_record(
    journal: Journal,
) -> None:
    play = Play()

    async def fill(ctx: Any, step: Any) -> None:
        (pages,) = (await journal._rows("PRAGMA page_count"))[0].values()
        await journal._rows(f"PRAGMA max_page_count={pages}")

    play.acts["b"] = fill
    run, events = await begin(journal, play, plan(step("a"), step("b", "a", writes=900)))
    with pytest.raises(JournalError, match="full"):
        await run.go()
    last = events[-1]
    assert (last.event, last.detail) == ("run.finished", {"status": "interrupted"})
    wrote = sum(one == "b" for one in play.sent)
    other = await Journal.open(journal.path)
    kept = [one for one in await other.writes(run.id) if one.step == "b"]
    assert 0 < wrote < 900
    assert len(kept) == wrote
    (row,) = await other.standing()
    assert row.status == "interrupted"
    play.acts.clear()
    again = await Run.load(CONN, other, run.id, settings=QUICK, find=lambda _: play)
    assert await again.go() == "succeeded"
    await other.close()


async def test_a_home_that_cannot_be_written_says_so(tmp_path: Path) -> None:
    (tmp_path / "runs").write_text("a file where the folder should be")
    with pytest.raises(JournalError, match="WRAPKEY_HOME"):
        await Journal.open(tmp_path / "runs" / "journal.sqlite")


async def test_who_lost_the_run_can_record_no_write_more(journal: Journal) -> None:
    named: dict[str, Any] = {"cloud": "Test", "host": "h", "pid": 1}
    await journal.add_run("beef", plan(step("a")), **named, nonce="one")
    write: dict[str, str] = {"method": "PUT", "path": "/a", "body_sha256": "", "request": "r"}
    assert await journal.begin_write("beef", "a", **write, nonce="one")
    await journal.take_over("beef", host="other", pid=2, nonce="two")
    with pytest.raises(RunTaken, match="taken over"):
        await journal.begin_write("beef", "a", **write, nonce="one")
    await journal.finish_run("beef", "interrupted", "one")
    row = await journal.run("beef")
    assert row and (row.status, row.host, row.nonce) == ("running", "other", "two")
    assert len(await journal.writes("beef")) == 1


@pytest.mark.parametrize(
    ("mounts", "path", "kind"),
    [
        (LOCAL, "/home/a/.local", "ext4"),
        (LOCAL + "30 22 0:40 / /home rw shared:1 - nfs4 srv:/home rw", "/home/a", "nfs4"),
        (LOCAL + "30 22 0:40 / /home rw - nfs4 srv:/home rw", "/homes/a", "ext4"),
        (LOCAL + "30 22 0:40 / /mnt/my\\040disk rw - cifs //srv/x rw", "/mnt/my disk/x", "cifs"),
        (LOCAL + "30 22 0:4 / /m rw - nfs a rw\n31 30 0:5 / /m rw - tmpfs t rw", "/m/x", "tmpfs"),
        (LOCAL + "30 22 0:4 / /m/deep rw - tmpfs t rw\n31 22 0:5 / /m rw - 9p t rw", "/m/x", "9p"),
        (LOCAL + "30 22 0:4 / /m rw a:1 b:2 - fuse.sshfs me@srv: rw", "/m", "fuse.sshfs"),
        ("nonsense\n\n - x", "/home", ""),
    ],
)
def test_the_file_system_of_a_path(mounts: str, path: str, kind: str) -> None:
    assert place.filesystem(mounts, path) == kind


@pytest.mark.parametrize(
    ("kind", "network"),
    [
        *((one, False) for one in ("", "ext4", "xfs", "btrfs", "zfs", "tmpfs", "overlay", "apfs")),
        *((one, True) for one in ("nfs", "nfs4", "cifs", "smb3", "9p", "virtiofs", "ceph")),
        *((one, True) for one in ("fuse.sshfs", "fuse.rclone", "fuse.blobfuse2", "fuse")),
        *((one, False) for one in ("fuseblk", "fuse.gocryptfs", "fusectl")),
    ],
)
def test_which_file_systems_other_machines_may_write_to(kind: str, network: bool) -> None:
    assert place.is_network(kind) is network


@pytest.mark.parametrize("kind", ["ext4", "nfs4"])
async def test_wal_only_where_all_readers_share_memory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    mounts = tmp_path / "mountinfo"
    mounts.write_text(LOCAL)
    monkeypatch.setattr(place, "MOUNTS", mounts)
    path = tmp_path / "runs" / "journal.sqlite"
    before = await Journal.open(path)
    assert before.mode_note == ""
    await before.close()
    mounts.write_text(LOCAL + f"30 22 0:40 / {tmp_path} rw - {kind} srv:/home rw\n")
    journal = await Journal.open(path)
    (mode,) = (await journal._rows("PRAGMA journal_mode"))[0].values()
    assert mode == ("wal" if kind == "ext4" else "delete")
    assert ("network file system (nfs4)" in journal.mode_note) is (kind == "nfs4")
    other = await Journal.open(path)
    before_mark = await other.mark()
    await journal.add_run("beef", plan(step("a")), cloud="Test", host="h", pid=1)
    assert await other.mark() != before_mark
    assert await other.run("beef")
    await other.close()
    await journal.close()


async def test_the_same_wish_is_found_while_somebody_carries_it_out(journal: Journal) -> None:
    wanted = plan(step("a"))
    assert wanted.intent
    named: dict[str, Any] = {"cloud": "Test", "host": "h", "pid": 1}
    await journal.add_run("beef", wanted, **named)
    told = msgspec.structs.replace(wanted.intent, tags={"team": "ml"})
    tagged = msgspec.structs.replace(wanted, intent=told)
    about = str((await journal.runs())[0].subject)
    delete = msgspec.structs.replace(
        wanted, intent=None, purpose="delete", subject=about.upper().replace("/SUB", "/sub")
    )
    bigger = msgspec.structs.replace(wanted.intent.key, bits=4096)
    elsewhere = msgspec.structs.replace(wanted.intent.workspace, name="mlw-two")
    other = msgspec.structs.replace(
        wanted,
        intent=msgspec.structs.replace(wanted.intent, key=bigger, workspace=elsewhere),
    )
    assert await journal.same(wanted) is None, "nobody carries it out"
    lock = RunLock.take(journal.path.parent, "beef")
    for one in (wanted, tagged, delete):
        found = await journal.same(one)
        assert found and found.id == "beef"
    assert await journal.same(other) is None
    assert await journal.same(wanted, cloud="Another") is None
    lock.free()
    assert await journal.same(wanted) is None
