"""Every recorded exchange that the sandbox claims to answer, answered by it and compared.

Each case brings the sandbox into the state of the recording and sends the same kind of
request. Compared are status, which long-running headers there are, error codes, and JSON
paths with their types; see ``shapes.differences``. Deviations stand with their reasons in
``contract_exceptions``.
"""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from contract import Az, Reply
from contract_exceptions import ALLOWED, NOT_CLAIMED
from shapes import FILE, differences, document, load, shape

from sandbox import registrations

RECORDINGS = Path(__file__).resolve().parents[3] / "shared"
SHAPES, KNOWN = load()
Case = Callable[[Az], Reply]
CASES: dict[str, Case] = {}


def case(*names: str) -> Callable[[Case], Case]:
    def register(function: Case) -> Case:
        for name in names:
            CASES[name] = function
        return function

    return register


# Resource groups, subscriptions, providers, locks


@case("arm/07-resource-group-put-201")
def group_put(az: Az) -> Reply:
    body = {"name": "rg-new", "location": "westus2", "tags": {"CreatedAt": "x"}}
    return az.arm("PUT", f"{az.root}/resourceGroups/rg-new", body)


@case("arm/09-resource-group-delete-poll-202")
def group_delete_poll(az: Az) -> Reply:
    az.group("rg-gone")
    started = az.arm("DELETE", f"{az.root}/resourceGroups/rg-gone")
    assert started.status == 202
    return az.arm("GET", started.headers["location"])


@case("arm/11-resource-group-head-204")
def group_head(az: Az) -> Reply:
    return az.arm("HEAD", az.group())


@case("arm/13-resource-group-patch-tags")
def group_patch(az: Az) -> Reply:
    return az.arm("PATCH", az.group(), {"tags": {"tag1": "valueA"}})


@case("arm/35-resource-group-head-400-no-subscription-id")
def group_head_without_subscription(az: Az) -> Reply:
    return az.arm("HEAD", "/subscriptions//resourcegroups/ps6139")


@case("arm/17-subscription-get")
def subscription_get(az: Az) -> Reply:
    return az.arm("GET", az.root, version="2021-01-01")


@case("arm/19-lock-put-resource-group-201")
def lock_put(az: Az) -> Reply:
    return _lock(az, az.group())


def _lock(az: Az, scope: str) -> Reply:
    path = f"{scope}/providers/Microsoft.Authorization/locks/held"
    return az.arm("PUT", path, {"properties": {"level": "CanNotDelete"}}, version="2016-09-01")


@case("arm/21-lock-delete-200")
def lock_delete(az: Az) -> Reply:
    made = _lock(az, az.group()).body
    return az.arm("DELETE", made["id"], version="2016-09-01")


@case("arm/23-provider-get-unregistering")
def provider_unregistering(az: Az) -> Reply:
    az.register("Microsoft.Search")
    path = f"{az.root}/providers/Microsoft.Search"
    az.made("POST", f"{path}/unregister")
    return az.arm("GET", path)


@case("arm/37-providers-list")
def providers(az: Az) -> Reply:
    return az.arm("GET", f"{az.root}/providers", version="2016-07-01")


@case("arm/01-resources-list-by-type-filter", "arm/05-resources-list-by-type-and-name-filter")
def resources_by_type(az: Az) -> Reply:
    az.vault("kv-contract1")
    wanted = "resourceType%20eq%20'Microsoft.KeyVault%2Fvaults'"
    return az.arm("GET", f"{az.root}/resources?$filter={wanted}", version="2015-11-01")


@case("arm/15-resources-list-by-resource-group-empty")
def resources_of_empty_group(az: Az) -> Reply:
    return az.arm("GET", f"{az.group()}/resources")


# Authorization


@case("authorization/01-role-definitions-list-by-name")
def role_definitions(az: Az) -> Reply:
    path = f"{az.group()}/providers/Microsoft.Authorization/roleDefinitions"
    wanted = "$filter=roleName%20eq%20%27reader%27"
    return az.arm("GET", f"{path}?{wanted}", version="2022-05-01-preview")


