"""Disk encryption sets, disks and clusters: whose key, who needs what, what stops."""

from typing import Any

import pytest
from workspaces import ADMIN, LONG_AGO, ROLE, UAI, VAULT, Bench, G, S

from sandbox import rbac
from sandbox.keyvault import keystore
from sandbox.protocol import Refusal
from sandbox.providers.customerkeys import readable

DES = f"{G}/providers/Microsoft.Compute/diskEncryptionSets/des-1"
AKS = f"{G}/providers/Microsoft.ContainerService/managedClusters/aks-1"
DISK = f"{G}/providers/Microsoft.Compute/disks/disk-1"
V = "?api-version=2023-10-02"
HOUR = 3600


def set_body(bench: Bench, **more: Any) -> dict[str, Any]:
    key = {"sourceVault": {"id": VAULT}, "keyUrl": bench.kid()}
    return {
        "location": "westeurope",
        "identity": {"type": "SystemAssigned"},
        "properties": {"activeKey": key, **more},
    }


def make_set(bench: Bench, *, granted: bool = True, **more: Any) -> dict[str, Any]:
    answer = bench.send("PUT", DES + V, set_body(bench, **more))
    assert answer.status == 202
    assert "id" not in answer.body
    bench.skip(30)
    ended = bench.send("GET", answer.headers["Azure-AsyncOperation"]).body
    assert ended["status"] == "Succeeded"
    des = dict(bench.send("GET", DES + V).body)
    if granted:
        bench.grant(VAULT, ROLE, des["identity"]["principalId"])
    return des


def cluster_body(**more: Any) -> dict[str, Any]:
    pools = [{"name": "np1", "count": 2, "vmSize": "Standard_D4s_v5", **more.pop("pool", {})}]
    return {
        "location": "westeurope",
        "identity": {"type": "UserAssigned", "userAssignedIdentities": {UAI: {}}},
        "properties": {"agentPoolProfiles": pools, "diskEncryptionSetID": DES, **more},
    }


def make_cluster(bench: Bench, **more: Any) -> dict[str, Any]:
    """The end of the cluster's creation."""
    answer = bench.send("PUT", AKS + V, cluster_body(**more))
    assert answer.status == 201
    assert answer.body["properties"]["provisioningState"] == "Creating"
    bench.skip(600)
    return dict(bench.send("GET", answer.headers["Azure-AsyncOperation"]).body)


def nodes(bench: Bench) -> str:
    (found,) = [
        one.doc["id"]
        for one in bench.world.state.resources.values()
        if one.doc["type"] == "Microsoft.Compute/virtualMachineScaleSets"
    ]
    return str(found)


def power(bench: Bench) -> set[str]:
    machines = bench.send("GET", f"{nodes(bench)}/virtualMachines{V}&$expand=instanceView").body[
        "value"
    ]
    return {
        one["properties"]["instanceView"]["statuses"][0]["code"].rpartition("/")[2]
        for one in machines
    }


def test_a_cluster_encrypts_its_nodes_through_the_set() -> None:
    bench = Bench()
    make_set(bench)
    assert make_cluster(bench)["status"] == "Succeeded"
    assert readable(bench.world, nodes(bench)) == (True, "unwrapped")
    assert power(bench) == {"running"}
    used = bench.send("GET", f"{DES}/associatedResources{V}").body["value"]
    assert used == [nodes(bench)]
    with pytest.raises(Refusal, match="is in use"):
        bench.send("DELETE", DES + V)


def test_a_set_without_its_grant_is_accepted_and_the_cluster_fails_late() -> None:
    bench = Bench()
    make_set(bench, granted=False)
    ended = make_cluster(bench)
    assert ended["status"] == "Failed"
    assert ended["error"]["code"] == "CreateVMSSAgentPoolFailed"
    assert ended["error"]["details"][0]["code"] == "KeyVaultAccessForbidden"
    bench.grant(VAULT, ROLE, bench.get(DES)["identity"]["principalId"])
    again = bench.send("PUT", AKS + V, cluster_body())
    bench.skip(600)
    assert bench.send("GET", again.headers["Azure-AsyncOperation"]).body["status"] == "Succeeded"


