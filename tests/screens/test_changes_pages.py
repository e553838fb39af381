"""Rotate, delete and dependents on screens: shown first, asked, then a run."""

import asyncio

import pytest
from opening import quiet, shown
from textual.widgets import Input

from screens.browse.keys import Keys, Versions
from screens.browse.workspace import WorkspaceDetail
from screens.change import ChangePage
from screens.delete import DeletePage
from screens.dependents import Dependents
from screens.rotate import RotatePage, RotateStart
from screens.run import RunPage
from screens.widgets.confirm import Confirm, TypedConfirm
from screens.widgets.picker import Picker
from screens.widgets.prompt import Prompt
from screens.widgets.table import ListTable
from services import browse
from services.azure import workspaces

SUB = "/subscriptions/5b000000-0000-4000-8000-0000000000d1"
WORKSPACE = (
    f"{SUB}/resourceGroups/rg-ml/providers/Microsoft.MachineLearningServices/workspaces/mlw-prod"
)
VAULT = f"{SUB}/resourceGroups/rg-sec/providers/Microsoft.KeyVault/vaults/kv-ml-prod"
OLD = "0d1ab1ed000040008000000000000001"
READS = ("GET", "HEAD")


def writes(sandbox) -> list[str]:
    return [
        one["method"]
        for one in sandbox.requests()
        if one["method"] in ("PUT", "PATCH", "DELETE") or one["path"].endswith("/create")
    ]


async def until(app, text: str) -> str:
    async with asyncio.timeout(30):
        while text not in " ".join(shown(app).split()):
            await asyncio.sleep(0.02)
    return shown(app)


async def on(app, kind) -> None:
    async with asyncio.timeout(20):
        while not isinstance(app.screen, kind):
            await asyncio.sleep(0.02)


async def detail(app, pilot) -> None:
    found = await workspaces.get_workspace(app.session.live, WORKSPACE)
    assert found is not None
    app.push_screen(WorkspaceDetail(found))
    await quiet(app, pilot)


async def test_home_leads_to_a_rotation_that_is_asked_and_carried_out(opened, running_sandbox):
    async with opened(scenario="broken/healthy") as (app, pilot):
        await pilot.press("r")
        await on(app, RotateStart)
        assert "mlw-prod" in await quiet(app, pilot)
        await pilot.press("enter")
        await on(app, RotatePage)
        text = await quiet(app, pilot)
        assert "new version (RSA 3072" in text and "5 steps" in text
        assert "USES" in text and "Storage" in text
        await pilot.press("a")
        await on(app, Confirm)
        assert "Cosmos DB asks for 24 hours" in " ".join(shown(app).split())
        await pilot.press("n")
        await on(app, RotatePage)
        assert writes(running_sandbox) == []
        await pilot.press("a")
        await on(app, Confirm)
        await pilot.press("y")
        await on(app, RunPage)
        text = await until(app, "succeeded")
        assert "24 h for Cosmos DB" in " ".join(text.split())
        assert app.screen.view.plan.purpose == "rotate"
    assert writes(running_sandbox) == ["POST", "PATCH"]


async def test_v_chooses_a_version_or_another_key(opened, running_sandbox):
    async with opened(scenario="broken/healthy-rotated") as (app, pilot):
        await detail(app, pilot)
        await pilot.press("r")
        await on(app, RotatePage)
        assert "newer than the one in use" in await quiet(app, pilot)
        await pilot.press("v")
        await on(app, Picker)
        text = await quiet(app, pilot)
        assert OLD in text and "in use" in text and "a new version" in text
        table = app.screen.query_one(ListTable)
        newest = next(row for row in table.rows_shown if row.cells[1] == "enabled")
        table.select(newest.key)
        await pilot.press("enter")
        await on(app, RotatePage)
        text = await quiet(app, pilot)
        assert f"use version {newest.key[:8]}" in text and "new version (" not in text
        await pilot.press("v")
        await on(app, Picker)
        app.screen.query_one(ListTable).select(OLD)
        await pilot.press("enter")
        await pilot.pause()
        assert isinstance(app.screen, Picker), "what is in use can't be chosen"
    assert writes(running_sandbox) == []