@case("authorization/03-role-assignments-list-by-principal-empty")
def role_assignments_of_nobody(az: Az) -> Reply:
    path = f"{az.root}/providers/Microsoft.Authorization/roleAssignments"
    wanted = "principalId%20eq%20'aaaaaaaa-aaaa-aaaa-aaaa-aaaaaaaaaaaa'"
    return az.arm("GET", f"{path}?$filter={wanted}", version="2020-08-01-preview")


CONTRIBUTOR = "b24988ac-6180-42a0-ab88-20f7382dd24c"


def _assignment(az: Az, name: str, principal: str) -> Reply:
    scope = az.group()
    body = {
        "properties": {
            "principalId": principal,
            "roleDefinitionId": f"{az.root}/providers/Microsoft.Authorization/roleDefinitions/"
            + CONTRIBUTOR,
        }
    }
    path = f"{scope}/providers/Microsoft.Authorization/roleAssignments/{name}"
    return az.arm("PUT", path, body, version="2022-04-01")


def _identity(az: Az) -> Any:
    az.register("Microsoft.ManagedIdentity")
    path = f"{az.group()}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/uai"
    made = az.made("PUT", path, {"location": "westus"})
    az.jump(60)
    return made


@case("authorization/05-role-assignment-put-201-after-replication")
def role_assignment_put(az: Az) -> Reply:
    principal = _identity(az)["properties"]["principalId"]
    return _assignment(az, "ed3c9f84-ae20-5aea-8602-58ed2eeffef1", principal)


@case("authorization/07-role-assignment-delete-200-with-body")
def role_assignment_delete(az: Az) -> Reply:
    return az.arm("DELETE", role_assignment_put(az).body["id"], version="2022-04-01")


@case("authorization/09-role-assignment-exists-409")
def role_assignment_exists(az: Az) -> Reply:
    made = role_assignment_put(az).body
    principal = made["properties"]["principalId"]
    return _assignment(az, "ed3c9f84-ae20-5aea-8602-58ed2eeffef2", principal)


# Identities


@case("identity/01-user-assigned-identity-put-201")
def identity_put(az: Az) -> Reply:
    az.register("Microsoft.ManagedIdentity")
    path = f"{az.group()}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/uai"
    return az.arm("PUT", path, {"location": "westus"})


@case("identity/03-user-assigned-identity-delete")
def identity_delete(az: Az) -> Reply:
    return az.arm("DELETE", _identity(az)["id"])


@case("identity/05-user-assigned-identity-put-again-200")
def identity_put_again(az: Az) -> Reply:
    made = _identity(az)
    return az.arm("PUT", made["id"], {"location": "westus", "name": made["name"]})


# Resource Graph


def _query(az: Az, text: str) -> Reply:
    options = {"$top": 100, "$skip": 0, "resultFormat": "objectArray", "allowPartialScopes": False}
    body = {"subscriptions": [az.sub], "query": text, "options": options}
    path = "/providers/Microsoft.ResourceGraph/resources"
    return az.arm("POST", path, body, version="2021-03-01")


@case("resourcegraph/01-query-objectarray")
def graph_query(az: Az) -> Reply:
    _identity(az)
    return _query(az, "project id, tags, properties | limit 2")


@case("resourcegraph/03-query-400-parser-failure")
def graph_parser_failure(az: Az) -> Reply:
    return _query(az, "where where")


# Refusals of ARM


@case("errors/01-resource-group-not-found-404")
def group_not_found(az: Az) -> Reply:
    return az.arm("GET", f"{az.root}/resourceGroups/rg-nowhere/resources")


@case("errors/05-subscription-not-found-404")
def subscription_not_found(az: Az) -> Reply:
    sub = "70cff36b-c4f8-46ea-9655-9cfd44664763"
    path = f"/subscriptions/{sub}/providers/Microsoft.Authorization/roleAssignments/{sub}"
    return az.arm("PUT", path, {"properties": {"principalId": sub}})


