"""What is written out for other tools: read from Azure, shown, copied and saved; nothing changed."""

import asyncio
import stat
from types import SimpleNamespace
from typing import Any

import pytest
import yaml
from opening import quiet, shown
from textual.widgets import Input

from screens.diagnose.page import DiagnosePage
from screens.exports import NONE, ExportPage
from screens.run import RunPage
from screens.widgets.confirm import Confirm
from screens.widgets.inspect import TextView
from screens.widgets.picker import Picker
from screens.widgets.prompt import Prompt
from screens.widgets.table import ListTable
from services.model.diagnosis import Target
from services.model.intent import KeyIntent, VaultIntent, WorkspaceIntent, WorkspaceSetup
from services.model.plan import Plan, Step
from services.runs.engine import Run
from services.runs.view import RunView
from services.setup.context import Observation

SUBSCRIPTION = "5b000000-0000-4000-8000-0000000000d1"
SUB = f"/subscriptions/{SUBSCRIPTION}"
CLUSTER = (
    f"{SUB}/resourceGroups/rg-aks/providers/Microsoft.ContainerService/managedClusters/aks-prod"
)
SET = f"{SUB}/resourceGroups/rg-aks/providers/Microsoft.Compute/diskEncryptionSets/des-prod"
GROUP = (
    f"{SUB}/resourceGroups/rg-aci/providers/Microsoft.ContainerInstance/containerGroups/cg-score"
)
WORKSPACE = (
    f"{SUB}/resourceGroups/rg-ml/providers/Microsoft.MachineLearningServices/workspaces/mlw-prod"
)
DENIED = {"status": 403, "body": {"error": {"code": "AuthorizationFailed", "message": "no"}}}


def cluster() -> ExportPage:
    return ExportPage(Target(id=CLUSTER, name="aks-prod", kind="cluster"))


def writes(sandbox) -> list[str]:
    return [
        one["path"] for one in sandbox.requests() if one["method"] in ("PUT", "PATCH", "DELETE")
    ]


async def pressed(app, pilot, *keys: str) -> str:
    await pilot.press(*keys)
    return await quiet(app, pilot)


async def on(app, kind: type) -> None:
    async with asyncio.timeout(20):
        while not isinstance(app.screen, kind):
            await asyncio.sleep(0.02)


async def test_the_diagnosis_of_a_cluster_leads_to_its_class(opened, running_sandbox, tmp_path):
    async with opened(scenario="broken/cluster-healthy") as (app, pilot):
        app.push_screen(DiagnosePage(Target(id=CLUSTER, name="aks-prod", kind="cluster")))
        await quiet(app, pilot)
        text = await pressed(app, pilot, "E")
        assert isinstance(app.screen, ExportPage)
        assert "[StorageClass]   etcd (KMS)" in text and "w writes encrypted.yaml" in text
        assert "provisioner: disk.csi.azure.com" in text
        await pilot.press("y")
        kind, claim = yaml.safe_load_all(app.clipboard)
        assert kind["parameters"]["diskEncryptionSetID"].endswith("/diskEncryptionSets/des-prod")
        assert claim["kind"] == "PersistentVolumeClaim"
        copied = app.clipboard
        await pilot.press("Y")
        assert app.clipboard.splitlines()[-1] == "kubectl describe pvc encrypted-example"
        assert "$" not in app.clipboard.replace("$(az", "")
        await pressed(app, pilot, "w")
        assert isinstance(app.screen, Prompt)
        file = tmp_path / "class.yaml"
        app.screen.query_one(Input).value = str(file)
        await pressed(app, pilot, "enter")
        assert file.read_text() == copied
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
        file.write_text("mine")
        await pressed(app, pilot, "w")
        app.screen.query_one(Input).value = str(file)
        await pressed(app, pilot, "enter")
        assert isinstance(app.screen, Confirm)
        await pressed(app, pilot, "n")
        assert file.read_text() == "mine"
        assert writes(running_sandbox) == []


async def test_name_kind_of_disk_and_set_can_be_others(opened):
    async with opened(scenario="broken/cluster-healthy") as (app, pilot):
        app.push_screen(cluster())
        await quiet(app, pilot)
        for row, answer in (("name", "gold"), ("sku", "Premium_LRS"), ("set", SET)):
            await pilot.press("v")
            await on(app, Picker)
            await quiet(app, pilot)
            app.screen.query_one(ListTable).select(row)
            await pressed(app, pilot, "enter")
            if isinstance(app.screen, Prompt):
                app.screen.query_one(Input).value = "Not A Name"
                await pressed(app, pilot, "enter")
                assert "lower-case letters" in shown(app)
                app.screen.query_one(Input).value = answer
            else:
                await on(app, Picker)
                await quiet(app, pilot)
                app.screen.query_one(ListTable).select(answer)
            await pressed(app, pilot, "enter")
            await on(app, ExportPage)
            await quiet(app, pilot)
        kind = next(yaml.safe_load_all(app.screen._found["storage-class"].text))
        assert kind["metadata"]["name"] == "gold"
        assert kind["parameters"]["skuName"] == "Premium_LRS"
        assert "w writes gold.yaml" in shown(app)