async def test_a_key_and_a_version_in_browse_rotate_what_uses_them(opened):
    async with opened(scenario="broken/healthy") as (app, pilot):
        vault = await browse.open_vault(app.session.live, VAULT)
        for page in (Keys(vault), Versions(vault, "cmk-ml")):
            app.push_screen(page)
            await quiet(app, pilot)
            await pilot.press("r")
            await on(app, RotatePage)
            assert "workspace mlw-prod: use that version" in await quiet(app, pilot)
            await pilot.press("escape")
            await pilot.press("ctrl+r")
            await quiet(app, pilot)
            assert app.screen is page
            await app.pop_screen()


async def test_service_side_says_why_it_can_not(opened):
    async with opened(scenario="broken/healthy-service-side") as (app, pilot):
        await detail(app, pilot)
        await pilot.press("r")
        await on(app, RotatePage)
        text = await quiet(app, pilot)
        assert "FAIL" in text and "can't be rotated" in text
        assert app.screen.check_action("rotate_now", ()) is None


async def test_a_delete_shows_what_stays_and_wants_the_name(opened, running_sandbox):
    async with opened(scenario="broken/healthy") as (app, pilot):
        await detail(app, pilot)
        await pilot.press("D")
        await on(app, DeletePage)
        text = await quiet(app, pilot)
        assert "DELETE" in text and "STAYS" in text and "vault kv-ml-prod" in text
        assert "COST" in text
        await pilot.press("p")
        assert "Purge mlw-prod for good" in await quiet(app, pilot)
        await pilot.press("a")
        await on(app, TypedConfirm)
        app.screen.query_one(Input).value = "yes"
        await pilot.press("enter")
        await until(app, "That is not mlw-prod")
        assert writes(running_sandbox) == []
        app.screen.query_one(Input).value = "mlw-prod"
        await pilot.press("enter")
        await on(app, RunPage)
        await until(app, "succeeded")
        assert app.screen.view.plan.purpose == "delete"
    assert writes(running_sandbox) == ["DELETE"]


async def test_a_lock_refuses_the_delete_on_the_screen(opened, running_sandbox):
    def lock(sandbox, _ready) -> None:
        path = f"{WORKSPACE}/providers/Microsoft.Authorization/locks/keep"
        sandbox.call("PUT", path, {"properties": {"level": "CanNotDelete"}}, version="2016-09-01")

    async with opened(scenario="broken/healthy", prepare=lock) as (app, pilot):
        app.push_screen(DeletePage(WORKSPACE, "mlw-prod"))
        text = await quiet(app, pilot)
        assert "Lock keep" in text
        assert app.screen.check_action("delete_now", ()) is None


@pytest.mark.parametrize("width", [80, 120])
async def test_b_shows_who_depends_on_a_vault_a_key_and_a_workspace(opened, width):
    async with opened(scenario="broken/healthy", size=(width, 24)) as (app, pilot):
        vault = await browse.open_vault(app.session.live, VAULT)
        app.goto("vaults")
        await quiet(app, pilot)
        app.screen.query_one(ListTable).select(VAULT)
        await shows_users(app, pilot)
        for page in (Keys(vault), Versions(vault, "cmk-ml")):
            app.push_screen(page)
            await quiet(app, pilot)
            await shows_users(app, pilot)
            await app.pop_screen()
        await detail(app, pilot)
        await shows_users(app, pilot)


async def shows_users(app, pilot) -> None:
    await pilot.press("b")
    await on(app, Dependents)
    text = await quiet(app, pilot)
    assert "What you may read, as of" in text
    for word in ("Storage", "Cosmos DB", "workspace", f"{OLD[:8]}…", "??"):
        assert word in text, text
    await pilot.press("enter")
    await pilot.pause()
    assert "/subscriptions/" in shown(app)
    await pilot.press("escape")
    if not app.screen.pane.is_open:
        await pilot.press("x")
        await pilot.pause()
    assert app.screen.pane.is_open
    assert "AI Search names no key" in app.screen.explain().why
    while isinstance(app.screen, Dependents):
        await pilot.press("escape")
        await pilot.pause()


HOSTILE = "\x1b[2J[bold red]x[/] [@click=app.quit]no\u202e"


