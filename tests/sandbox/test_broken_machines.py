"""Clusters and container groups that broke after the fact: what they tell, what repairs them."""

from dataclasses import dataclass, field
from typing import Any

import pytest
from test_broken_scenarios import (
    KEY,
    OPEN,
    OTHERS,
    RECOVER,
    ROUTES,
    VAULT,
    VERSION,
    call,
    enabled,
    grant,
    network,
    opened,
    passes,
    properties,
)

from sandbox import activity, history, scenario
from sandbox.providers import customerkeys, nodekeys
from sandbox.state import Json, Resource
from sandbox.world import World

NAMES = [name for name in scenario.names("broken") if name.startswith(OTHERS)]
AKS = "Contoso-ML/rg-aks/providers"
DES = f"{AKS}/Microsoft.Compute/diskEncryptionSets/des-prod"
CLUSTER = f"{AKS}/Microsoft.ContainerService/managedClusters/aks-prod"
SCORE = "Contoso-ML/rg-aci/providers/Microsoft.ContainerInstance/containerGroups/score-prod"
SET_ID = "de500000-0000-4000-8000-0000000000b1"
START = call(f"POST {SCORE}/start")
ROLES = "providers/Microsoft.Authorization/roleAssignments"
SERVICE = "Azure Container Instance Service"


def identity(group: str, name: str) -> Json:
    where = f"Contoso-ML/{group}/providers/Microsoft.ManagedIdentity/userAssignedIdentities"
    return call(f"PUT {where}/{name}", {"location": "westeurope"})


def works_as(group: str, name: str) -> Json:
    """The ``identity`` of a body."""
    id = f"providers/Microsoft.ManagedIdentity/userAssignedIdentities/{name}"
    of: Json = {f"{{scope:Contoso-ML/{group}}}/{id}": {}}
    return {"identity": {"type": "UserAssigned", "userAssignedIdentities": of}}


def policy(who: str, *operations: str) -> Json:
    one = {
        "tenantId": "c0a70500-0000-4000-8000-000000000001",
        "objectId": who,
        "permissions": {"keys": ["get", *operations]},
    }
    return call(f"PUT {VAULT}/accessPolicies/add", properties(accessPolicies=[one]))


def asked(name: str) -> Json:
    """The creation in a scenario, once more."""
    (one,) = [each for each in scenario.read(f"broken/{name}")["calls"] if "PUT" in each["call"]]
    return {**one, "ago": "0s"}


MAY = grant(SET_ID)
RECOVER_KEY = call("POST https://kv-ml-prod/deletedkeys/cmk-ml/recover")


@dataclass(frozen=True)
class Case:
    """What a scenario is like when it opens, and the calls that repair it."""

    why: str = "unwrapped"
    """``unwrapped`` where nodes' disks or the group can be read, else why not."""
    stopped: bool = False
    """Whether the nodes have stopped."""
    rotation: str = ""
    """Code of the set's autoKeyRotationError."""
    state: str = "Succeeded"
    """Of the cluster or the group."""
    repair: list[Json] = field(default_factory=list)
    lost: bool = False


def stopped(why: str, *repair: Json, **more: Any) -> Case:
    return Case(why, stopped=True, repair=list(repair), **more)


def runs_on(why: str, *repair: Json, **more: Any) -> Case:
    return Case(why, repair=[*repair, START], **more)


