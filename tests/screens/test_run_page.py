"""The Run page with a real run whose steps are the test's own."""

import asyncio
from collections.abc import AsyncIterator
from types import SimpleNamespace
from typing import Any

import pytest
from opening import shown

from screens.run import RunPage
from screens.widgets.inspect import TextView
from services.model.intent import KeyIntent, VaultIntent, WorkspaceIntent, WorkspaceSetup
from services.model.plan import Plan, Step
from services.runs.engine import Run
from services.runs.view import RunView
from services.setup.context import Context, Observation, StepFailed

INTENT = WorkspaceSetup(
    subscription="00000000-0000-0000-0000-000000000000",
    region="westeurope",
    resource_group="rg-ml",
    vault=VaultIntent(name="kv-ml"),
    key=KeyIntent(name="cmk"),
    workspace=WorkspaceIntent(name="mlw-prod"),
)
COSMOS = f"/subscriptions/{INTENT.subscription}/resourceGroups/m/providers/Microsoft.DocumentDB/databaseAccounts/c1"


def step(id: str, title: str, *needs: str, irreversible: str = "") -> Step:
    return Step(
        id=id, kind="test", title=title, action="create", target=f"/{id}", needs=needs,
        irreversible=irreversible,
    )  # fmt: skip


PLAN = Plan(
    intent=INTENT,
    steps=(
        step("vault", "vault kv-ml", irreversible="Purge protection stays."),
        step("key", "key cmk", "vault"),
        step("workspace", "workspace mlw-prod", "key"),
    ),
)


class Stage:
    """What the steps do is decided by the test: each waits until it is let go."""

    def __init__(self) -> None:
        self.asked: dict[str, asyncio.Queue[BaseException | None]] = {}
        self.made: set[str] = set()
        self.context: Context | None = None

    def of(self, id: str) -> "asyncio.Queue[BaseException | None]":
        return self.asked.setdefault(id, asyncio.Queue())

    async def observe(self, ctx: Context, step: Step) -> Observation:
        return Observation(done=step.id in self.made, note=f"{step.id} is there")

    async def apply(self, ctx: Context, step: Step) -> Observation:
        self.context = ctx
        answer = await self.of(step.id).get()
        if answer is not None:
            raise answer
        self.made.add(step.id)
        return Observation(done=True, note=f"{step.id} is there")

    def command(self, ctx: Context, step: Step) -> str:
        return f"az make {step.id}"


class Shown:
    """A Run page and what drives it."""

    def __init__(self, app: Any, pilot: Any, run: Run, view: RunView, stage: Stage) -> None:
        self.app, self.pilot, self.run, self.view, self.stage = app, pilot, run, view, stage

    async def until(self, text: str) -> str:
        """Wait until this stands on the screen."""
        async with asyncio.timeout(10):
            while text not in " ".join(shown(self.app).split()):
                await asyncio.sleep(0.02)
        return shown(self.app)

    def row(self, title: str) -> str:
        return next(line for line in shown(self.app).splitlines() if title in line)


@pytest.fixture
async def running(opened) -> AsyncIterator[Shown]:
    stage = Stage()
    kind: Any = SimpleNamespace(observe=stage.observe, apply=stage.apply, command=stage.command)
    async with opened() as (app, pilot):
        journal = await app._runs.journal()
        run = await Run.start(app.session.live, journal, PLAN, find=lambda _: kind)
        view = RunView(run.id, PLAN)
        run.subscribe(view.hear)
        app.session.runs[run.id], app.session.views[run.id] = run, view
        app._runs.go(run)
        app.push_screen(RunPage(await app._runs.look(run.id)))
        await pilot.pause()
        yield Shown(app, pilot, run, view, stage)


async def test_a_run_from_its_beginning_to_its_end(running):
    await running.until("RUN vault kv-ml")
    assert "0 of 3 done" in shown(running.app)
    assert ".. " in running.row("workspace mlw-prod")
    running.stage.of("vault").put_nowait(None)
    running.stage.of("key").put_nowait(None)
    await running.until("2 of 3 done")
    assert "OK" in running.row("key cmk")
    await running.stage.context.emit(
        "resource.seen", "workspace", COSMOS,
        type="Microsoft.DocumentDB/databaseAccounts", state="Creating",
    )  # fmt: skip
    text = await running.until("RUN Cosmos DB c1 Creating")
    lines = text.splitlines()
    assert lines.index(running.row("Cosmos DB")) == lines.index(running.row("workspace mlw")) + 1
    running.stage.of("workspace").put_nowait(None)
    await running.until("succeeded")
    assert "3 of 3 done" in shown(running.app)
    assert "workspace is there" in shown(running.app)


