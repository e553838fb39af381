"""Recorded states of ARM itself: groups, roles, locks, identities, queries, refusals."""

from typing import Any

from contract import Az, Reply, case

from sandbox import registrations

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
