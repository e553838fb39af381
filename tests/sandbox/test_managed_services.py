"""Cosmos DB, AI Search and Storage: accounts of one's own, names, regions, quotas."""

from typing import Any

import pytest
from workspaces import OTHER, ROLE, UAI, VAULT, Bench, G, S

from sandbox.protocol import Refusal
from sandbox.providers.customerkeys import readable

COSMOS = f"{G}/providers/Microsoft.DocumentDB/databaseAccounts/acc-one"
SEARCH = f"{G}/providers/Microsoft.Search/searchServices/srch-one"
STORE = f"{G}/providers/Microsoft.Storage/storageAccounts/stone"
AT = f"/subscriptions/{S}/providers"
V = "?api-version=2024-08-15"


def bare(bench: Bench) -> str:
    return bench.kid().rpartition("/")[0]


def cosmos_body(**properties: Any) -> dict[str, Any]:
    place = [{"locationName": "westeurope", "failoverPriority": 0}]
    offer = {"databaseAccountOfferType": "Standard", "locations": place}
    return {"location": "westeurope", "properties": {**offer, **properties}}


def test_a_cosmos_account_answers_200_with_both_headers_and_ends_in_its_own_time() -> None:
    bench = Bench()
    answer = bench.send("PUT", COSMOS + V, cosmos_body(keyVaultKeyUri=bare(bench)))
    assert answer.status == 200
    assert answer.body["properties"]["provisioningState"] == "Creating"
    assert answer.body["location"] == "West Europe"
    poll = answer.headers["Azure-AsyncOperation"]
    assert bench.send("GET", poll).body == {"status": "Dequeued"}
    assert bench.send("GET", answer.headers["Location"]).status == 202
    bench.skip(300)
    assert bench.send("GET", poll).body == {"status": "Succeeded"}
    done = bench.send("GET", answer.headers["Location"]).body["properties"]
    assert done["customerManagedKeyStatus"].endswith("confirmed.")
    assert done["documentEndpoint"] == "https://acc-one.documents.azure.com:443/"
    assert readable(bench.world, COSMOS) == (True, "unwrapped")


def test_a_cosmos_account_without_the_grant_fails() -> None:
    bench = Bench()
    bench.world.state.assignments.clear()
    poll = bench.send("PUT", COSMOS + V, cosmos_body(keyVaultKeyUri=bare(bench))).headers
    bench.skip(300)
    status = bench.send("GET", poll["Azure-AsyncOperation"]).body
    assert status["status"] == "Failed"
    assert "(4002)" in status["error"]["message"]
    assert bench.get(COSMOS)["properties"]["provisioningState"] == "Failed"


def test_cosmos_names_are_taken_once_and_freed_by_deletion() -> None:
    bench = Bench()
    name = "/providers/Microsoft.DocumentDB/databaseAccountNames/ACC-one" + V
    assert bench.send("HEAD", name).status == 404
    bench.send("PUT", COSMOS + V, cosmos_body())
    assert bench.send("HEAD", name).status == 200
    with pytest.raises(Refusal, match="already exists"):
        bench.send("PUT", COSMOS.replace("rg-ml", "rg-two") + V, cosmos_body())
    assert bench.send("DELETE", COSMOS + V).status == 200
    assert bench.send("DELETE", COSMOS + V).status == 204
    assert bench.send("HEAD", name).status == 404


def test_cosmos_regions_say_whether_the_subscription_may() -> None:
    bench = Bench(cosmos_closed_regions=["West Europe"])
    url = f"{AT}/Microsoft.DocumentDB/locations"
    listed = {one["name"]: one for one in bench.send("GET", url + V).body["value"]}
    flag = "isSubscriptionRegionAccessAllowedForRegular"
    assert listed["West Europe"]["properties"][flag] is False
    assert listed["North Europe"]["properties"][flag] is True
    one = bench.send("GET", f"{url}/westeurope{V}").body
    assert one == listed["West Europe"]
    with pytest.raises(Refusal) as caught:
        bench.send("PUT", COSMOS + V, cosmos_body())
    assert caught.value.code == "ServiceUnavailable"