def test_machines_stop_within_an_hour_of_losing_the_key_and_start_by_hand_only() -> None:
    bench = Bench()
    make_set(bench)
    make_cluster(bench)
    bench.key()["enabled"] = False
    bench.skip(HOUR + 60)
    assert power(bench) == {"stopped"}
    with pytest.raises(Refusal, match="grant get, wrap and unwrap"):
        bench.send("POST", f"{nodes(bench)}/start{V}")
    bench.key()["enabled"] = True
    bench.skip(HOUR)
    assert power(bench) == {"stopped"}
    begun = bench.send("POST", f"{nodes(bench)}/start{V}")
    assert power(bench) == {"starting"}
    bench.skip(HOUR)
    assert power(bench) == {"running"}
    for address in ("Azure-AsyncOperation", "Location"):
        assert bench.send("GET", begun.headers[address]).status == 200


def test_machines_whose_key_is_lost_while_they_start_stay_stopped() -> None:
    bench = Bench()
    make_set(bench)
    make_cluster(bench)
    bench.key()["enabled"] = False
    bench.skip(HOUR + 60)
    bench.key()["enabled"] = True
    begun = bench.send("POST", f"{nodes(bench)}/start{V}")
    bench.key()["enabled"] = False
    bench.skip(300)
    assert power(bench) == {"stopped"}
    ended = bench.send("GET", begun.headers["Azure-AsyncOperation"]).body
    assert ended["error"]["code"] == "KeyVaultAccessForbidden"


def test_a_set_follows_the_newest_version_only_when_told_to() -> None:
    bench = Bench()
    make_set(bench)
    make_cluster(bench)
    old = bench.get(DES)["properties"]["activeKey"]["keyUrl"]
    new_version(bench)
    bench.skip(HOUR + 60)
    assert bench.get(DES)["properties"]["activeKey"]["keyUrl"] == old
    patch = {"properties": {"rotationToLatestKeyVersionEnabled": True}}
    bench.send("PATCH", DES + V, patch)
    told = bench.get(DES)["properties"]
    assert told["activeKey"]["keyUrl"] == bench.kid() != old
    assert told["previousKeys"][0]["keyUrl"] == old
    assert told["lastKeyRotationTimestamp"]
    assert bench.world.state.resources[nodes(bench).lower()].inner["cmk"]["full"] == bench.kid()


def new_version(bench: Bench) -> None:
    versions = keystore.keys_of(bench.world, "kv-cmk")["k1"]["versions"]
    newest = keystore.version(keystore.keys_of(bench.world, "kv-cmk")["k1"])
    versions.append({**newest, "version": "f" * 32, "created": bench.world.epoch()})


def test_a_set_whose_identity_is_gone_says_so_and_stays_succeeded() -> None:
    bench = Bench()
    des = make_set(bench, rotationToLatestKeyVersionEnabled=True)
    bench.world.state.principals.pop(des["identity"]["principalId"])
    bench.skip(HOUR + 60)
    told = bench.get(DES)["properties"]
    assert told["provisioningState"] == "Succeeded"
    assert told["autoKeyRotationError"]["code"] == "ManagedServiceIdentityNotFound"


def test_a_disk_needs_a_caller_who_may_read_the_set() -> None:
    bench = Bench()
    make_set(bench)
    encryption = {"type": "EncryptionAtRestWithCustomerKey", "diskEncryptionSetId": DES}
    body = {"location": "westeurope", "properties": {"encryption": encryption}}
    assert bench.send("PUT", DISK + V, body).status == 201
    assert readable(bench.world, DISK) == (True, "unwrapped")
    bench.world.state.assignments.clear()
    scope = f"/subscriptions/{S}"
    rbac.grant(bench.world, scope, "Storage Account Contributor", ADMIN, created=LONG_AGO)
    with pytest.raises(Refusal, match="does not have permission"):
        bench.send("PUT", DISK + V, body)


def test_the_encryption_set_of_a_cluster_is_for_life() -> None:
    bench = Bench()
    make_set(bench)
    make_cluster(bench)
    with pytest.raises(Refusal, match="diskEncryptionSetID"):
        bench.send("PUT", AKS + V, cluster_body(diskEncryptionSetID=""))