async def test_etcd_asks_which_key_and_shows_the_lines(opened, running_sandbox):
    async with opened(scenario="broken/cluster-healthy") as (app, pilot):
        app.push_screen(cluster())
        await quiet(app, pilot)
        text = await pressed(app, pilot, "tab")
        assert "not possible" in text and "v chooses the key" in " ".join(text.split())
        assert not app.screen._found.get("etcd-kms"), "nothing is guessed"
        await pilot.press("v")
        await on(app, Picker)
        text = await quiet(app, pilot)
        assert "cmk-ml" in text and "another one" in text
        await pilot.press("enter")
        await on(app, ExportPage)
        assert "--enable-azure-keyvault-kms" in await quiet(app, pilot)
        await pilot.press("y")
        assert app.clipboard.splitlines()[-1].startswith("kubectl get secrets")
        assert "Y copy lines" not in shown(app), "its lines are its text"
        assert writes(running_sandbox) == []


async def test_where_the_vault_hides_its_keys_an_address_is_typed(opened, running_sandbox):
    async with opened(scenario="broken/cluster-healthy") as (app, pilot):
        app.push_screen(cluster())
        await pressed(app, pilot, "tab")
        fault = {"path": "^/keys$", "times": -1, **DENIED}
        await asyncio.to_thread(running_sandbox.admin, "POST", "faults", fault)
        await pilot.press("v")
        await on(app, Prompt)
        await quiet(app, pilot)
        app.screen.query_one(Input).value = "cmk-ml"
        assert "https://VAULT/keys/NAME" in await pressed(app, pilot, "enter")
        await pressed(app, pilot, "escape")
        assert isinstance(app.screen, ExportPage)
        assert "Name the key" in shown(app)


async def test_what_can_not_be_read_is_said_and_read_again(opened, running_sandbox):
    async with opened(scenario="broken/cluster-healthy") as (app, pilot):
        fault = {"path": "managedClusters/aks-prod$", "times": -1, **DENIED}
        await asyncio.to_thread(running_sandbox.admin, "POST", "faults", fault)
        app.push_screen(cluster())
        text = await quiet(app, pilot)
        assert "not possible" in text and "r reads again" in " ".join(text.split())
        await pilot.press("w", "y", "Y")
        assert isinstance(app.screen, ExportPage), "there is nothing to write or to copy"
        assert app.clipboard == ""
        await asyncio.to_thread(running_sandbox.admin, "DELETE", "faults")
        assert "provisioner" in await pressed(app, pilot, "r")


@pytest.mark.parametrize("scenario", ["broken/healthy", "broken/healthy-policies"])
async def test_the_end_of_a_workspaces_run_leads_to_its_snippet(opened, scenario):
    async def observe(ctx: Any, step: Step) -> Observation:
        return Observation(done=True, note="is there")

    intent = WorkspaceSetup(
        subscription=SUBSCRIPTION,
        region="westeurope",
        resource_group="rg-ml",
        vault=VaultIntent(name="kv-ml-prod"),
        key=KeyIntent(name="cmk-ml"),
        workspace=WorkspaceIntent(name="mlw-prod"),
    )
    step = Step(id="workspace", kind="test", title="workspace", action="create", target=WORKSPACE)
    kind: Any = SimpleNamespace(observe=observe)
    async with opened(scenario=scenario) as (app, pilot):
        plan = Plan(intent=intent, steps=(step,))
        journal = await app._runs.journal()
        run = await Run.start(app.session.live, journal, plan, find=lambda _: kind)
        view = RunView(run.id, plan)
        run.subscribe(view.hear)
        app.session.runs[run.id], app.session.views[run.id] = run, view
        app.push_screen(RunPage(await app._runs.look(run.id)))
        await pressed(app, pilot, "E")
        assert isinstance(app.screen, RunPage), "there is nothing to write out yet"
        app._runs.go(run)
        async with asyncio.timeout(20):
            while "E for tools" not in shown(app):
                await asyncio.sleep(0.02)
        text = await pressed(app, pilot, "E")
        assert isinstance(app.screen, ExportPage)
        assert "[Model to Container Instances]" in text and "deploy_to_aci.py" in text
        export = app.screen._found["aci-snippet"]
        assert ("role assignments" in export.says[0]) is (scenario == "broken/healthy")
        await pilot.press("y", "T")
        await pilot.pause()
        assert isinstance(app.screen, TextView)
        assert "AciWebservice" in shown(app)


async def test_of_a_container_group_nothing_is_written_out(opened, monkeypatch):
    async with opened(scenario="broken/containers-healthy") as (app, pilot):
        said: list[str] = []
        monkeypatch.setattr(app, "say", lambda text, **_: said.append(text))
        app.push_screen(DiagnosePage(Target(id=GROUP, name="cg-score", kind="container-group")))
        await pressed(app, pilot, "E")
        assert isinstance(app.screen, DiagnosePage)
        assert said == [NONE]