CASES: dict[str, Case] = {
    "cluster-creation-no-grant": Case(
        "", state="Failed", repair=[MAY, asked("cluster-creation-no-grant")]
    ),
    "cluster-ephemeral-behind": Case(),
    "cluster-grant-removed": stopped("ForbiddenByRbac", MAY),
    "cluster-healthy": Case(),
    "cluster-healthy-ephemeral": Case(),
    "cluster-healthy-identity": Case(),
    "cluster-healthy-kms": Case(),
    "cluster-healthy-no-rotation": Case(),
    "cluster-healthy-policies": Case(),
    "cluster-healthy-rotated": Case(),
    "cluster-key-deleted": stopped("KeyNotFound", RECOVER_KEY, rotation="KeyVaultAccessForbidden"),
    "cluster-key-disabled": stopped("KeyDisabled", enabled(VERSION)),
    "cluster-key-expired": stopped(
        "unwrapped", call(f"PATCH {KEY}", {"attributes": {"exp": "{time:+90d}"}})
    ),
    "cluster-key-purged": stopped("4003", rotation="KeyVaultAccessForbidden", lost=True),
    "cluster-kms-grant-removed": Case(),
    "cluster-kms-key-disabled": Case(),
    "cluster-newest-disabled": Case(rotation="KeyVaultAccessForbidden", repair=[enabled(KEY)]),
    "cluster-no-reader": Case(),
    "cluster-platform-keys": Case("platform key"),
    "cluster-policy-removed": stopped("ForbiddenByPolicy", policy(SET_ID, "wrapKey", "unwrapKey")),
    "cluster-rotation-stopped": stopped(
        "Unauthorized",
        identity("rg-aks", "uai-disks"),
        grant("uai-disks", "2"),
        call(f"PATCH {DES}", works_as("rg-aks", "uai-disks")),
        rotation="ManagedServiceIdentityNotFound",
    ),
    "cluster-vault-deleted": stopped("4017", RECOVER, MAY, rotation="KeyVaultAccessForbidden"),
    "cluster-vault-firewall": stopped("ForbiddenByFirewall", OPEN),
    "cluster-version-behind": Case(),
    "cluster-vms-stopped": stopped("unwrapped"),
    "containers-failed-by-key": Case("", state="Failed", repair=[grant("uai-score"), START]),
    "containers-firewall-first-party": runs_on(
        "ForbiddenByFirewall", network(networkAcls={"defaultAction": "Allow"})
    ),
    "containers-grant-removed": runs_on("ForbiddenByRbac", grant("uai-score")),
    "containers-healthy": Case(),
    "containers-healthy-first-party": Case(),
    "containers-healthy-policies": Case(),
    "containers-healthy-rotated": Case(),
    "containers-identity-deleted": runs_on(
        "Unauthorized",
        identity("rg-aci", "uai-score"),
        grant("uai-score", "2"),
        asked("containers-failed-by-key"),
    ),
    "containers-key-deleted": runs_on("KeyNotFound", RECOVER_KEY),
    "containers-key-disabled": runs_on("KeyDisabled", enabled(VERSION)),
    "containers-key-purged": Case("4003", lost=True),
    "containers-platform-keys": Case("platform key"),
    "containers-policy-removed": runs_on(
        "ForbiddenByPolicy", policy(f"{{object:{SERVICE}}}", "unwrapKey")
    ),
    "containers-principal-gone": runs_on(
        "Unauthorized",
        call("POST Contoso-ML/providers/Microsoft.ContainerInstance/register"),
        policy(f"{{object:{SERVICE}}}", "unwrapKey"),
    ),
    "containers-restart-failed": runs_on("KeyDisabled", enabled(VERSION), state="Failed"),
    "containers-stale-groups": Case(),
    "containers-vault-deleted": runs_on("4017", RECOVER, grant("uai-score")),
    "containers-vault-firewall": runs_on("ForbiddenByFirewall", OPEN),
    "containers-version-disabled": runs_on("KeyDisabled", enabled(VERSION)),
}


def resource(world: World, kind: str, name: str = "") -> Resource | None:
    found = (
        one
        for one in world.state.resources.values()
        if one.doc["type"].lower().endswith(f"/{kind}".lower()) and name in one.doc["name"]
    )
    return next(found, None)


def holder(world: World, name: str) -> Resource | None:
    """What holds the data: the nodes, or the group."""
    if name.startswith("cluster"):
        return resource(world, "virtualMachineScaleSets")
    return resource(world, "containerGroups", "score-prod")


def why(world: World, name: str) -> str:
    found = holder(world, name)
    if found is None or (
        found.doc["properties"]["provisioningState"] == "Failed" and not found.inner
    ):
        return ""
    return customerkeys.readable(world, found.doc["id"])[1]


def told(world: World, name: str) -> Json:
    """The properties of the cluster or the group."""
    kind = "managedClusters" if name.startswith("cluster") else "containerGroups"
    found = resource(world, kind, "-prod")
    assert found
    return dict(found.doc["properties"])


def rotation(world: World) -> str:
    des = resource(world, "diskEncryptionSets")
    error = des.doc["properties"].get("autoKeyRotationError", {}) if des else {}
    return str(error.get("code", ""))


def nodes_stopped(world: World) -> bool:
    nodes = resource(world, "virtualMachineScaleSets")
    return bool(nodes and nodes.inner.get("power") == "stopped")


def test_every_scenario_is_told_of() -> None:
    assert sorted(CASES) == NAMES


@pytest.mark.parametrize("speed", [1.0, 2000.0])
@pytest.mark.parametrize("name", NAMES)
def test_it_is_broken_as_its_scenario_says(name: str, speed: float) -> None:
    world, case = opened(f"broken/{name}", speed), CASES[name]
    assert why(world, name) == case.why
    assert nodes_stopped(world) == case.stopped
    assert rotation(world) == case.rotation
    assert told(world, name)["provisioningState"] == case.state


