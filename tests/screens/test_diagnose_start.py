"""Start anywhere: ids, addresses, names, errors as they were pasted, the list of workspaces."""

import json

import pytest
from opening import quiet, shown
from textual import events
from textual.widgets import Input

from screens.diagnose.asked import is_name
from screens.diagnose.explained import ExplainedPage
from screens.diagnose.page import DiagnosePage
from screens.diagnose.start import Start
from screens.widgets.picker import Picker
from screens.widgets.table import ListTable

SUB = "/subscriptions/5b000000-0000-4000-8000-0000000000d1"
WORKSPACE = (
    f"{SUB}/resourceGroups/rg-ml/providers/Microsoft.MachineLearningServices/workspaces/mlw-prod"
)
VAULT = f"{SUB}/resourceGroups/rg-sec/providers/Microsoft.KeyVault/vaults/kv-ml-prod"
FORBIDDEN = {
    "error": {
        "code": "Forbidden",
        "message": f"Caller is not authorized to perform action on resource {VAULT}.",
        "innererror": {"code": "ForbiddenByRbac"},
    }
}


async def start(app, pilot) -> Start:
    app.goto("diagnose")
    await quiet(app, pilot)
    assert isinstance(app.screen, Start)
    return app.screen


async def ask(app, pilot, text: str) -> str:
    """Type or paste, and enter."""
    (await start(app, pilot)).query(Input).first().value = text
    await pilot.press("enter")
    return await quiet(app, pilot)


@pytest.mark.parametrize(
    "asked",
    [
        WORKSPACE,
        WORKSPACE.upper().replace("/SUBSCRIPTIONS", "/subscriptions"),
        VAULT,
        "mlw-prod",
        " MLW-PROD ",
    ],
)
async def test_an_id_or_a_name_leads_to_its_diagnosis(opened, asked):
    async with opened(scenario="broken/healthy") as (app, pilot):
        await ask(app, pilot, asked)
        assert isinstance(app.screen, DiagnosePage)
        assert app.screen._target.id.lower() == WORKSPACE.lower()


async def test_the_address_of_its_key_does_too(opened):
    async with opened(scenario="broken/healthy") as (app, pilot):
        page = await start(app, pilot)
        key = page.query_one(ListTable).rows_shown[0].data.key
        await ask(app, pilot, key)
        assert isinstance(app.screen, DiagnosePage)


async def test_a_workspace_is_chosen_from_the_list_of_encrypted_ones(opened):
    async with opened(scenario="contoso") as (app, pilot):
        page = await start(app, pilot)
        listed = page.query_one(ListTable).rows_shown
        assert listed
        assert all(row.data.key or row.data.encryption_set for row in listed)
        await pilot.press("down")
        assert page.query_one(ListTable).has_focus
        name = page.query_one(ListTable).current.cells[0]
        await pilot.press("enter")
        await quiet(app, pilot)
        assert isinstance(app.screen, DiagnosePage)
        assert f"Diagnose  {name} (workspace)" in shown(app)


async def test_what_several_fit_lists_them(opened):
    async with opened(scenario="contoso") as (app, pilot):
        text = await ask(app, pilot, VAULT)
        assert isinstance(app.screen, Picker)
        assert "workspaces fit" in text
        rows = app.screen.query_one(ListTable).rows_shown
        assert len(rows) > 1
        assert {"mlw-vision", "rg-ml"} <= {cell for row in rows for cell in row.cells}
        await pilot.press("enter")
        await quiet(app, pilot)
        assert isinstance(app.screen, DiagnosePage)
        assert app.screen._target.id == rows[0].id


