"""Browse on the sandbox: what is listed, what is told of it, and what can't be read."""

import asyncio
import time

import pytest
from opening import quiet, shown

from screens.browse.contents import Contents
from screens.browse.keys import Keys, Versions
from screens.browse.listing import Listing
from screens.browse.subscriptions import Subscriptions
from screens.browse.vaults import Vaults
from screens.browse.workspace import WorkspaceDetail
from screens.browse.workspaces import Workspaces
from screens.widgets.inspect import TextView
from screens.widgets.table import ListTable

DENIED = {"status": 403, "body": {"error": {"code": "AuthorizationFailed", "message": "no"}}}
RG = r"Microsoft\.ResourceGraph/resources"


async def choose(app, pilot, key: str, list_id: str) -> str:
    table = app.screen.query_one(f"#{list_id}", Listing).table
    row = next(one for one in table.rows_shown if key in (one.key, one.cells[0], one.cells[2]))
    table.focus()
    table.select(row.key)
    await pilot.pause()
    await pilot.press("enter")
    return await quiet(app, pilot)


def names(app, list_id: str) -> list[str]:
    return [row.cells[0] for row in app.screen.query_one(f"#{list_id}", Listing).table.rows_shown]


async def test_from_the_subscriptions_down_to_a_version(opened):
    async with opened(scenario="contoso") as (app, pilot):
        await pilot.press("b")
        text = await quiet(app, pilot)
        assert isinstance(app.screen, Subscriptions)
        assert "Contoso-Legacy" in text
        text = await choose(app, pilot, "Contoso-ML", "subscriptions")
        assert isinstance(app.screen, Contents)
        assert {"kv-ml-prod", "kv-old"} <= set(names(app, "vaults"))
        assert "mlw-shared" in names(app, "deployed")
        text = await choose(app, pilot, "kv-ml-prod", "vaults")
        assert isinstance(app.screen, Keys)
        assert names(app, "keys") == ["cmk-ml", "cmk-text", "cmk-vision"]
        assert "enabled   RSA      4096  never" in text
        assert "purge protection on" in text
        text = await choose(app, pilot, "cmk-ml", "keys")
        assert isinstance(app.screen, Versions)
        assert len(names(app, "versions")) == 3
        assert "Rotation: a new version P365D after the last" in text
        await pilot.press("i")
        await pilot.pause()
        assert isinstance(app.screen, TextView)
        assert '"kid"' in shown(app)
        await pilot.press("escape", "y")
        assert app.clipboard.endswith(app.screen.row.cells[0])


async def test_vaults_of_all_subscriptions_with_their_fit(opened):
    async with opened(scenario="contoso") as (app, pilot):
        app.goto("vaults")
        text = await quiet(app, pilot)
        assert isinstance(app.screen, Vaults)
        rows = {row.cells[0]: row.cells for row in app.screen.query_one(ListTable).rows_shown}
        assert rows["kv-data"][2:] == ("policies", "off", "FIX", "purge protection is off")
        assert rows["kv-old"][4] == "NO"
        assert "deleted" in rows["kv-old"][5]
        assert rows["kv-legacy-frozen"][1] == "northeurope"
        await pilot.press("slash", *"contoso-legacy kv-legacy-app", "enter")
        text = await quiet(app, pilot)
        assert "1 of" in text, "the filter finds names of subscriptions"


async def test_a_deleted_vault_says_why_it_cannot_be_opened(opened):
    async with opened(scenario="contoso") as (app, pilot):
        app.goto("vaults")
        await quiet(app, pilot)
        text = await choose(app, pilot, "kv-old", "vaults")
        assert isinstance(app.screen, Vaults)
        assert "kv-old is deleted" in text


async def test_a_workspace_tells_part_by_part(opened):
    async with opened(scenario="contoso", size=(80, 30)) as (app, pilot):
        app.goto("workspaces")
        text = await quiet(app, pilot)
        assert isinstance(app.screen, Workspaces)
        rows = {row.cells[0]: row.cells for row in app.screen.query_one(ListTable).rows_shown}
        assert rows["mlw-shared"][2:4] == ("own group", "cmk-shared")
        assert rows["mlw-managed"][2] == "service-side"
        assert rows["mlw-plain"][2:4] == ("Microsoft", "")
        text = await choose(app, pilot, "mlw-shared", "workspaces")
        assert isinstance(app.screen, WorkspaceDetail)
        told = {row.cells[1]: row.cells for row in app.screen.query_one(ListTable).rows_shown}
        version = app.screen._workspace.encryption.key_id.rsplit("/", 1)[1]
        assert told["Storage"][0] == "OK"
        assert told["Storage"][4] == f"cmk-shared/{version[:8]}"
        assert told["Cosmos DB"][0] == "OK"
        assert told["Cosmos DB"][4].startswith("cmk-shared;")
        assert told["AI Search"][0] == "??"
        assert "Vault          kv-ml-shared" in text
        assert "AI Search tells only" in text


