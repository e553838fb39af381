"""Runs that other processes carry out, carried out, or left behind; and leaving one's own."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import msgspec
import pytest
from carrying import intent_for
from opening import quiet, settled, shown
from sandboxed import RunningSandbox
from test_run_page import PLAN, Stage, running  # noqa: F401  (a fixture)
from textual.widgets import Input

from screens.leave import Leave
from screens.run import RunPage
from screens.runs import Runs
from screens.runtext import title
from screens.widgets.confirm import Confirm
from screens.widgets.prompt import Prompt
from services.home import Paths
from services.runs.engine import Run
from services.runs.journal import Journal
from services.runs.lock import RunLock
from services.runs.view import RunView
from services.setup.context import StepFailed
from services.setup.plan import make_plan
from tui.exits import Exit

GROUP = "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/g/providers/M.L/w"


async def until(app: Any, *texts: str) -> str:
    """Wait until all of these stand on the screen."""
    try:
        async with asyncio.timeout(15):
            while not all(text in " ".join(shown(app).split()) for text in texts):
                await asyncio.sleep(0.02)
    except TimeoutError:
        raise AssertionError(f"not on the screen: {texts}\n{shown(app)}") from None
    return " ".join(shown(app).split())


@asynccontextmanager
async def elsewhere(app: Any) -> AsyncIterator[tuple[Run, Stage]]:
    """A run that somebody else carries out: a journal and a lock of its own."""
    stage = Stage()
    kind: Any = SimpleNamespace(observe=stage.observe, apply=stage.apply, command=stage.command)
    journal = await Journal.open(app.session.paths.journal)
    run = await Run.start(app.session.live, journal, PLAN, find=lambda _: kind)
    task = asyncio.create_task(run.go())
    try:
        yield run, stage
    finally:
        run.stop()
        await task
        await journal.close()


async def left_behind(app: Any, plan: Any = PLAN) -> str:
    """A run whose process has gone before it began."""
    journal = await Journal.open(app.session.paths.journal)
    run = await Run.start(app.session.live, journal, plan)
    await run.close()
    await journal.close()
    return run.id


async def test_a_run_of_another_process_is_followed_and_driven_by_commands(opened):
    async with opened() as (app, pilot), elsewhere(app) as (run, stage):
        await pilot.press("h")
        await until(app, run.id, "running", "mlw-prod")
        await pilot.press("enter")
        text = await until(app, "RUN vault kv-ml", "Another process carries this run out")
        assert "t take over" in text
        await pilot.press("p")
        await until(app, "0 of 3 done paused")
        await pilot.press("p")
        await until(app, "0 of 3 done 00:")
        stage.of("vault").put_nowait(None)
        await until(app, "1 of 3 done", "RUN key cmk")
        await pilot.press("s")
        await until(app, "1 of 3 done stopped", "c goes on with it")
        async with asyncio.timeout(15):  # the key line hears of it a moment later
            while "p pause" in shown(app).splitlines()[-1]:
                await asyncio.sleep(0.02)
        assert not app._runs.live, "it was never ours"


async def test_a_run_that_ends_while_taking_it_over_is_asked_about_is_not_begun_again(opened):
    async with opened() as (app, pilot), elsewhere(app) as (run, stage):
        app.open_run(run.id)
        await until(app, "RUN vault kv-ml")
        await pilot.press("t")
        await until(app, f"Take run {run.id} over?")
        for step in PLAN.steps:
            stage.of(step.id).put_nowait(None)
        await until(app, "3 of 3 done succeeded")
        await pilot.press("y")
        await until(app, "has succeeded meanwhile")
        assert not app._runs.live


async def test_quitting_does_not_ask_about_a_run_of_another_process(opened):
    async with opened() as (app, _), elsewhere(app) as (run, _):
        app.open_run(run.id)
        await until(app, "RUN vault kv-ml")
        await app.action_quit()
        assert not isinstance(app.screen, Leave)
        assert app.return_code == Exit.DONE
        assert run.status == "running"


async def test_an_interrupted_run_is_offered_and_goes_on_after_a_look(
    opened, running_sandbox: RunningSandbox
):
    async with opened() as (app, pilot):
        plan = await make_plan(app.session.live, intent_for(running_sandbox))
        run = await left_behind(app, plan)
        app.read_past()
        await until(app, "1 interrupted: press h to resume")
        await pilot.press("h")
        await until(app, run, "interrupted", "c goes on with an interrupted run", "mlw-prod admin")
        await pilot.press("x")
        await until(app, "What a run is")
        await pilot.press("x")
        await pilot.press("enter")
        text = await until(app, "This run has ended: interrupted", "0 of")
        assert "run.started" not in text, "lines, not raw events"
        await pilot.press("c")
        await until(app, f"Go on with run {run}?", "Nothing of what it has done has changed")
        assert not app._runs.live, "nothing before the answer"
        await pilot.press("y")
        await until(app, "succeeded", "Finished in")
        await pilot.press("escape")
        text = await until(app, "succeeded")
        assert isinstance(app.screen, Runs)


async def write_to(pilot: Any, path: Path) -> None:
    """Export the selected run's log to this file."""
    await pilot.press("e")
    async with asyncio.timeout(15):
        while not isinstance(pilot.app.screen, Prompt):
            await asyncio.sleep(0.02)
    pilot.app.screen.query_one(Input).value = str(path)
    await pilot.press("enter")


