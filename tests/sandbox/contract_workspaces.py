"""Recorded states of Machine Learning and of what belongs to a workspace."""

from contract import Az, Reply, case

# Machine Learning and what belongs to it


def _dependents(az: Az) -> dict[str, str]:
    az.register()
    vault = az.vault("kv-secrets1")
    group = az.group_id
    insights = f"{group}/providers/microsoft.insights/components/appi"
    storage = f"{group}/providers/Microsoft.Storage/storageAccounts/stcontract1"
    az.made("PUT", insights, {"location": "westus", "kind": "web"})
    body = {"location": "westus", "kind": "StorageV2", "sku": {"name": "Standard_LRS"}}
    az.made("PUT", storage, body)
    az.jump(300)
    return {"keyVault": vault, "applicationInsights": insights, "storageAccount": storage}


def _workspace(az: Az) -> str:
    return f"{az.group_id}/providers/Microsoft.MachineLearningServices/workspaces/mlw"


@case("aml/01-workspace-put-create-202")
def workspace_put(az: Az, **more: str) -> Reply:
    properties = {**_dependents(az), "description": "d", "friendlyName": "f", **more}
    body = {"location": "westus", "identity": {"type": "SystemAssigned"}, "tags": {"a": "b"}}
    return az.arm("PUT", _workspace(az), {**body, "properties": properties}, version="2022-05-01")


def _made_workspace(az: Az, **more: str) -> str:
    reply = workspace_put(az, **more)
    assert reply.status == 202, reply
    az.jump(3600)
    return _workspace(az)


@case("aml/03-workspace-get")
def workspace_get(az: Az) -> Reply:
    return az.arm("GET", _made_workspace(az), version="2022-05-01")


@case("aml/05-workspace-diagnose-post-202")
def diagnose(az: Az) -> Reply:
    path = f"{_made_workspace(az)}/diagnose"
    return az.arm("POST", path, {"value": {}}, version="2022-12-01-preview")


@case("aml/07-workspace-diagnose-poll-200")
def diagnose_poll(az: Az) -> Reply:
    location = diagnose(az).headers["location"]
    az.jump(300)
    return az.arm("GET", location)


@case("aml/09-workspaces-list-by-subscription")
def workspaces(az: Az) -> Reply:
    az.group()
    az.register()
    registry = f"{az.group_id}/providers/Microsoft.ContainerRegistry/registries/crcontract1"
    az.made("PUT", registry, {"location": "westus", "sku": {"name": "Basic"}})
    _made_workspace(az, containerRegistry=registry)
    path = f"{az.root}/providers/Microsoft.MachineLearningServices/workspaces"
    return az.arm("GET", path, version="2024-04-01")


@case("aml/11-workspace-patch-202")
def workspace_patch(az: Az) -> Reply:
    body = {"tags": {"a": "b"}, "properties": {"description": "new"}}
    return az.arm("PATCH", _made_workspace(az), body, version="2022-05-01")


@case("aml/13-workspace-delete-202")
def workspace_delete(az: Az) -> Reply:
    return az.arm("DELETE", _made_workspace(az), version="2022-05-01")


@case("aml/14-cmk-vault-without-purge-protection-badrequest")
def workspace_unprotected(az: Az) -> Reply:
    needed = _dependents(az)
    vault = az.vault("kv-contract1")
    kid = az.key("kv-contract1", "cmk")["key"]["kid"]
    encryption = {
        "status": "Enabled",
        "keyVaultProperties": {"keyVaultArmId": vault, "keyIdentifier": kid},
    }
    body = {"location": "westus", "identity": {"type": "SystemAssigned"}}
    body = {**body, "properties": {**needed, "encryption": encryption}}
    accepted = az.arm("PUT", _workspace(az), body, version="2024-04-01")
    assert accepted.status == 202, accepted
    az.jump(7200)
    return az.arm("GET", accepted.headers["azure-asyncoperation"])


@case("aml/15-validation-error-missing-dependents-400")
def workspace_without_dependents(az: Az) -> Reply:
    az.group()
    az.register()
    body = {"location": "westus", "identity": {"type": "SystemAssigned"}, "properties": {}}
    return az.arm("PUT", _workspace(az), body, version="2022-05-01")