def test_a_search_service_is_made_without_polling_headers() -> None:
    bench = Bench()
    body = {"location": "westeurope", "sku": {"name": "basic"}, "properties": {}}
    answer = bench.send("PUT", SEARCH + V, body)
    assert answer.status == 201
    assert list(answer.headers) == ["ETag"]
    assert answer.body["properties"]["provisioningState"] == "Provisioning"
    bench.skip(100)
    assert bench.get(SEARCH)["properties"]["status"] == "running"
    body["properties"] = {"encryptionWithCmk": {"enforcement": "Enabled"}}
    changed = bench.send("PUT", SEARCH + V, body)
    assert changed.status == 200
    assert changed.body["properties"]["encryptionWithCmk"]["enforcement"] == "Enabled"
    listed = bench.send("GET", f"{G}/providers/Microsoft.Search/searchServices{V}").body
    assert [one["name"] for one in listed["value"]] == ["srch-one"]
    assert listed["nextLink"] is None
    assert bench.send("DELETE", SEARCH + V).status == 200


def test_a_search_service_takes_a_key_as_its_own_identity() -> None:
    bench = Bench()
    key = {
        "keyVaultKeyName": "k1",
        "keyVaultKeyVersion": bench.key()["version"],
        "keyVaultUri": "https://kv-cmk.vault.localhost:443",
    }
    keyed = {"encryptionWithCmk": {"enforcement": "Enabled", "serviceLevelEncryptionKey": key}}
    body = {"location": "westeurope", "sku": {"name": "basic"}, "properties": keyed}
    with pytest.raises(Refusal, match="Access forbidden"):
        bench.send("PUT", SEARCH + V, body)
    assert bench.world.resource(SEARCH) is None
    plain = {**body, "properties": {}, "identity": {"type": "SystemAssigned"}}
    own = bench.send("PUT", SEARCH + V, plain).body["identity"]["principalId"]
    with pytest.raises(Refusal, match="Access forbidden") as caught:
        bench.send("PATCH", SEARCH + V, {"properties": keyed})
    assert caught.value.extra["details"][0]["code"] == "ForbiddenByRbac"
    bench.grant(VAULT, ROLE, own)
    shown = bench.send("PATCH", SEARCH + V, {"properties": keyed}).body["properties"]
    assert shown["encryptionWithCmk"]["serviceLevelEncryptionKey"] == key
    assert readable(bench.world, SEARCH) == (True, "unwrapped")
    bench.key()["enabled"] = False
    bench.skip(3600)
    shown = bench.get(SEARCH)["properties"]["encryptionWithCmk"]
    assert shown["encryptionComplianceStatus"] == "NonCompliant"


def test_search_quota_counts_what_is_there() -> None:
    bench = Bench(quota={"search": {"westeurope": {"basic": 1}}})
    url = f"{AT}/Microsoft.Search/locations/westeurope/usages"
    body = {"location": "West Europe", "sku": {"name": "basic"}}
    bench.send("PUT", SEARCH + V, body)
    usage = bench.send("GET", f"{url}/basic{V}").body
    assert (usage["currentValue"], usage["limit"]) == (1, 1)
    listed = {one["name"]["value"]: one for one in bench.send("GET", url + V).body["value"]}
    assert (listed["standard"]["currentValue"], listed["standard"]["limit"]) == (0, 16)
    with pytest.raises(Refusal) as caught:
        bench.send("PUT", SEARCH.replace("one", "two") + V, body)
    assert caught.value.code == "ServiceQuotaExceeded"
    assert "1 out of 1 'basic'" in caught.value.message


@pytest.mark.parametrize(
    ("name", "available", "reason"),
    [("free-name", True, ""), ("srch-one", False, "AlreadyExists"), ("-x", False, "Invalid")],
)
def test_search_names(name: str, available: bool, reason: str) -> None:
    bench = Bench()
    bench.send("PUT", SEARCH + V, {"location": "westeurope", "sku": {"name": "basic"}})
    url = f"{AT}/Microsoft.Search/checkNameAvailability{V}"
    found = bench.send("POST", url, {"name": name, "type": "searchServices"}).body
    assert (found["nameAvailable"], found["reason"]) == (available, reason)


def store_body(**changed: Any) -> dict[str, Any]:
    sku = {"name": "Standard_LRS"}
    return {"location": "westeurope", "sku": sku, "kind": "StorageV2", **changed}


def test_a_storage_account_is_polled_at_its_location() -> None:
    bench = Bench()
    answer = bench.send("PUT", STORE + V, store_body())
    assert (answer.status, answer.body) == (202, None)
    assert bench.send("GET", answer.headers["Location"]).status == 202
    bench.skip(30)
    done = bench.send("GET", answer.headers["Location"])
    assert done.body["properties"]["provisioningState"] == "Succeeded"
    keys = bench.send("POST", f"{STORE}/listKeys{V}").body["keys"]
    assert [key["keyName"] for key in keys] == ["key1", "key2"]
    assert keys[0]["value"] != keys[1]["value"]
    again = bench.send("PUT", STORE + V, store_body(tags={"a": "b"}))
    assert (again.status, again.body["tags"]) == (200, {"a": "b"})
    assert bench.send("DELETE", STORE + V).status == 200


