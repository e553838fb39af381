"""Workspaces: creation step by step, every late failure, changes, deletion."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from workspaces import ADMIN, OTHER, ROLE, UAI, VAULT, WS, Bench, G, S, V

from sandbox import cascade, rbac, registrations
from sandbox.protocol import Refusal
from sandbox.providers import managedgroup, workspacedoc
from sandbox.providers.customerkeys import readable
from sandbox.registrations import COSMOS_DB, MACHINE_LEARNING
from sandbox.state import load, save
from sandbox.world import Addresses

CONFIRMED = "Access to the configured customer managed key confirmed."


def test_creation_builds_the_managed_group_piece_by_piece() -> None:
    bench = Bench()
    answer = bench.send("PUT", WS + V, bench.body())
    assert answer.status == 202
    assert "type=async" in answer.headers["Azure-AsyncOperation"]
    assert "type=location" in answer.headers["Location"]
    assert "Retry-After" not in answer.headers
    poll = answer.headers["Azure-AsyncOperation"]
    assert bench.send("GET", poll).body == {"status": "InProgress"}
    assert bench.send("GET", answer.headers["Location"]).status == 202
    assert "serviceProvisionedResourceGroup" not in bench.get()["properties"]

    bench.skip(11)
    name = bench.get()["properties"]["serviceProvisionedResourceGroup"]
    group = bench.world.state.groups[f"/subscriptions/{S}/resourcegroups/{name}".lower()]
    assert group.doc["managedBy"] == WS
    assert bench.part("storage")["properties"]["provisioningState"] == "Creating"
    bench.skip(20)
    assert bench.part("storage")["properties"]["provisioningState"] == "Succeeded"
    assert bench.part("storage")["properties"]["encryption"]["keySource"] == "Microsoft.Storage"
    assert bench.part("search")["properties"]["status"] == "provisioning"
    bench.skip(70)
    assert bench.part("search")["properties"]["status"] == "running"
    assert bench.part("cosmos")["properties"]["provisioningState"] == "Creating"
    bench.skip(150)
    cosmos = bench.part("cosmos")["properties"]
    assert cosmos["provisioningState"] == "Succeeded"
    assert cosmos["customerManagedKeyStatus"] == CONFIRMED
    assert cosmos["keyVaultKeyUri"] == bench.kid().rpartition("/")[0]
    bench.skip(60)
    encryption = bench.part("storage")["properties"]["encryption"]
    assert encryption["keySource"] == "Microsoft.Keyvault"
    assert encryption["keyvaultproperties"]["keyversion"] == bench.key()["version"]
    assert bench.part("search")["properties"]["encryptionWithCmk"]["enforcement"] == "Enabled"
    assert bench.send("GET", poll).body == {"status": "InProgress"}
    bench.skip(60)
    assert bench.send("GET", poll).body == {"status": "Succeeded", "percentComplete": 100.0}
    assert bench.send("GET", answer.headers["Location"]).body["name"] == "ws-one"
    assert bench.get()["properties"]["provisioningState"] == "Succeeded"
    assert readable(bench.world, WS) == (True, "unwrapped")


def revoke_cosmos(bench: Bench) -> None:
    for key, item in list(bench.world.state.assignments.items()):
        if item.doc["properties"]["principalId"] == bench.app(COSMOS_DB):
            del bench.world.state.assignments[key]


def no_contributor(bench: Bench) -> None:
    for key, item in list(bench.world.state.assignments.items()):
        if item.doc["properties"]["principalId"] == bench.app(MACHINE_LEARNING):
            del bench.world.state.assignments[key]


def no_cosmos_principal(bench: Bench) -> None:
    del bench.world.state.principals[bench.app(COSMOS_DB)]


def network(bench: Bench) -> None:
    acls = {"defaultAction": "Deny", "bypass": "None", "ipRules": [], "virtualNetworkRules": []}
    bench.world.state.resources[VAULT.lower()].doc["properties"]["networkAcls"] = acls


def no_purge_protection(bench: Bench) -> None:
    del bench.world.state.resources[VAULT.lower()].doc["properties"]["enablePurgeProtection"]


def vault_elsewhere(bench: Bench) -> None:
    bench.world.state.resources[VAULT.lower()].doc["location"] = "northeurope"


def unregistered(namespace: str) -> Callable[[Bench], None]:
    return lambda bench: registrations.put(bench.world, S, namespace, "NotRegistered")


def settings(**changed: object) -> Callable[[Bench], None]:
    return lambda bench: bench.world.state.settings.update(changed)


def key_change(**changed: object) -> Callable[[Bench], None]:
    return lambda bench: bench.key().update(changed)


def with_policy(bench: Bench) -> None:
    kind = "Microsoft.DocumentDB/databaseAccounts"
    rule = {"if": {"field": "type", "equals": kind}, "then": {"effect": "deny"}}
    scope = f"/subscriptions/{S}"
    bench.world.state.table("policies")["p"] = {
        "id": f"{scope}/providers/Microsoft.Authorization/policyAssignments/p",
        "name": "p",
        "displayName": "No Cosmos DB",
        "scope": scope,
        "rule": rule,
        "policyDefinitionId": "/providers/Microsoft.Authorization/policyDefinitions/d",
    }


NOT_REGISTERED = "The subscription is not registered to use namespace"
FAILURES = [
    (no_purge_protection, "BadRequest", "CMK workspaces should have purge protection enabled"),
    (vault_elsewhere, "BadRequest", "same region"),
    (no_contributor, "AuthorizationFailed", MACHINE_LEARNING),
    (unregistered("Microsoft.DocumentDB"), "MissingSubscriptionRegistration", NOT_REGISTERED),
    (unregistered("Microsoft.Search"), "MissingSubscriptionRegistration", NOT_REGISTERED),
    (unregistered("Microsoft.Storage"), "MissingSubscriptionRegistration", NOT_REGISTERED),
    (settings(cosmos_closed_regions=["westeurope"]), "ServiceUnavailable", "cosmosdbquota"),
    (settings(quota={"cosmos": 0}), "BadRequest", "maximum number of 0 DatabaseAccounts"),
    (settings(quota={"search": {"westeurope": 0}}), "ServiceQuotaExceeded", "0 out of 0"),
    (
        settings(search_exhausted_regions=["West Europe"]),
        "InsufficientResourcesAvailable",
        "out of the resources",
    ),
    (
        settings(quota={"storage": {"westeurope": 3}}),
        "MaxStorageAccountsCountPerSubscriptionExceeded",
        "already contains 3",
    ),
    (with_policy, "RequestDisallowedByPolicy", "disallowed by policy"),
    (no_cosmos_principal, "Forbidden", "(4000)"),
    (revoke_cosmos, "Forbidden", "(4002)"),
    (network, "Forbidden", "(4016)"),
    (key_change(enabled=False), "Forbidden", "(4018)"),
    (key_change(exp=1_600_000_000), "Forbidden", "(4018)"),
    (key_change(ops=["encrypt", "decrypt"]), "Forbidden", "(4005)"),
]


@pytest.mark.parametrize(("spoil", "code", "words"), FAILURES)
def test_what_is_missing_fails_late(spoil: Callable[[Bench], None], code: str, words: str) -> None:
    bench = Bench()
    spoil(bench)
    status = bench.create()
    assert status["status"] == "Failed"
    assert status["error"]["code"] == code
    assert words in status["error"]["message"]
    assert bench.get()["properties"]["provisioningState"] == "Failed"


BAD_KEYS = [
    ("https://kv-cmk.vault.localhost:443/secrets/k1", "(4006)"),
    ("https://kv-cmk.vault.localhost:443/keys/k1/not-a-version", "(4006)"),
    ("https://kv-cmk.vault.azure.net/keys/k1", "(4009)"),
    ("https://kv-cmk.vault.localhost:443/keys/none", "(4003)"),
]


@pytest.mark.parametrize(("kid", "words"), BAD_KEYS)
def test_key_identifiers_that_lead_nowhere(kid: str, words: str) -> None:
    bench = Bench()
    status = bench.create(bench.body(kid=kid))
    assert words in status["error"]["message"]
    assert words in bench.part("cosmos")["properties"]["customerManagedKeyStatus"]
    assert bench.part("cosmos")["properties"]["provisioningState"] == "Failed"


def test_a_vault_that_is_not_there() -> None:
    bench = Bench()
    gone = VAULT.replace("kv-cmk", "kv-gone")
    body = bench.body(vault_id=gone, kid="https://kv-gone.vault.localhost:443/keys/k1")
    assert "(4009)" in bench.create(body)["error"]["message"]


def test_a_vault_of_another_subscription() -> None:
    bench = Bench()
    bench.vault("kv-other", subscription=OTHER)
    body = bench.body(
        vault_id=VAULT.replace(S, OTHER).replace("kv-cmk", "kv-other"),
        kid=bench.kid("k1", "kv-other"),
    )
    assert "same subscription" in bench.create(body)["error"]["message"]


def test_the_vaults_own_words_are_inside_the_failure() -> None:
    bench = Bench()
    revoke_cosmos(bench)
    detail = bench.create()["error"]["details"][0]
    assert detail["code"] == "ForbiddenByRbac"
    assert "Assignment: (not found)" in detail["message"]


def test_a_grant_given_while_it_builds_still_counts() -> None:
    bench = Bench()
    revoke_cosmos(bench)
    bench.send("PUT", WS + V, bench.body())
    bench.skip(120)
    rbac.grant(bench.world, VAULT, ROLE, bench.app(COSMOS_DB))
    bench.skip(400)
    assert bench.get()["properties"]["provisioningState"] == "Succeeded"


def test_a_failed_workspace_keeps_its_partial_group_until_deleted_or_repeated() -> None:
    bench = Bench()
    revoke_cosmos(bench)
    bench.create()
    name = bench.get()["properties"]["serviceProvisionedResourceGroup"]
    group = f"/subscriptions/{S}/resourcegroups/{name}".lower()
    assert group in bench.world.state.groups
    bench.grant(VAULT, ROLE, bench.app(COSMOS_DB))
    assert bench.create()["status"] == "Succeeded"
    assert group not in bench.world.state.groups


def test_a_user_assigned_identity_needs_the_grant_too() -> None:
    bench = Bench()
    status = bench.create(bench.user_body())
    assert status["error"]["code"] == "KeyVaultAuthenticationFailure"
    assert status["error"]["details"][0]["code"] == "ForbiddenByRbac"
    bench.grant(VAULT, ROLE, bench.uai())
    assert bench.create(bench.user_body())["status"] == "Succeeded"
    assert bench.world.state.resources[bench.part_id("storage").lower()].inner["cmk"]["as"] == (
        bench.uai()
    )


def test_a_deny_assignment_protects_the_managed_group() -> None:
    bench = Bench()
    bench.create()
    cosmos = bench.part_id("cosmos")
    write = "Microsoft.DocumentDB/databaseAccounts/write"
    assert not rbac.allows(bench.world, ADMIN, write, cosmos)
    assert rbac.allows(bench.world, ADMIN, write.replace("write", "read"), cosmos)
    assert rbac.allows(bench.world, bench.app(MACHINE_LEARNING), write, cosmos)
    (denial,) = bench.world.state.denials.values()
    assert denial.doc["properties"]["isSystemProtected"] is True


def test_service_side_encryption_makes_no_group_and_asks_for_no_grant() -> None:
    bench = Bench()
    revoke_cosmos(bench)
    body = bench.body(enableServiceSideCMKEncryption=True)
    assert bench.create(body)["status"] == "Succeeded"
    assert "serviceProvisionedResourceGroup" not in bench.get()["properties"]
    assert readable(bench.world, WS) == (True, "unwrapped")
    bench.key()["enabled"] = False
    assert readable(bench.world, WS) == (False, "KeyDisabled")
    kid = bench.kid("k2")
    with pytest.raises(Refusal, match="not supported with service-side"):
        bench.send("PATCH", WS + V, patch_key(kid))


def closed(bench: Bench) -> None:
    bench.world.state.resources[VAULT.lower()].doc["properties"]["publicNetworkAccess"] = "Disabled"


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (closed, "public network access"),
        (network, "cannot be used"),
        (no_contributor, MACHINE_LEARNING),
        (no_purge_protection, "purge protection"),
        (key_change(enabled=False), "cannot be used"),
    ],
)
def test_service_side_encryption_fails_late_too(spoil: Callable[[Bench], None], words: str) -> None:
    bench = Bench()
    spoil(bench)
    status = bench.create(bench.body(enableServiceSideCMKEncryption=True))
    assert words in status["error"]["message"]


def test_a_restart_while_it_builds_loses_nothing() -> None:
    bench = Bench()
    poll = bench.send("PUT", WS + V, bench.body()).headers["Azure-AsyncOperation"]
    bench.skip(100)
    bench.world.state = load(save(bench.world.state))
    bench.world.addresses = Addresses(4443)
    bench.skip(600)
    assert bench.send("GET", poll).body["status"] == "Succeeded"
    bench.world.state = load(save(bench.world.state))
    assert readable(bench.world, WS) == (True, "unwrapped")


def test_a_failure_that_only_azure_can_make() -> None:
    bench = Bench()
    answer = bench.send("PUT", WS + V, bench.body())
    operation = next(iter(bench.world.state.operations.values()))
    operation.inner["fault"] = {"code": "InternalServerError", "message": "Try again."}
    bench.skip(600)
    status = bench.send("GET", answer.headers["Azure-AsyncOperation"]).body
    assert status == {"status": "Failed", "error": operation.inner["fault"]}
    assert bench.get()["properties"]["provisioningState"] == "Failed"


def test_a_busy_workspace_takes_no_other_operation() -> None:
    bench = Bench()
    bench.create(wait=5)
    for method, body in (("PUT", bench.body()), ("PATCH", {"tags": {}}), ("DELETE", None)):
        with pytest.raises(Refusal) as caught:
            bench.send(method, WS + V, body)
        assert caught.value.status == 409


def test_deleting_the_resource_group_ends_what_is_being_built() -> None:
    bench = Bench()
    poll = bench.send("PUT", WS + V, bench.body()).headers["Azure-AsyncOperation"]
    bench.skip(60)
    cascade.delete(bench.world, WS)
    bench.skip(600)
    assert bench.send("GET", poll).body["status"] == "Failed"
    assert list(bench.world.state.groups) == [G.lower()]


def test_without_encryption_there_is_no_key() -> None:
    bench = Bench()
    body = bench.body()
    del body["properties"]["encryption"]
    assert bench.create(body)["status"] == "Succeeded"
    assert "encryption" not in bench.get()["properties"]
    assert readable(bench.world, WS) == (True, "platform key")


def dependent(**changed: object) -> Callable[[dict], None]:
    return lambda body: body["properties"].update(changed)


REFUSED = [
    (dependent(keyVault=None), "ValidationError", "Missing dependent resources"),
    (dependent(applicationInsights=None), "ValidationError", "Missing dependent resources"),
    (
        dependent(storageAccount=f"{G}/providers/Microsoft.Storage/storageAccounts/none"),
        "ValidationError",
        "not found",
    ),
    (
        dependent(storageAccount=f"{G}/providers/Microsoft.Storage/storageAccounts/stpremium"),
        "ValidationError",
        "Premium",
    ),
    (
        dependent(storageAccount=f"{G}/providers/Microsoft.Storage/storageAccounts/sthns"),
        "ValidationError",
        "hierarchical",
    ),
    (dependent(encryption={"status": "Enabled"}), "ValidationError", "keyVaultProperties"),
    (
        lambda body: body["properties"]["encryption"].update(cosmosDbResourceId="/x"),
        "BadRequest",
        "not simulated",
    ),
    (lambda body: body.update(location="atlantis"), "LocationNotAvailableForResourceType", ""),
    (lambda body: body.pop("location"), "LocationRequired", ""),
    (lambda body: body["identity"].update(type="UserAssigned"), "BadRequest", "primary"),
    (
        lambda body: body["properties"]["encryption"].update(
            identity={"userAssignedIdentity": UAI}
        ),
        "BadRequest",
        "not assigned",
    ),
]


@pytest.mark.parametrize(("spoil", "code", "words"), REFUSED)
def test_bodies_refused_at_once(spoil: Callable[[dict], None], code: str, words: str) -> None:
    bench = Bench()
    body = bench.body()
    spoil(body)
    with pytest.raises(Refusal) as caught:
        bench.send("PUT", WS + V, body)
    assert (caught.value.status, caught.value.code) == (400, code)
    assert words in caught.value.message
    assert WS.lower() not in bench.world.state.resources


def test_a_caller_must_be_allowed_to_assign_the_identity() -> None:
    bench = Bench()
    for key, item in list(bench.world.state.assignments.items()):
        if item.doc["properties"]["principalId"] == ADMIN:
            del bench.world.state.assignments[key]
    bench.grant(G, "AzureML Data Scientist", ADMIN)
    with pytest.raises(Refusal) as caught:
        bench.send("PUT", WS + V, bench.user_body())
    assert caught.value.code == "LinkedAuthorizationFailed"
    bench.grant(UAI, "Managed Identity Operator", ADMIN)
    assert bench.send("PUT", WS + V, bench.user_body()).status == 202


def test_projects_need_a_hub() -> None:
    bench = Bench()
    hub = {**bench.body(), "kind": "Hub"}
    del hub["properties"]["encryption"], hub["properties"]["applicationInsights"]
    project = {"location": "westeurope", "kind": "Project", "properties": {"hubResourceId": WS}}
    second = WS.replace("ws-one", "project")
    with pytest.raises(Refusal, match="hubResourceId"):
        bench.send("PUT", second + V, project)
    bench.create(hub)
    assert bench.send("PUT", second + V, project).status == 202


def test_missing_dependents_have_the_recorded_envelope() -> None:
    recorded = Path(__file__).parents[3] / "shared/traffic/aml"
    if not recorded.is_dir():
        pytest.skip("no recordings beside the project")
    file = recorded / "15-validation-error-missing-dependents-400.json"
    wanted = json.loads(file.read_text())["response"]["body"]["error"]
    bench = Bench()
    with pytest.raises(Refusal) as caught:
        bench.send("PUT", WS + V, {"location": "westeurope", "properties": {}})
    assert caught.value.error() == wanted


def test_a_workspace_looks_like_the_recorded_one() -> None:
    recorded = Path(__file__).parents[3] / "shared/traffic/aml"
    if not recorded.is_dir():
        pytest.skip("no recordings beside the project")
    wanted = json.loads((recorded / "03-workspace-get.json").read_text())["response"]["body"]
    bench = Bench()
    bench.create()
    found = bench.get()
    assert set(wanted) <= set(found)
    assert set(wanted["properties"]) <= set(found["properties"])
    assert "/Microsoft.Keyvault/" in found["properties"]["keyVault"]
    assert "/Microsoft.insights/" in found["properties"]["applicationInsights"]


@pytest.mark.parametrize("name", ["ab", "-abc", "a" * 34, "a.b.c"])
def test_bad_names(name: str) -> None:
    bench = Bench()
    with pytest.raises(Refusal, match="is not valid"):
        bench.send("PUT", WS.replace("ws-one", name) + V, bench.body())


def patch_key(kid: str) -> dict:
    return {"properties": {"encryption": {"keyVaultProperties": {"keyIdentifier": kid}}}}


def test_a_key_change_wraps_everything_anew() -> None:
    bench = Bench()
    bench.create()
    before = bench.kid()
    answer = bench.send("PATCH", WS + V, patch_key(bench.kid("k2")))
    assert (answer.status, answer.body) == (202, None)
    assert bench.get()["properties"]["encryption"]["keyVaultProperties"]["keyIdentifier"] == before
    bench.skip(20)
    assert bench.send("GET", answer.headers["Azure-AsyncOperation"]).body["status"] == "Succeeded"
    key = bench.get()["properties"]["encryption"]["keyVaultProperties"]
    assert key["keyIdentifier"] == bench.kid("k2")
    assert bench.part("cosmos")["properties"]["keyVaultKeyUri"].endswith("/keys/k1")
    bench.skip(3600)
    assert bench.part("cosmos")["properties"]["keyVaultKeyUri"].endswith("/keys/k2")
    shown = bench.part("storage")["properties"]["encryption"]["keyvaultproperties"]
    assert shown["currentVersionedKeyIdentifier"] == bench.kid("k2")
    bench.key("k1")["enabled"] = False
    assert readable(bench.world, WS) == (True, "unwrapped")
    bench.key("k2")["enabled"] = False
    assert readable(bench.world, WS) == (False, "KeyDisabled")


def test_a_key_change_to_a_disabled_key_fails_and_leaves_the_old_one() -> None:
    bench = Bench()
    bench.create()
    bench.key("k2")["enabled"] = False
    answer = bench.send("PATCH", WS + V, patch_key(bench.kid("k2")))
    bench.skip(20)
    status = bench.send("GET", answer.headers["Azure-AsyncOperation"]).body
    assert "(4018)" in status["error"]["message"]
    key = bench.get()["properties"]["encryption"]["keyVaultProperties"]
    assert key["keyIdentifier"] == bench.kid("k1")
    assert bench.part("cosmos")["properties"]["customerManagedKeyStatus"] == CONFIRMED
    assert readable(bench.world, WS) == (True, "unwrapped")


def test_a_key_change_that_one_service_refuses_changes_none() -> None:
    bench = Bench()
    bench.grant(f"{VAULT}/keys/k1", ROLE, bench.uai())
    bench.create(bench.user_body())
    answer = bench.send("PATCH", WS + V, patch_key(bench.kid("k2")))
    bench.skip(20)
    status = bench.send("GET", answer.headers["Azure-AsyncOperation"]).body
    assert status["error"]["code"] in ("Forbidden", "KeyVaultAuthenticationFailure")
    assert bench.part("cosmos")["properties"]["keyVaultKeyUri"].endswith("/keys/k1")
    bench.key("k2")["enabled"] = False
    assert readable(bench.world, WS) == (True, "unwrapped")


def test_a_key_change_stays_in_the_vault_and_needs_a_key() -> None:
    bench = Bench()
    bench.vault("kv-two")
    bench.create()
    with pytest.raises(Refusal, match="must be in the key vault"):
        bench.send("PATCH", WS + V, patch_key(bench.kid("k1", "kv-two")))
    missing = bench.kid().replace("/k1/", "/none/")
    with pytest.raises(Refusal, match="was not found"):
        bench.send("PATCH", WS + V, patch_key(missing))
    with pytest.raises(Refusal, match="was not found"):
        bench.send("PATCH", WS + V, patch_key("https://kv-cmk.vault.localhost:443/keys/k1/x"))


def test_what_is_chosen_at_creation_stays() -> None:
    bench = Bench()
    bench.create()
    for body in (
        {"properties": {"hbiWorkspace": True}},
        {"properties": {"encryption": {"status": "Disabled"}}},
    ):
        with pytest.raises(Refusal):
            bench.send("PATCH", WS + V, body)
    answer = bench.send("PATCH", WS + V, {"tags": {"a": "b"}, "properties": {"friendlyName": "x"}})
    bench.skip(20)
    assert bench.send("GET", answer.headers["Azure-AsyncOperation"]).body["status"] == "Succeeded"
    assert bench.get()["tags"] == {"a": "b"}
    assert bench.get()["properties"]["friendlyName"] == "x"


def test_a_put_of_what_exists_is_an_update() -> None:
    bench = Bench()
    bench.create()
    group = bench.get()["properties"]["serviceProvisionedResourceGroup"]
    again = bench.body(hbiWorkspace=None, kid=bench.kid("k2"))
    answer = bench.send("PUT", WS + V, again)
    bench.skip(20)
    assert bench.send("GET", answer.headers["Azure-AsyncOperation"]).body["status"] == "Succeeded"
    found = bench.get()["properties"]
    assert found["serviceProvisionedResourceGroup"] == group
    assert found["encryption"]["keyVaultProperties"]["keyIdentifier"] == bench.kid("k2")


def delete(bench: Bench, query: str = "") -> int:
    answer = bench.send("DELETE", WS + V + query)
    bench.skip(30)
    return answer.status


def test_soft_delete_blocks_the_name_and_keeps_the_group() -> None:
    bench = Bench()
    bench.create()
    groups = len(bench.world.state.groups)
    assert delete(bench) == 202
    with pytest.raises(Refusal) as gone:
        bench.get()
    assert gone.value.status == 404
    assert len(bench.world.state.groups) == groups
    with pytest.raises(Refusal, match="Soft-deleted workspace exists"):
        bench.send("PUT", WS + V, bench.body())
    assert delete(bench) == 204
    body = bench.body(allowRecoverSoftDeletedWorkspace=True)
    assert bench.create(body, wait=60)["status"] == "Succeeded"
    assert readable(bench.world, WS) == (True, "unwrapped")


def test_purge_takes_the_group_along() -> None:
    bench = Bench()
    bench.create()
    assert delete(bench, "&forceToPurge=true") == 202
    state = bench.world.state
    assert list(state.groups) == [G.lower()]
    assert not state.denials
    assert not any("documentdb" in key for key in state.resources)
    assert bench.create()["status"] == "Succeeded"


@pytest.mark.parametrize("how", ["purge", "time"])
def test_a_soft_deleted_workspace_ends(how: str) -> None:
    bench = Bench()
    bench.create()
    delete(bench)
    if how == "purge":
        assert delete(bench, "&forceToPurge=true") == 202
    else:
        bench.skip(14 * 86400)
    assert list(bench.world.state.groups) == [G.lower()]
    assert bench.create()["status"] == "Succeeded"


def test_diagnose_looks_at_dependencies_only() -> None:
    bench = Bench()
    bench.create()
    bench.key()["enabled"] = False
    answer = bench.send("POST", WS + "/diagnose" + V, {"value": {}})
    assert answer.status == 202
    assert list(answer.headers) == ["Location"]
    bench.skip(20)
    found = bench.send("GET", answer.headers["Location"]).body["value"]
    assert not any(found.values())
    del bench.world.state.resources[f"{G}/providers/microsoft.storage/storageaccounts/stml".lower()]
    answer = bench.send("POST", WS + "/diagnose" + V, {"value": {}})
    bench.skip(20)
    found = bench.send("GET", answer.headers["Location"]).body["value"]
    assert found["storageAccountResults"][0]["level"] == "Error"


def test_lists_keys_usages_and_quotas() -> None:
    bench = Bench()
    bench.create()
    provider = "providers/Microsoft.MachineLearningServices"
    for scope in (f"/subscriptions/{S}", G):
        listed = bench.send("GET", f"{scope}/{provider}/workspaces{V}").body
        assert [one["name"] for one in listed["value"]] == ["ws-one"]
        assert "nextLink" not in listed
    keys = bench.send("POST", WS + "/listKeys" + V).body
    assert keys["userStorageResourceId"].endswith("/stml")
    at = f"/subscriptions/{S}/{provider}/locations/westeurope"
    assert bench.send("GET", f"{at}/usages{V}").body["value"][0]["currentValue"] == 0
    assert bench.send("GET", f"{at}/quotas{V}").body["value"][0]["limit"] == 100
    assert bench.send("GET", WS + "/outboundRules" + V).body == {"value": []}


# --- a key really protects -----------------------------------------------------------------


def test_a_disabled_key_is_noticed_within_the_hour_and_comes_back() -> None:
    bench = Bench()
    bench.create()
    bench.key()["enabled"] = False
    assert bench.part("cosmos")["properties"]["customerManagedKeyStatus"] == CONFIRMED
    bench.skip(3600)
    assert "(4018)" in bench.part("cosmos")["properties"]["customerManagedKeyStatus"]
    compliance = bench.part("search")["properties"]["encryptionWithCmk"]
    assert compliance["encryptionComplianceStatus"] == "NonCompliant"
    assert readable(bench.world, WS) == (False, "KeyDisabled")
    bench.key()["enabled"] = True
    bench.skip(3600)
    assert bench.part("cosmos")["properties"]["customerManagedKeyStatus"] == CONFIRMED
    compliance = bench.part("search")["properties"]["encryptionWithCmk"]
    assert compliance["encryptionComplianceStatus"] == "Compliant"
    assert readable(bench.world, WS) == (True, "unwrapped")


def test_an_expired_key_still_reads_what_is_there() -> None:
    bench = Bench()
    bench.create()
    bench.key()["exp"] = int(bench.world.epoch()) + 100
    bench.skip(3600)
    assert "(4018)" in bench.part("cosmos")["properties"]["customerManagedKeyStatus"]
    assert readable(bench.world, WS) == (True, "unwrapped")


def test_a_removed_grant_is_4002() -> None:
    bench = Bench()
    bench.create()
    revoke_cosmos(bench)
    bench.skip(3600)
    assert "(4002)" in bench.part("cosmos")["properties"]["customerManagedKeyStatus"]
    assert readable(bench.world, bench.part_id("cosmos")) == (False, "ForbiddenByRbac")


def test_cosmos_follows_a_new_version_and_storage_stays() -> None:
    bench = Bench()
    bench.create()
    old = bench.kid()
    versions = bench.world.state.table("vault_keys")["kv-cmk"]["k1"]["versions"]
    versions.append({**versions[-1], "version": "f" * 32, "pem": ""})
    bench.skip(3600)
    inner = bench.world.state.resources[bench.part_id("cosmos").lower()].inner
    assert inner["cmk"]["full"].endswith("f" * 32)
    shown = bench.part("storage")["properties"]["encryption"]["keyvaultproperties"]
    assert shown["currentVersionedKeyIdentifier"] == old
    versions[-2]["enabled"] = False
    assert readable(bench.world, bench.part_id("cosmos")) == (True, "unwrapped")
    assert readable(bench.world, bench.part_id("storage")) == (False, "KeyDisabled")


def test_a_long_jump_of_the_clock_checks_each_service_once() -> None:
    bench = Bench(recheck_s=600)
    bench.create()
    counter = bench.world.state.counter
    bench.skip(90 * 86400)
    assert bench.world.state.counter - counter <= 6


# --- scenarios ---------------------------------------------------------------------------------


def seed(bench: Bench, **changed: object) -> None:
    item = {"name": "ws-one", "subscription": S, "group": "rg-ml", "location": "westeurope"}
    mine = {"mode": "own-resources", "vault": "kv-cmk", "key": "k1"}
    mine |= {
        "storage": f"{G}/providers/Microsoft.Storage/storageAccounts/stml",
        "insights": f"{G}/providers/microsoft.insights/components/ai-ml",
    }
    workspacedoc.seed_workspace(bench.world, {**item, **mine, **changed})


def test_a_seeded_workspace_is_what_calls_would_have_made() -> None:
    made, seeded = Bench(), Bench()
    made.create()
    seed(seeded)
    assert not seeded.key()["pem"]
    for name in managedgroup.PARTS:
        assert set(seeded.part(name)["properties"]) == set(made.part(name)["properties"])
    assert set(seeded.get()["properties"]) == set(made.get()["properties"])
    assert seeded.part("cosmos")["properties"]["customerManagedKeyStatus"] == CONFIRMED
    assert readable(seeded.world, WS) == (True, "unwrapped")
    assert len(seeded.world.state.denials) == 1


def test_a_seeded_workspace_shows_the_key_it_finds_today() -> None:
    bench = Bench()
    bench.key()["enabled"] = False
    seed(bench)
    account = bench.world.state.resources[bench.part_id("cosmos").lower()].doc
    assert "(4018)" in account["properties"]["customerManagedKeyStatus"]
    bench.skip(7200)
    assert not bench.key()["pem"]
    assert "(4018)" in bench.part("cosmos")["properties"]["customerManagedKeyStatus"]
    assert readable(bench.world, WS) == (False, "KeyDisabled")
    bench.key()["enabled"] = True
    bench.skip(3600)
    assert bench.part("cosmos")["properties"]["customerManagedKeyStatus"] == CONFIRMED


def test_seeds_of_a_deleted_key_failed_and_soft_deleted_workspaces() -> None:
    bench = Bench()
    bench.world.state.table("vault_keys")["kv-cmk"]["k1"]["deleted"] = 1
    seed(bench)
    assert "(4003)" in bench.part("cosmos")["properties"]["customerManagedKeyStatus"]
    seed(bench, name="ws-two", status="soft-deleted")
    with pytest.raises(Refusal, match="Soft-deleted"):
        bench.send("PUT", WS.replace("ws-one", "ws-two") + V, bench.body())


def test_a_seeded_failure_is_what_calls_would_have_left() -> None:
    made, seeded = Bench(), Bench()
    revoke_cosmos(made)
    made.create()
    seed(seeded, status="failed")
    for name in managedgroup.PARTS:
        one, other = made.part(name)["properties"], seeded.part(name)["properties"]
        assert set(one) == set(other)
        assert one["provisioningState"] == other["provisioningState"]
    shown = "customerManagedKeyStatus"
    assert seeded.part("cosmos")["properties"][shown] == made.part("cosmos")["properties"][shown]
    assert seeded.get()["properties"]["provisioningState"] == "Failed"
