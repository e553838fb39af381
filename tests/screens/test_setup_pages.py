"""The pages of Set up, one by one: what is typed stays, what can't be says why."""

import asyncio

import pytest
from opening import quiet, shown
from textual.widgets import Input

from screens.setup.access import Access
from screens.setup.key import ChooseKey
from screens.setup.new_key import NewKey
from screens.setup.new_vault import NewVault
from screens.setup.review import Review
from screens.setup.vault import ChooseVault
from screens.setup.where import Where
from screens.setup.workspace import WorkspacePage
from screens.widgets.form import Choice, FieldRow, Go
from screens.widgets.picker import Picker
from screens.widgets.table import ListTable

ML = "5b000000-0000-4000-8000-0000000000d1"
PAGES = (NewVault, NewKey, Access, WorkspacePage, Review)


def words(app) -> str:
    """The screen in one line, as if it had never been broken into lines."""
    return " ".join(shown(app).split())


async def order(sandbox, **fault: object) -> None:
    await asyncio.to_thread(sandbox.admin, "POST", "faults", {"times": -1, **fault})


async def calm(app, sandbox) -> None:
    """Nothing is wrong any more, and the time that a 429 named has passed."""
    await asyncio.to_thread(sandbox.admin, "DELETE", "faults")
    app.session.live.transport.budgets._accounts.clear()


async def begin(app, pilot) -> Where:
    app.goto("setup")
    await quiet(app, pilot)
    assert isinstance(app.screen, Where)
    return app.screen


async def to_new_vault(app, pilot) -> None:
    await begin(app, pilot)
    await pilot.press("enter")
    await quiet(app, pilot)
    assert isinstance(app.screen, ChooseVault)
    await pilot.press("c")
    await quiet(app, pilot)
    assert isinstance(app.screen, NewVault)


async def forward(app, pilot, kind: type) -> None:
    app.screen.query_one(Go).action_go_on()
    await quiet(app, pilot)
    assert isinstance(app.screen, kind), app.screen


async def type_into(app, pilot, id: str, text: str) -> None:
    row = app.screen.query_one(f"#{id}", FieldRow)
    row.field.focus()
    row.field.value = text[:-1]
    row.field.cursor_position = len(text)
    await pilot.press(text[-1])


def value(app, id: str) -> str:
    return app.screen.query_one(f"#{id}", FieldRow).value


async def choose(app, pilot, name: str) -> None:
    table = app.screen.query_one(ListTable)
    row = next(one for one in table.rows_shown if one.cells[0] == name)
    table.focus()
    table.select(row.key)
    await pilot.pause()
    await pilot.press("enter")
    await quiet(app, pilot)


async def test_what_is_typed_survives_going_back_and_forward(opened):
    async with opened(size=(100, 40)) as (app, pilot):
        await to_new_vault(app, pilot)
        await type_into(app, pilot, "name", "kv-typed")
        await type_into(app, pilot, "days", "30")
        await quiet(app, pilot)
        await forward(app, pilot, NewKey)
        await type_into(app, pilot, "name", "cmk-typed")
        await forward(app, pilot, Access)
        await forward(app, pilot, WorkspacePage)
        await type_into(app, pilot, "name", "mlw-typed")
        await type_into(app, pilot, "description", "for tests")
        await forward(app, pilot, Review)
        assert "mlw-typed" in shown(app)
        for kind in (WorkspacePage, Access, NewKey, NewVault):
            app.screen.set_focus(None)
            await pilot.press("escape")
            await quiet(app, pilot)
            assert isinstance(app.screen, kind), app.screen
        assert (value(app, "name"), value(app, "days")) == ("kv-typed", "30")
        await forward(app, pilot, NewKey)
        assert value(app, "name") == "cmk-typed"
        await forward(app, pilot, Access)
        await forward(app, pilot, WorkspacePage)
        assert (value(app, "name"), value(app, "description")) == ("mlw-typed", "for tests")


