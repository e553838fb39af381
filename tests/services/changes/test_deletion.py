"""Deletes against the sandbox: what goes, what stays, and what is refused before."""

import asyncio
from pathlib import Path

import pytest
from carrying import QUICK, carry_out, connected, writes
from sandboxed import RunningSandbox

from services.azure import groups, keys, vaults, workspaces
from services.changes.deletion import NoDeletion, plan_deletion, read
from services.changes.deletionwords import cost_line
from services.changes.document import deletion_document
from services.changes.model import Deletion
from services.diagnosis.target import NoTarget
from services.model.cost import Range
from services.runs.engine import Run, RunStatus
from services.runs.journal import Journal

SUBSCRIPTION = "5b000000-0000-4000-8000-0000000000d1"
GROUP = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/rg-ml"
WORKSPACE = f"{GROUP}/providers/Microsoft.MachineLearningServices/workspaces/mlw-prod"
VAULT = f"{GROUP.replace('rg-ml', 'rg-sec')}/providers/Microsoft.KeyVault/vaults/kv-ml-prod"


def failing(found: Deletion) -> list[str]:
    return [one.title for one in found.findings if one.status == "fail"]


@pytest.mark.parametrize("purge", [False, True])
async def test_the_workspace_goes_and_vault_and_key_stay(
    sandbox: RunningSandbox, tmp_path: Path, purge: bool
) -> None:
    sandbox.reset("broken/healthy")
    async with connected(sandbox) as conn:
        found = await read(conn, "mlw-prod", tmp_path, purge=purge)
        assert failing(found) == []
        assert writes(sandbox) == []
        kinds = [one.kind for one in found.goes]
        assert kinds[:2] == ["workspace", "managed group"]
        assert set(kinds[2:]) == {"Cosmos DB", "AI Search", "Storage"}
        assert [one.kind for one in found.stays][:2] == ["vault", "key"]
        uri = (await vaults.get_vault(conn, VAULT)).uri  # type: ignore[union-attr]
        carried = await carry_out(conn, tmp_path, plan_deletion(found))
        assert carried.status is RunStatus.SUCCEEDED, carried.failures()
        assert await workspaces.get_workspace(conn, WORKSPACE) is None
        left = await groups.get_group(conn, SUBSCRIPTION, found.managed_group)
        assert (left is None) is purge
        assert await vaults.get_vault(conn, VAULT) is not None
        key = await keys.get_key(conn, uri, "cmk-ml")
        assert key is not None and key.enabled
    assert [one for one in writes(sandbox) if one.startswith("DELETE")] == [f"DELETE {WORKSPACE}"]


async def test_a_softly_deleted_one_is_purged_by_its_id(
    sandbox: RunningSandbox, tmp_path: Path
) -> None:
    sandbox.reset("broken/healthy")
    async with connected(sandbox) as conn:
        await workspaces.delete_workspace(conn, WORKSPACE)
        with pytest.raises(NoDeletion, match="deleted already"):
            await read(conn, WORKSPACE, tmp_path)
        found = await read(conn, WORKSPACE, tmp_path, purge=True)
        assert not found.there and found.managed_group
        carried = await carry_out(conn, tmp_path, plan_deletion(found))
        assert carried.status is RunStatus.SUCCEEDED, carried.failures()
        assert await groups.get_group(conn, SUBSCRIPTION, found.managed_group) is None
        with pytest.raises(NoDeletion, match="not there"):
            await read(conn, WORKSPACE, tmp_path, purge=True)


async def test_a_purge_without_a_managed_group(sandbox: RunningSandbox, tmp_path: Path) -> None:
    sandbox.reset("broken/healthy-service-side")
    async with connected(sandbox) as conn:
        found = await read(conn, "mlw-prod", tmp_path, purge=True)
        assert found.managed_group == ""
        carried = await carry_out(conn, tmp_path, plan_deletion(found))
        assert carried.status is RunStatus.SUCCEEDED, carried.failures()
        assert await workspaces.get_workspace(conn, WORKSPACE) is None


async def test_what_14_days_cost_is_said_and_ends_with_a_purge(
    sandbox: RunningSandbox, tmp_path: Path
) -> None:
    sandbox.reset("broken/healthy")
    async with connected(sandbox) as conn:
        found = await read(conn, WORKSPACE, tmp_path, currency="EUR")
        told = deletion_document(found, plan_deletion(found))
    assert found.kept is not None and found.kept.low and found.kept.high
    assert told["cost"]["days"] == 14 and told["cost"]["currency"] == "EUR"
    assert "for 14 days it can be recovered" in cost_line(found)
    assert "EUR" in cost_line(found)


