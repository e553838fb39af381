"""Deletes of container groups, disk encryption sets and clusters against the sandbox."""

from pathlib import Path

import pytest
from carrying import carry_out, connected, writes
from keyusers import GROUP, SET, machines
from sandboxed import RunningSandbox

from sandbox import registrations
from sandbox.providers import disks as compute
from services.azure import clusters, containergroups, disks, groups, keys, vaults
from services.changes.deletion import NoDeletion, plan_deletion, read
from services.changes.deletionwords import cost_line
from services.changes.document import deletion_document
from services.changes.model import Deletion
from services.runs.engine import RunStatus

SUBSCRIPTION = "5b000000-0000-4000-8000-0000000000d1"
CLUSTER = f"{GROUP}/Microsoft.ContainerService/managedClusters/aks-prod"
SCORE = f"{GROUP}/Microsoft.ContainerInstance/containerGroups/score-1"
VAULT = f"{GROUP.replace('rg-ml', 'rg-sec')}/Microsoft.KeyVault/vaults/kv-ml-prod"


@pytest.fixture(autouse=True)
def estate(sandbox: RunningSandbox) -> None:
    """The machines on the workspace's key, with a data disk of a volume in the node group."""
    sandbox.reset("broken/healthy")
    machines(sandbox, f"kv-ml-prod.{sandbox.ready['key_vault_suffix'].lstrip('.')}")

    def more() -> None:
        for name in ("Compute", "ContainerService", "ContainerInstance"):
            registrations.put(sandbox.world, SUBSCRIPTION, f"Microsoft.{name}", "Registered")
        cluster = sandbox.world.resource(CLUSTER)
        assert cluster is not None
        cluster.doc["properties"]["agentPoolProfiles"][0]["vmSize"] = "Standard_D4s_v5"

    sandbox.on_loop(more)


async def volume(sandbox: RunningSandbox) -> str:
    """A disk as the cluster's CSI driver makes one for a claim."""
    async with connected(sandbox) as conn:
        found = await clusters.get_cluster(conn, CLUSTER)
    assert found is not None
    where = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/{found.node_group}"
    id = f"{where}/providers/{compute.DISKS}/pvc-1"
    sandbox.call("PUT", id, {"location": "westeurope"}, version="2024-03-02")
    sandbox.admin("DELETE", "requests")
    return id


def failing(found: Deletion) -> list[str]:
    return [one.title for one in found.findings if one.status == "fail"]


async def test_a_group_goes_for_good(sandbox: RunningSandbox, tmp_path: Path) -> None:
    async with connected(sandbox) as conn:
        found = await read(conn, "score-1", tmp_path)
        plan = plan_deletion(found)
        assert (failing(found), writes(sandbox)) == ([], [])
        assert [one.kind for one in found.goes] == ["container group"]
        assert [one.kind for one in found.stays] == ["key"]
        assert plan.steps[0].irreversible.startswith("There is no soft delete")
        assert "that ends with it" in cost_line(found) and "??" not in cost_line(found)
        assert found.ends is not None and found.ends.low
        done = await carry_out(conn, tmp_path, plan)
        assert done.status is RunStatus.SUCCEEDED, done.failures()
        assert await containergroups.get_group(conn, SCORE) is None
        with pytest.raises(NoDeletion, match="there is no soft delete"):
            await read(conn, SCORE, tmp_path)
    assert writes(sandbox) == [f"DELETE {SCORE}"]


async def test_a_cluster_goes_with_its_node_group_and_the_set_stays(
    sandbox: RunningSandbox, tmp_path: Path
) -> None:
    disk = await volume(sandbox)
    async with connected(sandbox) as conn:
        found = await read(conn, CLUSTER, tmp_path)
        assert failing(found) == [], found.findings
        assert [one.kind for one in found.goes][:2] == ["cluster", "node group"]
        (lost,) = [one for one in found.goes if one.kind == "disk"]
        assert lost.id == disk and "the data of a volume, for good" in lost.why
        assert [one.kind for one in found.stays] == ["key", "disk encryption set"]
        told = deletion_document(found, plan_deletion(found))
        assert told["kind"] == "cluster" and told["cost"]["ends"] is not None
        done = await carry_out(conn, tmp_path, plan_deletion(found))
        assert done.status is RunStatus.SUCCEEDED, done.failures()
        assert await clusters.get_cluster(conn, CLUSTER) is None
        assert await groups.get_group(conn, SUBSCRIPTION, found.managed_group) is None
        assert await disks.get_set(conn, SET) is not None
        vault = await vaults.get_vault(conn, VAULT)
        assert vault is not None
        key = await keys.get_key(conn, vault.uri, "cmk-ml")
        assert key is not None and key.enabled
    assert [one for one in writes(sandbox) if one.startswith("DELETE")] == [f"DELETE {CLUSTER}"]


async def test_a_set_goes_only_when_nobody_uses_it(sandbox: RunningSandbox, tmp_path: Path) -> None:
    async with connected(sandbox) as conn:
        found = await read(conn, SET, tmp_path)
        told = failing(found)
        assert any(one.startswith("cluster aks-prod uses disk encryption set") for one in told)
        assert any(one.startswith("scale set aks-nodepool1-") for one in told)
        refused = await carry_out(conn, tmp_path, plan_deletion(found))
        assert refused.status is RunStatus.FAILED, "Azure refuses it too"
        ((failure,),) = [list(one.values()) for one in refused.failures()]
        assert failure["cause"]["code"] == "OperationNotAllowed"
        assert await disks.get_set(conn, SET) is not None
        gone = await carry_out(
            conn, tmp_path, plan_deletion(await read(conn, "aks-prod", tmp_path))
        )
        assert gone.status is RunStatus.SUCCEEDED, gone.failures()
        free = await read(conn, "des-prod", tmp_path)
        assert failing(free) == [], free.findings
        assert "has no price" in cost_line(free)
        done = await carry_out(conn, tmp_path, plan_deletion(free))
        assert done.status is RunStatus.SUCCEEDED, done.failures()
        assert await disks.get_set(conn, SET) is None


