"""Review: repairs are taken and left out, what fails is accepted by name, nothing scrolls sideways."""

import asyncio
import tomllib
from pathlib import Path

import pytest
from opening import quiet, shown
from test_setup_pages import words

from screens.run import RunPage
from screens.setup.accept import Accept
from screens.setup.cost import CostPane
from screens.setup.review import Review
from screens.setup.where import Where
from screens.widgets.confirm import Confirm
from screens.widgets.table import ListTable
from services.azure import keys, vaults
from services.azure.subscriptions import list_subscriptions
from services.model.intent import KeyIntent, WorkspaceIntent
from services.setup.draft import Draft

GROUP = "/subscriptions/{}/resourceGroups/rg-sec/providers/Microsoft.KeyVault/vaults/{}"


async def review(app, pilot, vault: str, key: str = "cmk") -> Review:
    """The review of a workspace with this key, which may be one that the pickers refuse."""
    conn = app.session.live
    (home,) = [one for one in await list_subscriptions(conn) if one.name == "Contoso-ML"]
    found = await vaults.get_vault(conn, GROUP.format(home.id, vault))
    assert found
    draft = Draft(subscription=home, region="westeurope", group="rg-ml")
    draft.workspace = WorkspaceIntent(name="mlw-new", secrets_vault="same")
    draft.choose_vault(found)
    version = await keys.get_key(conn, found.uri, key)
    if version is None:
        draft.create_key(KeyIntent(name=key, create=True, bits=2048))
    else:
        draft.choose_key(key, version)
    page = Review(draft)
    app.push_screen(page)
    await quiet(app, pilot)
    return page


def status(page: Review, check: str) -> str:
    assert page.plan
    return next(one.status for one in page.plan.findings if one.check == check)


def steps(page: Review) -> list[str]:
    assert page.plan
    return [one.id for one in page.plan.steps]


async def at(app, pilot, page: Review, check: str) -> None:
    """On the tab of the checks, at this one."""
    while page._tab != "checks":
        await pilot.press("tab")
        await quiet(app, pilot)
    table = page.query_one("#checks", ListTable)
    table.select(next(one.key for one in table.rows_shown if one.data.check == check))
    await pilot.pause()


async def test_a_repair_is_taken_and_left_out_with_f(opened) -> None:
    async with opened("failures/key-enabled") as (app, pilot):
        page = await review(app, pilot, "kv-keys")
        assert status(page, "key-enabled") == "fail" and "key-enable" not in steps(page)
        assert "Settle first" in words(app)
        await at(app, pilot, page, "key-enabled")
        assert "f takes the repair into the plan: key cmk, version" in words(app)
        await pilot.press("f")
        await quiet(app, pilot)
        assert status(page, "key-enabled") == "fix" and "key-enable" in steps(page)
        assert page.query_one("#checks", ListTable).current.data.check == "key-enabled"
        assert "f leaves it out" in words(app)
        await pilot.press("f")
        await quiet(app, pilot)
        assert status(page, "key-enabled") == "fail" and "key-enable" not in steps(page)


async def test_what_can_not_be_undone_asks_its_own_yes(opened) -> None:
    async with opened("failures/vault-protection") as (app, pilot):
        page = await review(app, pilot, "kv-flawed")
        await at(app, pilot, page, "vault-protection")
        await pilot.press("F")
        await quiet(app, pilot)
        assert status(page, "vault-protection") == "fail", "F takes only what can be undone"
        await pilot.press("f")
        await quiet(app, pilot)
        assert isinstance(app.screen, Confirm)
        assert "Purge protection stays on for good" in words(app)
        await pilot.press("n")
        await quiet(app, pilot)
        assert status(page, "vault-protection") == "fail"
        await pilot.press("f", "y")
        await quiet(app, pilot)
        assert status(page, "vault-protection") == "fix" and "vault-repair" in steps(page)


async def test_all_safe_repairs_at_once(opened) -> None:
    async with opened("failures/key-operations") as (app, pilot):
        page = await review(app, pilot, "kv-keys")
        await pilot.press("F")
        await quiet(app, pilot)
        assert "1 repair taken into the plan." in words(app)
        assert "key-operations" in steps(page)


