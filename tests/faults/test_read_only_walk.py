"""With ``--read-only`` every key of every screen is pressed, and the sandbox sees no write.

Each screen is opened by itself, each key that works there is pressed, and what is asked then is
answered with yes. A screen or a key that stands in none of the tables below fails the test.
"""

import asyncio
import inspect
import json
import pkgutil
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from carrying import carry_out, connected, intent_for, writes
from sandboxed import RunningSandbox
from textual._compositor import Compositor
from textual.screen import Screen
from textual.widget import Widget

import screens
from screens.base import Modal, Page
from screens.browse.contents import Contents
from screens.browse.keys import Keys, Versions
from screens.browse.machine import ClusterDetail, GroupDetail, SetDetail
from screens.browse.workspace import WorkspaceDetail
from screens.delete import DeletePage
from screens.dependents import Dependents
from screens.diagnose.explained import ExplainedPage
from screens.diagnose.kept import KeptPage
from screens.diagnose.page import DiagnosePage
from screens.exports import ExportPage
from screens.help import Help
from screens.leave import Leave
from screens.rotate import RotatePage
from screens.run import RunPage
from screens.session import Options, Session
from screens.setup.accept import Accept
from screens.setup.access import Access
from screens.setup.cluster import ClusterPage
from screens.setup.container import ContainerPage
from screens.setup.container_group import ContainerGroupPage
from screens.setup.key import ChooseKey, ChooseVersion
from screens.setup.modes import Modes
from screens.setup.new_key import NewKey
from screens.setup.new_vault import NewVault
from screens.setup.review import Review
from screens.setup.vault import ChooseVault
from screens.setup.workspace import WorkspacePage
from screens.undo import UndoPage
from screens.widgets.confirm import Confirm, TypedConfirm
from screens.widgets.inspect import TextView
from screens.widgets.picker import Picker
from screens.widgets.prompt import Prompt
from screens.widgets.table import Column, Row
from services.azure import clusters, containergroups, disks, vaults, workspaces
from services.azure.subscriptions import list_subscriptions
from services.failures.explained import explain_text
from services.home import Memory, Paths
from services.model.diagnosis import Target
from services.model.intent import KeyIntent, WorkspaceIntent
from services.runs.engine import Run
from services.runs.journal import Journal
from services.runs.view import RunView
from services.setup.draft import Draft
from services.setup.plan import make_plan
from tests.faults.keywalk import Walk, keys_of, kinds
from tests.screens.broken import diagnosis
from tui.app import Wrapkey

WORKSPACE = "mlw-walk"
PROOF = ("/wrapkey", "/unwrapkey")
"""The proof of a key wraps random bytes and changes nothing: the guard lets the probe pass."""


class Given(NamedTuple):
    """What screens are opened with."""

    app: Wrapkey
    draft: Draft
    made: dict[str, str]
    """Ids of what a finished run has made, by step."""
    done: str
    """A run that has succeeded."""
    left: str
    """A run that nobody carries out any more."""
    theirs: str
    """A run that another process carries out."""
    vault: Any
    workspace: Any

    async def page(self, run: str) -> RunPage:
        """The page of a run."""
        return RunPage(await self.app._runs.look(run))


GROUPS = "Microsoft.ContainerInstance/containerGroups"
SETS = "Microsoft.Compute/diskEncryptionSets"
CLUSTERS = "Microsoft.ContainerService/managedClusters"


def gone(given: Given, type: str) -> dict[str, Any]:
    """What a list has shown, and what is not there any more when it is opened."""
    id = f"/subscriptions/{given.draft.subscription.id}/resourceGroups/rg-ml/providers/{type}/gone"
    return {"id": id, "name": "gone", "type": type, "location": "westeurope", "properties": {}}


Root = Callable[[Given], Any]
"""Makes a screen, or a coroutine that does."""

ROWS = (Row("one", ("one", "two")), Row("two", ("three", "four")))
TWO = (Column("A"), Column("B"))
ERROR = "RequestDisallowedByPolicy: Resource 'kv-walk' was disallowed by policy."

