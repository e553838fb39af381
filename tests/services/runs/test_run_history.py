"""The log of a run as data and as a page."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from test_engine import Play, begin, plan, step

from services.runs.engine import RunStatus
from services.runs.history import lines, log, markdown
from services.runs.journal import Journal
from services.setup.context import Context, StepFailed

EVIL = "<b>\x1b[31m|`x`\u202e\n# head"


@pytest.fixture
async def journal(tmp_path: Path) -> AsyncIterator[Journal]:
    made = await Journal.open(tmp_path / "runs" / "journal.sqlite")
    yield made
    await made.close()


async def test_a_log_holds_steps_writes_and_events(journal: Journal) -> None:
    run, events = await begin(journal, Play(), plan(step("a"), step("b", "a")))
    assert await run.go() is RunStatus.SUCCEEDED
    found = await log(journal, run.id)
    assert [(one.id, one.status) for one in found.steps] == [("a", "done"), ("b", "done")]
    assert [one.step for one in found.writes] == ["a", "b"]
    assert [one.event for one in found.events] == [one.event for one in events]
    assert found.run.status == "succeeded" and found.run.seconds is not None
    assert await lines(journal) == [found.run]
    with pytest.raises(LookupError, match="no run beef"):
        await log(journal, "beef")


async def test_words_from_outside_are_neither_control_codes_nor_markup(journal: Journal) -> None:
    play = Play()

    async def fail(ctx: Context, one: object) -> None:
        raise StepFailed(EVIL, EVIL, EVIL, code="X")

    play.acts["a"] = fail
    run, _ = await begin(journal, play, plan(step("a")))
    assert await run.go() is RunStatus.FAILED
    page = markdown(await log(journal, run.id))
    assert "\x1b" not in page and "\u202e" not in page
    assert "\\<b\\>" in page and "\\`x\\`" in page
    assert "\n# head" not in page
    _, *tables = page.split("\n## ")
    assert [one.split("\n")[0] for one in tables] == ["Steps", "Writes", "Events"]