@pytest.mark.parametrize(
    ("scenario", "name", "what", "key"),
    [
        ("broken/containers-healthy", "score-prod", "container group", "cmk-ml"),
        ("broken/cluster-healthy", "aks-prod", "cluster", "by des-prod"),
        ("broken/cluster-healthy", "des-prod", "disk encryption set", "cmk-ml"),
    ],
)
async def test_what_else_a_key_encrypts_is_listed_and_diagnosed(opened, scenario, name, what, key):
    async with opened(scenario=scenario) as (app, pilot):
        page = await start(app, pilot)
        rows = {row.cells[0]: row for row in page.query_one(ListTable).rows_shown}
        assert (rows[name].cells[1], rows[name].cells[3]) == (what, key)
        await ask(app, pilot, name)
        assert isinstance(app.screen, DiagnosePage)
        text = await quiet(app, pilot)
        assert f"Diagnose  {name} ({what})" in text
        assert "Nothing fails" in text


async def test_what_has_microsofts_keys_is_not_listed(opened):
    async with opened(scenario="broken/containers-platform-keys") as (app, pilot):
        page = await start(app, pilot)
        assert page.query_one(ListTable).rows_shown == ()


async def test_what_fits_nothing_is_said(opened):
    async with opened(scenario="broken/healthy") as (app, pilot):
        text = await ask(app, pilot, "mlw-nowhere")
        assert isinstance(app.screen, Start)
        assert "Nothing that you may read fits mlw-nowhere" in text


async def test_a_pasted_error_is_explained_and_what_it_names_is_offered(opened):
    async with opened(scenario="broken/f05-key-version-disabled") as (app, pilot):
        await start(app, pilot)
        app.screen.focused.post_message(events.Paste(json.dumps(FORBIDDEN, indent=2)))
        text = await quiet(app, pilot)
        assert isinstance(app.screen, ExplainedPage)
        for wanted in ("Azure says", "Forbidden > ForbiddenByRbac", "Means", "Do"):
            assert wanted in text
        assert app.screen.query_one(ListTable).current.id == VAULT
        await pilot.press("enter")
        await quiet(app, pilot)
        assert isinstance(app.screen, DiagnosePage)
        await pilot.press("escape")
        await pilot.pause()
        assert isinstance(app.screen, ExplainedPage)


async def test_one_line_of_an_error_is_explained_too(opened):
    async with opened(scenario="broken/healthy") as (app, pilot):
        await ask(app, pilot, "ERROR: (ForbiddenByFirewall) Client address is not authorized")
        assert isinstance(app.screen, ExplainedPage)
        await ask(app, pilot, "ForbiddenByFirewall")
        assert isinstance(app.screen, ExplainedPage), "a code alone is no name of a workspace"
        assert "firewall" in shown(app)


async def test_an_error_nobody_knows_says_so(opened):
    async with opened(scenario="broken/healthy") as (app, pilot):
        text = await ask(app, pilot, "something odd went wrong here")
        assert isinstance(app.screen, ExplainedPage)
        assert "not in the failure catalogue" in text
        assert "something odd went wrong here" in text
        assert "Nothing is known of it" in text


async def test_one_pasted_line_stays_in_the_field(opened):
    async with opened(scenario="broken/healthy") as (app, pilot):
        page = await start(app, pilot)
        app.screen.focused.post_message(events.Paste(f"{WORKSPACE}\n"))
        await quiet(app, pilot)
        assert app.screen is page
        assert page.query(Input).first().value == WORKSPACE


async def test_it_opens_before_anybody_is_signed_in_and_says_so(opened):
    async with opened(ready=False) as (app, pilot):
        app.goto("diagnose")
        await pilot.pause()
        app.screen.query(Input).first().value = "mlw-prod"
        if app.session.connection is None:
            await pilot.press("enter")
            await pilot.pause()
            assert isinstance(app.screen, Start)


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("mlw-prod", True),
        (f" {VAULT}\n", True),
        ("https://kv.vault.azure.net/keys/a", True),
        ("ERROR: (A) b", False),
        ('{"error":{}}', False),
        ("[1]", False),
        ("", False),
        ("two words", False),
    ],
)
def test_what_is_a_name_and_what_is_an_error(text, name):
    assert is_name(text) is name
