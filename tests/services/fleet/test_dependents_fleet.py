"""Everything that depends on a key, asked of the sandbox's Resource Graph."""

from typing import Any

import pytest
from estate import connect
from keyusers import SET, VERSION, machines
from sandboxed import RunningSandbox

from services.azure.connection import Connection
from services.fleet import dependents as fleet
from services.fleet.dependents import NoSubject, all_of, subject_of
from services.ids import KeyId
from services.model.fleet import Dependent, Subject

GROUP = "/subscriptions/5b000000-0000-4000-8000-0000000000d1/resourceGroups/rg-ml/providers"
WORKSPACE = f"{GROUP}/Microsoft.MachineLearningServices/workspaces/mlw-prod"
VAULT = f"{GROUP.replace('rg-ml', 'rg-sec')}/Microsoft.KeyVault/vaults/kv-ml-prod"


async def key_subject(conn: Connection) -> Subject:
    return await subject_of(conn, WORKSPACE)


def by_name(found: list[Dependent]) -> dict[str, Dependent]:
    return {f"{one.kind}": one for one in found}


async def test_all_that_uses_a_key_is_found_with_the_version_it_tells(
    sandbox: RunningSandbox,
) -> None:
    sandbox.reset("broken/healthy")
    async with await connect(sandbox.ready) as conn:
        subject = await key_subject(conn)
        machines(sandbox, subject.host)
        told = by_name(await all_of(conn, subject))
    assert {kind: one.version for kind, one in told.items()} == {
        "workspace": VERSION,
        "Storage": VERSION,
        "Cosmos DB": "",
        "AI Search": "",
        "disk encryption set": VERSION,
        "cluster": "",
        "scale set": "",
        "container group": VERSION,
    }
    assert told["cluster"].how == "through" and told["cluster"].via == SET
    assert told["AI Search"].how == "through" and told["AI Search"].via == WORKSPACE
    assert KeyId.parse(told["Cosmos DB"].keys[0]).version == ""
    assert "can't be moved" in told["container group"].says


async def test_a_vault_is_asked_for_by_its_id_and_its_address_alike(
    sandbox: RunningSandbox,
) -> None:
    sandbox.reset("broken/healthy")
    async with await connect(sandbox.ready) as conn:
        by_id = await subject_of(conn, VAULT)
        assert by_id == await subject_of(conn, f"https://{by_id.host}/")
        assert {one.kind for one in await all_of(conn, by_id)} >= {"workspace", "Storage"}
        other = Subject(host=by_id.host, key="cmk-other")
        assert await all_of(conn, other) == []


async def test_who_may_not_read_is_shown_less(sandbox: RunningSandbox) -> None:
    sandbox.reset("broken/healthy")
    async with await connect(sandbox.ready) as conn:
        subject = await key_subject(conn)
    sandbox.on_loop(lambda: only_storage(sandbox))
    async with await connect(sandbox.ready, "reader") as conn:
        assert await all_of(conn, subject) == []


def only_storage(sandbox: RunningSandbox) -> None:
    """The reader's role counts at one storage account, which does not use the key."""
    who = sandbox.principal("reader")["object_id"]
    for one in sandbox.world.state.assignments.values():
        if one.doc["properties"]["principalId"] == who:
            one.doc["properties"]["scope"] = f"{GROUP}/Microsoft.Storage/storageAccounts/stmlprod"
    sandbox.world.caches.clear()


async def test_many_come_in_pages(sandbox: RunningSandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    sandbox.reset("broken/healthy")
    monkeypatch.setattr("services.azure.resourcegraph.PAGE", 1)
    async with await connect(sandbox.ready) as conn:
        pages = [page async for page in fleet.dependents(conn, await key_subject(conn))]
    assert len(pages) > 2
    assert all(len(page) == 1 for page in pages)


@pytest.mark.parametrize("text", ["kv-ml-prod", "https://", "https://a b/keys/x", "", f"{GROUP}"])
async def test_what_is_no_key_is_refused(sandbox: RunningSandbox, text: str) -> None:
    async with await connect(sandbox.ready) as conn:
        with pytest.raises(NoSubject):
            await subject_of(conn, text)


async def test_nothing_is_written(sandbox: RunningSandbox) -> None:
    sandbox.reset("broken/healthy")
    async with await connect(sandbox.ready, read_only=True) as conn:
        await all_of(conn, await key_subject(conn))
    sent: list[dict[str, Any]] = sandbox.requests()
    assert {one["path"] for one in sent if one["method"] not in ("GET", "HEAD")} == {
        "/providers/Microsoft.ResourceGraph/resources"
    } | {one["path"] for one in sent if "/oauth2/" in one["path"]}