async def test_a_broken_chain_is_seen(opened):
    async with opened(scenario="contoso") as (app, pilot):
        app.goto("workspaces")
        await quiet(app, pilot)
        await choose(app, pilot, "mlw-disabled", "workspaces")
        told = {row.cells[1]: row.cells for row in app.screen.query_one(ListTable).rows_shown}
        assert told["Cosmos DB"][0] == "FAIL"


async def test_403_on_keys_names_the_right(opened):
    async with opened(scenario="contoso") as (app, pilot):
        app.goto("vaults")
        await quiet(app, pilot)
        text = await choose(app, pilot, "kv-ml-dev", "vaults")
        assert "Microsoft.KeyVault/vaults/keys/read" in text
        assert "not read" in text.splitlines()[2]


async def test_a_vault_that_vanishes_before_it_is_opened(opened, running_sandbox):
    async with opened(scenario="contoso") as (app, pilot):
        app.goto("vaults")
        await quiet(app, pilot)
        row = next(
            one
            for one in app.screen.query_one(ListTable).rows_shown
            if one.cells[0] == "kv-policy-ok"
        )
        gone = await asyncio.to_thread(running_sandbox.call, "DELETE", row.id, version="2023-07-01")
        assert gone.status_code == 200
        text = await choose(app, pilot, "kv-policy-ok", "vaults")
        assert "The vault kv-policy-ok is not there any more." in text
        assert "Go back and read the list again." in text
        await pilot.press("escape", "r")
        await quiet(app, pilot)
        states = {row.cells[0]: row.cells for row in app.screen.query_one(ListTable).rows_shown}
        assert states["kv-policy-ok"][4] == "NO"


async def test_one_list_that_fails_hides_no_other(opened, running_sandbox):
    async with opened(scenario="contoso") as (app, pilot):
        fault = {"path": "deletedVaults", "times": -1, **DENIED}
        await asyncio.to_thread(running_sandbox.admin, "POST", "faults", fault)
        await pilot.press("b")
        await quiet(app, pilot)
        text = await choose(app, pilot, "Contoso-ML", "subscriptions")
        assert "kv-ml-prod" in names(app, "vaults")
        assert "kv-old" not in names(app, "vaults")
        assert "Could not list deleted vaults." in text
        assert "incomplete" in text
        assert "mlw-shared" in names(app, "deployed")
        await asyncio.to_thread(running_sandbox.admin, "DELETE", "faults")
        await pilot.press("r")
        await quiet(app, pilot)
        assert "kv-old" in names(app, "vaults")
        assert "incomplete" not in shown(app)


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        ({"status": 500, "body": {"error": {"code": "Oops"}}}, "Azure itself had a problem"),
        ({"reset": "before"}, "The connection to Azure broke"),
        (DENIED, "Ask for a role"),
    ],
)
async def test_a_page_that_fails_keeps_the_pages_before_it(
    opened, running_sandbox, monkeypatch, fault, said
):
    monkeypatch.setattr("services.azure.resourcegraph.PAGE", 10)
    async with opened(scenario="contoso") as (app, pilot):
        order = {"path": RG, "skip": 1, "times": -1, **fault}
        await asyncio.to_thread(running_sandbox.admin, "POST", "faults", order)
        app.goto("workspaces")
        text = await quiet(app, pilot)
        assert len(names(app, "workspaces")) == 10
        assert said in " ".join(text.split())
        assert "incomplete" in text


async def test_rows_on_two_pages_are_shown_once(opened):
    async with opened(scenario="contoso") as (app, pilot):
        app.goto("workspaces")
        await quiet(app, pilot)
        listing = app.screen.query_one(Listing)
        rows = listing.table.rows_shown

        async def twice():
            yield rows
            yield [rows[0], rows[0]]

        listing.read(twice())
        await quiet(app, pilot)
        assert len(listing.table.rows_shown) == len(rows)


async def test_ten_thousand_vaults_answer_a_key_at_once(opened):
    async with opened(scenario="large") as (app, pilot):
        app.goto("vaults")
        await pilot.pause()
        table = app.screen.query_one(ListTable)
        async with asyncio.timeout(60):
            while len(table.rows_shown) < 1000:
                await asyncio.sleep(0.01)
        slowest = 0.0
        while len(table.rows_shown) < 10_000:
            began = time.perf_counter()
            await pilot.press("j")
            slowest = max(slowest, time.perf_counter() - began)
            assert slowest < 5
        assert table.cursor_row > 0
        await quiet(app, pilot)
        assert len(table.rows_shown) == 10_000


async def test_signing_in_as_somebody_else_reads_again(opened):
    async with opened(scenario="contoso") as (app, pilot):
        app.goto("browse")
        await quiet(app, pilot)
        before = app.session.connection
        app.connect(only="reader")
        async with asyncio.timeout(20):
            while app.session.connection is before or app.session.stage != "ready":
                await asyncio.sleep(0.01)
        await quiet(app, pilot)
        assert "Contoso-Legacy" not in names(app, "subscriptions")
        assert "Contoso-Data" in names(app, "subscriptions")
