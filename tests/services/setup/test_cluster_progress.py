"""What a run tells of a cluster while Azure makes it."""

from pathlib import Path

from carrying import carry_out, connected
from sandboxed import RunningSandbox
from test_other_kinds import cluster_for

from services.azure import clusters
from services.runs.engine import RunStatus


async def test_pools_and_nodes_are_told_as_they_appear(
    sandbox: RunningSandbox, tmp_path: Path
) -> None:
    async with connected(sandbox) as conn:
        wish = {"tier": "standard", "zones": ["1", "3"], "node_size": "Standard_D8s_v5"}
        done = await carry_out(conn, tmp_path, cluster_for(sandbox, **wish))
        assert done.status is RunStatus.SUCCEEDED, done.failures()
        mine = [one for one in done.events if one.step == "cluster"]
        notes = [one.detail["note"] for one in mine if one.event == "step.progress"]
        assert "Creating: control plane, then the nodes" in notes
        seen = [one for one in mine if one.event == "resource.seen"]
        pools = [one.detail["state"] for one in seen if "/agentPools/" in one.resource]
        assert pools[0] == "Creating" and pools[-1] == "Succeeded"
        assert len(set(pools)) == len(pools), "each state once"
        assert any("/virtualMachineScaleSets/" in one.resource for one in seen)
        assert all(one.detail["group"].startswith("MC_rg-run_aks-1") for one in seen)
        made = await clusters.get_cluster(conn, done.plan.subject)
        assert made and made.tier == "Standard"
        assert made.pools[0].zones == ("1", "3") and made.pools[0].os_disk_gb == 256
        asks = [one.detail.get("note", "") for one in done.events if one.step == "encryption-set"]
        assert any(one.startswith("its identity asks the vault for cmk-run") for one in asks)