def key_body(bench: Bench, **more: Any) -> dict[str, Any]:
    given = {"keyname": "k1", "keyvaulturi": "https://kv-cmk.vault.localhost:443", **more}
    encryption = {"keySource": "Microsoft.Keyvault", "keyvaultproperties": given}
    return {"properties": {"encryption": encryption}}


def test_storage_takes_a_key_as_its_own_identity() -> None:
    bench = Bench()
    bench.send("PUT", STORE + V, store_body())
    with pytest.raises(Refusal, match="Missing pre-requisites"):
        bench.send("PATCH", STORE + V, key_body(bench))
    identity = {"identity": {"type": "SystemAssigned"}}
    own = bench.send("PATCH", STORE + V, identity).body["identity"]["principalId"]
    with pytest.raises(Refusal, match="authentication issue on the keyvault") as caught:
        bench.send("PATCH", STORE + V, key_body(bench))
    assert caught.value.extra["details"][0]["code"] == "ForbiddenByRbac"
    bench.grant(VAULT, ROLE, own)
    encryption = bench.send("PATCH", STORE + V, key_body(bench)).body["properties"]["encryption"]
    shown = encryption["keyvaultproperties"]
    assert shown["currentVersionedKeyIdentifier"] == bench.kid()
    assert shown["keyversion"] == ""
    assert readable(bench.world, STORE) == (True, "unwrapped")
    versions = bench.world.state.table("vault_keys")["kv-cmk"]["k1"]["versions"]
    versions.append({**versions[-1], "version": "e" * 32, "pem": ""})
    bench.skip(3600)
    shown = bench.get(STORE)["properties"]["encryption"]["keyvaultproperties"]
    assert shown["currentVersionedKeyIdentifier"].endswith("e" * 32)
    bench.send("PATCH", STORE + V, {"identity": {"type": "None"}})
    assert readable(bench.world, STORE) == (False, "4000")
    back = {"properties": {"encryption": {"keySource": "Microsoft.Storage"}}}
    bench.send("PATCH", STORE + V, back)
    assert readable(bench.world, STORE) == (True, "platform key")


def test_storage_takes_a_key_as_a_user_assigned_identity() -> None:
    bench = Bench()
    bench.grant(VAULT, ROLE, bench.uai())
    body = store_body(**key_body(bench))
    body["identity"] = {"type": "UserAssigned", "userAssignedIdentities": {UAI: {}}}
    body["properties"]["encryption"]["identity"] = {"userAssignedIdentity": UAI}
    assert bench.send("PUT", STORE + V, body).status == 202
    bench.skip(30)
    assert bench.get(STORE)["identity"]["userAssignedIdentities"][UAI]["principalId"] == bench.uai()
    bench.key()["enabled"] = False
    assert readable(bench.world, STORE) == (False, "KeyDisabled")


def test_an_account_that_is_refused_leaves_nothing_behind() -> None:
    bench = Bench()
    with pytest.raises(Refusal):
        bench.send("PUT", STORE + V, store_body(**key_body(bench)))
    assert bench.world.resource(STORE) is None


def test_storage_usages_and_names() -> None:
    bench = Bench(quota={"storage": {"westeurope": 4}})
    bench.send("PUT", STORE + V, store_body())
    usages = f"{AT}/Microsoft.Storage/locations/westeurope/usages{V}"
    (usage,) = bench.send("GET", usages).body["value"]
    assert (usage["currentValue"], usage["limit"]) == (4, 4)
    assert "id" not in usage
    with pytest.raises(Refusal) as caught:
        bench.send("PUT", STORE.replace("stone", "sttwo") + V, store_body())
    assert caught.value.status == 409
    url = f"{AT}/Microsoft.Storage/checkNameAvailability{V}"
    for name, reason in (("stone", "AlreadyExists"), ("St-One", "AccountNameInvalid")):
        assert bench.send("POST", url, {"name": name}).body["reason"] == reason
    assert bench.send("POST", url, {"name": "stfree"}).body == {"nameAvailable": True}


def test_lists_of_another_subscription_are_its_own() -> None:
    bench = Bench()
    bench.send("PUT", STORE + V, store_body())
    url = f"/subscriptions/{OTHER}/providers/Microsoft.Storage/storageAccounts{V}"
    assert bench.send("GET", url).body == {"value": []}