async def test_a_failed_step_says_what_why_and_what_now_and_is_tried_again(running):
    running.stage.of("vault").put_nowait(None)
    await running.until("RUN key cmk")
    failure = StepFailed("The key was not made", "It has no place.", "Make room.", code="NoRoom")
    running.stage.of("key").put_nowait(failure)
    text = " ".join((await running.until("FAIL key cmk")).split())
    assert "The key was not made" in text
    assert "It has no place." in text
    assert "Make room." in text
    assert ".. workspace mlw-prod" in text, "what depends on it does not begin"
    await running.pilot.press("enter")
    await running.pilot.pause()
    assert isinstance(running.app.screen, TextView)
    assert "Target: /key" in shown(running.app)
    assert "NoRoom" in shown(running.app)
    await running.pilot.press("escape", "r")
    await running.until("RUN key cmk")
    running.stage.of("key").put_nowait(None)
    await running.until("RUN workspace mlw-prod")


async def test_what_cannot_be_undone_stands_in_the_details(running):
    await running.until("RUN vault kv-ml")
    await running.pilot.press("enter")
    await running.pilot.pause()
    assert "Purge protection stays." in shown(running.app)


async def test_waiting_says_for_what_and_for_whom(running):
    await running.until("RUN vault kv-ml")
    await asyncio.sleep(0)
    async with asyncio.timeout(5):
        while running.stage.context is None:
            await asyncio.sleep(0.01)
    await running.stage.context.emit(
        "step.waiting", "vault",
        why="you may not do it", whom="the vault team", command="az make vault",
    )  # fmt: skip
    text = " ".join((await running.until("WAIT vault kv-ml")).split())
    assert "WAIT: you may not do it. For the vault team" in text
    await running.pilot.press("enter")
    await running.pilot.pause()
    assert "az make vault" in shown(running.app)


async def test_pause_and_proceed_are_shown(running):
    await running.until("RUN vault kv-ml")
    await running.pilot.press("p")
    await running.until("0 of 3 done paused")
    await running.pilot.press("p")
    await running.until("0 of 3 done 00:")


async def test_leaving_the_screen_does_not_stop_the_run(running):
    await running.until("RUN vault kv-ml")
    await running.pilot.press("escape")
    assert not isinstance(running.app.screen, RunPage)
    for id in ("vault", "key", "workspace"):
        running.stage.of(id).put_nowait(None)
    async with asyncio.timeout(10):
        while running.view.status != "succeeded":
            await asyncio.sleep(0.01)


async def test_quitting_asks_while_a_run_is_going_on(running):
    await running.until("RUN vault kv-ml")
    await running.pilot.press("q")
    await running.pilot.pause()
    assert "Leave while a run is going on" in shown(running.app)
    await running.pilot.press("n")
    assert running.app.is_running


async def test_the_selection_follows_the_run_until_somebody_moves_it(running):
    page = running.app.screen
    await running.until("RUN vault kv-ml")
    running.stage.of("vault").put_nowait(None)
    await running.until("RUN key cmk")
    assert page.focused.line.step.id == "key"
    await running.pilot.press("k")
    assert page.focused.line.step.id == "vault"
    running.stage.of("key").put_nowait(None)
    await running.until("RUN workspace mlw-prod")
    assert page.focused.line.step.id == "vault"


async def test_the_step_at_work_and_its_resources_stay_in_sight_of_a_low_terminal(running):
    await running.pilot.resize_terminal(80, 15)
    running.stage.of("vault").put_nowait(None)
    running.stage.of("key").put_nowait(None)
    await running.until("RUN workspace mlw-prod")
    for number in range(5):
        await running.stage.context.emit(
            "resource.seen", "workspace", f"{COSMOS}{number}",
            type="Microsoft.DocumentDB/databaseAccounts", state="Creating",
        )  # fmt: skip
    await running.until("Cosmos DB c14")


async def test_the_end_says_what_there_is_now_and_shows_the_keys_that_lead_on(running):
    await running.until("RUN vault kv-ml")
    assert "b browse" not in shown(running.app).splitlines()[-1]
    for step in PLAN.steps:
        running.stage.of(step.id).put_nowait(None)
    # The key line may know of the end a moment before the page is painted.
    text = " ".join((await running.until("Read back: workspace is there")).split())
    assert "succeeded" in text
    assert "mlw-prod is encrypted with key cmk of vault kv-ml" in text
    await running.until("enter details u undo b browse")
    assert "p pause" not in shown(running.app).splitlines()[-1]