@pytest.mark.parametrize(
    ("typed", "said"),
    [("k", "Example:"), ("kv--ml", "Example:"), ("1kv", "Example:"), ("kv_ml", "Example:")],
)
async def test_the_rule_of_a_name_stands_below_it_while_it_is_broken(opened, typed, said):
    async with opened() as (app, pilot):
        await to_new_vault(app, pilot)
        await type_into(app, pilot, "name", typed)
        await pilot.pause()
        assert said in words(app)
        app.screen.query_one(Go).action_go_on()
        await quiet(app, pilot)
        assert isinstance(app.screen, NewVault), "it does not go on"
        assert app.screen.focused is app.screen.query_one("#name Input", Input)


async def test_the_other_fields_have_rules_too(opened):
    async with opened(size=(80, 30)) as (app, pilot):
        await to_new_vault(app, pilot)
        await type_into(app, pilot, "days", "6")
        assert "7" in app.screen.query_one("#days", FieldRow).problem
        await type_into(app, pilot, "days", "90")
        await forward(app, pilot, NewKey)
        for id, bad in (("name", "a_b"), ("until", "tomorrow"), ("rotate", "2 years")):
            await type_into(app, pilot, id, bad)
            assert app.screen.query_one(f"#{id}", FieldRow).problem
            assert "xample" in words(app)
        app.screen.query_one(Go).action_go_on()
        await pilot.pause()
        assert isinstance(app.screen, NewKey)


async def test_an_expiry_before_the_activation_is_refused(opened):
    async with opened(size=(80, 30)) as (app, pilot):
        await to_new_vault(app, pilot)
        await forward(app, pilot, NewKey)
        await type_into(app, pilot, "from", "2030-01-02")
        await type_into(app, pilot, "until", "2030-01-01")
        app.screen.query_one(Go).action_go_on()
        await pilot.pause()
        assert isinstance(app.screen, NewKey)
        assert "It must expire after it becomes active." in words(app)
        assert value(app, "until") == "2030-01-01"


async def test_a_taken_name_says_by_what(opened):
    async with opened(scenario="contoso", subscription=ML) as (app, pilot):
        await to_new_vault(app, pilot)
        await type_into(app, pilot, "name", "kv-old")
        async with asyncio.timeout(10):
            while "taken by a soft-deleted vault" not in words(app):
                await asyncio.sleep(0.02)
        app.screen.query_one(Go).action_go_on()
        await pilot.pause()
        assert isinstance(app.screen, NewVault)


@pytest.mark.parametrize(
    ("vault", "why"),
    [("kv-old", "deleted"), ("kv-fw-none", "network closed"), ("kv-us-prod", "eastus")],
)
async def test_a_vault_that_cannot_serve_says_why_and_is_not_taken(opened, vault, why):
    async with opened(scenario="contoso", subscription=ML, size=(120, 40)) as (app, pilot):
        await begin(app, pilot)
        await pilot.press("enter")
        await quiet(app, pilot)
        await choose(app, pilot, vault)
        assert isinstance(app.screen, ChooseVault)
        assert f"{vault} can't hold the key" in words(app)
        assert why in words(app)


async def test_what_a_repair_cannot_take_back_is_said_before(opened):
    async with opened(scenario="contoso", subscription=ML) as (app, pilot):
        await begin(app, pilot)
        await pilot.press("enter")
        await quiet(app, pilot)
        table = app.screen.query_one(ListTable)
        table.select(next(row.key for row in table.rows_shown if row.cells[0] == "kv-data"))
        await pilot.pause()
        assert "Purge protection can't be turned off again" in words(app)
        await pilot.press("enter")
        await quiet(app, pilot)
        assert isinstance(app.screen, ChooseKey)


async def test_a_vault_whose_keys_may_not_be_listed_leaves_two_ways(opened):
    async with opened(scenario="contoso", subscription=ML) as (app, pilot):
        await begin(app, pilot)
        await pilot.press("enter")
        await quiet(app, pilot)
        await choose(app, pilot, "kv-ml-dev")
        assert isinstance(app.screen, ChooseKey)
        assert "You may not list the keys of kv-ml-dev." in words(app)
        rows = [row.cells[0] for row in app.screen.query_one(ListTable).rows_shown]
        assert rows == ["+ a new key", "= by its name"]
        await pilot.press("c")
        await quiet(app, pilot)
        assert isinstance(app.screen, NewKey)