@case("errors/07-authorization-failed-403")
def authorization_failed(az: Az) -> Reply:
    az.vault("kv-contract1")
    return az.arm("DELETE", az.vault_id("kv-contract1"), who="reader")


@case("errors/08-authorization-failed-403-resource-group-put-headers")
def group_put_refused(az: Az) -> Reply:
    body = {"location": "westus"}
    return az.arm("PUT", f"{az.root}/resourcegroups/rg-mine", body, who="reader")


@case("errors/09-authorization-failed-403-resource-group-get")
def group_get_refused(az: Az) -> Reply:
    other = _foreign_group(az)
    return az.arm("GET", other, who="reader")


def _foreign_group(az: Az) -> str:
    """A group in a subscription where only the admin has a role."""
    sub = "70cff36b-c4f8-46ea-9655-9cfd44664764"
    state = az.world.state
    state.subscriptions[sub] = {**state.subscriptions[az.sub], "subscriptionId": sub}
    state.subscriptions[sub]["id"] = f"/subscriptions/{sub}"
    return f"/subscriptions/{sub}/resourcegroups/rg"


@case("errors/10-invalid-subscription-id-400")
def invalid_subscription(az: Az) -> Reply:
    return az.arm("GET", f"/subscriptions//subscriptions/{az.sub}/locations")


@case("errors/11-scope-locked-409")
def scope_locked(az: Az) -> Reply:
    vault = az.vault("kv-contract1")
    _lock(az, vault)
    return az.arm("DELETE", vault)


@case("errors/12-request-disallowed-by-policy-403")
def disallowed_by_policy(az: Az) -> Reply:
    az.group()
    az.register("Microsoft.KeyVault")
    path = f"{az.root}/providers/Microsoft.Authorization/policyAssignments/keep-keys"
    purge = "0b60c0b2-2dc2-4e1c-b5c9-abbed971de53"
    properties = {
        "policyDefinitionId": f"/providers/Microsoft.Authorization/policyDefinitions/{purge}",
        "parameters": {"effect": {"value": "Deny"}},
    }
    az.made("PUT", path, {"properties": properties})
    return az.arm("PUT", az.vault_id("kv-contract1"), az.vault_body())


@case("errors/13-subscription-requests-throttled-429", "errors/14-429-retry-after-headers")
def throttled(az: Az) -> Reply:
    az.world.state.settings["throttle"] = {"reads": {"burst": 1, "per_s": 0.1}}
    az.arm("GET", az.root)
    return az.arm("GET", az.root)


@case("errors/15-invalid-resource-group-location-409")
def group_elsewhere(az: Az) -> Reply:
    return az.arm("PUT", az.group(location="westus"), {"location": "eastus"})


@case("errors/16-missing-subscription-registration-409-unregistered-state")
def unregistered(az: Az) -> Reply:
    az.group()
    registrations.put(az.world, az.sub, "Microsoft.KeyVault", "Unregistered")
    reply = az.arm("PUT", az.vault_id("kv-contract1"), az.vault_body())
    assert "in 'Unregistered' state" in reply.body["error"]["message"]
    return reply


# Key Vault, management


@case("keyvault-mgmt/01-vault-get")
def vault_get(az: Az) -> Reply:
    return az.arm("GET", az.vault("kv-contract1"))


@case("keyvault-mgmt/03-vault-get-404-resource-not-found")
def vault_absent(az: Az) -> Reply:
    az.group()
    return az.arm("GET", az.vault_id("kv-absent"))


@case("keyvault-mgmt/05-vault-get-rbac-after-create-poll")
def vault_get_rbac(az: Az) -> Reply:
    return az.arm("GET", az.vault("kv-contract1", enableRbacAuthorization=True))


@case("keyvault-mgmt/09-vault-get-purge-protected")
def vault_get_protected(az: Az) -> Reply:
    return az.arm("GET", az.vault("kv-contract1", enablePurgeProtection=True))


