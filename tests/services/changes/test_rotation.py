"""Rotations against the sandbox: what is refused before, and what is carried out."""

import asyncio
from pathlib import Path
from typing import Any

import msgspec
import pytest
from carrying import QUICK, carry_out, connected, writes
from keyusers import machines
from sandboxed import RunningSandbox

from sandbox.providers import managedkeys
from services.azure import keys, storage, workspaces
from services.azure.connection import Connection
from services.changes.document import rotation_document
from services.changes.model import Rotation
from services.changes.rotation import NoRotation, Wish, plan_rotation, read
from services.changes.rotationjudges import judged
from services.ids import ArmId, KeyId
from services.model.plan import Event
from services.runs.engine import Run, RunStatus
from services.runs.journal import Journal

SUB = "/subscriptions/5b000000-0000-4000-8000-0000000000d1"
WORKSPACE = (
    f"{SUB}/resourceGroups/rg-ml/providers/Microsoft.MachineLearningServices/workspaces/mlw-prod"
)
VAULT = f"{SUB}/resourceGroups/rg-sec/providers/Microsoft.KeyVault/vaults/kv-ml-prod"
OLD = "0d1ab1ed000040008000000000000001"


def statuses(rotation: Rotation) -> dict[str, set[str]]:
    told: dict[str, set[str]] = {}
    for one in rotation.findings:
        told.setdefault(one.status, set()).add(one.check)
    return told


async def key_of(conn: Connection) -> KeyId:
    found = await workspaces.get_workspace(conn, WORKSPACE)
    assert found is not None and found.encryption is not None
    return KeyId.parse(found.encryption.key_id)


async def stored(conn: Connection) -> str:
    """The version that the managed Storage account names."""
    found = await workspaces.get_workspace(conn, WORKSPACE)
    assert found is not None
    (one,) = await storage.list_in_group(
        conn, ArmId.parse(WORKSPACE).subscription, found.managed_group
    )
    return KeyId.parse(one.key_id).version


async def test_a_new_version_is_made_taken_by_all_and_the_old_one_kept(
    sandbox: RunningSandbox, tmp_path: Path
) -> None:
    sandbox.reset("broken/healthy")
    async with connected(sandbox) as conn:
        before = await key_of(conn)
        found = await read(conn, "mlw-prod", Wish())
        assert "fail" not in statuses(found), found.findings
        assert {one.version for one in found.dependents if one.kind == "Storage"} == {OLD}
        assert writes(sandbox) == []
        carried = await carry_out(conn, tmp_path, plan_rotation(found))
        assert carried.status is RunStatus.SUCCEEDED, carried.failures()
        now = await key_of(conn)
        assert now.versionless == before.versionless and now.version != OLD
        assert await stored(conn) == now.version
        new = await keys.get_key(conn, f"https://{now.host}", now.name)
        old = await keys.get_key(conn, f"https://{now.host}", now.name, OLD)
    assert new is not None and old is not None
    assert new.version == now.version and new.bits == old.bits and new.ops == old.ops
    assert new.expires is not None and old.expires is not None and new.expires > old.expires
    assert old.enabled
    note = [one.detail["note"] for one in carried.events if one.step == "kept" and one.detail][-1]
    assert "24 h for Cosmos DB" in note and OLD[:8] in note
    kept = carried.results["kept"]
    assert kept["keep_until"] and KeyId.parse(kept["old"][0]).version == OLD
    assert sandbox.admin("GET", f"data?id={WORKSPACE}")["readable"]


