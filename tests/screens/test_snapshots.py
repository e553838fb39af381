"""Pictures of the stable screens at the two sizes they are drawn for.

``pytest --snapshot-update`` paints them anew. Days are masked: the sandbox counts them from
the moment its scenario opens.
"""

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from broken import AT, diagnosis
from opening import quiet
from pytest_textual_snapshot import SVGImageExtension
from syrupy.assertion import SnapshotAssertion

from screens.diagnose.explained import ExplainedPage
from screens.diagnose.page import DiagnosePage
from screens.run import RunPage
from screens.setup.new_vault import NewVault
from screens.setup.vault import ChooseVault
from screens.widgets.form import Go
from screens.widgets.table import ListTable
from services.failures.explained import explain_text
from services.model.intent import KeyIntent, VaultIntent, WorkspaceIntent, WorkspaceSetup
from services.model.plan import Event, Plan, Step
from services.runs.engine import Run
from services.runs.view import RunView

ML = "5b000000-0000-4000-8000-0000000000d1"
SIZES = [(80, 24), (120, 40)]
START = datetime(2027, 1, 1, 14, 2, tzinfo=UTC)
DAY = re.compile(r"20\d\d-\d\d-\d\d")
COSMOS = f"/subscriptions/{ML}/resourceGroups/m/providers/Microsoft.DocumentDB/databaseAccounts/c1"


class Album:
    """Compares every picture, and tells all that differ at the end."""

    def __init__(self, app: Any, pilot: Any, snapshot: SnapshotAssertion) -> None:
        self.app, self.pilot, self._differ = app, pilot, []
        self._snapshot = snapshot.use_extension(SVGImageExtension)

    async def take(self, name: str) -> None:
        await quiet(self.app, self.pilot)
        self.app.clear_notifications()
        await self.pilot.pause()
        picture = DAY.sub("2027-00-00", self.app.export_screenshot(title="wrapkey"))
        if picture != self._snapshot(name=name):
            self._differ.append(name)

    async def go_on(self) -> None:
        self.app.screen.query_one(Go).action_go_on()
        await quiet(self.app, self.pilot)

    async def choose(self, name: str, at: int = 0) -> None:
        await quiet(self.app, self.pilot)
        table = list(self.app.screen.query(ListTable))[at]
        table.select(next(row.key for row in table.rows_shown if name in row.cells))
        table.focus()
        await self.pilot.press("enter")
        await quiet(self.app, self.pilot)

    async def filter(self, words: str) -> None:
        """Only rows of these words; dates of other lengths would shift the columns."""
        await quiet(self.app, self.pilot)
        self.app.screen.query(ListTable).first().filter(words)

    def close(self) -> None:
        assert not self._differ, f"these screens look different: {', '.join(self._differ)}"


@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
async def test_browse(opened, snapshot, size):
    async with opened(scenario="contoso", size=size) as (app, pilot):
        album = Album(app, pilot, snapshot)
        await album.take("home")
        await pilot.press("question_mark")
        await album.take("help")
        await pilot.press("escape", "w")
        app.session.probes.clear()
        await album.take("sign-in")
        app.goto("browse")
        await album.take("subscriptions")
        await album.choose("Contoso-ML")
        await album.filter("kv-ml westeurope rg-sec")
        await album.take("contents")
        await album.choose("mlw-shared", at=1)
        await album.take("workspace")
        await pilot.press("escape")
        await album.choose("kv-ml-prod")
        await album.take("keys")
        await album.choose("cmk-ml")
        await album.take("versions")
        app.goto("workspaces")
        await album.take("workspaces")
        album.close()


@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
async def test_set_up(opened, snapshot, size):
    async with opened(scenario="contoso", subscription=ML, size=size) as (app, pilot):
        album = Album(app, pilot, snapshot)
        app.goto("setup")
        await album.take("where")
        await album.go_on()
        assert isinstance(app.screen, ChooseVault)
        await album.filter("kv-ml")
        await album.take("vault")
        await pilot.press("c")
        await quiet(app, pilot)
        assert isinstance(app.screen, NewVault)
        await album.take("new vault")
        await album.go_on()
        await album.take("new key")
        await album.go_on()
        await album.take("access")
        await album.go_on()
        await album.take("new workspace")
        await album.go_on()
        await album.take("review")
        album.close()


