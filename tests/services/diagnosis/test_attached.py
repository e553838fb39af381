"""Clusters that a workspace has attached: what its tree says of them, and what is gone."""

from typing import Any

import pytest
from alive import GROUP, live
from carrying import writes
from looking import TARGET, signed_in, told
from sandboxed import RunningSandbox

from services.checks.facts import Unknown
from services.diagnosis.causes import roots
from services.diagnosis.conclude import judge_one
from services.diagnosis.diagnose import diagnose
from services.diagnosis.facts import Attached
from services.diagnosis.tree import tree
from services.model.resources import AttachedCompute

CLUSTER = f"{GROUP}/providers/Microsoft.ContainerService/managedClusters/k"
COMPUTE = AttachedCompute(
    id="/computes/one", name="one", kind="AKS", state="Succeeded", cluster=CLUSTER
)
NOT_SEEN = Unknown("You may not read it.")


async def test_the_tree_says_what_encrypts_the_disks_of_attached_clusters(
    sandbox: RunningSandbox,
) -> None:
    sandbox.reset("broken/healthy-attached")
    async with signed_in(sandbox) as conn:
        found = await diagnose(conn, TARGET, ask_azure=False)
    nodes = {one.title: one for one in found.tree.below if one.kind == "attached"}
    assert {title: (one.status, one.note) for title, one in nodes.items()} == {
        "cluster aks-prod": ("ok", "attached as inference; disks: set des-prod"),
        "cluster aks-dev": ("ok", "attached as trial; disks: Microsoft's keys"),
        "cluster aks-old": ("warn", "attached as inference-old; gone"),
    }
    assert roots(found) == (), told(found)
    (gone,) = [one for one in found.findings if one.check == "attached-clusters"]
    assert nodes["cluster aks-old"].findings == (gone.id,)
    assert gone.repair is not None
    assert gone.repair.text.startswith("az ml compute detach --name inference-old")
    assert writes(sandbox) == []


@pytest.mark.parametrize("computes", [NOT_SEEN, (Attached(compute=COMPUTE, cluster=NOT_SEEN),)])
def test_what_is_not_read_is_not_called_gone(computes: Any) -> None:
    there = live(computes=computes)
    (finding,) = judge_one("attached-clusters", there)
    assert finding.status == "unknown"
    (node,) = [one for one in tree(there, [finding]).below if one.kind == "attached"]
    assert (node.status, node.findings) == ("unknown", (finding.id,))