ROOTS: dict[str, tuple[Root, ...]] = {
    "ChooseVault": (lambda g: ChooseVault(g.draft),),
    "NewVault": (lambda g: NewVault(g.draft),),
    "ChooseKey": (lambda g: ChooseKey(g.draft),),
    "ChooseVersion": (lambda g: ChooseVersion(ChooseKey(g.draft), "cmk-ml"),),
    "NewKey": (lambda g: NewKey(g.draft),),
    "Access": (lambda g: Access(g.draft),),
    "WorkspacePage": (lambda g: WorkspacePage(g.draft),),
    "ClusterPage": (lambda g: ClusterPage(replace(g.draft, kind="cluster")),),
    "ContainerGroupPage": (lambda g: ContainerGroupPage(replace(g.draft, kind="container-group")),),
    "ContainerPage": (
        lambda g: ContainerPage(g.draft, g.draft.container_group.containers[0], (), lambda _: None),
    ),
    "Review": (lambda g: Review(g.draft),),
    "Contents": (lambda g: Contents(g.draft.subscription),),
    "Keys": (lambda g: Keys(g.vault),),
    "Versions": (lambda g: Versions(g.vault, "cmk-ml"),),
    "GroupDetail": (lambda g: GroupDetail(containergroups.group(gone(g, GROUPS))),),
    "SetDetail": (lambda g: SetDetail(disks.encryption_set(gone(g, SETS))),),
    "ClusterDetail": (lambda g: ClusterDetail(clusters.cluster(gone(g, CLUSTERS))),),
    "WorkspaceDetail": (lambda g: WorkspaceDetail(g.workspace),),
    "Dependents": (lambda g: Dependents(g.made["workspace"], WORKSPACE),),
    "DiagnosePage": (lambda g: DiagnosePage(Target(id=g.made["workspace"], name=WORKSPACE)),),
    "KeptPage": (lambda g: KeptPage(diagnosis(), "bundle.json"),),
    "ExplainedPage": (lambda g: ExplainedPage(explain_text(f"{ERROR} {g.made['workspace']}")),),
    "ExportPage": (lambda g: ExportPage(Target(id=g.made["workspace"], name=WORKSPACE)),),
    "RotatePage": (lambda g: RotatePage(g.made["workspace"], WORKSPACE),),
    "DeletePage": (lambda g: DeletePage(g.made["workspace"], WORKSPACE),),
    "UndoPage": (lambda g: UndoPage(g.done),),
    "RunPage": (
        lambda g: g.page(g.done),
        lambda g: g.page(g.left),
        lambda g: g.page(g.theirs),
    ),
    "Accept": (lambda g: Accept(diagnosis().findings[:1], frozenset()),),
    "Confirm": (lambda g: Confirm("Do it?", "Something."),),
    "Help": (lambda g: Help("Title", "Guide", []),),
    "Leave": (lambda g: Leave([g.app.session.views["none"]], ""),),
    "Modes": (lambda g: Modes("own-resources"),),
    "Picker": (lambda g: Picker("Which?", TWO, ROWS),),
    "Prompt": (lambda g: Prompt("Name"),),
    "TextView": (lambda g: TextView("Title", "Text"),),
    "TypedConfirm": (lambda g: TypedConfirm("Do it?", "Something.", "yes"),),
}
"""How each screen is opened that needs something to be opened with; several where its keys differ."""

BEFORE: dict[str, tuple[tuple[str, ...], ...]] = {
    "Review": ((), ("tab",), ("tab", "tab", "tab")),
    "Vaults": ((), ("slash",)),
    "SignIn": ((), ("G", "enter")),
    "Runs": ((), ("j",)),
}
"""Keys that lead to other parts of a screen, whose keys are pressed too."""

NEVER = {
    ("Wrapkey", "quit"): "ends the application, in which no run is going on",
    ("SignIn", "tenant"): "a sandbox has no other tenant, so there is no such key",
    ("ExportPage", "next_export"): "only a cluster has two exports; it shows the other one",
    ("RotatePage", "secrets"): "only for a group with secrets, and then it asks where they are",
    ("RunPage", "give"): "only while a run waits for a secret, and then it sends nothing itself",
    ("RunPage", "result_portal"): "a sandbox has no portal, so there is no such key",
}
"""What is not pressed, by class and key, and why."""

WRITING = {
    "Review": "a",
    "DiagnosePage": "F",
    "RotatePage": "a",
    "DeletePage": "a",
    "UndoPage": "a",
}
"""The key with which each screen that changes something does so."""

for module in pkgutil.walk_packages(screens.__path__, "screens."):
    import_module(module.name)
PAGES = {
    one.__name__: one for kind in (Page, Modal) for one in kinds(kind) if not one.__subclasses__()
}
WIDGETS = [one for one in kinds(Widget) if not issubclass(one, Screen)]


def opening(name: str, given: Given) -> list[Callable[[], Any]]:
    """The ways to open a screen."""
    return [partial(root, given) for root in ROOTS.get(name, (lambda _: PAGES[name](),))]