@pytest.mark.parametrize("id", [SCORE, CLUSTER, SET])
async def test_locks_and_rights_are_said_before(
    sandbox: RunningSandbox, tmp_path: Path, id: str
) -> None:
    path = f"{id}/providers/Microsoft.Authorization/locks/keep"
    sandbox.call("PUT", path, {"properties": {"level": "CanNotDelete"}}, version="2016-09-01")
    async with connected(sandbox, "reader") as conn:
        found = await read(conn, id, tmp_path)
    told = failing(found)
    assert any(one.startswith("Lock keep (CanNotDelete)") for one in told)
    (right,) = [one for one in found.findings if one.check == "change-rights"]
    assert right.repair is not None and f"--ids {id}" in right.repair.text


async def test_a_lock_on_the_node_group_refuses_too(
    sandbox: RunningSandbox, tmp_path: Path
) -> None:
    disk = await volume(sandbox)
    path = f"{disk}/providers/Microsoft.Authorization/locks/keep"
    sandbox.call("PUT", path, {"properties": {"level": "CanNotDelete"}}, version="2016-09-01")
    async with connected(sandbox) as conn:
        found = await read(conn, CLUSTER, tmp_path)
        assert any(one.startswith("Lock keep (CanNotDelete)") for one in failing(found))
        refused = await carry_out(conn, tmp_path, plan_deletion(found))
        assert refused.status is RunStatus.FAILED, "Azure refuses it too, late"
        assert refused.failures()[0]["delete"]["cause"]["code"] == "ScopeLocked"
        left = await clusters.get_cluster(conn, CLUSTER)
        assert left is not None and left.state == "Failed"


async def test_the_node_group_and_what_is_in_it_are_refused(
    sandbox: RunningSandbox, tmp_path: Path
) -> None:
    disk = await volume(sandbox)
    async with connected(sandbox) as conn:
        for id in (disk, disk.partition("/providers/")[0]):
            with pytest.raises(NoDeletion, match="It goes with its cluster") as refused:
                await read(conn, id, tmp_path)
            assert f"wrapkey delete {CLUSTER}".lower() in str(refused.value).lower()
        with pytest.raises(NoDeletion, match="there is no purge"):
            await read(conn, SCORE, tmp_path, purge=True)


async def test_a_busy_cluster_is_refused(sandbox: RunningSandbox, tmp_path: Path) -> None:
    def busy() -> None:
        cluster = sandbox.world.resource(CLUSTER)
        assert cluster is not None
        cluster.doc["properties"]["provisioningState"] = "Updating"

    sandbox.on_loop(busy)
    async with connected(sandbox) as conn:
        found = await read(conn, CLUSTER, tmp_path)
    assert failing(found) == ["Cluster aks-prod is Updating"]


def test_the_words_of_a_price_that_is_not_known() -> None:
    from datetime import UTC, datetime

    from services.model.cost import Range

    found = Deletion(
        at=datetime.now(UTC), id=CLUSTER, kind="cluster", name="aks-prod", purge=True, there=True,
        ends=Range(unknown=("Nodes Standard_X",)), currency="USD",
    )  # fmt: skip
    assert "about ?? USD, without Nodes Standard_X (price not known)" in cost_line(found)


async def test_a_cluster_names_the_workspaces_that_have_it_attached(
    sandbox: RunningSandbox, tmp_path: Path
) -> None:
    sandbox.reset("broken/healthy-attached")
    async with connected(sandbox) as conn:
        found = await read(conn, "aks-prod", tmp_path)
    (one,) = [one for one in found.findings if one.check == "delete-attached"]
    assert (one.status, one.title) == (
        "warn",
        "Workspace mlw-prod has cluster aks-prod attached as inference",
    )
    assert one.repair and "az ml compute detach --name inference " in one.repair.text
    assert "--workspace-name mlw-prod --resource-group rg-ml" in one.repair.text
    assert (failing(found), writes(sandbox)) == ([], [])


async def test_a_workspace_that_tells_no_computes_is_unknown_and_others_are_told(
    sandbox: RunningSandbox, tmp_path: Path
) -> None:
    sandbox.reset("broken/healthy-attached")
    refused = {"error": {"code": "AuthorizationFailed", "message": "No."}}
    fault = {"path": "/mlw-prod/computes", "times": -1, "status": 403, "body": refused}
    sandbox.admin("POST", "faults", fault)
    async with connected(sandbox) as conn:
        found = await read(conn, "aks-prod", tmp_path)
    told = {one.title: one.status for one in found.findings if one.check == "delete-attached"}
    assert told == {"Whether workspace mlw-prod has it attached could not be read": "unknown"}


async def test_nobody_is_asked_about_attachments_of_a_group(
    sandbox: RunningSandbox, tmp_path: Path
) -> None:
    async with connected(sandbox) as conn:
        found = await read(conn, "score-1", tmp_path)
    assert [one for one in found.findings if one.check == "delete-attached"] == []
    assert not [one for one in sandbox.requests() if one["path"].endswith("/computes")]
