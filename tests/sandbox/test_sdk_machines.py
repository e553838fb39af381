"""Container groups, disk encryption sets and clusters, from beginning to end, by Azure's SDKs."""

import json
from io import BytesIO
from typing import Any

import pytest
from azure.core.exceptions import HttpResponseError
from azure.keyvault.keys.aio import KeyClient
from azure.mgmt.compute.aio import ComputeManagementClient
from azure.mgmt.containerinstance.aio import ContainerInstanceManagementClient
from azure.mgmt.containerservice.aio import ContainerServiceClient
from azure.mgmt.keyvault.aio import KeyVaultManagementClient
from azure.mgmt.machinelearningservices.aio import MachineLearningServicesMgmtClient
from azure.mgmt.machinelearningservices.models import AKS, Kubernetes
from azure.mgmt.msi.aio import ManagedServiceIdentityClient
from azure.mgmt.resource.resources.aio import ResourceManagementClient
from contract import NAMESPACES
from sdkcheck import clients, everything, flaws

from sandbox import registrations
from sandbox.providers import clusters

PLACE = {"location": "westeurope"}
SUB = "5b000000-0000-4000-8000-0000000000d1"
MLW = (
    f"/subscriptions/{SUB}/resourceGroups/rg-ml/providers"
    "/Microsoft.MachineLearningServices/workspaces/mlw-prod"
)


async def prepared(sandbox: Any, make: Any) -> tuple[str, str, str]:
    """The ids of a vault and an identity that may use its keys, and a key's identifier."""
    sub = sandbox.subscription
    for namespace in NAMESPACES:
        registrations.put(sandbox.world, sub, namespace, "Registered")
    groups = make(ResourceManagementClient, subscription_id=SUB)
    await groups.resource_groups.create_or_update("rg", PLACE)
    vaults = make(KeyVaultManagementClient, subscription_id=sub, api_version="2026-02-01")
    rights = {"keys": ["all"]}
    policy = {"tenantId": sandbox.ready["tenant_id"], "permissions": rights}
    policy["objectId"] = sandbox.principal("admin")["object_id"]
    properties = {
        "tenantId": sandbox.ready["tenant_id"],
        "sku": {"family": "A", "name": "standard"},
        "accessPolicies": [policy],
        "enableRbacAuthorization": False,
        "enablePurgeProtection": True,
    }
    begun = vaults.vaults.begin_create_or_update
    vault = await (await begun("rg", "kv-models2", {**PLACE, "properties": properties})).result()
    identities = make(ManagedServiceIdentityClient, subscription_id=SUB)
    identity = await identities.user_assigned_identities.create_or_update("rg", "uai", PLACE)
    use = {**policy, "objectId": identity.principal_id}
    add = {"properties": {"accessPolicies": [use]}}
    await vaults.vaults.update_access_policy("rg", "kv-models2", "add", add)
    url = f"https://kv-models2.{sandbox.ready['key_vault_suffix']}"
    key = await make(KeyClient, vault_url=url).create_rsa_key("cmk", size=2048)
    return vault.id, identity.id, str(key.id)


async def test_a_container_group_fits_its_models(sandbox: Any) -> None:
    async with clients(sandbox) as make:
        _, identity, kid = await prepared(sandbox, make)
        client = make(ContainerInstanceManagementClient, subscription_id=sandbox.subscription)
        base, _, version = kid.rpartition("/")
        url, _, name = base.partition("/keys/")
        encryption = {"vaultBaseUrl": url, "keyName": name, "keyVersion": version}
        requests = {"requests": {"cpu": 1, "memoryInGB": 1.5}}
        container = {"name": "main", "properties": {"image": "nginx", "resources": requests}}
        body = {
            **PLACE,
            "identity": {"type": "UserAssigned", "userAssignedIdentities": {identity: {}}},
            "properties": {
                "osType": "Linux",
                "containers": [container],
                "encryptionProperties": {**encryption, "identity": identity},
            },
        }
        made = await client.container_groups.begin_create_or_update("rg", "score", body)
        group = await made.result()
        assert flaws(group) == []
        assert group.provisioning_state == "Succeeded"
        assert group.instance_view.state == "Running"
        assert group.encryption_properties.key_name == "cmk"
        logs = await client.containers.list_logs("rg", "score", "main")
        assert "nginx" in logs.content
        for listed in (
            client.container_groups.list(),
            client.location.list_usage("westeurope"),
            client.location.list_capabilities("westeurope"),
        ):
            found = await everything(listed)
            assert found
            assert flaws(found) == []
        await (await client.container_groups.begin_delete("rg", "score")).result()
        assert await everything(client.container_groups.list()) == []