@pytest.mark.parametrize("page", [RotatePage, DeletePage, Dependents])
async def test_hostile_names_are_only_text(opened, page):
    def poison(sandbox, _ready) -> None:
        for one in sandbox.world.state.resources.values():
            one.doc["tags"] = {"managed-by": f"terraform {HOSTILE}"}
        sandbox.world.state.resources[WORKSPACE.lower()].doc["properties"]["description"] = HOSTILE

    async with opened(scenario="broken/healthy", prepare=poison) as (app, pilot):
        app.push_screen(page(WORKSPACE, HOSTILE))
        text = await quiet(app, pilot)
        assert "\x1b" not in text and "\u202e" not in text
        assert "[bold red]x[/]" in text
        if isinstance(app.screen, ChangePage):
            assert app.screen.plan is not None
        await pilot.press("enter")
        await pilot.pause()
        assert "\u202e" not in shown(app)
        assert app.is_running


async def machine(app, pilot, name: str) -> None:
    """The list of everything with a key, with one selected."""
    await pilot.press("r")
    await on(app, RotateStart)
    await quiet(app, pilot)
    table = app.screen.query_one(ListTable)
    table.select(next(row.key for row in table.rows_shown if row.cells[1] == name))
    await pilot.pause()


async def test_a_set_is_rotated_and_its_cluster_deleted_from_one_list(opened, running_sandbox):
    async with opened(scenario="broken/cluster-healthy-no-rotation") as (app, pilot):
        await machine(app, pilot, "des-prod")
        text = shown(app)
        assert "disk encryption set" in text and "by its set" in text and "set des-prod" in text
        await pilot.press("enter")
        await on(app, RotatePage)
        assert "use that version" in await quiet(app, pilot)
        assert app.screen.check_action("secrets", ()) is False
        await pilot.press("a")
        await on(app, Confirm)
        assert "until every disk has moved" in " ".join(shown(app).split())
        await pilot.press("y")
        await on(app, RunPage)
        await until(app, "succeeded")
        assert writes(running_sandbox) == ["POST", "PATCH"]
        app.goto("home")
        await quiet(app, pilot)
        await machine(app, pilot, "aks-prod")
        await pilot.press("D")
        await on(app, DeletePage)
        text = await quiet(app, pilot)
        assert "Delete aks-prod for good" in text and "node group" in text and "STAYS" in text
        assert app.screen.check_action("purge", ()) is False
        await pilot.press("a")
        await on(app, TypedConfirm)
        app.screen.query_one(Input).value = "aks-prod"
        await pilot.press("enter")
        await on(app, RunPage)
        await until(app, "succeeded")
    assert writes(running_sandbox) == ["POST", "PATCH", "DELETE"]


async def test_a_group_wants_its_secrets_and_its_name(opened, running_sandbox, tmp_path):
    source = tmp_path / "token"
    source.write_text("again")

    def hide(sandbox, _ready) -> None:
        for key, one in sandbox.world.state.resources.items():
            if key.endswith("/containergroups/score-prod"):
                container = one.doc["properties"]["containers"][0]["properties"]
                container["environmentVariables"] = [{"name": "TOKEN"}]

    async with opened(scenario="broken/containers-healthy", prepare=hide) as (app, pilot):
        await machine(app, pilot, "score-prod")
        await pilot.press("enter")
        await on(app, RotatePage)
        text = await quiet(app, pilot)
        assert "must be given again" in text
        assert app.screen.check_action("rotate_now", ()) is None
        await pilot.press("e")
        await on(app, Prompt)
        app.screen.query_one(Input).value = "plain"
        await pilot.press("enter")
        await until(app, "env:NAME or file:PATH")
        app.screen.query_one(Input).value = f"file:{source}"
        await pilot.press("enter")
        await on(app, RotatePage)
        text = await quiet(app, pilot)
        assert "must be given again" not in text
        assert "deleted and made again" in " ".join(text.split())
        await pilot.press("a")
        await on(app, TypedConfirm)
        assert "What goes for good" in " ".join(shown(app).split())
        app.screen.query_one(Input).value = "y"
        await pilot.press("enter")
        await until(app, "That is not score-prod")
        assert writes(running_sandbox) == []
        app.screen.query_one(Input).value = "score-prod"
        await pilot.press("enter")
        await on(app, RunPage)
        await until(app, "succeeded")
    assert writes(running_sandbox) == ["POST", "DELETE", "PUT"]
