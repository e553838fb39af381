"""The page of a cluster: what Azure offers, what can't serve and why, what goes into the intent."""

import asyncio

import msgspec
import pytest
from opening import quiet, shown

from screens.setup.cluster import ClusterPage
from screens.setup.review import Review
from screens.widgets.form import Choice, FieldRow, Go
from screens.widgets.picker import Picker
from screens.widgets.prompt import Prompt
from screens.widgets.status import Note
from screens.widgets.table import ListTable
from services import intents
from services.azure import disks, vaults
from services.azure.operations import wait
from services.model.intent import ClusterSetup, KeyIntent
from services.model.resources import Subscription
from services.setup.draft import Draft

ML = "5b000000-0000-4000-8000-0000000000d1"
VAULT = f"/subscriptions/{ML}/resourceGroups/rg-sec/providers/Microsoft.KeyVault/vaults/kv-cmk"


def words(app) -> str:
    return " ".join(shown(app).split())


def value(app, id: str) -> str:
    return app.screen.query_one(f"#{id}", Choice).value


async def to_page(app, pilot, **draft) -> ClusterPage:
    """The page, with a vault and key of the scenario."""
    vault = await vaults.get_vault(app.session.live, VAULT)
    assert vault is not None
    wish = Draft(
        subscription=Subscription(id=ML, name="Contoso-ML", tenant_id="", state="Enabled"),
        **{"region": "westeurope", "group": "rg-run", "kind": "cluster", "vault": vault, **draft},
    )
    wish.create_key(KeyIntent(name="cmk", create=False))
    app.push_screen(ClusterPage(wish))
    await quiet(app, pilot)
    assert isinstance(app.screen, ClusterPage)
    return app.screen


async def open_row(app, pilot, id: str) -> None:
    app.screen.query_one(f"#{id}", Choice).focus()
    await pilot.press("enter")
    await quiet(app, pilot)


async def pick(app, pilot, key: str) -> None:
    assert isinstance(app.screen, Picker)
    app.screen.query_one(ListTable).select(key)
    await pilot.press("enter")
    await quiet(app, pilot)


async def test_enter_alone_goes_on_with_sound_choices(opened) -> None:
    async with opened("failures/_cluster") as (app, pilot):
        page = await to_page(app, pilot)
        text = words(app)
        assert "settled for the cluster's whole life" in text
        assert "default now 1.34; lowest allowed 1.33" in text
        assert "4 cores, 16 GB, managed disks only" in text
        page.query_one(Go).action_go_on()
        await quiet(app, pilot)
        assert isinstance(app.screen, Review)
        intent = page.draft.intent()
        assert isinstance(intent, ClusterSetup)
        assert intent.cluster.name == "aks-run"
        assert intent.cluster.disk_encryption_set.name == "des-run"
        assert "cluster aks-run, 3 x Standard_D4s_v5" in words(app)


async def test_what_is_chosen_goes_into_the_intent(opened) -> None:
    async with opened("failures/_cluster") as (app, pilot):
        page = await to_page(app, pilot)
        for id, key in (
            ("kubernetes", "1.33"),
            ("tier", "standard"),
            ("node_size", "Standard_D4ds_v5"),
            ("zones", "1 2 3"),
            ("os_disk", "ephemeral"),
            ("encryption", "double"),
            ("rotate", "no"),
        ):
            await open_row(app, pilot, id)
            await pick(app, pilot, key)
        page.query_one("#node_count", FieldRow).field.value = "5"
        page.query_one(Go).action_go_on()
        await quiet(app, pilot)
        assert isinstance(app.screen, Review)
        wish = page.draft.cluster
        assert (wish.kubernetes, wish.tier, wish.node_size) == (
            "1.33",
            "standard",
            "Standard_D4ds_v5",
        )
        assert (wish.zones, wish.os_disk, wish.node_count) == (["1", "2", "3"], "ephemeral", 5)
        assert wish.disk_encryption_set.encryption == "double"
        assert not wish.disk_encryption_set.rotate_to_latest


async def test_versions_mark_the_default_and_the_lowest(opened) -> None:
    async with opened("failures/_cluster") as (app, pilot):
        page = await to_page(app, pilot)
        page.query_one("#kubernetes", Choice).focus()
        await pilot.pause()
        note = page.query_one(Note).text
        assert "lowest allowed in westeurope is 1.33" in note and "1.17" in note and "1.24" in note
        await pilot.press("enter")
        rows = {row.key: row.cells for row in app.screen.query_one(ListTable).rows_shown}
        assert rows["1.34"][1] == "the default" and rows["1.33"][1] == "lowest allowed"
        assert rows["1.35"][2] == "1.35.7, 1.35.6"


async def test_a_restricted_size_is_listed_with_its_reason_and_another_is_proposed(opened) -> None:
    async with opened("failures/node-size") as (app, pilot):
        page = await to_page(app, pilot)
        wish = msgspec.structs.replace(page.draft.cluster, node_size="Standard_D4s_v3")
        app.pop_screen()
        page = await to_page(app, pilot, cluster=wish)
        assert "Standard_D4s_v3: restricted: NotAvailableForSubscription" in page._said
        assert value(app, "node_size") != "Standard_D4s_v3"
        await open_row(app, pilot, "node_size")
        rows = {row.key: row for row in app.screen.query_one(ListTable).rows_shown}
        assert rows["Standard_D4s_v3"].cells[6] == "NO"
        before = page._choice.wish.node_size
        await pick(app, pilot, "Standard_D4s_v3")
        assert isinstance(app.screen, Picker), "it can't be chosen"
        await pilot.press("escape")
        assert page._choice.wish.node_size == before


