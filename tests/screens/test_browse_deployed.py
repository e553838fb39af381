"""Browse: container groups, disk encryption sets and clusters, and what one does with them."""

import asyncio

import pytest
from opening import quiet, shown

from screens.browse.contents import Contents
from screens.browse.deployed import Clusters, ContainerGroups, EncryptionSets
from screens.browse.machine import ClusterDetail, GroupDetail, SetDetail
from screens.delete import DeletePage
from screens.dependents import Dependents
from screens.diagnose.page import DiagnosePage
from screens.exports import ExportPage
from screens.rotate import RotatePage
from screens.widgets.inspect import TextView
from screens.widgets.table import ListTable

DENIED = {"status": 403, "body": {"error": {"code": "AuthorizationFailed", "message": "no"}}}
RG = r"Microsoft\.ResourceGraph/resources"
KINDS = (
    ("container-groups", "broken/containers-healthy", "score-prod", ContainerGroups, GroupDetail),
    ("encryption-sets", "broken/cluster-healthy", "des-prod", EncryptionSets, SetDetail),
    ("clusters", "broken/cluster-healthy", "aks-prod", Clusters, ClusterDetail),
)
EACH = pytest.mark.parametrize(("place", "scenario", "name", "page", "detail"), KINDS)


def rows(app, at: int = 0) -> dict[str, tuple[str, ...]]:
    """Cells of a list by the name in them."""
    table = list(app.screen.query(ListTable))[at]
    return {row.cells[0]: row.cells for row in table.rows_shown}


async def goto(app, pilot, place: str) -> str:
    app.goto(place)
    return await quiet(app, pilot)


async def on(app, pilot, kind: type) -> str:
    async with asyncio.timeout(20):
        while not isinstance(app.screen, kind):
            await asyncio.sleep(0.01)
    return await quiet(app, pilot)


@EACH
async def test_each_is_listed_and_leads_to_what_one_does_with_it(
    opened, running_sandbox, place, scenario, name, page, detail
):
    async with opened(scenario=scenario) as (app, pilot):
        await goto(app, pilot, place)
        assert isinstance(app.screen, page)
        cells = rows(app)[name]
        assert cells[1].startswith("rg-a") and cells[2] == "westeurope" and cells[4] == "Succeeded"
        assert cells[3] == ("set des-prod" if name == "aks-prod" else "cmk-ml")
        await pilot.press("enter")
        text = await on(app, pilot, detail)
        assert "Succeeded" in text and f"itself       {name}" in text
        for key, kind in (("r", RotatePage), ("D", DeletePage), ("d", DiagnosePage)):
            await pilot.press(key)
            text = await on(app, pilot, kind)
            assert name in text
            await pilot.press("escape")
            await on(app, pilot, detail)
        await pilot.press("b")
        text = await on(app, pilot, Dependents)
        assert name in text and "cmk-ml" in text
        await pilot.press("escape", "i")
        await on(app, pilot, TextView)
        assert '"properties"' in shown(app)
        methods = {one["method"] for one in running_sandbox.requests()}
        assert not methods & {"PUT", "PATCH", "DELETE"}


@EACH
async def test_a_list_that_is_refused_says_so_and_is_read_again(
    opened, running_sandbox, place, scenario, name, page, detail
):
    async with opened(scenario=scenario) as (app, pilot):
        order = {"path": RG, "times": -1, **DENIED}
        await asyncio.to_thread(running_sandbox.admin, "POST", "faults", order)
        text = await goto(app, pilot, place)
        assert "not read" in text and "Ask for a role" in " ".join(text.split())
        await asyncio.to_thread(running_sandbox.admin, "DELETE", "faults")
        await pilot.press("r")
        await quiet(app, pilot)
        assert name in rows(app)


