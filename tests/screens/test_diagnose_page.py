"""Diagnose: the cause is found, repaired and seen to be OK; what can't be is said."""

import asyncio
import json
import re

import pytest
from opening import quiet, shown
from textual.widgets import Input

from screens.browse.workspaces import Workspaces
from screens.diagnose.kept import KeptPage
from screens.diagnose.page import DiagnosePage
from screens.diagnose.pane import Pane
from screens.diagnose.start import Start
from screens.diagnose.table import FindingTable
from screens.run import RunPage
from screens.widgets.confirm import Confirm
from screens.widgets.inspect import TextView
from screens.widgets.picker import Picker
from screens.widgets.prompt import Prompt
from screens.widgets.status import TitleLine
from screens.widgets.table import ListTable
from services.model.diagnosis import Target
from services.model.plan import Finding
from services.runs import engine
from services.setup.context import Settings

ML = "5b000000-0000-4000-8000-0000000000d1"
WORKSPACE = (
    f"/subscriptions/{ML}/resourceGroups/rg-ml/providers"
    "/Microsoft.MachineLearningServices/workspaces/mlw-prod"
)
TARGET = Target(id=WORKSPACE, name="mlw-prod")
DISABLED = "Key cmk-ml, version 0d1ab1ed…, is disabled"


async def looked(app, pilot) -> str:
    """The page of a diagnosis that is done."""
    text = await quiet(app, pilot)
    assert isinstance(app.screen, DiagnosePage), app.screen
    return text


async def diagnosed(app, pilot, target: Target = TARGET) -> str:
    app.push_screen(DiagnosePage(target))
    return await looked(app, pilot)


def rows(app) -> list[tuple[str, str]]:
    return [(row.cells[0], row.cells[1]) for row in app.screen.query_one(FindingTable).rows_shown]


def said(app) -> str:
    """What was said at the edge of the screen."""
    return " ".join(one.message for one in app._notifications)


async def run_over(app, pilot) -> None:
    """Wait until the run that is shown has ended and the diagnosis below has looked again."""
    async with asyncio.timeout(180):
        while not isinstance(app.screen, RunPage) or app.screen.view.ended is None:
            await pilot.pause(0.02)
    await quiet(app, pilot)


async def test_the_cause_stands_first_and_what_it_caused_below(opened):
    async with opened(scenario="broken/f05-key-version-disabled") as (app, pilot):
        text = await diagnosed(app, pilot)
        assert text.startswith(" wrapkey   Contoso-ML > rg-ml")
        words = rows(app)
        assert words[0] == ("FAIL", DISABLED)
        assert [title[:7] for _, title in words[1:4]] == ["  so: C", "  so: A", "  so: S"]
        assert all(word != "FAIL" for word, _ in words[4:])
        lines = text.splitlines()
        assert "1 FAIL, 3 follow" in lines[2]
        first = next(line for line in lines if DISABLED in line)
        assert first.startswith(" FAIL   Key cmk-ml")
        assert ", by ??" in first
        for wanted in ("Evidence", "attributes.enabled", "request", "Means", "Repair", "enable it"):
            assert wanted in text
        assert all(len(line) <= 80 for line in lines)


async def test_it_is_repaired_and_looked_at_again_by_itself(opened, running_sandbox):
    async with opened(scenario="broken/f05-key-version-disabled") as (app, pilot):
        await diagnosed(app, pilot)
        await pilot.press("f")
        await pilot.pause()
        assert isinstance(app.screen, Confirm)
        assert "enable it" in shown(app)
        assert "f: 1 step" in shown(app)
        before = writes(running_sandbox)
        await pilot.press("n")
        await pilot.pause()
        assert writes(running_sandbox) == before
        await pilot.press("f")
        await pilot.pause()
        await pilot.press("y")
        await run_over(app, pilot)
        assert app.screen.view.status == "succeeded"
        assert app.screen.view.plan.purpose == "repair"
        assert app.screen.view.plan.subject == WORKSPACE
        await pilot.press("escape")
        text = await looked(app, pilot)
        assert "OK now: The key is enabled. Nothing fails any more." in text
        assert rows(app)[0][0] == "OK"
        assert rows(app)[0][1].startswith("Nothing fails")
        assert not any(word == "FAIL" for word, _ in rows(app))