@case("keyvault-mgmt/11-vault-put-add-cmk-identity-policy-2026")
def vault_put_policy(az: Az) -> Reply:
    flags = {"enabledForDiskEncryption": False, "enabledForTemplateDeployment": False}
    protected = {"enablePurgeProtection": True, "enableRbacAuthorization": False, **flags}
    path = az.vault("kv-contract1", **protected)
    return az.arm("PUT", path, az.vault_body(**protected), version="2026-02-01")


@case("keyvault-mgmt/13-check-name-availability")
def vault_name(az: Az) -> Reply:
    az.vault("kv-contract1")
    body = {"name": "kv-contract1", "type": "Microsoft.KeyVault/vaults"}
    path = f"{az.root}/providers/Microsoft.KeyVault/checkNameAvailability"
    return az.arm("POST", path, body)


@case("keyvault-mgmt/15-deleted-vault-purge-202")
def vault_purge(az: Az) -> Reply:
    az.made("DELETE", az.vault("kv-contract1"))
    path = f"{az.root}/providers/Microsoft.KeyVault/locations/westus/deletedVaults/kv-contract1"
    return az.arm("POST", f"{path}/purge")


@case("keyvault-mgmt/17-vault-put-enable-purge-protection")
def vault_protect(az: Az) -> Reply:
    path = az.vault("kv-contract1")
    sent = {"enablePurgeProtection": True, "enabledForDiskEncryption": False}
    body = az.vault_body(**sent, enabledForTemplateDeployment=False)
    return az.arm("PUT", path, body, version="2019-09-01")


@case("keyvault-mgmt/19-vaults-list-last-page")
def vaults_last_page(az: Az) -> Reply:
    az.vault("kv-contract1")
    path = f"{az.group_id}/providers/Microsoft.KeyVault/vaults"
    first = az.made("GET", path, version="2019-09-01")
    return az.arm("GET", first["nextLink"])


@case("keyvault-mgmt/21-vault-put-create-minimal")
def vault_create(az: Az) -> Reply:
    az.group()
    az.register("Microsoft.KeyVault")
    body = az.vault_body(accessPolicies=[])
    return az.arm("PUT", az.vault_id("kv-contract1"), body, version="2019-09-01")


@case("keyvault-mgmt/25-deleted-vaults-list-last-page")
def deleted_vaults(az: Az) -> Reply:
    return az.arm("GET", f"{az.root}/providers/Microsoft.KeyVault/deletedVaults")


@case("keyvault-mgmt/27-vault-get-404-after-delete")
def vault_deleted(az: Az) -> Reply:
    path = az.vault("kv-contract1")
    az.made("DELETE", path)
    return az.arm("GET", path)


@case("keyvault-mgmt/29-vault-put-createmode-recover")
def vault_recover(az: Az) -> Reply:
    acls = {
        "bypass": "AzureServices",
        "defaultAction": "Allow",
        "ipRules": [{"value": "1.2.3.4/32"}],
        "virtualNetworkRules": [],
    }
    flags = {"enabledForDiskEncryption": True, "enabledForTemplateDeployment": True}
    path = az.vault("kv-contract1", enableRbacAuthorization=False, networkAcls=acls, **flags)
    az.made("DELETE", path)
    return az.arm("PUT", path, az.vault_body(createMode="recover"), version="2021-04-01-preview")


@case("keyvault-mgmt/31-vault-put-400-enablepurgeprotection-false")
def vault_unprotect(az: Az) -> Reply:
    az.group()
    az.register("Microsoft.KeyVault")
    return az.arm("PUT", az.vault_id("kv-new"), az.vault_body(enablePurgeProtection=False))


@case("keyvault-mgmt/32-vault-put-409-conflicterror-soft-deleted-name")
def vault_name_deleted(az: Az) -> Reply:
    path = az.vault("kv-contract1")
    az.made("DELETE", path)
    return az.arm("PUT", path, az.vault_body())


@case("keyvault-mgmt/33-vault-put-409-vaultalreadyexists")
def vault_name_taken(az: Az) -> Reply:
    path = az.vault("kv-contract1")
    az.group("rg-other")
    return az.arm("PUT", path.replace("rg-contract", "rg-other"), az.vault_body())


