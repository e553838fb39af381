"""Checks of clusters and sets that no scenario trips: what holds, what fails, what is not known."""

from typing import Any

import msgspec
import pytest
from alive import GROUP, SUB, URI, VAULT, facts

from services.checks.facts import Asked, Unknown
from services.checks.nodefit import made_anew
from services.diagnosis.absent import absent
from services.diagnosis.blocked import rights_of
from services.diagnosis.clusters.facts import ClusterLive, described
from services.diagnosis.clusters.registry import OWN
from services.diagnosis.clusters.repairs import with_repairs
from services.diagnosis.conclude import judge_one
from services.diagnosis.seen import Gone
from services.model.diagnosis import Target
from services.model.plan import Finding
from services.model.resources import Disk, DiskEncryptionSet, Identity, ManagedCluster, NodeSet

SET = f"{GROUP}/providers/Microsoft.Compute/diskEncryptionSets/des"
CLUSTER = f"{GROUP}/providers/Microsoft.ContainerService/managedClusters/aks"
UAI = f"{GROUP}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/uai"
NODES = (
    f"/subscriptions/{SUB}/resourceGroups/MC_aks/providers/Microsoft.Compute"
    "/virtualMachineScaleSets/aks-pool-1-vmss"
)
ELSEWHERE = CLUSTER.replace(SUB, SUB[:-1] + "2")
HIDDEN = Unknown("You may not read it.")


def used(**parts: Any) -> DiskEncryptionSet:
    told = {"state": "Succeeded", "key_url": f"{URI}/keys/cmk", "vault_id": VAULT, "rotates": True}
    told |= {"principal_id": SUB, "location": "westeurope"}
    return DiskEncryptionSet(id=SET, name="des", **{**told, **parts})


def cluster(**parts: Any) -> ManagedCluster:
    told = {"state": "Succeeded", "encryption_set": SET, "identities": (UAI,)}
    told |= {"node_group": "MC_aks", "location": "westeurope"}
    return ManagedCluster(id=CLUSTER, name="aks", **{**told, **parts})


def live(**parts: Any) -> ClusterLive:
    """Everything was read and is in order, but for ``parts``."""
    told: dict[str, Any] = {
        "cluster": cluster(),
        "encryption_set": used(),
        "set_id": SET,
        "cluster_identity": Identity(
            id=UAI, name="uai", location="westeurope", principal_id=SUB, client_id=SUB
        ),
        "disks": (Disk(id="pvc-1", name="pvc-1", encryption_set=SET),),
        **parts,
    }
    return ClusterLive(
        target=Target(id=CLUSTER, name="aks", kind="cluster"),
        intent=described(cluster(), used(), VAULT),
        facts=facts(),
        **told,
    )


CASES: list[tuple[str, dict[str, Any], str, str]] = [
    ("set-there", {}, "ok", ""),
    ("set-there", {"encryption_set": None}, "fail", "des is gone"),
    ("set-there", {"encryption_set": HIDDEN}, "unknown", "could not be read"),
    ("set-key", {}, "ok", ""),
    ("set-key", {"encryption_set": used(key_url=f"{URI}/secrets/cmk")}, "fail", "/secrets/cmk"),
    ("set-key", {"encryption_set": used(key_url="")}, "fail", "names no key"),
    ("set-place", {}, "ok", ""),
    ("set-place", {"encryption_set": used(location="northeurope")}, "fail", "in northeurope"),
    (
        "set-place",
        {"cluster": msgspec.structs.replace(cluster(), id=ELSEWHERE)},
        "fail",
        "another subscription",
    ),
    ("set-state", {}, "ok", ""),
    ("set-state", {"encryption_set": used(state="")}, "ok", ""),
    ("set-state", {"encryption_set": used(state="Updating")}, "warn", "Updating"),
    ("set-state", {"encryption_set": used(state="Failed")}, "fail", "Failed"),
    ("set-state", {"encryption_set": used(state="Canceled")}, "fail", "Canceled"),
    ("cluster-identity", {}, "ok", ""),
    ("cluster-identity", {"cluster_identity": None}, "fail", "uai of cluster aks is gone"),
    ("cluster-identity", {"cluster_identity": HIDDEN}, "unknown", "could not be read"),
    (
        "cluster-identity",
        {"cluster": cluster(identities=()), "cluster_identity": None},
        "ok",
        "",
    ),
    ("data-disks", {}, "ok", ""),
    ("data-disks", {"disks": ()}, "ok", ""),
    ("data-disks", {"disks": (Disk(id="pvc-1", name="pvc-1"),)}, "warn", "1 of 1 data disks"),
    (
        "data-disks",
        {"cluster": cluster(encryption_set=""), "disks": (Disk(id="pvc-1", name="pvc-1"),)},
        "ok",
        "",
    ),
    ("data-disks", {"disks": HIDDEN}, "unknown", "could not be read"),
]