async def test_a_repair_that_was_stopped_says_what_still_fails(opened, running_sandbox):
    async with opened(scenario="broken/f08-grant-removed", principal="reader") as (app, pilot):
        await diagnosed(app, pilot)
        before = len(looks(running_sandbox))
        await pilot.press("f")
        await pilot.pause()
        assert "The run waits for somebody who may" in app.screen._text
        await pilot.press("y")
        async with asyncio.timeout(30):
            while not isinstance(app.screen, RunPage) or not waits(app.screen.view):
                await pilot.pause(0.02)
        await pilot.press("s")
        await run_over(app, pilot)
        await pilot.press("escape")
        text = await looked(app, pilot)
        assert len(looks(running_sandbox)) > before
        assert "Still fails: Azure Cosmos DB may not" in text
        assert rows(app)[0][0] == "FAIL"


async def test_all_that_can_be_undone_is_repaired_at_once(opened, running_sandbox, monkeypatch):
    monkeypatch.setattr(engine, "Settings", lambda: Settings(propagation_s=1.0))
    async with opened(scenario="combined/f05-f08-disabled-and-revoked") as (app, pilot):
        await diagnosed(app, pilot)
        assert sum(word == "FAIL" and "so:" not in title for word, title in rows(app)) == 2
        await pilot.press("F")
        await pilot.pause()
        assert "with 2 steps?" in shown(app)
        await pilot.press("y")
        await run_over(app, pilot)
        await pilot.press("escape")
        await looked(app, pilot)
        # A grant of a moment ago may not count yet, and services look at their key once an hour.
        running_sandbox.admin("POST", "clock", {"advance": 3600})
        await pilot.press("r")
        await looked(app, pilot)
        assert not any(word == "FAIL" for word, _ in rows(app))


async def test_what_is_left_out_of_all_is_named(opened):
    async with opened(scenario="combined/f05-f08-f14-all-three") as (app, pilot):
        await diagnosed(app, pilot)
        await pilot.press("F")
        await pilot.pause()
        assert f"Left out: {DISABLED}: no step repairs it now." in app.screen._text


async def test_what_cannot_be_undone_is_named_and_never_among_all(opened):
    async with opened(scenario="broken/f01-creation-purge-protection") as (app, pilot):
        text = await diagnosed(app, pilot)
        assert "CAN'T BE UNDONE" in text
        await pilot.press("F")
        await pilot.pause()
        assert isinstance(app.screen, DiagnosePage)
        assert "purge protection is off: can't be undone: f on it asks for it" in said(app)
        await pilot.press("f")
        await pilot.pause()
        assert "CAN'T BE UNDONE: Purge protection stays on for good" in shown(app)


async def test_read_only_says_why_it_repairs_nothing(opened):
    async with opened(scenario="broken/f05-key-version-disabled", read_only=True) as (app, pilot):
        await diagnosed(app, pilot)
        for key in ("f", "F"):
            await pilot.press(key)
            await pilot.pause()
            assert isinstance(app.screen, DiagnosePage)
            assert "started with --read-only and writes nothing" in said(app)
            app.clear_notifications()


async def test_a_consequence_says_what_it_follows_from(opened):
    async with opened(scenario="broken/f05-key-version-disabled") as (app, pilot):
        await diagnosed(app, pilot)
        await pilot.press("j")
        await pilot.pause()
        assert f"Follows     {DISABLED}" in shown(app)
        await pilot.press("f")
        await pilot.pause()
        assert isinstance(app.screen, DiagnosePage)
        assert "This follows from something else" in shown(app)


async def test_what_no_step_repairs_says_so(opened):
    async with opened(scenario="broken/f09-key-purged") as (app, pilot):
        await diagnosed(app, pilot)
        await pilot.press("f")
        await pilot.pause()
        assert "No step of wrapkey repairs this" in shown(app)