# Key Vault, data


@case("keyvault-data/01-create-key-401-challenge", "keyvault-data/21-create-key-401-challenge-2026")
@case("keyvault-data/17-create-key-401-with-request-ids")
def challenge(az: Az) -> Reply:
    az.vault("kv-contract1")
    return az.key_vault("POST", "kv-contract1", "/keys/k/create", {}, who="")


POLICY = {
    "lifetimeActions": [
        {"trigger": {"timeAfterCreate": "P15D"}, "action": {"type": "Rotate"}},
        {"trigger": {"timeBeforeExpiry": "P7D"}, "action": {"type": "Notify"}},
    ],
    "attributes": {"expiryTime": "P30D"},
}


def _vault_with_key(az: Az, name: str = "k", **body: Any) -> Any:
    az.vault("kv-contract1")
    return az.key("kv-contract1", name, **body)


@case("keyvault-data/03-rotationpolicy-put")
def rotation_policy(az: Az) -> Reply:
    _vault_with_key(az)
    return az.key_vault(
        "PUT", "kv-contract1", "/keys/k/rotationpolicy", POLICY, version="7.5-preview.1"
    )


@case("keyvault-data/05-rotate-key")
def rotate(az: Az) -> Reply:
    assert rotation_policy(az).status == 200
    return az.key_vault("POST", "kv-contract1", "/keys/k/rotate", version="7.5-preview.1")


@case("keyvault-data/07-get-key-latest")
def key_get(az: Az) -> Reply:
    _vault_with_key(az)
    return az.key_vault("GET", "kv-contract1", "/keys/k/", version="7.3")


@case("keyvault-data/09-list-keys-empty")
def keys_empty(az: Az) -> Reply:
    az.vault("kv-contract1")
    return az.key_vault("GET", "kv-contract1", "/keys", version="7.3")


@case("keyvault-data/11-list-deleted-keys")
def keys_deleted(az: Az) -> Reply:
    _delete_key(az)
    return az.key_vault("GET", "kv-contract1", "/deletedkeys", version="7.3")


def _delete_key(az: Az, wait: float = 60.0) -> None:
    _vault_with_key(az)
    assert az.key_vault("DELETE", "kv-contract1", "/keys/k").status == 200
    az.jump(wait)


@case("keyvault-data/13-recover-deleted-key")
def key_recover(az: Az) -> Reply:
    _delete_key(az)
    return az.key_vault("POST", "kv-contract1", "/deletedkeys/k/recover", version="7.3")


@case("keyvault-data/15-create-rsa-key-on-rbac-vault")
def key_create_rbac(az: Az) -> Reply:
    az.vault("kv-contract1", enableRbacAuthorization=True)
    az.world.state.settings["propagation_s"] = 0
    body = {"kty": "RSA"}
    return az.key_vault(
        "POST", "kv-contract1", "/keys/k/create", body, version="7.3", who="key-officer"
    )


@case("keyvault-data/19-list-keys-paged-with-nextlink")
def keys_paged(az: Az) -> Reply:
    az.vault("kv-contract1")
    for name in ("k1", "k2"):
        dates = {"nbf": 1600000000, "exp": 4100000000}
        az.key("kv-contract1", name, tags={"a": "b"}, attributes=dates)
    return az.key_vault("GET", "kv-contract1", "/keys?maxresults=1", version="7.2-preview")


@case("keyvault-data/23-create-rsa-key-purge-protected-7-days")
def key_create_protected(az: Az) -> Reply:
    az.vault("kv-contract1", enablePurgeProtection=True, softDeleteRetentionInDays=7)
    body = {"kty": "RSA", "attributes": {"enabled": True}}
    return az.key_vault("POST", "kv-contract1", "/keys/k/create", body, version="7.3")


@case("keyvault-data/25-list-key-versions")
def key_versions(az: Az) -> Reply:
    _vault_with_key(az, tags={"a": "b"})
    return az.key_vault("GET", "kv-contract1", "/keys/k/versions", version="7.0")