async def test_a_cluster_with_an_encryption_set_fits_its_models(sandbox: Any) -> None:
    async with clients(sandbox) as make:
        vault, identity, kid = await prepared(sandbox, make)
        compute = make(ComputeManagementClient, subscription_id=sandbox.subscription)
        body: dict[str, Any] = {
            **PLACE,
            "identity": {"type": "UserAssigned", "userAssignedIdentities": {identity: {}}},
            "properties": {"activeKey": {"sourceVault": {"id": vault}, "keyUrl": kid}},
        }
        sets = compute.disk_encryption_sets
        des = await (await sets.begin_create_or_update("rg", "des", body)).result()
        assert flaws(des) == []
        assert des.properties.provisioning_state == "Succeeded"
        client = make(ContainerServiceClient, subscription_id=sandbox.subscription)
        body = {
            **PLACE,
            "identity": {"type": "UserAssigned", "userAssignedIdentities": {identity: {}}},
            "properties": {
                "agentPoolProfiles": [{"name": "np1", "count": 2, "vmSize": "Standard_D4s_v5"}],
                "dnsPrefix": "aks",
                "diskEncryptionSetID": des.id,
            },
        }
        managed = client.managed_clusters
        cluster = await (await managed.begin_create_or_update("rg", "aks", body)).result()
        assert flaws(cluster) == []
        assert cluster.properties.provisioning_state == "Succeeded"
        assert cluster.properties.disk_encryption_set_id == des.id
        node_group = cluster.properties.node_resource_group
        (scale_set,) = await everything(compute.virtual_machine_scale_sets.list(node_group))
        machines = compute.virtual_machine_scale_set_vms.list(node_group, scale_set.name)
        assert len(await everything(machines)) == 2
        versions = await managed.list_kubernetes_versions("westeurope")
        assert flaws(versions) == []
        for listed in (
            client.agent_pools.list("rg", "aks"),
            managed.list(),
            compute.usage.list("westeurope"),
            compute.resource_skus.list(filter="location eq 'westeurope'"),
            sets.list(),
            sets.list_associated_resources("rg", "des"),
        ):
            found = await everything(listed)
            assert found
            assert flaws(found) == []
        await (await managed.begin_delete("rg", "aks")).result()
        await (await sets.begin_delete("rg", "des")).result()
        assert await everything(sets.list()) == []


def raw(body: object) -> BytesIO:
    return BytesIO(json.dumps(body).encode())


async def test_a_cluster_is_attached_detached_and_deleted_by_its_workspace(sandbox: Any) -> None:
    sandbox.reset("broken/healthy-attached")
    newer = {"api_version": "2025-12-01"}
    async with clients(sandbox) as make:
        ml = make(MachineLearningServicesMgmtClient, subscription_id=SUB)
        where = ("rg-ml", "mlw-prod")
        computes, listing = ml.compute, make(ContainerServiceClient, subscription_id=SUB)
        found = {one.name: one for one in await everything(computes.list(*where, **newer))}
        assert flaws(list(found.values())) == []
        assert {name: type(one.properties) for name, one in found.items()} == {
            "inference": AKS,
            "trial": Kubernetes,
            "inference-old": AKS,
        }
        dev = found["trial"].properties.resource_id
        body = {"computeType": "AKS", "resourceId": dev, "properties": {}}
        ask = computes.begin_create_or_update
        poller = await ask(*where, "second", raw({"properties": body}), **newer)
        made = await poller.result()
        assert flaws(made) == []
        assert made.properties.provisioning_state == "Succeeded"
        assert made.properties.is_attached_compute is True
        gone = {**body, "resourceId": found["inference-old"].properties.resource_id}
        for name, wrong in (
            ("third", gone),
            ("third", {**body, "computeType": "AmlCompute"}),
            ("second", {**body, "resourceId": found["inference"].properties.resource_id}),
        ):
            with pytest.raises(HttpResponseError) as refused:
                await ask(*where, name, raw({"properties": wrong}), **newer)
            assert refused.value.status_code == 400

        await (await computes.begin_delete(*where, "trial", "Detach", **newer)).result()
        assert "aks-dev" in {one.name for one in await everything(listing.managed_clusters.list())}
        await (await computes.begin_delete(*where, "second", "Delete", **newer)).result()
        sandbox.advance(clusters.DELETE_S)
        there = {one.name for one in await everything(listing.managed_clusters.list())}
        assert there == {"aks-prod"}
        left = {one.name for one in await everything(computes.list(*where, **newer))}
        assert left == {"inference", "inference-old"}
        with pytest.raises(HttpResponseError) as missing:
            await computes.get(*where, "trial", **newer)
        assert missing.value.status_code == 404


def test_a_locked_cluster_is_not_deleted_through_its_workspace(sandbox: Any) -> None:
    sandbox.reset("broken/healthy-attached")
    path = f"{MLW}/computes/inference"
    answer = sandbox.call("GET", path, version="2025-12-01").json()
    lock = f"{answer['properties']['resourceId']}/providers/Microsoft.Authorization/locks/keep"
    body = {"properties": {"level": "CanNotDelete"}}
    assert sandbox.call("PUT", lock, body, version="2016-09-01").ok
    for query, status in (("?", 400), ("?underlyingResourceAction=Delete", 409)):
        said = sandbox.call("DELETE", f"{path}{query}", version="2025-12-01")
        assert said.status_code == status, said.text
    query = "?underlyingResourceAction=Detach"
    assert sandbox.call("DELETE", f"{path}{query}", version="2025-12-01").status_code == 202