@pytest.mark.parametrize(("check", "parts", "status", "words"), CASES)
def test_each_judge(check: str, parts: dict[str, Any], status: str, words: str) -> None:
    (one,) = judge_one(check, live(**parts))
    assert one.status == status
    assert words in one.title
    if status == "unknown":
        assert one.meaning == HIDDEN.reason
    if status == "fail":
        assert one.evidence and one.meaning and one.repair is not None


@pytest.mark.parametrize("check", ["set-key", "set-place", "set-state"])
def test_a_set_that_could_not_be_read_is_told_once(check: str) -> None:
    """By ``set-there``; what follows from the set is not asked without it."""
    told = list(judge_one(check, live(encryption_set=HIDDEN)))
    assert all(one.status == "ok" for one in told)
    (first,) = judge_one("set-there", live(encryption_set=HIDDEN))
    assert first.status == "unknown"


def test_every_check_that_no_scenario_trips_is_judged_here() -> None:
    assert {one.id for one in OWN if not one.scenario} == {check for check, *_ in CASES}


@pytest.mark.parametrize("kind", ["cluster", "disk-encryption-set", "container-group"])
def test_what_is_not_there_is_told_with_the_request(kind: Any) -> None:
    gone = Gone(asked=Asked("GET it", "r-9"))
    top, one = absent(Target(id=CLUSTER, name="aks", kind=kind), gone)
    assert (one.check, one.status, top.status) == ("target-there", "fail", "fail")
    assert one.title.endswith("aks is not there")
    assert [(each.value, each.request_id) for each in one.evidence] == [("404", "r-9")]
    assert one.repair is not None and "activity log" in one.repair.text


def repaired(check: str, **parts: Any) -> Finding:
    there = live(**parts)
    (one,) = with_repairs(tuple(judge_one(check, there)), there)
    return one


def test_starting_machines_through_compute_is_said_to_be_unverified() -> None:
    one = repaired("nodes-running", nodes=(NodeSet(id=NODES, name="n", state="", stopped=2),))
    assert "not verified" in one.meaning and "az aks start" in one.meaning
    assert one.repair is not None and "not verified for AKS" in one.repair.text
    (step,) = one.repair.steps
    (right,) = rights_of(step, live())
    assert right.action == "Microsoft.Compute/virtualMachineScaleSets/start/action"
    assert right.scope == NODES


def test_sending_a_cluster_again_asks_for_its_identities_too() -> None:
    one = repaired("cluster-state", cluster=cluster(state="Failed"))
    assert one.repair is not None
    (step,) = one.repair.steps
    assert [(right.action.split("/")[1], right.scope) for right in rights_of(step, live())] == [
        ("managedClusters", CLUSTER),
        ("userAssignedIdentities", GROUP),
    ]


@pytest.mark.parametrize(
    ("mode", "scaled"), [("User", True), ("System", False), ("", True)], ids=str
)
def test_only_user_pools_are_told_to_scale_to_nothing(mode: str, scaled: bool) -> None:
    said = made_anew(mode)
    assert ("scaled to 0 and up again" in said) is scaled
    assert ("system pool" in said) is (mode != "User")