@case("keyvault-data/27-deletedkey-get-404-while-deleting")
def key_being_deleted(az: Az) -> Reply:
    az.vault("kv-contract1")
    return az.key_vault("GET", "kv-contract1", "/deletedkeys/k", version="7.3")


@case("keyvault-data/29-create-key-409-deleted-but-recoverable")
def key_name_deleted(az: Az) -> Reply:
    _delete_key(az)
    body = {"kty": "EC", "attributes": None}
    return az.key_vault("POST", "kv-contract1", "/keys/k/create", body, version="7.3")


@case("keyvault-data/31-create-rsa-key-default-size")
def key_create(az: Az) -> Reply:
    az.vault("kv-contract1")
    body = {"kty": "RSA", "attributes": None}
    return az.key_vault("POST", "kv-contract1", "/keys/k/create", body, version="7.3")


@case("keyvault-data/33-unwrapkey-of-32")
def unwrap(az: Az) -> Reply:
    key = _vault_with_key(az)["key"]["kid"]
    path = "/" + key.partition("/")[2].partition("/")[2].partition("/")[2]
    wrapped = az.key_vault(
        "POST",
        "kv-contract1",
        f"{path}/wrapKey",
        {"alg": "RSA-OAEP-256", "value": "QSBzaW5nbGUgYmxvY2s"},
    )
    body = {"alg": "RSA-OAEP-256", "value": wrapped.body["value"]}
    return az.key_vault("POST", "kv-contract1", f"{path}/unwrapKey", body, version="7.3")


@case("keyvault-data/35-403-forbiddenbyrbac-headers")
@case("keyvault-data/36-403-forbiddenbyrbac-key-read-message")
def forbidden_by_rbac(az: Az) -> Reply:
    az.vault("kv-contract1", enableRbacAuthorization=True)
    return az.key_vault("GET", "kv-contract1", "/keys/k/")


@case("keyvault-data/37-403-forbiddenbyfirewall")
def forbidden_by_firewall(az: Az) -> Reply:
    closed = {"bypass": "None", "defaultAction": "Deny", "ipRules": [], "virtualNetworkRules": []}
    az.vault("kv-contract1", networkAcls=closed)
    return az.key_vault("GET", "kv-contract1", "/keys/k/")


@case("keyvault-data/38-403-forbiddenbypolicy")
def forbidden_by_policy(az: Az) -> Reply:
    az.vault("kv-contract1", accessPolicies=[])
    return az.key_vault("GET", "kv-contract1", "/keys/k/")


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


# Entra and Microsoft Graph


@case("entra/01-instance-discovery")
def discovery(az: Az) -> Reply:
    authority = az.ready["authority"]
    wanted = f"{authority}/{az.tenant}/oauth2/authorize"
    url = f"{authority}/common/discovery/instance?authorization_endpoint={wanted}"
    return az.send("GET", url)


@case("entra/03-instance-discovery-v1.1")
def discovery_with_version(az: Az) -> Reply:
    authority = az.ready["authority"]
    wanted = f"{authority}/common/oauth2/authorize"
    url = f"{authority}/common/discovery/instance?api-version=1.1&authorization_endpoint={wanted}"
    return az.send("GET", url)


@case("entra/05-token-client-credentials-arm")
def token(az: Az) -> Reply:
    app = next(item for item in az.ready["principals"] if item["name"] == "app")
    form = (
        f"client_id={app['client_id']}&grant_type=client_credentials&client_info=1"
        f"&client_secret={app['client_secret']}&scope={az.ready['arm']}/.default"
    )
    return az.send("POST", f"{az.ready['authority']}/{az.tenant}/oauth2/v2.0/token", form)


def _graph(az: Az, path: str) -> Reply:
    bearer = az.sandbox.token("admin", "graph")
    return az.send("GET", az.ready["graph"] + path, None, {"Authorization": f"Bearer {bearer}"})