def _cosmos(az: Az) -> Reply:
    az.register()
    vault = az.vault("kv-contract1", enablePurgeProtection=True)
    az.key("kv-contract1", "cmk")
    apps = az.world.state.principals.values()
    cosmos = next(item for item in apps if item.name == "Azure Cosmos DB")
    policy = {
        "tenantId": az.tenant,
        "objectId": cosmos.object_id,
        "permissions": {"keys": ["get", "wrapKey", "unwrapKey"]},
    }
    change = {"properties": {"accessPolicies": [policy]}}
    az.made("PUT", f"{vault}/accessPolicies/add", change, version="2023-07-01")
    path = f"{az.group_id}/providers/Microsoft.DocumentDB/databaseAccounts/cosmos-contract1"
    uri = f"https://kv-contract1.{az.ready['key_vault_suffix']}/keys/cmk"
    body = {
        "location": "westus",
        "kind": "GlobalDocumentDB",
        "properties": {
            "locations": [{"locationName": "eastus2", "failoverPriority": 0}],
            "databaseAccountOfferType": "Standard",
            "keyVaultKeyUri": uri,
        },
    }
    return az.arm("PUT", path, body, version="2020-04-01")


@case("cosmos/01-account-put-with-keyvaultkeyuri")
def cosmos_put(az: Az) -> Reply:
    return _cosmos(az)


@case("cosmos/03-locations-list")
def cosmos_locations(az: Az) -> Reply:
    az.register()
    return az.arm("GET", f"{az.root}/providers/Microsoft.DocumentDB/locations")


@case("cosmos/05-account-get-with-keyvaultkeyuri")
def cosmos_get(az: Az) -> Reply:
    made = _cosmos(az)
    assert made.status == 200, made
    az.jump(3600)
    return az.arm("GET", made.body["id"], version="2020-04-01")


def _search(az: Az, version: str = "2026-03-01-preview") -> Reply:
    az.register()
    az.group()
    path = f"{az.group_id}/providers/Microsoft.Search/searchServices/srch-contract1"
    body = {
        "identity": {"type": "SystemAssigned"},
        "location": "westus",
        "properties": {"hostingMode": "default", "partitionCount": 1, "replicaCount": 1},
        "sku": {"name": "basic"},
    }
    return az.arm("PUT", path, body, version=version)


@case("search/01-service-put-create-201")
def search_put(az: Az) -> Reply:
    return _search(az)


@case("search/03-service-put-cmk-enforcement-and-key")
def search_cmk(az: Az) -> Reply:
    made = _search(az).body
    az.jump(1800)
    current = az.made("GET", made["id"], version="2026-03-01-preview")
    vault = az.vault("kv-contract1", enablePurgeProtection=True)
    kid = az.key("kv-contract1", "cmk")["key"]["kid"]
    policy = {
        "tenantId": az.tenant,
        "objectId": current["identity"]["principalId"],
        "permissions": {"keys": ["get", "wrapKey", "unwrapKey"]},
    }
    change = {"properties": {"accessPolicies": [policy]}}
    az.made("PUT", f"{vault}/accessPolicies/add", change, version="2023-07-01")
    current["properties"]["encryptionWithCmk"] = {
        "enforcement": "Enabled",
        "serviceLevelEncryptionKey": {
            "keyVaultKeyName": "cmk",
            "keyVaultKeyVersion": kid.rpartition("/")[2],
            "keyVaultUri": kid.partition("/keys/")[0],
        },
    }
    return az.arm("PUT", made["id"], current, version="2026-03-01-preview")


@case("search/05-services-list-by-resource-group")
def search_list(az: Az) -> Reply:
    _search(az, "2020-08-01")
    az.jump(1800)
    path = f"{az.group_id}/providers/Microsoft.Search/searchServices"
    return az.arm("GET", path, version="2020-08-01")


@case("search/07-service-delete-200")
def search_delete(az: Az) -> Reply:
    made = _search(az).body
    az.jump(1800)
    return az.arm("DELETE", made["id"], version="2020-08-01")


@case("storage/01-account-patch-assign-identity")
def storage_patch(az: Az) -> Reply:
    account = _dependents(az)["storageAccount"]
    body = {"identity": {"type": "SystemAssigned"}, "tags": {}}
    return az.arm("PATCH", account, body, version="2019-06-01")


@case("storage/03-location-usages")
def storage_usages(az: Az) -> Reply:
    az.register()
    path = f"{az.root}/providers/Microsoft.Storage/locations/eastus/usages"
    return az.arm("GET", path, version="2019-06-01")