async def test_nothing_wrong_says_what_was_checked_and_what_is_not_known(opened):
    async with opened(scenario="broken/healthy") as (app, pilot):
        text = await diagnosed(app, pilot)
        word, counted = rows(app)[0]
        assert word == "OK" and re.fullmatch(r"Nothing fails: (\d\d) of \1 checks hold", counted)
        await pilot.press("y")
        assert app.clipboard == WORKSPACE
        assert "Not known" in text
        assert "AI Search never tells which key it uses" in text
        assert "Checked" in text
        await pilot.press("enter")
        await pilot.pause()
        assert isinstance(app.screen, TextView)
        assert "The key is enabled" in shown(app)


async def test_what_may_not_be_read_names_the_permission(opened):
    async with opened(scenario="broken/f08-grant-removed", principal="reader") as (app, pilot):
        await diagnosed(app, pilot)
        table = app.screen.query_one(FindingTable)
        unread = next(row for row in table.rows_shown if row.cells[0] == "??")
        table.select(unread.key)
        await pilot.pause()
        text = " ".join(shown(app).split())
        assert "Ask for a role that includes Microsoft.KeyVault/vaults/keyrotationpolicies" in text
        assert " ??" in app.screen.query_one(TitleLine)._right


async def test_the_selection_stays_on_its_finding_while_others_come(opened):
    async with opened(scenario="broken/f05-key-version-disabled") as (app, pilot):
        await diagnosed(app, pilot)
        page, table = app.screen, app.screen.query_one(FindingTable)
        found = list(page._diagnosis.findings)
        page._reading, page._coming = True, found[4:9]
        table.follow()
        page._paint()
        await pilot.pause()
        first = table.current.key
        page._coming = found[2:9]
        page._paint()
        await pilot.pause()
        assert table.current.key == table.rows_shown[0].key != first, "nobody has moved yet"
        await pilot.press("j", "j")
        at = table.current.key
        line = table.cursor_row - table.scroll_offset.y
        page._coming = found
        page._paint()
        await pilot.pause()
        assert table.current.key == at
        assert table.cursor_row > 2
        assert table.cursor_row - table.scroll_offset.y == line, "it stands where it stood"
        assert isinstance(table.current.data, Finding)


async def test_the_tree_has_a_word_at_each_node(opened):
    async with opened(scenario="broken/f05-key-version-disabled") as (app, pilot):
        await diagnosed(app, pilot)
        await pilot.press("tab")
        await pilot.pause()
        tree = app.screen.query_one("#tree", ListTable)
        told = {row.cells[1].strip().partition(":")[0]: row.cells[0] for row in tree.rows_shown}
        assert told["key version"] == "FAIL"
        assert told["key"] == "OK"
        assert told["vault"] == "WARN"
        assert {"cosmos", "search", "storage", "grant", "managed group"} <= told.keys()
        await pilot.press("j")
        await pilot.pause()
        assert f"FAIL        {DISABLED}" in shown(app)
        await pilot.press("f")
        await pilot.pause()
        assert isinstance(app.screen, Confirm), "f repairs what the node is about"


async def test_the_timeline_marks_the_change_that_fits(opened):
    async with opened(scenario="broken/f08-grant-removed") as (app, pilot):
        await diagnosed(app, pilot)
        await pilot.press("t")
        await pilot.pause()
        changes = app.screen.query_one("#timeline", ListTable).rows_shown
        assert changes[0].cells[0] == "FAIL"
        assert "roleAssignments/delete" in changes[0].cells[2]
        assert [row.data.at for row in changes] == sorted(
            (row.data.at for row in changes), reverse=True
        )
        assert changes[0].data.correlation_id in shown(app)
        utc = changes[0].cells[1]
        assert utc.endswith("Z")
        await pilot.press("L")
        await pilot.pause()
        assert not app.screen.query_one("#timeline", ListTable).rows_shown[0].cells[1].endswith("Z")
        await pilot.press("t")
        await pilot.pause()
        assert app.screen.query_one(FindingTable).has_focus


async def test_details_have_every_id_for_a_ticket(opened):
    async with opened(scenario="broken/f08-grant-removed") as (app, pilot):
        await diagnosed(app, pilot)
        found = app.screen._diagnosis
        await pilot.press("enter")
        await pilot.pause()
        text = app.screen._text
        for seen in found.findings[0].evidence:
            assert seen.request_id
            assert seen.request_id in text
        fits = [one for one in found.timeline if found.findings[0].id in one.fits]
        assert fits
        assert all(one.correlation_id in text for one in fits)
        assert "Source: " in text