async def test_a_region_that_cannot_serve_stays_visible_with_its_reason(opened):
    async with opened(size=(100, 40)) as (app, pilot):
        await begin(app, pilot)
        app.screen.query_one("#region", Choice).action_open_choice()
        await quiet(app, pilot)
        assert isinstance(app.screen, Picker)
        bad = [row for row in app.screen.query_one(ListTable).rows_shown if row.cells[2] == "NO"]
        assert bad
        await choose(app, pilot, bad[0].cells[0])
        assert isinstance(app.screen, Picker)
        assert f"{bad[0].cells[0]} can't be chosen: {bad[0].data}"[:40] in words(app)


async def test_read_only_refuses_to_apply_and_says_why(opened, running_sandbox):
    async with opened(read_only=True) as (app, pilot):
        await to_new_vault(app, pilot)
        for kind in PAGES[1:]:
            await forward(app, pilot, kind)
        await pilot.press("a")
        await pilot.pause()
        assert isinstance(app.screen, Review)
        assert "--read-only" in words(app)
        seen = await asyncio.to_thread(running_sandbox.requests)
        assert not [one for one in seen if one["method"] in ("PUT", "PATCH", "DELETE")]


FAULTS = {
    "403": ({"status": 403, "body": {"error": {"code": "AuthorizationFailed"}}}, "Ask for a role"),
    "429": (
        # longer than anybody waits in front of a screen: then it is said at once
        {"status": 429, "retry_after": 300, "body": {"error": {"code": "TooManyRequests"}}},
        "Azure takes no more calls",
    ),
    "500": ({"status": 500, "body": {"error": {"code": "Oops"}}}, "Azure itself had a problem"),
    "network": ({"reset": "before"}, "The connection to Azure broke"),
}


@pytest.mark.parametrize("name", FAULTS)
async def test_a_page_that_cannot_read_says_so_and_reads_again(opened, running_sandbox, name):
    fault, means = FAULTS[name]
    async with opened(scenario="contoso", subscription=ML, size=(80, 40)) as (app, pilot):
        await begin(app, pilot)
        await order(running_sandbox, path="ResourceGraph/resources|deletedVaults", **fault)
        await pilot.press("enter")
        await quiet(app, pilot)
        assert isinstance(app.screen, ChooseVault)
        assert "Could not" in words(app)
        assert means in words(app)
        assert "r tries again" in words(app)
        await calm(app, running_sandbox)
        await pilot.press("r")
        await quiet(app, pilot)
        assert "kv-ml-prod" in shown(app)
        assert "Could not" not in words(app)


async def test_deleted_vaults_that_may_not_be_read_hide_no_other(opened, running_sandbox):
    async with opened(scenario="contoso", subscription=ML, size=(120, 50)) as (app, pilot):
        await begin(app, pilot)
        await order(running_sandbox, path="deletedVaults", **FAULTS["403"][0])
        await pilot.press("enter")
        await quiet(app, pilot)
        assert "kv-ml-prod" in shown(app)
        row = next(one for one in app.screen.query_one(ListTable).rows_shown if "??" in one.cells)
        assert row.cells[0] == "soft-deleted ones"
        assert "Could not list deleted vaults." in row.cells[5]


@pytest.mark.parametrize("name", FAULTS)
async def test_a_failure_keeps_what_was_typed(opened, running_sandbox, name):
    fault, _ = FAULTS[name]
    async with opened(size=(80, 40)) as (app, pilot):
        await to_new_vault(app, pilot)
        await order(running_sandbox, path="/subscriptions/|servicePrincipals", **fault)
        await type_into(app, pilot, "name", "kv-typed")
        async with asyncio.timeout(20):
            while "Not checked whether it is free" not in words(app):
                await asyncio.sleep(0.02)
        assert value(app, "name") == "kv-typed"
        await forward(app, pilot, NewKey)
        await type_into(app, pilot, "name", "cmk-typed")
        await forward(app, pilot, Access)
        states = {row.cells[0]: row.cells[2] for row in app.screen.query_one(ListTable).rows_shown}
        assert states["Azure Cosmos DB"] == "??", "what could not be read is not called new"
        await calm(app, running_sandbox)
        await pilot.press("escape")
        assert value(app, "name") == "cmk-typed"
        await forward(app, pilot, Access)
        assert "??" not in words(app)
        assert app.screen.draft.vault_name == "kv-typed"