async def test_a_step_of_the_plan_is_left_out_and_then_fails(opened) -> None:
    async with opened("failures/cosmos-grant") as (app, pilot):
        page = await review(app, pilot, "kv-cmk")
        table = page.query_one("#plan", ListTable)
        table.select("grant-cosmos")
        await pilot.pause()
        await pilot.press("f")
        await quiet(app, pilot)
        assert "grant-cosmos" not in steps(page) and status(page, "cosmos-grant") == "fail"
        await pilot.press("F")
        await quiet(app, pilot)
        assert "grant-cosmos" in steps(page) and status(page, "cosmos-grant") == "fix"


async def test_the_choice_is_written_with_w(opened, tmp_path: Path) -> None:
    async with opened("failures/key-enabled") as (app, pilot):
        page = await review(app, pilot, "kv-keys")
        await at(app, pilot, page, "key-enabled")
        await pilot.press("f")
        await quiet(app, pilot)
        page._write(str(tmp_path / "intent.toml"))
    assert tomllib.loads((tmp_path / "intent.toml").read_text())["repairs"] == {"key_enabled": True}


async def test_what_fails_is_accepted_by_name(opened) -> None:
    async with opened("failures/key-dates") as (app, pilot):
        page = await review(app, pilot, "kv-keys")
        assert status(page, "key-dates") == "fail"
        await pilot.press("f")
        await quiet(app, pilot)
        await pilot.press("a")
        await quiet(app, pilot)
        assert isinstance(app.screen, Accept)
        assert "Azure will most likely refuse it" in words(app) and "key-dates" in words(app)
        await pilot.press("a")
        await quiet(app, pilot)
        assert isinstance(app.screen, Accept), "nothing is accepted yet"
        assert "Not accepted yet" in words(app)
        await pilot.press("enter", "a")
        await quiet(app, pilot)
        assert isinstance(app.screen, Confirm)
        assert "Accepted although it fails:" in words(app)
        assert "key-dates: Key cmk expired on" in words(app)
        await pilot.press("n")
        await quiet(app, pilot)
        await pilot.press("a")
        await quiet(app, pilot)
        assert isinstance(app.screen, Confirm), "it is accepted already"


async def test_accepting_is_given_up_with_esc(opened) -> None:
    async with opened("failures/key-dates") as (app, pilot):
        page = await review(app, pilot, "kv-keys")
        await pilot.press("a")
        await quiet(app, pilot)
        await pilot.press("enter", "escape")
        await quiet(app, pilot)
        assert app.screen is page
        await pilot.press("a")
        await quiet(app, pilot)
        assert isinstance(app.screen, Accept)


@pytest.mark.parametrize("size", [(80, 24), (120, 40)])
async def test_no_tab_scrolls_sideways(opened, size) -> None:
    async with opened("failures/vault-protection", size=size) as (app, pilot):
        page = await review(app, pilot, "kv-flawed")
        for tab in ("plan", "checks", "quota", "cost"):
            assert page._tab == tab
            table = page._table
            assert table.rows_shown
            assert table.virtual_size.width <= table.size.width
            text = shown(app)
            assert all(len(line) <= size[0] for line in text.splitlines())
            for row in table.rows_shown[: table.size.height - 2]:
                assert row.cells[0] in text
            await pilot.press("tab")
            await quiet(app, pilot)
        await pilot.press("a")
        await quiet(app, pilot)
        table = app.screen.query_one(ListTable)
        assert isinstance(app.screen, Accept)
        assert table.virtual_size.width <= table.size.width


async def test_a_finished_run_is_priced_with_what_azure_made(opened) -> None:
    async with opened("failures/_healthy") as (app, pilot):
        await review(app, pilot, "kv-cmk")
        await pilot.press("a", "y")
        async with asyncio.timeout(60):
            while "USD/month with the SKUs that Azure chose" not in words(app):
                await pilot.pause(0.05)
        assert isinstance(app.screen, RunPage)
        assert "It costs ~352-732+ USD/month" in words(app), "a range where the use is open"


async def test_currency_and_assumptions_are_those_of_last_time(opened) -> None:
    async with opened("failures/_healthy") as (app, pilot):
        page = await review(app, pilot, "kv-cmk")
        pane = page.query_one(CostPane)
        pane._take_currency("eur")
        pane._assume("cosmos_rus=8000")
        await quiet(app, pilot)
    async with opened("failures/_healthy") as (app, pilot):
        app.goto("setup")
        await quiet(app, pilot)
        assert isinstance(app.screen, Where)
        draft = app.screen.draft
        assert draft and (draft.currency, draft.assumptions.cosmos_rus) == ("EUR", 8000)