async def test_it_is_explained_with_the_users_own_names(opened):
    async with opened(scenario="broken/f05-key-version-disabled", size=(120, 40)) as (app, pilot):
        text = await diagnosed(app, pilot)
        assert "cmk-ml never leaves kv-ml-prod" in " ".join(app.screen.explain().why.split()), (
            "the rule, with the names of this workspace"
        )
        assert "F05" in app.screen.explain().what
        assert "is disabled" in text
        assert all(len(line) <= 120 for line in text.splitlines())


async def test_the_proof_asks_first_and_says_what_it_shows(opened, running_sandbox):
    async with opened(scenario="broken/healthy") as (app, pilot):
        await diagnosed(app, pilot)
        await pilot.press("p")
        await pilot.pause()
        assert isinstance(app.screen, Confirm)
        assert "does not show that Cosmos DB" in " ".join(shown(app).split())
        assert not wraps(running_sandbox)
        await pilot.press("y")
        await looked(app, pilot)
        assert len(wraps(running_sandbox)) == 2
        chosen = app.screen.query_one(FindingTable).current
        assert chosen.data.check == "key-probe"
        assert chosen.cells[0] == "OK"


async def test_a_diagnosis_from_a_file_needs_no_connection(opened):
    async with opened(scenario="broken/f05-key-version-disabled") as (app, pilot):
        await diagnosed(app, pilot)
        kept = app.screen._diagnosis
    async with opened(ready=False) as (app, pilot):
        app.push_screen(KeptPage(kept, "mlw-prod.json"))
        await pilot.pause()
        assert "from mlw-prod.json" in shown(app)
        assert rows(app)[0] == ("FAIL", DISABLED)
        for key in ("f", "F", "r", "p"):
            await pilot.press(key)
            await pilot.pause()
            assert isinstance(app.screen, KeptPage)
            assert "read from a file" in said(app)
            app.clear_notifications()


async def written(app, pilot, name, down=0) -> str:
    """Export to a file; its text."""
    await pilot.press("e")
    await pilot.pause()
    app.screen.query_one(Input).value = str(name)
    await pilot.press("enter")
    await pilot.pause()
    if isinstance(app.screen, Picker):
        await pilot.press(*["j"] * down, "enter")
        await pilot.pause()
    return name.read_text()


async def test_reports_are_written_and_a_bundle_opens_again(opened, tmp_path):
    async with opened(scenario="broken/f05-key-version-disabled") as (app, pilot):
        await diagnosed(app, pilot)
        await pilot.press("e")
        await pilot.pause()
        assert app.screen.query_one(Input).value == "mlw-prod-diagnosis.md"
        app.screen.query_one(Input).value = "report.pdf"
        await pilot.press("enter")
        assert isinstance(app.screen, Prompt), "a name that tells no form is not taken"
        await pilot.press("escape")
        assert "is disabled" in await written(app, pilot, tmp_path / "a.md")
        assert "mlw-prod" in await written(app, pilot, tmp_path / "b.html")
        document = json.loads(await written(app, pilot, tmp_path / "c.json"))
        assert document["schema"] == 1
        assert document["root_causes"] == [app.screen._diagnosis.findings[0].id]
        masked = await written(app, pilot, tmp_path / "d.md", down=1)
        assert "is disabled" in masked
        assert "kv-ml-prod" not in masked
        await written(app, pilot, tmp_path / "e.bundle")
        await pilot.press("e")
        await pilot.pause()
        app.screen.query_one(Input).value = str(tmp_path / "e.bundle")
        await pilot.press("enter", "enter")
        await pilot.pause()
        assert isinstance(app.screen, Confirm), "no file is replaced without a question"
        await pilot.press("n")
    async with opened(ready=False) as (app, pilot):
        app.goto("diagnose")
        await pilot.pause()
        app.screen.query(Input).first().value = str(tmp_path / "e.bundle")
        await pilot.press("enter")
        await pilot.pause()
        assert isinstance(app.screen, KeptPage)
        assert rows(app)[0] == ("FAIL", DISABLED)
        assert "mlw-prod" in await written(app, pilot, tmp_path / "f.md")