def test_a_price_that_is_not_known_is_never_nothing() -> None:
    from datetime import UTC, datetime

    found = Deletion(
        at=datetime.now(UTC), id=WORKSPACE, name="mlw-prod", purge=False, there=True,
        managed_group="g", kept=Range(unknown=("AI Search",)), currency="USD",
    )  # fmt: skip
    assert "costs ?? USD, without AI Search (price not known)" in cost_line(found)


@pytest.mark.parametrize("scope", ["", GROUP, WORKSPACE, "group"])
@pytest.mark.parametrize("level", ["CanNotDelete", "ReadOnly"])
async def test_locks_are_named_before(
    sandbox: RunningSandbox, tmp_path: Path, scope: str, level: str
) -> None:
    sandbox.reset("broken/healthy")
    where = scope or f"/subscriptions/{SUBSCRIPTION}"
    if scope == "group":
        where = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/{await managed(sandbox)}"
        sandbox.on_loop(lambda: lock(sandbox, where, level))
    else:
        path = f"{where}/providers/Microsoft.Authorization/locks/keep"
        sandbox.call("PUT", path, {"properties": {"level": level}}, version="2016-09-01")
    async with connected(sandbox) as conn:
        found = await read(conn, WORKSPACE, tmp_path)
    (title,) = failing(found)
    assert title.startswith(f"Lock keep ({level}) on ") and "refuses a delete of mlw-prod" in title


async def managed(sandbox: RunningSandbox) -> str:
    async with connected(sandbox) as conn:
        found = await workspaces.get_workspace(conn, WORKSPACE)
    assert found is not None
    return found.managed_group


def lock(sandbox: RunningSandbox, scope: str, level: str) -> None:
    from sandbox.providers import locks

    locks.seed(sandbox.world, {"scope": scope, "name": "keep", "level": level})


async def test_rights_are_asked_before(sandbox: RunningSandbox, tmp_path: Path) -> None:
    sandbox.reset("broken/healthy")
    async with connected(sandbox, "reader") as conn:
        found = await read(conn, WORKSPACE, tmp_path)
    (title,) = failing(found)
    assert title == "You may not delete workspace mlw-prod"
    (one,) = [one for one in found.findings if one.status == "fail"]
    assert one.repair is not None and "az ml workspace delete --name mlw-prod" in one.repair.text


async def test_the_managed_group_and_what_is_in_it_are_refused(
    sandbox: RunningSandbox, tmp_path: Path
) -> None:
    sandbox.reset("broken/healthy")
    group = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/{await managed(sandbox)}"
    async with connected(sandbox) as conn:
        (inside, *_) = await groups.list_resources(conn, SUBSCRIPTION, group.rpartition("/")[2])
        for id in (group, inside.id):
            with pytest.raises(NoDeletion, match="It goes with its workspace") as refused:
                await read(conn, id, tmp_path)
            assert f"wrapkey delete {WORKSPACE}" in str(refused.value)
        for text in (VAULT, f"{VAULT}/keys/cmk-ml", "https://kv-ml-prod.vault.localhost/keys/a"):
            with pytest.raises(NoDeletion, match=r"deletes no key and no vault|deletes neither"):
                await read(conn, text, tmp_path)
        with pytest.raises(NoDeletion, match="none of what wrapkey deletes"):
            await read(conn, GROUP, tmp_path)
        with pytest.raises(NoTarget):
            await read(conn, "mlw-other", tmp_path)
    assert writes(sandbox) == []


@pytest.mark.parametrize("purge", [False, True])
async def test_an_interrupted_delete_is_followed_not_sent_again(
    sandbox: RunningSandbox, tmp_path: Path, purge: bool
) -> None:
    sandbox.reset("broken/healthy")
    async with connected(sandbox) as conn:
        plan = plan_deletion(await read(conn, WORKSPACE, tmp_path, purge=purge))
        journal = await Journal.open(tmp_path / "runs" / "journal.sqlite")
        first = await Run.start(conn, journal, plan, settings=QUICK)
        going = asyncio.create_task(first.go())
        async with asyncio.timeout(20):
            while not any(
                one.startswith("DELETE") for one in await asyncio.to_thread(writes, sandbox)
            ):
                await asyncio.sleep(0.01)
        going.cancel()
        await asyncio.gather(going, return_exceptions=True)
        await first.close()
        second = await Run.load(conn, journal, first.id, settings=QUICK)
        assert await second.go() is RunStatus.SUCCEEDED
        await second.close()
        await journal.close()
        assert await workspaces.get_workspace(conn, WORKSPACE) is None
    assert len([one for one in writes(sandbox) if one.startswith("DELETE")]) == 1