@case("graph/01-me")
def me(az: Az) -> Reply:
    return _graph(az, "/v1.0/me")


@case("graph/03-service-principal-by-id-404")
def service_principal_absent(az: Az) -> Reply:
    return _graph(az, "/v1.0/servicePrincipals/aaaaaaaa-aaaa-aaaa-aaaa-aaaaaaaaaaaa")


@case("graph/05-service-principals-filter-by-app-id-hit")
def service_principal_by_app(az: Az) -> Reply:
    app = next(item for item in az.ready["principals"] if item["name"] == "app")
    wanted = f"servicePrincipalNames/any(c:c%20eq%20'{app['client_id']}')"
    return _graph(az, f"/v1.0/servicePrincipals?$filter={wanted}")


# The comparison


@pytest.fixture
def az(sandbox: Any) -> Iterator[Az]:
    """A client of a sandbox whose time passes as Azure's, but for jumps."""
    speed = sandbox.world.clock.speed
    sandbox.world.clock.speed = 1.0
    yield Az(sandbox)
    sandbox.world.clock.speed = speed


@pytest.mark.parametrize("name", sorted(CASES))
def test_an_answer_has_the_recorded_shape(az: Az, name: str) -> None:
    ours = CASES[name](az)
    found = differences(SHAPES[name], shape(ours.status, ours.headers, ours.body), KNOWN)
    allowed = ALLOWED.get(name, {})
    unexpected = [line for line in found if line not in allowed]
    assert not unexpected, "\n".join(["", *unexpected, f"ours: {ours.status} {ours.body}"])
    assert [line for line in allowed if line not in found] == [], "no longer needed"


def test_every_recording_is_claimed_or_has_a_reason() -> None:
    claimed, excused = set(CASES), set(NOT_CLAIMED)
    assert claimed | excused == set(SHAPES)
    assert not claimed & excused
    assert set(ALLOWED) <= claimed


@pytest.mark.skipif(not RECORDINGS.is_dir(), reason="the recordings are not here")
def test_the_kept_shapes_are_those_of_the_recordings() -> None:
    kept = json.loads(FILE.read_text(encoding="utf-8"))
    assert kept == json.loads(json.dumps(document(RECORDINGS)))


ERROR = {"error": {"code": "A", "innererror": {"code": "B"}}}


@pytest.mark.parametrize(
    ("recorded", "ours", "seen"),
    [
        ((200, {}, None), (201, {}, None), "status 200 -> 201"),
        ((202, {"location": "x"}, None), (202, {}, None), "header location missing"),
        ((202, {}, None), (202, {"retry-after": "1"}, None), "header retry-after extra"),
        ((200, {}, {}), (200, {}, None), "type $ object -> null"),
        ((200, {}, {"a": 1}), (200, {}, {}), "missing $.a"),
        ((200, {}, {"a": {"b": 1}}), (200, {}, {}), "missing $.a"),
        ((200, {}, {"a": 1}), (200, {}, {"a": "1"}), "type $.a number -> string"),
        ((200, {}, {"a": 1}), (200, {}, {"a": None}), "type $.a number -> null"),
        ((200, {}, {}), (200, {}, {"b": [1]}), "extra $.b"),
        ((200, {}, {"value": [{}]}), (200, {}, {"value": [{"b": 1}]}), "extra $.value[].b"),
        ((403, {}, ERROR), (403, {}, {"error": {"code": "A"}}), "code ['A', 'B'] -> ['A', None]"),
    ],
)
def test_a_difference_is_seen(recorded: Any, ours: Any, seen: str) -> None:
    found = differences(shape(*recorded), shape(*ours), {"$.known"})
    assert seen in found
    if recorded[2] != ERROR:
        assert found == [seen]


def test_what_a_newer_example_shows_may_be_there() -> None:
    body = {"value": [{"known": 1, "tags": {"mine": "x"}}]}
    recorded = shape(200, {}, {"value": [{"tags": {"theirs": "y"}}]})
    assert differences(recorded, shape(200, {}, body), {"$.known"}) == []