async def test_the_services_are_waited_for_and_what_each_tells_is_said(
    sandbox: RunningSandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sandbox.reset("broken/healthy")
    monkeypatch.setitem(managedkeys.FOLLOW_S, "storage", 1000 * sandbox.speed)
    async with connected(sandbox) as conn:
        plan = plan_rotation(await read(conn, WORKSPACE, Wish()))
        carrying = asyncio.create_task(carry_out(conn, tmp_path, plan))
        await until_asked(sandbox, "PATCH", "/workspaces/mlw-prod")
        await asyncio.to_thread(sandbox.admin, "DELETE", "requests")
        await until_asked(sandbox, "GET", "/storageAccounts", times=2)
        assert not carrying.done()
        await asyncio.to_thread(sandbox.advance, 1001)
        carried = await carrying
    waits = [one.detail["why"] for one in carried.events if one.event == "step.waiting"]
    assert any("not taken yet" in why and "24 hours for Storage" in why for why in waits)
    notes = {one.step: one.detail.get("note", "") for one in carried.events}
    assert "Cosmos DB the key without a version" in notes["taken"]
    assert "that Azure does not tell (??)" in notes["verify"]


async def test_another_key_of_the_vault(sandbox: RunningSandbox, tmp_path: Path) -> None:
    sandbox.reset("broken/healthy")
    async with connected(sandbox) as conn:
        before = await key_of(conn)
        made = await keys.create_key(
            conn, f"https://{before.host}", "cmk-2", keys.KeySpec(bits=2048)
        )
        found = await read(conn, WORKSPACE, Wish(key="cmk-2"))
        plan = plan_rotation(found)
        assert rotation_document(found, plan)["to"] == made.id
        carried = await carry_out(conn, tmp_path, plan)
        assert carried.status is RunStatus.SUCCEEDED, carried.failures()
        assert str(await key_of(conn)) == made.id
        again = await read(conn, WORKSPACE, Wish(key="cmk-2", version="latest"))
        assert plan_rotation(again).steps == ()
        back = await read(conn, WORKSPACE, Wish(key="cmk-ml", version=OLD))
        assert (await carry_out(conn, tmp_path, plan_rotation(back))).status is RunStatus.SUCCEEDED
        assert str(await key_of(conn)) == str(before)
    assert sandbox.admin("GET", f"data?id={WORKSPACE}")["readable"]


async def test_the_newest_version_that_is_there(sandbox: RunningSandbox, tmp_path: Path) -> None:
    sandbox.reset("broken/healthy-rotated")
    async with connected(sandbox) as conn:
        assert "rotation-newer" in statuses(await read(conn, WORKSPACE, Wish()))["warn"]
        found = await read(conn, WORKSPACE, Wish(version="latest"))
        carried = await carry_out(conn, tmp_path, plan_rotation(found))
        assert carried.status is RunStatus.SUCCEEDED, carried.failures()
        assert (await key_of(conn)).version != OLD
    assert [one for one in writes(sandbox) if "/create" in one] == []


async def test_a_key_stands_for_all_workspaces_that_use_it(sandbox: RunningSandbox) -> None:
    sandbox.reset("broken/healthy")
    async with connected(sandbox) as conn:
        address = (await key_of(conn)).versionless
        for text in (address, f"{VAULT}/keys/cmk-ml"):
            found = await read(conn, text, Wish())
            assert [one.workspace.name for one in found.places] == ["mlw-prod"]
        with pytest.raises(NoRotation, match="No workspace"):
            await read(conn, f"{address}-other", Wish())


@pytest.mark.parametrize(
    ("wish", "words"),
    [
        (Wish(key="https://kv-other.vault.localhost/keys/cmk"), "of the vault it was made with"),
        (Wish(key="not a key"), "letters, digits and hyphens"),
        (Wish(version="abc"), "32 hex digits"),
        (Wish(version=OLD, new=True), "exclude each other"),
    ],
)
async def test_what_breaks_a_rule_is_refused_before_anything(
    sandbox: RunningSandbox, wish: Wish, words: str
) -> None:
    sandbox.reset("broken/healthy")
    async with connected(sandbox) as conn:
        with pytest.raises(NoRotation, match=words):
            await read(conn, WORKSPACE, wish)
    assert writes(sandbox) == []


async def test_service_side_can_not_rotate(sandbox: RunningSandbox) -> None:
    sandbox.reset("broken/healthy-service-side")
    async with connected(sandbox) as conn:
        found = await read(conn, WORKSPACE, Wish())
    (one,) = [one for one in found.findings if one.status == "fail"]
    assert one.check == "rotation-mode" and "service's side" in one.title


async def test_a_disabled_version_a_missing_one_and_a_lock_are_named_before(
    sandbox: RunningSandbox,
) -> None:
    sandbox.reset("broken/healthy")
    group = WORKSPACE.partition("/providers/")[0]
    lock = f"{group}/providers/Microsoft.Authorization/locks/freeze"
    sandbox.call("PUT", lock, {"properties": {"level": "ReadOnly"}}, version="2016-09-01")
    async with connected(sandbox) as conn:
        key = await key_of(conn)
        address = f"https://{key.host}"
        made = await keys.create_key(conn, address, key.name, keys.KeySpec(bits=2048))
        await keys.change_key(conn, address, key.name, made.version, enabled=False)
        found = await read(conn, WORKSPACE, Wish(version=made.version))
        assert statuses(found)["fail"] == {"rotation-key", "change-lock"}
        missing = await read(conn, WORKSPACE, Wish(version="f" * 32))
        assert "rotation-key" in statuses(missing)["fail"]
        assert plan_rotation(missing).steps == ()


async def test_who_may_not_is_told_before(sandbox: RunningSandbox) -> None:
    sandbox.reset("broken/healthy")
    async with connected(sandbox, "reader") as conn:
        found = await read(conn, WORKSPACE, Wish())
    assert "change-rights" in statuses(found)["warn"]


async def test_a_tag_of_a_tool_is_named(sandbox: RunningSandbox) -> None:
    sandbox.reset("broken/healthy")

    def tag() -> None:
        sandbox.world.state.resources[WORKSPACE.lower()].doc["tags"] = {"managed-by": "Terraform"}

    sandbox.on_loop(tag)
    async with connected(sandbox) as conn:
        found = await read(conn, WORKSPACE, Wish())
    (one,) = [one for one in found.findings if one.check == "rotation-tool"]
    assert one.status == "warn" and "managed-by=Terraform" in one.title


async def until_asked(sandbox: RunningSandbox, method: str, words: str, times: int = 1) -> None:
    async with asyncio.timeout(20):
        while times > sum(
            one["method"] == method and words in one["path"]
            for one in await asyncio.to_thread(sandbox.requests)
        ):
            await asyncio.sleep(0.01)


@pytest.mark.parametrize(
    ("method", "words"), [("POST", "/keys/cmk-ml/create"), ("PATCH", "/workspaces/mlw-prod")]
)
async def test_an_interrupted_rotation_goes_on_and_repeats_nothing(
    sandbox: RunningSandbox, tmp_path: Path, method: str, words: str
) -> None:
    sandbox.reset("broken/healthy")
    async with connected(sandbox) as conn:
        plan = plan_rotation(await read(conn, WORKSPACE, Wish()))
        journal = await Journal.open(tmp_path / "runs" / "journal.sqlite")
        first = await Run.start(conn, journal, plan, settings=QUICK)
        going = asyncio.create_task(first.go())
        await until_asked(sandbox, method, words)
        going.cancel()
        await asyncio.gather(going, return_exceptions=True)
        await first.close()
        second = await Run.load(conn, journal, first.id, settings=QUICK)
        events: list[Event] = []
        second.subscribe(events.append)
        status = await second.go()
        await second.close()
        await journal.close()
        assert status is RunStatus.SUCCEEDED, [one.detail for one in events]
    sent: list[dict[str, Any]] = sandbox.requests()
    for verb, path in (("POST", "/keys/cmk-ml/create"), ("PATCH", "/workspaces/mlw-prod")):
        assert len([one for one in sent if one["method"] == verb and path in one["path"]]) == 1


async def test_a_key_that_can_not_be_read_refuses_and_says_why(sandbox: RunningSandbox) -> None:
    sandbox.reset("broken/healthy")
    async with connected(sandbox, "contributor") as conn:
        found = await read(conn, WORKSPACE, Wish())
    (one,) = [one for one in found.findings if one.status == "fail"]
    assert one.check == "rotation-key" and "can't be read from here" in one.title
    assert one.meaning and plan_rotation(found).steps == ()


async def test_beside_others_one_that_can_not_be_moved_only_stays(sandbox: RunningSandbox) -> None:
    sandbox.reset("broken/healthy")
    async with connected(sandbox) as conn:
        found = await read(conn, WORKSPACE, Wish())
    (place,) = found.places
    used = place.workspace.encryption
    assert used is not None
    replace = msgspec.structs.replace
    other = replace(
        place.workspace,
        id=f"{WORKSPACE}-2",
        name="mlw-2",
        encryption=replace(used, service_side=True),
    )
    both = replace(found, places=(place, replace(place, workspace=other)))
    (one,) = [one for one in judged(both) if one.check == "rotation-mode"]
    assert (one.status, one.subject) == ("warn", other.id)
    targets = {step.target for step in plan_rotation(both).steps}
    assert place.workspace.id in targets and other.id not in targets


async def test_who_stays_on_the_old_version_is_named_before_and_after(
    sandbox: RunningSandbox, tmp_path: Path
) -> None:
    sandbox.reset("broken/healthy")
    async with connected(sandbox) as conn:
        machines(sandbox, (await key_of(conn)).host)
        found = await read(conn, WORKSPACE, Wish())
        plan = plan_rotation(found)
        warned = [one.title for one in found.findings if one.check == "rotation-dependents"]
        assert len(warned) == 2 and all(f"version {OLD[:8]}" in one for one in warned)
        (group,) = [one for one in found.findings if "container group score-1" in one.title]
        assert "can't be moved, only made anew" in group.meaning
        assert len(rotation_document(found, plan)["left_behind"]) == 2
        carried = await carry_out(conn, tmp_path, plan)
    assert carried.status is RunStatus.SUCCEEDED, carried.failures()
    (note,) = [one.detail["note"] for one in carried.events if one.step == "kept" and one.detail]
    assert "Still on it:" in note
    assert "disk encryption set des-prod" in note and "container group score-1" in note
