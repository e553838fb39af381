"""The audit file: its chain, what a crash does to it, and what an edit shows."""

import asyncio
import json
import multiprocessing
import os
import signal
import stat
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from test_engine import Play, begin, plan, step

from services.azure.policies import Outcome, Write
from services.runs import audit
from services.runs.audit import FILE, FIRST, Audit, AuditLine, append, entries, fill, raw_lines
from services.runs.auditing import verify, walk
from services.runs.engine import RunStatus
from services.runs.journal import Journal, JournalError

NOW = datetime(2026, 1, 2, tzinfo=UTC)
WRITE = Write(method="PUT", host="h", path="/a", body_sha256="0" * 64, client_request_id="c-1")


def line(number: int, event: str = "sent", run: str = "beef") -> AuditLine:
    return AuditLine(
        at=NOW,
        event=event,
        run=run,
        step="a",
        write=number,
        who="o",
        method="PUT",
        path=f"/{number}",
        body_sha256="0" * 64,
        client_request_id=f"c-{number}",
    )


@pytest.fixture
async def journal(tmp_path: Path) -> AsyncIterator[Journal]:
    made = await Journal.open(tmp_path / "runs" / "journal.sqlite")
    yield made
    await made.close()


async def carried(journal: Journal, *ids: str) -> str:
    run, _ = await begin(journal, Play(), plan(*(step(one) for one in ids)))
    assert await run.go() is RunStatus.SUCCEEDED
    await run.close()
    return run.id


async def test_every_write_has_two_lines_that_say_who_when_what_and_the_result(
    journal: Journal,
) -> None:
    run = await carried(journal, "a", "b")
    path = journal.path.with_name(FILE)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    found = entries(path)
    assert [(one.step, one.event) for one in found if one.step == "a"] == [
        ("a", "sent"),
        ("a", "result"),
    ]
    assert len(found) == 4
    assert found[0].prev == FIRST
    assert {one.run for one in found} == {run}
    result = next(one for one in found if one.event == "result")
    assert (result.method, result.status, result.client_request_id[-2:]) == ("PUT", 200, "-0")
    verdict = await verify(journal)
    assert verdict.ok and verdict.lines == 4 and verdict.missing == ()


async def test_a_line_that_was_edited_is_named(journal: Journal) -> None:
    await carried(journal, "a", "b", "c")
    path = journal.path.with_name(FILE)
    lines = path.read_bytes().splitlines(keepends=True)
    lines[2] = lines[2].replace(b'"PUT"', b'"GET"')
    path.write_bytes(b"".join(lines))
    verdict = await verify(journal)
    assert not verdict.ok
    assert verdict.broken == 3 and verdict.differing == (3,)
    assert "line 3 was changed" in verdict.why


async def test_the_last_line_is_held_by_the_journal(journal: Journal) -> None:
    run = await carried(journal, "a")
    path = journal.path.with_name(FILE)
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(lines[0] + lines[1].replace(b'"status":200', b'"status":201'))
    assert (await verify(journal)).differing == (2,)
    path.write_bytes(lines[0])
    verdict = await verify(journal)
    assert not verdict.ok and verdict.missing == (f"{run}/1 result",)
    assert await fill(journal) == 0, "what was taken from an ended run is not put back in silence"


async def test_a_line_taken_out_or_put_in_breaks_the_chain(tmp_path: Path) -> None:
    path = tmp_path / FILE
    append(path, [line(1), line(2), line(3)])
    lines = raw_lines(path)
    assert walk(lines).broken == 0
    assert walk(lines[1:]).broken == 1
    assert walk([lines[0], lines[2]]).broken == 1
    assert walk([*lines[:2], lines[1], lines[2]]).broken == 2
    found = walk([lines[0], b"nonsense", lines[2]])
    assert found.broken == 2 and "no crash" in found.why


