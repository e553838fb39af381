"""Recorded states of container groups, disk encryption sets and clusters."""

from contract import Az, Reply, case


def _group_path(az: Az) -> str:
    return f"{az.group_id}/providers/Microsoft.ContainerInstance/containerGroups/pycontainer"


@case("containerinstance/01-container-group-put-201")
def group_put(az: Az) -> Reply:
    az.group()
    az.register()
    container = {
        "image": "alpine:latest",
        "resources": {"requests": {"memoryInGB": 1.0, "cpu": 1.0}},
        "volumeMounts": [{"name": "empty-volume", "mountPath": "/mnt/mydir"}],
        "livenessProbe": {"exec": {"command": ["cat/tmp/healthy"]}, "periodSeconds": 5},
    }
    properties = {
        "containers": [{"name": "pycontainer", "properties": container}],
        "restartPolicy": "OnFailure",
        "osType": "Linux",
        "volumes": [{"name": "empty-volume", "emptyDir": {}}],
        "diagnostics": {"logAnalytics": {"workspaceId": "id", "workspaceKey": "key"}},
    }
    body = {"location": "westus", "identity": {"type": "SystemAssigned"}, "properties": properties}
    return az.arm("PUT", _group_path(az), body, version="2020-11-01")


@case("containerinstance/03-container-groups-list-by-rg")
def groups_list(az: Az) -> Reply:
    group_put(az)
    az.jump(300)
    return az.arm("GET", _group_path(az).rpartition("/")[0], version="2020-11-01")


@case("containerinstance/05-container-group-restart-204-with-async-header")
def group_restart(az: Az) -> Reply:
    group_put(az)
    az.jump(300)
    return az.arm("POST", f"{_group_path(az)}/restart", version="2020-11-01")


@case("containerinstance/07-location-usages")
def usages(az: Az) -> Reply:
    az.register()
    path = f"{az.root}/providers/Microsoft.ContainerInstance/locations/eastus/usages"
    return az.arm("GET", path, version="2024-05-01-preview")


def _set_path(az: Az) -> str:
    return f"{az.group_id}/providers/Microsoft.Compute/diskEncryptionSets/des1"


@case("compute-des/01-disk-encryption-set-put-202")
def set_put(az: Az) -> Reply:
    az.group()
    az.register()
    vault = az.vault("kv-disks1", enablePurgeProtection=True)
    az.jump(60)
    kid = az.key_vault("POST", "kv-disks1", "/keys/key1/create", {"kty": "RSA"}).body["key"]["kid"]
    key = {"sourceVault": {"id": vault}, "keyUrl": kid}
    body = {
        "location": "westus",
        "identity": {"type": "SystemAssigned"},
        "properties": {"activeKey": key},
    }
    return az.arm("PUT", _set_path(az), body, version="2020-12-01")


@case("compute-des/03-disk-encryption-set-get")
def set_get(az: Az) -> Reply:
    set_put(az)
    az.jump(60)
    return az.arm("GET", _set_path(az), version="2020-12-01")


def _cluster_path(az: Az) -> str:
    return f"{az.group_id}/providers/Microsoft.ContainerService/managedClusters/asotest"


@case("aks/01-managed-cluster-get-404")
def cluster_absent(az: Az) -> Reply:
    az.group()
    az.register()
    return az.arm("GET", _cluster_path(az), version="2026-05-01")


@case("aks/02-managed-cluster-put-201")
def cluster_put(az: Az) -> Reply:
    az.group()
    az.register()
    pool = {"count": 1, "mode": "System", "name": "ap1", "osType": "Linux"}
    pool |= {"osSKU": "AzureContainerLinux", "vmSize": "Standard_DS2_v2", "osDiskType": "Managed"}
    properties = {"agentPoolProfiles": [pool], "dnsPrefix": "aso"}
    properties["oidcIssuerProfile"] = {"enabled": True}
    body = {"location": "westus", "identity": {"type": "SystemAssigned"}, "properties": properties}
    return az.arm("PUT", _cluster_path(az), body, version="2026-05-01")


@case("aks/03-operation-status-inprogress")
def cluster_poll(az: Az) -> Reply:
    return az.arm("GET", cluster_put(az).headers["azure-asyncoperation"])
