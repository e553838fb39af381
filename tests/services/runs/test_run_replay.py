"""The log of a run that another process carries out: each answered write once, as it comes."""

from pathlib import Path

import pytest
from test_engine import plan, step

from services.runs.journal import Journal
from services.runs.replay import WriteLog
from services.runs.view import RunView


async def test_the_log_reads_on_from_the_first_write_without_an_answer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    journal = await Journal.open(tmp_path / "journal.sqlite")
    made = plan(step("a"))
    await journal.add_run("beef", made, cloud="Test", host="h", pid=1)
    view = RunView("beef", made)
    log, asked = WriteLog(view), []
    writes = journal.writes

    async def counted(run: str, step: str = "", after: int = 0) -> list:
        asked.append(after)
        return await writes(run, step, after)

    monkeypatch.setattr(journal, "writes", counted)

    async def send(name: str) -> int:
        sent = {"method": "PUT", "path": f"/groups/{name}", "body_sha256": "", "request": name}
        return await journal.begin_write("beef", "a", **sent)

    async def answer(seq: int) -> None:
        await journal.end_write(seq, status=200, request_id="r", operation="", error="")

    first, second = await send("first"), await send("second")
    await log.read(journal)
    assert not view.log
    await answer(second)
    await log.read(journal)
    await log.read(journal)
    third = await send("third")
    await answer(first)
    await log.read(journal)
    await answer(third)
    await log.read(journal)
    await log.read(journal)
    assert [line.split()[2] for line in view.log] == [
        "groups/second", "groups/first", "groups/third",
    ]  # fmt: skip
    assert asked == [0, 0, 0, 0, second, third], "what has been told is not read again"
    await journal.close()