@settings(max_examples=60, deadline=None)
@given(st.integers(2, 8), st.data())
def test_any_changed_byte_but_in_the_last_line_breaks_the_chain(
    tmp_path_factory: pytest.TempPathFactory, count: int, data: st.DataObject
) -> None:
    path = tmp_path_factory.mktemp("chain") / FILE
    append(path, [line(number) for number in range(count)])
    lines = raw_lines(path)
    place = data.draw(st.integers(0, count - 2))
    at = data.draw(st.integers(0, len(lines[place]) - 1))
    byte = data.draw(st.integers(0, 255).filter(lambda one: one not in (lines[place][at], 10)))
    changed = bytearray(lines[place])
    changed[at] = byte
    lines[place] = bytes(changed)
    found = walk(lines)
    # An edit of what a line says of the line before can't be told from an edit of that one.
    assert found.broken in (place, place + 1) or (place == 0 and found.broken == 1)
    assert found.broken


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(st.integers(1, 3), min_size=1, max_size=6), st.data())
def test_a_crash_anywhere_in_a_line_leaves_a_chain_that_holds(
    tmp_path_factory: pytest.TempPathFactory, sizes: list[int], data: st.DataObject
) -> None:
    path = tmp_path_factory.mktemp("crash") / FILE
    number = 0
    for size in sizes:
        before = path.stat().st_size if path.exists() else 0
        append(path, [line(number + more) for more in range(size)])
        number += size
        cut = data.draw(st.integers(before, path.stat().st_size))
        os.truncate(path, cut)
        assert walk(raw_lines(path)).broken == 0
    append(path, [line(number)])
    found = walk(raw_lines(path))
    assert found.broken == 0
    assert found.entries[-1][1].write == number


def _write_some(path: Path, run: str, count: int) -> None:
    for number in range(count):
        append(path, [line(number, run=run)])


def test_two_processes_write_one_chain(tmp_path: Path) -> None:
    path = tmp_path / FILE
    context = multiprocessing.get_context("fork")
    workers = [
        context.Process(target=_write_some, args=(path, run, 40)) for run in ("aaaa", "bbbb")
    ]
    for one in workers:
        one.start()
    for one in workers:
        one.join(30)
        assert one.exitcode == 0
    found = walk(raw_lines(path))
    assert found.broken == found.torn == 0
    assert found.lines == 80
    for run in ("aaaa", "bbbb"):
        assert [one.write for _, one in found.entries if one.run == run] == list(range(40))


async def _die_between(path: Path, at: int) -> None:
    """A run whose process is killed when it has written so many lines."""
    journal = await Journal.open(path)
    written = 0
    real = audit.append

    def append_and_die(file: Path, lines: list[AuditLine]) -> None:
        nonlocal written
        if written == at:
            os.kill(os.getpid(), signal.SIGKILL)
        real(file, lines)
        written += len(lines)

    audit.append = append_and_die
    run, _ = await begin(journal, Play(), plan(step("a"), step("b", "a")))
    await run.go()


@pytest.mark.parametrize("at", range(4))
async def test_what_a_crash_kept_from_the_file_is_filled_in(tmp_path: Path, at: int) -> None:
    path = tmp_path / "runs" / "journal.sqlite"
    context = multiprocessing.get_context("fork")
    child = context.Process(target=lambda: asyncio.run(_die_between(path, at)))
    child.start()
    await asyncio.to_thread(child.join, 30)
    assert child.exitcode == -signal.SIGKILL
    journal = await Journal.open(path)
    try:
        before = await verify(journal)
        assert before.ok and before.to_fill + before.before == 1
        assert await fill(journal) == 1
        after = await verify(journal)
        assert after.ok and after.to_fill == 0 and after.filled == 1
        assert await fill(journal) == 0
        assert entries(path.with_name(FILE))[-1].filled
    finally:
        await journal.close()


async def test_a_full_disk_keeps_the_write_back(tmp_path: Path) -> None:
    folder = tmp_path / "runs"
    folder.mkdir()
    (folder / FILE).symlink_to("/dev/full")
    keeper = Audit(folder, "beef", lambda: ("o", "me"))
    with pytest.raises(JournalError, match="No space left"):
        await keeper.sent(1, "a", WRITE)


async def test_names_from_outside_are_plain(tmp_path: Path) -> None:
    keeper = Audit(tmp_path, "beef", lambda: ("o", "me\x1b[31m\nyou"))
    await keeper.sent(1, "a", WRITE)
    await keeper.result(1, "a", WRITE, Outcome(status=200, request_id="r"))
    text = (tmp_path / FILE).read_bytes()
    assert b"\x1b" not in text and text.count(b"\n") == 2
    assert json.loads(text.splitlines()[0])["name"] == "me[31m you"


async def test_runs_older_than_the_file_are_told_and_break_nothing(journal: Journal) -> None:
    await carried(journal, "a")
    journal.path.with_name(FILE).unlink()
    await carried(journal, "b")
    verdict = await verify(journal)
    assert verdict.ok and verdict.before == 1