@pytest.mark.parametrize("name", [name for name in NAMES if not CASES[name].lost])
def test_what_repairs_it_brings_it_back(name: str) -> None:
    world = opened(f"broken/{name}")
    for one in CASES[name].repair:
        history.perform(world, ROUTES, one)
        passes(world, 900)
    passes(world, 7200)
    nodes = resource(world, "virtualMachineScaleSets")
    if nodes and CASES[name].stopped:
        assert nodes_stopped(world), "machines start when somebody starts them"
        history.perform(world, ROUTES, call(f"POST {nodes.doc['id']}/start"))
        passes(world, 120)
    assert not nodes_stopped(world)
    assert why(world, name) in ("unwrapped", "platform key")
    assert rotation(world) == ""
    now = told(world, name)
    assert now["provisioningState"] == "Succeeded"
    if not name.startswith("cluster"):
        assert now["instanceView"]["state"] == "Running"


@pytest.mark.parametrize("name", [name for name in NAMES if CASES[name].lost])
def test_what_is_lost_stays_lost(name: str) -> None:
    world = opened(f"broken/{name}")
    passes(world, 30 * 86_400)
    assert why(world, name) == CASES[name].why


def test_a_set_follows_and_ephemeral_nodes_do_not() -> None:
    world = opened("broken/cluster-ephemeral-behind")
    des, nodes = resource(world, "diskEncryptionSets"), resource(world, "virtualMachineScaleSets")
    assert des
    assert nodes
    active = des.doc["properties"]["activeKey"]["keyUrl"]
    assert nodes.inner["cmk"]["full"] == des.doc["properties"]["previousKeys"][0]["keyUrl"]
    assert des.doc["properties"]["lastKeyRotationTimestamp"] > world.clock.iso(nodes.created)
    history.perform(
        world, ROUTES, call(f"POST {CLUSTER}/agentPools/system/upgradeNodeImageVersion")
    )
    passes(world, 300)
    assert nodes.inner["cmk"]["full"] == active


def test_a_set_that_stays_uses_its_version_though_there_is_a_newer_one() -> None:
    world = opened("broken/cluster-version-behind")
    des = resource(world, "diskEncryptionSets")
    assert des
    active = customerkeys.parse(des.doc["properties"]["activeKey"]["keyUrl"])
    assert active.version != customerkeys.newest(world, active).version
    follows = properties(rotationToLatestKeyVersionEnabled=True)
    history.perform(world, ROUTES, call(f"PATCH {DES}", follows))
    assert des.doc["properties"]["activeKey"]["keyUrl"].endswith(
        customerkeys.newest(world, active).version
    )


@pytest.mark.parametrize(
    ("name", "error"),
    [
        ("cluster-healthy-kms", None),
        ("cluster-kms-grant-removed", nodekeys.FAILED),
    ],
)
def test_etcd_is_another_matter(name: str, error: str | None) -> None:
    world = opened(f"broken/{name}")
    cluster = resource(world, "managedClusters")
    assert cluster
    found = nodekeys.kms_error(world, cluster.doc)
    assert (found or {}).get("code") == error


def test_groups_that_have_ended_hold_their_cores() -> None:
    world = opened("broken/containers-stale-groups")
    (refused,) = [activity.render(event) for event in world.state.activity]
    message = refused["properties"]["statusMessage"]
    assert "ContainerGroupQuotaReached" in message
    assert "Limit: '10', Usage: '10' Requested: '1'" in message
    ended = resource(world, "containerGroups", "batch-1")
    assert ended
    assert ended.doc["properties"]["instanceView"]["state"] == "Succeeded"
    for name in ("batch-1", "batch-3"):
        history.perform(world, ROUTES, call(f"DELETE {SCORE.replace('score-prod', name)}"))
    history.perform(world, ROUTES, {**asked("containers-stale-groups"), "refused": False})


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("cluster-creation-no-grant", "KeyVaultAccessForbidden"),
        ("containers-failed-by-key", "ForbiddenByRbac"),
        ("containers-restart-failed", "KeyDisabled"),
    ],
)
def test_the_activity_log_tells_why_it_failed(name: str, code: str) -> None:
    event = activity.render(opened(f"broken/{name}").state.activity[-1])
    assert event["status"]["value"] == "Failed"
    assert code in event["properties"]["statusMessage"]


def test_a_group_tells_its_failure_as_an_event_in_the_vaults_words() -> None:
    (event,) = [
        one
        for one in told(opened("broken/containers-failed-by-key"), "containers")["instanceView"][
            "events"
        ]
        if one["type"] == "Warning"
    ]
    assert "can't use its encryption key: Caller is not authorized" in event["message"]