async def test_the_log_of_a_run_is_shown_and_written(opened, tmp_path: Path):
    async with opened() as (app, pilot):
        run = await left_behind(app)
        await pilot.press("h")
        await until(app, run, "interrupted", "l log", "e export")
        await pilot.press("l")
        await until(app, f"Log of run {run}", "- status: interrupted", "## Writes")
        await pilot.press("escape")
        for form in (".md", ".json"):
            path = tmp_path / f"log{form}"
            await write_to(pilot, path)
            await until(app, "Written:")
            async with asyncio.timeout(15):
                while not path.exists():
                    await asyncio.sleep(0.02)
            assert run in path.read_text() and path.stat().st_mode & 0o777 == 0o600
        before = path.read_bytes()
        await write_to(pilot, path)
        await until(app, "exists. Replace it?")
        await pilot.press("n")
        assert path.read_bytes() == before
        await write_to(pilot, Path("log.pdf"))
        await until(app, "End it in .md or .json")


async def test_the_same_plan_again_shows_the_run_that_is_going_on(opened):
    async with opened() as (app, _), elsewhere(app) as (run, _):
        app.start_run(PLAN)
        await until(app, f"Run {run.id} mlw-prod", "Another process carries this run out")
        assert isinstance(app.screen, RunPage)
        assert [one.id for one in await app.past_runs()] == [run.id]


@pytest.mark.parametrize("ended", [True, False])
async def test_a_run_that_another_process_has_taken_is_said_and_watched(running, ended):  # noqa: F811
    """Taken while it stood still, or, with consent on a network file system, while it went on."""
    app, run = running.app, running.run
    await running.until("RUN vault kv-ml")
    journal = await Journal.open(app.session.paths.journal)
    if ended:
        running.stage.of("vault").put_nowait(StepFailed("It broke", "So.", "Retry."))
        await running.until("0 of 3 done failed")
        taken = RunLock.take(journal.path.parent, run.id)
        await running.pilot.press("r")
        said = await until(app, "is carried out by process", "open the run again to watch it")
        taken.free()
    else:
        await journal.take_over(run.id, host="elsewhere", pid=7, nonce="theirs")
        said = await until(app, "was taken over by another process", "does not go on here")
    assert "fault of wrapkey" not in said
    await journal.close()
    assert (await app._runs.look(run.id)).carrier != "us"
    assert not app._runs.live


async def test_a_sign_in_that_ended_shows_address_and_code(running):  # noqa: F811
    await running.until("RUN vault kv-ml")
    await running.run.emit(
        "run.paused", why="sign-in", address="https://login.test/device", code="ABC-123"
    )
    text = " ".join((await running.until("paused")).split())
    assert "open https://login.test/device in any browser and enter ABC-123" in text
    await running.run.emit("run.proceeded")
    await running.until("0 of 3 done 00:")


async def test_leaving_with_a_device_code_stops_and_says_what_has_not_begun(running):  # noqa: F811
    app = running.app
    app.session.way = "device-code"
    await running.until("RUN vault kv-ml")
    await running.pilot.press("q")
    text = await until(app, "Leave while a run is going on")
    assert "You are signed in with a device code" in text
    assert "Not begun: key cmk; workspace mlw-prod" in text
    await running.pilot.press("l")
    async with asyncio.timeout(10):
        await app._ending
    assert app.return_code == Exit.INTERRUPTED
    assert "0 of 3 steps are done" in app.last_words
    assert f"wrapkey resume {running.run.id} --connect " in app.last_words
    assert "--credential device-code" in app.last_words


async def test_staying_changes_nothing(running):  # noqa: F811
    await running.until("RUN vault kv-ml")
    await running.pilot.press("q")
    await until(running.app, "Leave while a run is going on")
    await running.pilot.press("escape")
    assert running.app._ending is None
    assert running.run.status == "running"


@pytest.fixture
def damaged(home: Path) -> Path:
    path = Paths.here().journal
    path.write_bytes(b"this is no journal " * 100)
    return path


async def test_a_damaged_journal_is_set_aside_only_by_consent(opened, damaged: Path):
    before = damaged.read_bytes()
    async with opened(ready=False) as (app, pilot):
        text = await until(app, "Set the journal of runs aside?")
        assert "is damaged" in text
        await settled(app)
        await pilot.press("n")
        assert damaged.read_bytes() == before
        await pilot.press("h")
        await until(app, "Set the journal of runs aside?")
        await pilot.press("n")
        await until(app, "It was left as it is")
        assert not isinstance(app.screen, Confirm), "it is not asked again and again"
        await pilot.press("r")
        await until(app, "Set the journal of runs aside?")
        await pilot.press("y")
        await until(app, "A new journal was begun")
        await until(app, "No run yet")
        kept = [one for one in damaged.parent.iterdir() if "set-aside" in one.name]
        assert [one.read_bytes() for one in kept] == [before]


def test_a_long_name_gives_way_to_the_state_of_the_run():
    view = RunView("7f3a", msgspec.structs.replace(PLAN, subject=f"{GROUP}/{'n' * 33}"))
    view.end("interrupted", datetime.now(UTC))
    said = str(title(view, 48))
    assert len(said) == 48
    assert said.endswith("0 of 3 done   interrupted")
    assert " Run 7f3a  n" in said
    narrow = str(title(view, 40))
    assert len(narrow) <= 40 and narrow.endswith("0 of 3   interrupted")


async def test_a_run_that_is_not_there_is_said(opened):
    async with opened() as (app, pilot):
        app.open_run("ffff")
        await until(app, "There is no run ffff")
        app.resume_run("ffff")
        await until(app, "there is no run ffff")
        await quiet(app, pilot)