async def test_the_end_of_a_key_is_asked_for(opened):
    async with opened(scenario="broken/f06-key-expired") as (app, pilot):
        await diagnosed(app, pilot)
        await pilot.press("f")
        await pilot.pause()
        assert isinstance(app.screen, Prompt)
        app.screen.query_one(Input).value = "2001-01-01"
        await pilot.press("enter")
        await pilot.pause()
        assert "must lie in the future" in shown(app)
        app.screen.query_one(Input).value = "2099-12-31"
        await pilot.press("enter")
        await pilot.pause()
        assert "let it expire on 31 Dec 2099" in shown(app)
        await pilot.press("y")
        await run_over(app, pilot)
        assert app.screen.view.status == "succeeded"


async def test_who_may_not_is_told_who_may(opened):
    async with opened(scenario="broken/f05-key-version-disabled", principal="reader") as (
        app,
        pilot,
    ):
        await diagnosed(app, pilot)
        await pilot.press("f")
        await pilot.pause()
        if isinstance(app.screen, Confirm):
            assert "You may not do all of it" in shown(app)
        else:
            assert "No step of wrapkey" in said(app)


async def test_a_workspace_that_cannot_be_read_is_said(opened, running_sandbox):
    async with opened(scenario="broken/healthy") as (app, pilot):
        fault = {"path": "/workspaces/mlw-prod$", "times": -1, "status": 403, "body": {}}
        await asyncio.to_thread(running_sandbox.admin, "POST", "faults", fault)
        text = await diagnosed(app, pilot)
        assert "Could not read workspace mlw-prod" in text
        assert "not read" in app.screen.query_one(TitleLine)._right
        assert app.screen.query_one(Pane) is not None


async def test_d_diagnoses_what_is_selected_in_browse(opened):
    async with opened(scenario="broken/f05-key-version-disabled") as (app, pilot):
        app.goto("workspaces")
        await quiet(app, pilot)
        assert isinstance(app.screen, Workspaces)
        await pilot.press("d")
        await looked(app, pilot)
        app.goto("vaults")
        await quiet(app, pilot)
        table = app.screen.query_one(ListTable)
        table.select(next(row.key for row in table.rows_shown if row.cells[0] == "kv-ml-prod"))
        await pilot.press("d")
        await looked(app, pilot)
        await pilot.press("escape")
        await pilot.press("enter")
        await quiet(app, pilot)
        await pilot.press("d")
        await looked(app, pilot)
        assert rows(app)[0] == ("FAIL", DISABLED)
        app.goto("browse")
        await quiet(app, pilot)
        await pilot.press("d")
        await pilot.pause()
        assert "Select a workspace, a vault or a key" in said(app)


@pytest.mark.parametrize(
    "scenario", ["broken/f28-workspace-soft-deleted", "broken/f13-default-identity"]
)
async def test_what_others_must_do_is_said(opened, scenario):
    async with opened(scenario=scenario) as (app, pilot):
        text = await diagnosed(app, pilot)
        assert rows(app)[0][0] == "FAIL"
        assert "Repair" in text or "Means" in text
        await pilot.press("tab", "tab", "tab")
        await pilot.pause()
        assert app.screen.query_one(FindingTable).has_focus


async def test_home_leads_to_it(opened):
    async with opened(scenario="broken/healthy") as (app, pilot):
        assert "d  Diagnose" in shown(app)
        await pilot.press("d")
        await quiet(app, pilot)
        assert isinstance(app.screen, Start)
        assert "mlw-prod" in shown(app)
        await pilot.press("down", "enter")
        await looked(app, pilot)


def writes(sandbox) -> int:
    return sum(one["method"] in ("PUT", "PATCH", "DELETE") for one in sandbox.requests())


def waits(view) -> bool:
    return any(line.word == "WAIT" for line in view.lines.values())


def looks(sandbox) -> list[str]:
    """How often the workspace was read."""
    return [one["path"] for one in sandbox.requests() if one["path"].endswith("/mlw-prod")]


def wraps(sandbox) -> list[str]:
    return [one["path"] for one in sandbox.requests() if "wrapkey" in one["path"].lower()]