async def test_each_list_is_one_question(opened, running_sandbox):
    async with opened(scenario="broken/cluster-healthy") as (app, pilot):
        for place in ("container-groups", "encryption-sets", "clusters"):
            await asyncio.to_thread(running_sandbox.admin, "DELETE", "requests")
            await goto(app, pilot, place)
            asked = [one["path"] for one in running_sandbox.requests()]
            assert len(asked) == 1, asked
        await goto(app, pilot, "container-groups")
        assert "none" in shown(app).splitlines()[2]


async def test_a_subscription_shows_all_that_keys_encrypt_in_one_list(opened):
    async with opened(scenario="broken/cluster-healthy") as (app, pilot):
        await goto(app, pilot, "browse")
        await pilot.press("enter")
        text = await on(app, pilot, Contents)
        assert "What keys encrypt" in text
        found = rows(app, 1)
        assert found["aks-prod"][1:4] == ("cluster", "rg-aks", "set des-prod")
        assert found["des-prod"][1:4] == ("disk encryption set", "rg-aks", "cmk-ml")
        await pilot.press("tab", "b")
        await on(app, pilot, Dependents)


async def test_a_cluster_shows_its_pools_and_its_set_which_opens(opened):
    async with opened(scenario="broken/cluster-healthy") as (app, pilot):
        await goto(app, pilot, "clusters")
        await pilot.press("enter")
        text = await on(app, pilot, ClusterDetail)
        assert "OS disks through the set des-prod" in text and "with Microsoft's keys" in text
        table = app.screen.query_one(ListTable)
        told = {row.cells[1]: row for row in table.rows_shown}
        assert told["node pool"].cells[4].startswith("the set's key; managed OS disks, ")
        table.select(told["its set"].key)
        await pilot.press("enter")
        text = await on(app, pilot, SetDetail)
        assert "moves to a new version by itself" in text
        assert "scale set" in text and "OK" in text
        await pilot.press("E")
        assert "provisioner" in await on(app, pilot, ExportPage)


async def test_what_has_no_key_of_yours_says_when_one_is_given(opened):
    async with opened(scenario="broken/cluster-platform-keys") as (app, pilot):
        await goto(app, pilot, "clusters")
        assert rows(app)["aks-prod"][3] == "Microsoft's"
        await pilot.press("enter")
        text = await on(app, pilot, ClusterDetail)
        assert "a set is given at creation, or never" in " ".join(text.split())
    async with opened(scenario="broken/containers-platform-keys") as (app, pilot):
        await goto(app, pilot, "container-groups")
        assert rows(app)["score-prod"][3] == "Microsoft's"
        await pilot.press("enter")
        text = await on(app, pilot, GroupDetail)
        assert "given at creation, or never" in " ".join(text.split())
        assert "container    main" in text


async def test_one_that_is_gone_when_it_is_opened(opened, running_sandbox):
    async with opened(scenario="broken/containers-healthy") as (app, pilot):
        await goto(app, pilot, "container-groups")
        row = app.screen.query_one(ListTable).rows_shown[0]
        await asyncio.to_thread(running_sandbox.call, "DELETE", row.id, version="2023-05-01")
        async with asyncio.timeout(20):
            while (
                await asyncio.to_thread(running_sandbox.call, "GET", row.id, version="2023-05-01")
            ).status_code != 404:
                await asyncio.sleep(0.01)
        await pilot.press("enter")
        text = await on(app, pilot, GroupDetail)
        assert "The container group score-prod is not there any more." in " ".join(text.split())


async def test_parts_that_are_refused_hide_no_other(opened, running_sandbox):
    async with opened(scenario="broken/cluster-healthy") as (app, pilot):
        order = {"path": "diskEncryptionSets/des-prod$", "times": -1, **DENIED}
        await asyncio.to_thread(running_sandbox.admin, "POST", "faults", order)
        await goto(app, pilot, "clusters")
        await pilot.press("enter")
        text = await on(app, pilot, ClusterDetail)
        assert "incomplete" in text and "node pool" in text
        await pilot.press("b")
        await pilot.pause()
        assert isinstance(app.screen, ClusterDetail), "which key it is could not be read"