def test_ephemeral_nodes_keep_their_key_until_they_are_made_anew() -> None:
    bench = Bench()
    make_set(bench)
    pool = {"vmSize": "Standard_D4ds_v5", "osDiskType": "Ephemeral"}
    assert make_cluster(bench, pool=pool)["status"] == "Succeeded"
    before = bench.world.state.resources[nodes(bench).lower()].inner["cmk"]["full"]
    key = {"sourceVault": {"id": VAULT}, "keyUrl": bench.kid("k2")}
    bench.send("PATCH", DES + V, {"properties": {"activeKey": key}})
    held = bench.world.state.resources[nodes(bench).lower()].inner
    assert held["cmk"]["full"] == before
    at = f"{AKS}/agentPools/np1"
    for count in (0, 2):
        bench.send("PUT", at + V, {"properties": {"count": count}})
    assert bench.world.state.resources[nodes(bench).lower()].inner["cmk"]["full"] == bench.kid("k2")


@pytest.mark.parametrize(
    ("settings", "pool", "says"),
    [
        ({"quota": {"compute": {"westeurope": {"cores": 7}}}}, {}, "Total Regional Cores"),
        (
            {"quota": {"compute": {"westeurope": {"standardDSv5Family": 4}}}},
            {},
            r"standardDSv5Family Cores quota.*Current Limit: 4, Current Usage: 0, Additional "
            r"Required: 8, \(Minimum\) New Limit Required: 8",
        ),
        ({"vm_restricted": {"westeurope": ["Standard_D4s_v5"]}}, {}, "is not allowed in your"),
        ({"quota": {"clusters": 0}}, {}, "has reached its limit"),
        ({}, {"osDiskType": "Ephemeral"}, "does not support ephemeral"),
    ],
)
def test_what_cannot_be_had_is_refused_at_once(
    settings: dict[str, Any], pool: dict[str, Any], says: str
) -> None:
    bench = Bench(**settings)
    make_set(bench)
    with pytest.raises(Refusal, match=says):
        bench.send("PUT", AKS + V, cluster_body(pool=pool))


def test_usages_and_skus_tell_what_the_refusals_go_by() -> None:
    bench = Bench(vm_restricted={"westeurope": ["Standard_B2s"]})
    make_set(bench)
    make_cluster(bench)
    at = f"/subscriptions/{S}/providers/Microsoft.Compute"
    usages = bench.send("GET", f"{at}/locations/westeurope/usages{V}").body["value"]
    rows = {one["name"]["value"]: one["currentValue"] for one in usages}
    assert rows["cores"] == rows["standardDSv5Family"] == 8
    skus = bench.send("GET", f"{at}/skus?api-version=2021-07-01&$filter=location eq 'westeurope'")
    by_name = {one["name"]: one for one in skus.body["value"]}
    assert by_name["Standard_B2s"]["restrictions"][0]["reasonCode"] == "NotAvailableForSubscription"
    assert by_name["Standard_D4s_v5"]["restrictions"] == []


def test_etcd_keys_need_encrypt_and_decrypt_of_the_clusters_identity() -> None:
    bench = Bench()
    make_set(bench)
    kms = {"azureKeyVaultKms": {"enabled": True, "keyId": bench.kid()}}
    ended = make_cluster(bench, securityProfile=kms)
    assert ended["error"]["code"] == "AzureKeyVaultKmsValidateIdentityPermissionCustomerError"
    bench.grant(VAULT, "Key Vault Crypto User", bench.uai())
    again = bench.send("PUT", AKS + V, cluster_body(securityProfile=kms))
    bench.skip(600)
    assert bench.send("GET", again.headers["Azure-AsyncOperation"]).body["status"] == "Succeeded"


def test_deleting_a_cluster_takes_its_nodes_and_their_group() -> None:
    bench = Bench()
    make_set(bench)
    make_cluster(bench)
    assert bench.send("DELETE", AKS + V).status == 202
    bench.skip(600)
    assert not [key for key in bench.world.state.groups if "mc_rg-ml" in key]
    assert bench.send("DELETE", DES + V).status == 200