@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
async def test_a_run(opened, snapshot, size, monkeypatch):
    class Clock(datetime):
        @classmethod
        def now(cls, tz: Any = None) -> datetime:
            return START + timedelta(seconds=161)

    monkeypatch.setattr("screens.run.datetime", Clock)
    intent = WorkspaceSetup(
        subscription=ML,
        region="westeurope",
        resource_group="rg-ml",
        vault=VaultIntent(name="kv-data"),
        key=KeyIntent(name="cmk"),
        workspace=WorkspaceIntent(name="mlw-prod"),
    )
    steps = tuple(
        Step(id=id, kind="group", title=title, action="create", target=id, expected_s=120)
        for id, title in (
            ("register", "register Microsoft.DocumentDB"),
            ("protect", "turn on purge protection of kv-data"),
            ("grant", "access: Azure Cosmos DB gets get, wrap, unwrap on cmk"),
            ("workspace", "workspace mlw-prod"),
            ("verify", "read back how everything is encrypted"),
        )
    )
    plan = Plan(intent=intent, steps=steps)
    told = [
        (0, "run.started", "", "", {}),
        (0, "step.started", "register", "", {}),
        (0, "step.started", "protect", "", {}),
        (48, "step.done", "register", "", {"note": "registered"}),
        (51, "step.failed", "protect", "",
         {"cause": {"what": "The vault is locked.", "means": "A lock forbids this change."},
          "repair": "Ask the owner of the lock to remove it."}),
        (52, "step.waiting", "grant", "", {"why": "throttled by Azure, until 14:05:31Z"}),
        (69, "step.started", "workspace", "", {}),
        (90, "resource.seen", "workspace", COSMOS,
         {"type": "Microsoft.DocumentDB/databaseAccounts", "state": "Creating"}),
    ]  # fmt: skip
    async with opened(size=size) as (app, pilot):
        album = Album(app, pilot, snapshot)
        run = await Run.start(app.session.live, await app._runs.journal(), plan)
        run.id = "7f3a"
        view = RunView(run.id, plan)
        for after, name, step, resource, detail in told:
            at = START + timedelta(seconds=after)
            view.hear(
                Event(at=at, run=run.id, event=name, step=step, resource=resource, detail=detail)
            )
        view.write("14:02:11Z PUT workspaces/mlw-prod 202 412 ms  request 8d1c0000…")
        app.session.runs[run.id], app.session.views[run.id] = run, view
        app.push_screen(RunPage(await app._runs.look(run.id)))
        await quiet(app, pilot)
        app.screen._paint()
        await album.take("run")
        await run.close()
        album.close()


@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
async def test_diagnose(opened, snapshot, size):
    error = (
        "ERROR: (Forbidden) Caller is not authorized to perform action on resource.\n"
        f"Resource: /subscriptions/{ML}/resourceGroups/rg-sec/providers/Microsoft.KeyVault"
        "/vaults/kv-ml-prod\nInner error: ForbiddenByRbac\nStatus: 403"
    )
    async with opened(scenario="broken/healthy", size=size) as (app, pilot):
        album = Album(app, pilot, snapshot)
        app.goto("diagnose")
        await album.take("start")
        app.push_screen(ExplainedPage(explain_text(error)))
        await album.take("explained")
        await app.pop_screen()
        found = diagnosis()
        app.push_screen(DiagnosePage(found.target))
        await quiet(app, pilot)
        app.screen.show(found, f"As of {AT:%d %b %Y %H:%MZ}.")
        await album.take("diagnose")
        await pilot.press("tab", "j")
        await album.take("tree")
        await pilot.press("t")
        await album.take("timeline")
        await pilot.press("t", "g", "f")
        await album.take("repair")
        album.close()
