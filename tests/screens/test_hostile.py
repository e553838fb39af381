"""Names, tags, descriptions, errors and people that try to be more than text.

They are put where Azure keeps them, and every screen is visited: nothing falls over, nothing
of them can be clicked, and no control character of theirs would reach the terminal.
"""

import asyncio
import re
import unicodedata
from collections.abc import Iterator
from datetime import UTC, datetime

import msgspec
import pytest
from broken import diagnosis
from opening import quiet, shown
from textual import events
from textual.widgets import Input

from screens.browse.contents import Contents
from screens.browse.deployed import Clusters, ContainerGroups, EncryptionSets
from screens.browse.keys import Keys, Versions
from screens.browse.machine import ClusterDetail, GroupDetail, SetDetail
from screens.browse.vaults import Vaults
from screens.browse.workspace import WorkspaceDetail
from screens.diagnose.explained import ExplainedPage
from screens.diagnose.kept import KeptPage
from screens.diagnose.page import DiagnosePage
from screens.diagnose.start import Start
from screens.exports import ExportPage
from screens.home import Home
from screens.run import RunPage
from screens.runlast import LastLines
from screens.setup.access import Access
from screens.setup.container import ContainerPage
from screens.setup.container_group import ContainerGroupPage
from screens.setup.key import ChooseKey, ChooseVersion
from screens.setup.new_key import NewKey
from screens.setup.new_vault import NewVault
from screens.setup.review import Review
from screens.setup.vault import ChooseVault
from screens.setup.where import Where
from screens.setup.workspace import WorkspacePage
from screens.sign_in import SignIn
from screens.undo import UndoPage
from screens.widgets.confirm import Confirm, TypedConfirm
from screens.widgets.form import Choice
from screens.widgets.inspect import TextView
from screens.widgets.picker import Picker
from screens.widgets.prompt import Prompt
from screens.widgets.table import Column, ListTable, Row
from services.failures.explained import explain_text
from services.model.diagnosis import Target
from services.model.intent import (
    ContainerGroupIntent,
    ContainerIntent,
    KeyIntent,
    VaultIntent,
    WorkspaceIntent,
    WorkspaceSetup,
)
from services.model.plan import Event, Plan, Step
from services.runs.engine import Run
from services.runs.view import RunView
from services.setup.draft import Draft
from services.setup.lastlog import LastLog

HOSTILE = {
    "acts": "\x1b\x9b[@click=app.quit]\x07\x00\x7f\u2066\u200f\u2028\n\r\vx[/]\x1b[2J\u202e",
    "breaks": "[/]kv-[/prod][link=https://x.test]y[/link][#zzzzzz]\\" + "x" * 10_000,
}
"""One would be obeyed as markup, and holds characters that a terminal would obey, at both ends
for places that cut the middle out; the other can't be read as markup, and is long."""
LITERAL = {HOSTILE["acts"]: "[@click=ap", HOSTILE["breaks"]: "[/]kv-[/pro"}
"""What a column of 24 shows of them, letter for letter."""
SGR = re.compile(r"\x1b\[[0-9;]*m")
SUB = "/subscriptions/5b000000-0000-4000-8000-0000000000d1"
VAULT = f"{SUB}/resourceGroups/rg-sec/providers/Microsoft.KeyVault/vaults/kv-ml-prod"
AKS = "/resourceGroups/rg-aks/providers/Microsoft.ContainerService/managedClusters/aks-prod"
DES = "/resourceGroups/rg-aks/providers/Microsoft.Compute/diskEncryptionSets/des-prod"
ACI = "/resourceGroups/rg-aci/providers/Microsoft.ContainerInstance/containerGroups/score-prod"
MLW = "/providers/Microsoft.MachineLearningServices/workspaces"
WORKSPACE = f"{SUB}/resourceGroups/rg-ml{MLW}/mlw-vision"
KINDS = (
    *(Where, ChooseVault, NewVault, ChooseKey, ChooseVersion, NewKey, Access, WorkspacePage),
    *(Review, Contents, Keys, Versions, Vaults, WorkspaceDetail, RunPage, Home, SignIn),
    *(Start, ExplainedPage, DiagnosePage, KeptPage, ExportPage),
)