@asynccontextmanager
async def opened(
    sandbox: RunningSandbox, folder: Path, *, read_only: bool, thorough: bool = False
) -> AsyncIterator[tuple[Walk, Given]]:
    """The application, signed in, with runs and all that they made; nothing is in the record."""
    file = folder / "ready.json"
    file.write_text(json.dumps(sandbox.ready))
    paths = Paths.here()
    async with connected(sandbox) as conn, AsyncExitStack() as end:
        wish = intent_for(sandbox, vault={"name": "kv-walk"}, workspace={"name": WORKSPACE})
        done = await carry_out(conn, paths.journal.parent.parent, wish)
        assert not done.failures()
        journal = await Journal.open(paths.journal)
        end.push_async_callback(journal.close)
        plan = await make_plan(conn, intent_for(sandbox, workspace={"name": "mlw-left"}))
        left, theirs = [await Run.start(conn, journal, plan) for _ in range(2)]
        end.push_async_callback(theirs.close)
        await left.close()
        await theirs.emit("run.started")
        await theirs.emit("step.failed", plan.steps[0].id, cause={"what": "No.", "do": "Retry."})
        options = Options(connect=str(file), read_only=read_only)
        app = Wrapkey(Session(options, paths, Memory.load(paths)))
        app.session.views["none"] = RunView("none", plan)
        async with app.run_test(size=(80, 24), notifications=True) as pilot:
            walk = Walk(app, pilot, set(NEVER), thorough=thorough)
            async with asyncio.timeout(20):
                while app.session.stage not in ("ready", "failed"):
                    await asyncio.sleep(0.01)
            live, made = app.session.live, {one.id: one.target for one in done.plan.steps}
            vault = await vaults.get_vault(live, made["vault"])
            assert vault is not None
            draft = Draft((await list_subscriptions(live))[0], region="westeurope", group="rg-ml")
            draft.workspace = WorkspaceIntent(name="mlw-new")
            draft.choose_vault(vault)
            draft.create_key(KeyIntent(name="cmk-new", create=True, bits=2048))
            workspace = await workspaces.get_workspace(live, made["workspace"])
            sandbox.admin("DELETE", "requests")
            yield (
                walk,
                Given(app, draft, made, done.run, left.id, theirs.id, vault, workspace),
            )


@pytest.fixture(autouse=True)
def at_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WRAPKEY_HOME", str(tmp_path / "home"))
    monkeypatch.delenv("WRAPKEY_CONNECT", raising=False)
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.setattr("tui.typeahead.PAINTED", 0)  # nobody looks at the frames between keys
    monkeypatch.chdir(tmp_path)  # what is exported is written where one stands


def test_every_screen_can_be_opened_by_itself() -> None:
    rootless = [
        name
        for name, kind in PAGES.items()
        if any(one.default is one.empty for one in inspect.signature(kind).parameters.values())
        and name not in ROOTS
    ]
    assert not rootless, f"give each a root in ROOTS, which says how it is opened: {rootless}"
    assert ROOTS.keys() <= PAGES.keys(), "a root leads to a screen that there is"


@pytest.mark.parametrize("thorough", [False, pytest.param(True, marks=pytest.mark.soak)])
async def test_no_key_of_any_screen_writes(
    sandbox: RunningSandbox, tmp_path: Path, thorough: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not thorough:  # what is painted is a third of the time, and shown by other tests
        monkeypatch.setattr(Compositor, "render_update", lambda *_, **__: None)
    async with opened(sandbox, tmp_path, read_only=True, thorough=thorough) as (walk, given):
        # Who signs in as somebody else may see less: that comes last.
        for name in sorted(PAGES, key=lambda name: (name == "SignIn", name)):
            for root in opening(name, given):
                for before in BEFORE.get(name, ((),)):
                    await walk.everything(root, before)
    assert [one for one in writes(sandbox) if not one.endswith(PROOF)] == []
    assert walk.refused >= WRITING.keys(), "the keys that write where they may led to a refusal"
    there_are = {
        (kind.__name__, id) for kind in (*PAGES.values(), *WIDGETS, Wrapkey) for id in keys_of(kind)
    }
    missing = there_are - walk.acted - NEVER.keys()
    assert not missing, f"lead the walk there (ROOTS, BEFORE), or say why not (NEVER): {missing}"
    assert not NEVER.keys() - (there_are - walk.acted), "an exception that is none"


async def test_the_keys_that_write_do_so_without_it(
    sandbox: RunningSandbox, tmp_path: Path
) -> None:
    """Else nothing would be shown by what they do not do."""
    async with opened(sandbox, tmp_path, read_only=False) as (walk, given):
        for id in [one for one in sandbox.world.state.assignments if "/vaults/" in one]:
            assert sandbox.call("DELETE", id, version="2022-04-01").ok
        # The diagnosis comes before the rotation: it gives back what was taken.
        for name, key in WRITING.items():
            sandbox.admin("DELETE", "requests")
            page = await walk.open(opening(name, given)[0])
            await walk.press(key)
            await walk.answer(page)
            async with asyncio.timeout(20):
                while not writes(sandbox):
                    await asyncio.sleep(0.02)
            await given.app._runs.end(interrupted=False)
    assert not walk.refused