async def test_a_size_without_room_can_not_have_ephemeral_disks(opened) -> None:
    async with opened("failures/_cluster") as (app, pilot):
        page = await to_page(app, pilot)
        await open_row(app, pilot, "os_disk")
        await pick(app, pilot, "ephemeral")
        assert isinstance(app.screen, Picker)
        await pilot.press("escape")
        assert page._choice.wish.os_disk == "managed"


async def test_zones_closed_to_the_size_are_not_offered(opened) -> None:
    async with opened("failures/node-zones") as (app, pilot):
        page = await to_page(app, pilot)
        page._take(page._choice.with_size("Standard_D4s_v3"))
        await open_row(app, pilot, "zones")
        assert [row.key for row in app.screen.query_one(ListTable).rows_shown] == ["none", "1"]


async def test_a_set_for_another_key_is_named_and_never_chosen(opened) -> None:
    async with opened("failures/encryption-set") as (app, pilot):
        page = await to_page(app, pilot)
        page._take(page._choice.making("des-1"))
        await page._read()
        assert "des-1 uses another key: other in kv-cmk; a new one, des-1-2" in page._said
        assert value(app, "set") == "new: des-1-2"
        await open_row(app, pilot, "set")
        (row,) = [
            one for one in app.screen.query_one(ListTable).rows_shown if one.cells[0] == "des-1"
        ]
        assert row.cells[2:4] == ("yes", "NO") and "other in kv-cmk" in row.cells[4]
        await pick(app, pilot, row.key)
        assert isinstance(app.screen, Picker)
        await pick(app, pilot, "+")
        assert isinstance(app.screen, Prompt)
        assert "DES-1 is in rg-run already" in page._choice.set_problem("DES-1")


async def test_a_set_of_this_key_is_used_with_what_it_was_made_with(opened) -> None:
    async with opened("failures/_cluster") as (app, pilot):
        conn = app.session.live
        vault = await vaults.get_vault(conn, VAULT)
        key = {"sourceVault": {"id": VAULT}, "keyUrl": f"{vault.uri}/keys/cmk"}
        body = {
            "location": "westeurope",
            "identity": {"type": "SystemAssigned"},
            "properties": {"activeKey": key, "rotationToLatestKeyVersionEnabled": True},
        }
        id = f"/subscriptions/{ML}/resourceGroups/rg-run/providers/Microsoft.Compute/"
        made = await disks.begin_create_set(conn, f"{id}diskEncryptionSets/des-run", body)
        await wait(conn, made, "make a set")
        page = await to_page(app, pilot)
        wish = page._choice.own
        assert (wish.name, wish.create) == ("des-run", False)
        assert value(app, "set") == "des-run" and "exists, for cmk in kv-cmk" in words(app)
        assert value(app, "rotate") == "follow" and "as the set was made" in words(app)
        await open_row(app, pilot, "rotate")
        assert app.screen is page, "the set settled it"
        page.query_one(Go).action_go_on()
        await quiet(app, pilot)
        assert isinstance(app.screen, Review)
        assert app.screen.plan is not None
        assert "encryption-set" not in [step.id for step in app.screen.plan.steps]
        assert intents.read(intents.write(page.draft.intent())) == page.draft.intent()


async def test_a_cluster_that_is_there_says_what_can_still_be_encrypted(opened) -> None:
    async with opened("failures/cluster") as (app, pilot):
        page = await to_page(app, pilot)
        row = page.query_one("#name", FieldRow)
        row.field.value = "aks-1"
        await pilot.pause()
        text = words(app)
        assert "aks-1 is there: platform keys for its OS disks" in text
        assert "New data disks can still be encrypted, by a StorageClass" in text
        page.query_one(Go).action_go_on()
        await quiet(app, pilot)
        assert app.screen is page
        row.field.value = "aks-other"
        await pilot.pause()
        page.query_one(Go).action_go_on()
        await quiet(app, pilot)
        assert isinstance(app.screen, Review)


async def test_what_can_not_be_read_says_why_and_does_not_stop_the_rest(
    opened, running_sandbox
) -> None:
    async with opened("failures/_cluster") as (app, pilot):
        fault = {"times": -1, "path": "Microsoft.Compute/skus", "status": 403}
        await asyncio.to_thread(running_sandbox.admin, "POST", "faults", fault)
        page = await to_page(app, pilot)
        assert "?? sizes could not be read" in words(app)
        assert "lowest allowed 1.33" in words(app)
        await open_row(app, pilot, "node_size")
        assert "read the sizes of virtual machines" in page.query_one(Note).text
        assert page.query_one(Note).text.endswith("r tries again.")
        page.query_one(Go).action_go_on()
        await quiet(app, pilot)
        assert isinstance(app.screen, Review), "the review judges it anew"


@pytest.mark.parametrize("size", [(80, 24), (120, 40)])
async def test_every_row_stands_there_at_once(opened, size) -> None:
    async with opened("failures/_cluster", size=size) as (app, pilot):
        await to_page(app, pilot)
        text = shown(app)
        for label in ("Name", "Kubernetes", "Node size", "Disk encryption set", "Continue to the"):
            assert label in text