@pytest.fixture(params=HOSTILE.values(), ids=HOSTILE.keys())
def hostile(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def poison(text: str):
    """A ``prepare`` for the sandbox: everything that has a name has this one."""

    def prepare(sandbox, ready) -> None:
        def work() -> None:
            state = sandbox.world.state
            for subscription in state.subscriptions.values():
                subscription["displayName"] = text
            for resource in (*state.groups.values(), *state.resources.values()):
                if not resource.doc["id"].endswith("/kv-ml-prod"):  # it must be found by its name
                    resource.doc["name"] = text
                resource.doc["tags"] = {text: text}
                properties = resource.doc.get("properties", {})
                if "/workspaces/" in resource.doc["id"]:
                    properties["description"] = text
                    resource.doc.setdefault("identity", {})["type"] = text
                if "/vaults/" in resource.doc["id"]:
                    properties["sku"] = {"family": "A", "name": text}
            for principal in state.principals.values():
                principal.name = principal.upn = text[:400]  # a token must fit into a header
            for keys in state.tables["vault_keys"].values():
                for key in keys.values():
                    for version in key["versions"]:
                        version["tags"] = {text: text}
            for vault in state.tables.get("deleted_vaults", {}).values():
                vault["name"] = vault["doc"]["name"] = text

        sandbox.on_loop(work)
        place = {"name": "westeurope", "displayName": text, "metadata": {"regionType": "Physical"}}
        sandbox.admin(
            "POST",
            "faults",
            {"path": "/locations$", "times": -1, "status": 200, "body": {"value": [place]}},
        )
        for principal in ready["principals"][1:]:
            principal["name"] = text

    return prepare


def refuse(sandbox, text: str) -> None:
    inner = {"code": text, "message": text, "innererror": {"code": text, "message": text}}
    sandbox.admin(
        "POST",
        "faults",
        {"path": "subscriptions|providers|keys", "times": -1, "status": 403,
         "body": {"error": {"code": text, "message": text, "details": [inner]}}},
    )  # fmt: skip


def strange_keys(sandbox, text: str) -> None:
    """A vault that lists what no vault may hold."""
    item = {
        "kid": f"https://kv.test/keys/{text.replace('/', '')}",
        "tags": {text: text},
        "attributes": {},
    }
    fault = {"path": "^/keys$", "times": -1, "status": 200, "body": {"value": [item]}}
    sandbox.admin("POST", "faults", fault)


def segments(app) -> Iterator[object]:
    for strip in app.screen._compositor.render_strips():
        yield from strip


def inert(app) -> None:
    """Nothing on the screen acts, and nothing but colours would reach the driver besides text."""
    assert app.is_running
    for segment in segments(app):
        assert not segment.control
        click = segment.style.meta.get("@click") if segment.style else None
        assert click is None or str(click).startswith("app.simulate_key("), click
        assert not (segment.style and segment.style.link)
    strips = app.screen._compositor.render_strips()
    text = SGR.sub("", "".join(strip.render(app.console) for strip in strips))
    bad = [char for char in set(text) if unicodedata.category(char) in {"Cc", "Cf", "Cs", "Zl"}]
    assert not bad, (type(app.screen).__name__, bad)


async def press(app, pilot, key: str) -> None:
    """A key, and what follows from it; pilot.press also waits for a processor without work."""
    app.post_message(events.Key(key, key if len(key) == 1 else None))
    await pilot._wait_for_screen()
    while app._typeahead.busy:
        await asyncio.sleep(0.001)
    await pilot._wait_for_screen()


async def look(app, pilot, kind: type) -> None:
    """This screen, its help, its explanation, its JSON, its copies: all inert."""
    await quiet(app, pilot)
    assert isinstance(app.screen, kind), app.screen
    inert(app)
    for key in ("x", "x", "f1", "escape"):
        await press(app, pilot, key)
        inert(app)
    tables = [table for table in app.screen.query(ListTable) if table.display]
    if not tables:
        return
    tables[0].focus()
    for key in ("i", "y", "o", "T"):
        await press(app, pilot, key)
        inert(app)
        if isinstance(app.screen, TextView):
            await press(app, pilot, "escape")
    assert isinstance(app.screen, kind)
    if not isinstance(app.screen, Picker):
        await pilot.click(tables[0], offset=(4, 1))
        inert(app)
        while not isinstance(app.screen, kind):
            await app.pop_screen()


async def choose(app, pilot, key: str, at: int = 0) -> None:
    """Enter on the row whose key or id is this."""
    await quiet(app, pilot)
    table = list(app.screen.query(ListTable))[at]
    row = next(one for one in table.rows_shown if key in (one.key, one.id))
    table.focus()
    table.select(row.key)
    await pilot.pause()
    await pilot.press("enter")
    await quiet(app, pilot)


async def test_browse(opened, running_sandbox, hostile):
    async with opened(scenario="contoso", prepare=poison(hostile)) as (app, pilot):
        await look(app, pilot, Home)
        await pilot.press("w")
        await look(app, pilot, SignIn)
        app.goto("browse")
        await quiet(app, pilot)
        inert(app)
        assert LITERAL[hostile] in shown(app)
        await choose(app, pilot, SUB)
        await look(app, pilot, Contents)
        await choose(app, pilot, VAULT)
        await look(app, pilot, Keys)
        await choose(app, pilot, "cmk-ml")
        await look(app, pilot, Versions)
        vault = msgspec.structs.replace(app.screen._vault, name=hostile)
        await asyncio.to_thread(strange_keys, running_sandbox, hostile)
        app.push_screen(Keys(vault))
        await look(app, pilot, Keys)
        assert app.screen.query_one(ListTable).rows_shown
        app.goto("vaults")
        await look(app, pilot, Vaults)
        app.goto("workspaces")
        await choose(app, pilot, WORKSPACE)
        await look(app, pilot, WorkspaceDetail)
        await pilot.press("ctrl+p")
        await pilot.pause()
        inert(app)


@pytest.mark.parametrize(
    ("scenario", "id", "page", "detail"),
    [
        ("cluster-healthy", f"{SUB}{AKS}", Clusters, ClusterDetail),
        ("cluster-healthy", f"{SUB}{DES}", EncryptionSets, SetDetail),
        ("containers-healthy", f"{SUB}{ACI}", ContainerGroups, GroupDetail),
    ],
)
async def test_what_keys_encrypt(opened, hostile, scenario, id, page, detail):
    async with opened(scenario=f"broken/{scenario}", prepare=poison(hostile)) as (app, pilot):
        app.push_screen(page())
        await look(app, pilot, page)
        await choose(app, pilot, id)
        await look(app, pilot, detail)


async def test_set_up(opened, hostile):
    async with opened(scenario="contoso", prepare=poison(hostile), subscription=SUB[15:]) as (
        app,
        pilot,
    ):
        app.goto("setup")
        await look(app, pilot, Where)
        for row in ("subscription", "region", "group"):
            app.screen.query_one(f"#{row}", Choice).action_open_choice()
            await quiet(app, pilot)
            await look(app, pilot, Picker)
            await press(app, pilot, "escape")
        draft = app.screen.draft
        app.screen.on_go_pressed()
        await look(app, pilot, ChooseVault)
        app.push_screen(NewVault(draft))
        await look(app, pilot, NewVault)
        app.screen.query_one(Input).value = hostile
        await look(app, pilot, NewVault)
        await app.pop_screen()
        await choose(app, pilot, VAULT)
        await look(app, pilot, ChooseKey)
        keys = app.screen
        app.push_screen(ChooseVersion(keys, "cmk-ml"))
        await look(app, pilot, ChooseVersion)
        await app.pop_screen()
        app.push_screen(NewKey(draft))
        await look(app, pilot, NewKey)
        for field in app.screen.query(Input):
            field.value = hostile
        await look(app, pilot, NewKey)
        await app.pop_screen()
        row = keys.query_one(ListTable).rows_shown[0]
        keys.choose(*row.data)
        await look(app, pilot, Access)
        app.screen.query_one("#identity", Choice).action_open_choice()
        await quiet(app, pilot)
        await look(app, pilot, Picker)
        await pilot.press("escape")
        app.push_screen(WorkspacePage(draft))
        await look(app, pilot, WorkspacePage)
        for row in ("storage", "secrets_vault", "hbi"):
            app.screen.query_one(f"#{row}", Choice).action_open_choice()
            await quiet(app, pilot)
            await look(app, pilot, Picker)
            await press(app, pilot, "escape")
        app.push_screen(Review(draft))
        await look(app, pilot, Review)
        await pilot.press("tab")
        await pilot.pause()
        inert(app)
        await pilot.press("a")
        await pilot.pause()
        inert(app)


async def test_error_bodies(opened, running_sandbox, hostile):
    async with opened(scenario="contoso", subscription=SUB[15:]) as (app, pilot):
        await asyncio.to_thread(refuse, running_sandbox, hostile)
        for name in ("browse", "vaults", "workspaces", "setup"):
            app.goto(name)
            await quiet(app, pilot)
            inert(app)
            assert "Could not" in shown(app)
        draft = app.screen.draft
        for page in (ChooseVault(draft), NewVault(draft)):
            app.push_screen(page)
            await quiet(app, pilot)
            inert(app)


async def test_questions_and_texts(opened, hostile):
    row = Row(hostile, (hostile, hostile), hostile, {hostile: hostile}, data=hostile)
    screens = (
        lambda: Confirm(hostile, hostile),
        lambda: TypedConfirm(hostile, hostile, hostile),
        lambda: Prompt(hostile, value=hostile, known=[hostile], rule=lambda text: hostile),
        lambda: Picker(hostile, (Column(hostile), Column("b")), [row], chosen=hostile),
        lambda: TextView(hostile, hostile),
    )
    async with opened() as (app, pilot):
        for make in screens:
            app.push_screen(make())
            await pilot.pause()
            inert(app)
            await pilot.press("enter")
            await pilot.pause()
            inert(app)
            if len(app.screen_stack) > 1:
                await app.pop_screen()
        app.say(hostile)
        app.copy(hostile, hostile)
        await pilot.pause()
        inert(app)
        await pilot.press("T")
        await pilot.pause()
        inert(app)


async def test_a_run(opened, hostile):
    intent = WorkspaceSetup(
        subscription=SUB[15:],
        region=hostile,
        resource_group=hostile,
        vault=VaultIntent(name=hostile),
        key=KeyIntent(name=hostile),
        workspace=WorkspaceIntent(name=hostile),
    )
    step = Step(
        id="one", kind="group", title=hostile, action="create", target=hostile,
        irreversible=hostile,
    )  # fmt: skip
    plan = Plan(intent=intent, steps=(step,))
    cause = {"what": hostile, "means": hostile, "do": hostile, "message": hostile}
    told = [
        ("step.started", {}),
        ("step.progress", {"note": hostile, "status": hostile}),
        ("resource.seen", {"name": hostile, "type": hostile, "state": hostile}),
        ("step.waiting", {"why": hostile, "command": hostile, "whom": hostile}),
        ("step.failed", {"cause": cause, "repair": hostile}),
        ("step.done", {"note": hostile}),
        ("run.finished", {"status": "failed"}),
    ]
    async with opened() as (app, pilot):
        run = await Run.start(app.session.live, await app._runs.journal(), plan)
        view = RunView(run.id, plan)
        app.session.runs[run.id], app.session.views[run.id] = run, view
        app.push_screen(RunPage(await app._runs.look(run.id)))
        for name, detail in told:
            at = datetime.now(UTC)
            resource = hostile if name == "resource.seen" else ""
            event = Event(
                at=at, run=run.id, event=name, step="one", resource=resource, detail=detail
            )
            view.hear(event)
            view.write(hostile)
            await pilot.pause()
            app.screen._paint()
            await pilot.press("enter")
            inert(app)
            assert isinstance(app.screen, TextView)
            await pilot.press("escape")
            inert(app)
        app.screen.query_one(LastLines).show(LastLog(hostile, (hostile,) * 9))
        await look(app, pilot, RunPage)
        await run.close()


async def test_a_container_group(opened, hostile):
    one = ContainerIntent(
        name=hostile,
        image=hostile,
        command=[hostile],
        env={hostile: hostile},
        secure_env={hostile: f"env:{hostile}"},
    )
    async with opened() as (app, pilot):
        draft = Draft(app.session.subscription, region="westeurope", kind="container-group")
        draft.container_group = ContainerGroupIntent(name=hostile, containers=[one])
        app.push_screen(ContainerGroupPage(draft))
        await look(app, pilot, ContainerGroupPage)
        app.push_screen(ContainerPage(draft, one, (), lambda _: None))
        await look(app, pilot, ContainerPage)


async def test_an_undo(opened, hostile):
    group = f"{SUB}/resourceGroups/rg-gone"
    steps = (
        Step(id="one", kind="group", title=hostile, action="create", target=group),
        Step(id="two", kind="register", title=hostile, action="change", target=hostile),
    )
    async with opened() as (app, pilot):
        journal, cloud = await app._runs.journal(), app.session.live.cloud.name
        plan = Plan(purpose="repair", subject=group, steps=steps)
        await journal.add_run("beef", plan, cloud=cloud, host=hostile, pid=1)
        for step in steps:
            seq = await journal.begin_write(
                "beef", step.id, method="PUT", path=group, body_sha256="", request=step.id
            )
            await journal.end_write(seq, status=201, request_id="", operation="", error="")
        await app.push_screen(UndoPage("beef"))
        await look(app, pilot, UndoPage)
        assert app.screen.query_one(ListTable).row_count == len(steps)


async def test_a_diagnosis(opened, running_sandbox, hostile):
    async with opened(scenario="contoso", prepare=poison(hostile)) as (app, pilot):
        app.goto("diagnose")
        await look(app, pilot, Start)
        await press(app, pilot, "escape")
        app.screen.focused.post_message(events.Paste(hostile))
        app.push_screen(DiagnosePage(Target(id=WORKSPACE, name=hostile)))
        await look(app, pilot, DiagnosePage)
        for key in ("tab", "tab"):
            await press(app, pilot, key)
            await look(app, pilot, DiagnosePage)
        await press(app, pilot, "enter")
        inert(app)
        await app.pop_screen()
        await press(app, pilot, "E")
        await look(app, pilot, ExportPage)
    async with opened() as (app, pilot):
        app.push_screen(KeptPage(diagnosis(hostile), hostile))
        await look(app, pilot, KeptPage)
        for key in ("j", "j", "tab", "j", "t", "j"):
            await press(app, pilot, key)
            inert(app)
        await press(app, pilot, "enter")
        assert isinstance(app.screen, TextView)
        inert(app)


async def test_an_error_that_was_pasted(opened, hostile):
    body = f'{{"error": {{"code": "{hostile}", "message": "{hostile} {VAULT}"}}}}'
    async with opened() as (app, pilot):
        app.goto("diagnose")
        await quiet(app, pilot)
        for text in (hostile, f"{hostile}\n{hostile}", body):
            app.screen.focused.post_message(events.Paste(text))
            await pilot.pause()
            await pilot.press("enter")
            await quiet(app, pilot)
            inert(app)
            app.goto("diagnose")
        app.push_screen(ExplainedPage(explain_text(body)))
        await quiet(app, pilot)
        inert(app)
