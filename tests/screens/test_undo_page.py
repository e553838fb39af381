"""u on a run: the preview, the typed confirmation, the run that deletes."""

import asyncio
from pathlib import Path

import pytest
from carrying import carry_out, intent_for
from opening import quiet, shown
from sandboxed import RunningSandbox
from textual.widgets import Input

from screens.run import RunPage
from screens.undo import UndoPage
from screens.widgets.confirm import TypedConfirm
from screens.widgets.inspect import TextView

STATE = "state"


async def until(app, text: str) -> str:
    async with asyncio.timeout(20):
        while text not in " ".join(shown(app).split()):
            await asyncio.sleep(0.02)
    return shown(app)


async def begun(app, home: Path, sandbox: RunningSandbox) -> str:
    """A run that was carried out, and its page."""
    intent = intent_for(sandbox, workspace={"encryption": "service-side"})
    done = await carry_out(app.session.live, home / STATE, intent)
    app.open_run(done.run)
    async with asyncio.timeout(20):
        while not isinstance(app.screen, RunPage):
            await asyncio.sleep(0.02)
    return done.run


async def test_u_shows_what_goes_and_deletes_only_after_the_runs_id(opened, home, running_sandbox):
    async with opened() as (app, pilot):
        run = await begun(app, home, running_sandbox)
        running_sandbox.admin("DELETE", "requests")
        await pilot.press("u")
        await pilot.pause()
        assert isinstance(app.screen, UndoPage)
        text = await until(app, " go, ")
        assert "DELETE" in text and "STAYS" in text
        assert "delete softly: workspace mlw-prod" in text
        assert "14 days" in " ".join(text.split()), "the selected row says what is lost"
        await pilot.press("a")
        await until(app, f"Type {run}")
        assert isinstance(app.screen, TypedConfirm)
        app.screen.query_one(Input).value = "yes"
        await pilot.press("enter")
        await until(app, f"That is not {run}")
        assert not [one for one in running_sandbox.requests() if one["method"] == "DELETE"]
        app.screen.query_one(Input).value = run
        await pilot.press("enter")
        await until(app, "succeeded")
        assert isinstance(app.screen, RunPage)
        assert app.screen.view.plan.purpose == "undo"
        assert [one for one in running_sandbox.requests() if one["method"] == "DELETE"]
        assert app.screen.check_action("undo", ()) is False, "an undo is not undone"


async def test_w_takes_the_key_too(opened, home, running_sandbox):
    async with opened() as (app, pilot):
        run = await begun(app, home, running_sandbox)
        await app.push_screen(UndoPage(run))
        before = await until(app, " go, ")
        assert "DELETE delete softly: vault" not in " ".join(before.split())
        await pilot.press("w")
        await until(app, "DELETE delete softly: vault")


async def test_a_run_there_is_not_is_said(opened):
    async with opened() as (app, pilot):
        await app.push_screen(UndoPage("beef"))
        assert "There is no run beef." in await quiet(app, pilot)
        assert app.screen.check_action("undo_now", ()) is None


async def test_enter_shows_one_of_them_in_full(opened, home, running_sandbox):
    async with opened() as (app, pilot):
        run = await begun(app, home, running_sandbox)
        await app.push_screen(UndoPage(run))
        before = " ".join((await until(app, " go, ")).split())
        assert "STAYS vault" in before, "what stays is named as what it is, not as its deletion"
        await pilot.press("enter")
        await pilot.pause()
        assert isinstance(app.screen, TextView)
        assert "/workspaces/mlw-prod" in await quiet(app, pilot)


@pytest.mark.parametrize("size", [(80, 24), (60, 15)])
async def test_a_long_question_keeps_the_field_in_sight_and_reads_on(opened, size):
    text = "\n".join(f"- thing number {number}" for number in range(40))
    async with opened(size=size) as (app, pilot):
        await app.push_screen(TypedConfirm("Delete 40 things?", text, "7f3a"))
        before = await quiet(app, pilot)
        assert "Delete 40 things?" in before and "Type 7f3a and press enter" in before
        assert app.screen.query_one(Input).region.bottom <= size[1]
        assert "thing number 39" not in before
        await pilot.press(*["pagedown"] * 8)
        after = await quiet(app, pilot)
        assert "thing number 39" in after and "Type 7f3a and press enter" in after
