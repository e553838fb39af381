"""Vaults through ARM: the rules of a body, the shape of answers, and the life of a name."""

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule
from kvworld import (
    ADMIN,
    APP,
    DAY,
    FOREIGN_SUB,
    GROUP,
    OTHER_SUB,
    OTHER_TENANT,
    SUB,
    TENANT,
    Kv,
    body,
    vault_path,
)

from sandbox import cascade, rbac
from sandbox.keyvault import names, policies, rules
from sandbox.protocol import GatewayRefusal, Refusal

KV = vault_path("kv-one")
PURGE_PROTECTED = {"enablePurgeProtection": True}


@pytest.fixture
def kv():
    return Kv()


def refused(call, *args, **kwargs):
    with pytest.raises(Refusal) as caught:
        call(*args, **kwargs)
    return caught.value.status, caught.value.code, caught.value.message


def deleted_path(name="kv-one", location="westeurope", sub=SUB):
    tail = f"locations/{location}/deletedVaults/{name}"
    return f"/subscriptions/{sub}/providers/Microsoft.KeyVault/{tail}"


def test_created_vault_registers_its_name_then_succeeds(kv):
    made = kv.arm("PUT", KV, body(location="West Europe", tags={"a": "b"}))
    assert made.status == 200
    properties = made.body["properties"]
    assert properties["vaultUri"] == "https://kv-one.vault.localhost:8443"
    assert properties["provisioningState"] == "RegisteringDns"
    assert made.body["location"] == "West Europe"
    assert made.body["tags"] == {"a": "b"}
    assert made.body["systemData"]["createdBy"] == "ada@contoso.test"
    assert re.fullmatch(r"[\d-]{10}T[\d:]{8}\.\d{3}Z", made.body["systemData"]["createdAt"])
    seen = kv.arm("GET", KV.upper().replace("MICROSOFT", "microsoft")).body["properties"]
    assert seen["vaultUri"] == "https://kv-one.vault.localhost:8443/"
    assert seen["provisioningState"] == "RegisteringDns"
    kv.later(16)
    assert kv.arm("GET", KV).body["properties"]["provisioningState"] == "Succeeded"


def test_keys_of_the_answer_are_those_recorded(kv):
    made = kv.arm("PUT", KV, body(**PURGE_PROTECTED, enableRbacAuthorization=False))
    assert list(made.body["properties"]) == [
        "sku",
        "tenantId",
        "accessPolicies",
        "enabledForDeployment",
        "enableSoftDelete",
        "softDeleteRetentionInDays",
        "enableRbacAuthorization",
        "enablePurgeProtection",
        "vaultUri",
        "provisioningState",
        "publicNetworkAccess",
    ]


@pytest.mark.parametrize(
    ("version", "expected"),
    [
        ("2019-09-01", None),
        ("2023-07-01", None),
        ("2025-05-01", None),
        ("2026-02-01", True),
        ("2026-05-15", True),
        ("2026-02-01-preview", True),
    ],
)
def test_new_vaults_use_rbac_since_2026(kv, version, expected):
    properties = kv.arm("PUT", KV, body(), version=version).body["properties"]
    assert properties.get("enableRbacAuthorization") is expected
    asked = body(enableRbacAuthorization=False)
    other = kv.arm("PUT", vault_path("kv-two"), asked, version=version)
    assert other.body["properties"]["enableRbacAuthorization"] is False


@pytest.mark.parametrize(
    "name", ["ab", "a" * 25, "1abc", "abc-", "a--b", "a_bc", "kv.one", "schlüssel"]
)
def test_bad_names(kv, name):
    status, code, _ = refused(kv.arm, "PUT", vault_path(name), body())
    assert (status, code) == (400, "VaultNameNotValid")


@pytest.mark.parametrize("name", ["abc", "A1b", "a" * 24, "kv-1-2-3"])
def test_good_names(name):
    rules.check_name(name)


@pytest.mark.parametrize(
    ("changes", "code", "words"),
    [
        ({"sku": None}, "BadRequest", "sku"),
        ({"tenantId": None}, "BadRequest", "tenantId"),
        ({"tenantId": OTHER_TENANT}, "BadRequest", "tenantId"),
        ({"sku": {"name": "gold"}}, "BadRequest", "sku"),
        ({"enablePurgeProtection": False}, "BadRequest", "cannot be set to false"),
        ({"enableSoftDelete": False}, "BadRequest", "enableSoftDelete"),
        ({"softDeleteRetentionInDays": 6}, "BadRequest", "softDeleteRetentionInDays"),
        ({"softDeleteRetentionInDays": 91}, "BadRequest", "softDeleteRetentionInDays"),
        ({"softDeleteRetentionInDays": True}, "BadRequest", "softDeleteRetentionInDays"),
        ({"publicNetworkAccess": "Maybe"}, "BadRequest", "publicNetworkAccess"),
        ({"networkAcls": {"ipRules": [{"value": "300.1.1.1"}]}}, "BadRequest", "300.1.1.1"),
        ({"networkAcls": {"bypass": "Friends"}}, "BadRequest", "bypass"),
        (
            {"accessPolicies": None, "enableRbacAuthorization": False},
            "BadRequest",
            "accessPolicies",
        ),
        ({"accessPolicies": [{}]}, "BadRequest", "accessPolicies"),
        (
            {
                "accessPolicies": [
                    {"tenantId": TENANT, "objectId": str(n), "permissions": {}} for n in range(1025)
                ]
            },
            "BadRequest",
            "1024",
        ),
    ],
)
def test_bodies_refused(kv, changes, code, words):
    status, got, message = refused(kv.arm, "PUT", KV, body(**changes))
    assert (status, got) == (400, code)
    assert words in message
    assert names.find(kv.world, "kv-one") is None


def test_location_is_needed_known_and_kept(kv):
    assert refused(kv.arm, "PUT", KV, {"properties": {}})[1] == "LocationRequired"
    unknown = refused(kv.arm, "PUT", KV, body(location="atlantis"))
    assert unknown[1] == "LocationNotAvailableForResourceType"
    kv.arm("PUT", KV, body())
    moved = refused(kv.arm, "PUT", KV, body(location="eastus"))
    assert moved[:2] == (409, "InvalidResourceLocation")


def test_networks_are_kept_the_way_azure_writes_them(kv):
    acls = {"defaultAction": "deny", "ipRules": [{"value": "124.56.78.91"}]}
    made = kv.arm("PUT", KV, body(networkAcls=acls))
    assert made.body["properties"]["networkAcls"] == {
        "bypass": "AzureServices",
        "defaultAction": "Deny",
        "ipRules": [{"value": "124.56.78.91/32"}],
        "virtualNetworkRules": [],
    }


def test_purge_protection_is_for_ever(kv):
    kv.arm("PUT", KV, body())
    assert "enablePurgeProtection" not in kv.arm("GET", KV).body["properties"]
    kv.arm("PATCH", KV, {"properties": PURGE_PROTECTED})
    kv.arm("PUT", KV, body())
    assert kv.arm("GET", KV).body["properties"]["enablePurgeProtection"] is True
    off = {"properties": {"enablePurgeProtection": False}}
    assert refused(kv.arm, "PATCH", KV, off)[:2] == (400, "BadRequest")
    assert kv.arm("GET", KV).body["properties"]["enablePurgeProtection"] is True


def test_retention_is_set_once(kv):
    kv.arm("PUT", KV, body(softDeleteRetentionInDays=30))
    kv.arm("PUT", KV, body(softDeleteRetentionInDays=30))
    message = refused(kv.arm, "PUT", KV, body(softDeleteRetentionInDays=31))[2]
    assert message == (
        'The property "softDeleteRetentionInDays" has been set already and it can\'t be modified.'
    )


def test_update_answers_what_is_kept(kv):
    kv.arm("PUT", KV, body(tags={"a": "1"}))
    kv.later(16)
    again = kv.arm("PUT", KV, body())
    assert again.body["properties"]["vaultUri"].endswith("/")
    assert again.body["properties"]["provisioningState"] == "Succeeded"
    assert again.body["tags"] == {}
    patched = kv.arm("PATCH", KV, {"tags": {"b": "2"}})
    assert (patched.status, patched.body["tags"]) == (200, {"b": "2"})
    assert patched.body["properties"] == again.body["properties"]


def test_missing_vault_is_the_gateways_404(kv):
    with pytest.raises(GatewayRefusal) as caught:
        kv.arm("GET", KV)
    assert caught.value.message == (
        "The Resource 'Microsoft.KeyVault/vaults/kv-one' under resource group 'rg-one' was not "
        "found. For more details please go to https://aka.ms/ARMResourceNotFoundFix"
    )
    assert kv.arm("DELETE", KV).status == 204


# Access policies


def policy(oid, *keys):
    return {"tenantId": TENANT, "objectId": oid, "permissions": {"keys": list(keys)}}


@pytest.mark.parametrize(
    ("kind", "before", "change", "after"),
    [
        ("add", [], policy(APP, "get"), [policy(APP, "get")]),
        ("add", [policy(APP, "get")], policy(APP, "GET", "wrapKey"), [policy(APP, "get", "wrapKey")]),
        (
            "add",
            [policy(ADMIN, "all")],
            policy(APP, "get"),
            [policy(ADMIN, "all"), policy(APP, "get")],
        ),
        ("replace", [policy(APP, "get")], policy(APP, "list"), [policy(APP, "list")]),
        ("remove", [policy(APP, "get", "list")], policy(APP, "Get"), [policy(APP, "list")]),
        ("remove", [policy(APP, "get")], policy(APP, "get"), []),
        ("remove", [policy(ADMIN, "all")], policy(APP, "get"), [policy(ADMIN, "all")]),
    ],
)  # fmt: skip
def test_merging_policies(kind, before, change, after):
    assert policies.merge_policies(before, [change], kind) == after


def test_access_policies_are_changed_one_by_one(kv):
    kv.arm("PUT", KV, body(accessPolicies=[policy(ADMIN, "all")]))
    change = {"properties": {"accessPolicies": [policy(APP, "get")]}}
    answer = kv.arm("PUT", f"{KV}/accessPolicies/add", change)
    assert answer.body["type"] == "Microsoft.KeyVault/vaults/accessPolicies"
    assert answer.body["id"] == f"{KV}/accessPolicies/"
    kept = kv.arm("GET", KV).body["properties"]["accessPolicies"]
    assert [entry["objectId"] for entry in kept] == [ADMIN, APP]
    kv.arm("PUT", KV, body(accessPolicies=[]))
    assert kv.arm("GET", KV).body["properties"]["accessPolicies"] == []
    assert refused(kv.arm, "PUT", f"{KV}/accessPolicies/befriend", change)[0] == 400


# Names, deletion, recovery, purge


def test_deleted_vault_keeps_its_name(kv):
    kv.arm("PUT", KV, body())
    kv.arm("DELETE", KV)
    assert refused(kv.arm, "GET", KV)[1] == "ResourceNotFound"
    assert refused(kv.arm, "PUT", KV, body())[:2] == (409, "ConflictError")
    for elsewhere in (f"/subscriptions/{SUB}/resourceGroups/rg-two", GROUP.replace(SUB, OTHER_SUB)):
        got = refused(kv.arm, "PUT", vault_path("kv-one", elsewhere), body())
        assert got[:2] == (409, "VaultAlreadyExists")
    assert refused(kv.arm, "PUT", KV, body(location="eastus"))[1] == "VaultAlreadyExists"


def test_names_are_unique_across_tenants(kv):
    kv.arm("PUT", KV, body())
    there = vault_path("KV-ONE", GROUP.replace(SUB, FOREIGN_SUB))
    got = refused(kv.arm, "PUT", there, body(tenantId=OTHER_TENANT))
    assert got[:2] == (409, "VaultAlreadyExists")
    check = f"/subscriptions/{FOREIGN_SUB}/providers/Microsoft.KeyVault/checkNameAvailability"
    assert kv.arm("POST", check, {"name": "kv-one", "type": "Microsoft.KeyVault/vaults"}).body == {
        "nameAvailable": False,
        "reason": "AlreadyExists",
        "message": "The name 'kv-one' is already in use.",
    }
    assert kv.arm("POST", check, {"name": "kv-two"}).body == {"nameAvailable": True}
    assert kv.arm("POST", check, {"name": "k"}).body["reason"] == "AccountNameInvalid"


def test_recovery_brings_everything_back_but_the_grants(kv):
    sent = body(softDeleteRetentionInDays=7, tags={"a": "1"}, sku={"name": "premium"})
    kv.arm("PUT", KV, sent)
    kv.later(16)
    before = kv.arm("GET", KV).body
    kv.grant(KV, "Key Vault Crypto Officer")
    kv.arm("DELETE", KV)
    minimal = body(createMode="recover", accessPolicies=None)
    back = kv.arm("PUT", KV, minimal)
    assert back.status == 200
    assert back.body["properties"] == before["properties"]
    assert back.body["tags"] == {}
    assert "createMode" not in back.body["properties"]
    assert not kv.state.assignments
    assert not names.deleted(kv.world, "kv-one")


def test_recovery_of_what_is_not_there(kv):
    recover = body(createMode="recover")
    assert refused(kv.arm, "PUT", KV, recover)[:2] == (404, "DeletedVaultNotFound")
    kv.arm("PUT", KV, body())
    kv.arm("DELETE", KV)
    wrong = vault_path("kv-one", f"/subscriptions/{SUB}/resourceGroups/rg-two")
    assert refused(kv.arm, "PUT", wrong, recover)[1] == "VaultAlreadyExists"
    far = body(location="eastus", createMode="recover")
    assert refused(kv.arm, "PUT", KV, far)[1] == "DeletedVaultNotFound"


def test_deleted_vault_shows_its_dates(kv):
    kv.arm("PUT", KV, body(softDeleteRetentionInDays=10, **PURGE_PROTECTED, location="West Europe"))
    kv.arm("DELETE", KV)
    shown = kv.arm("GET", deleted_path()).body
    assert shown["id"] == deleted_path()
    assert shown["properties"]["purgeProtectionEnabled"] is True
    assert shown["properties"]["vaultId"] == KV
    kept = names.deleted(kv.world, "kv-one")
    assert kept["purge"] - kept["deleted"] == 10 * DAY
    listed = kv.arm("GET", f"/subscriptions/{SUB}/providers/Microsoft.KeyVault/deletedVaults")
    assert listed.body["value"] == [shown]
    assert refused(kv.arm, "GET", deleted_path(location="eastus"))[0] == 404
    assert refused(kv.arm, "GET", deleted_path(sub=OTHER_SUB))[1] == "DeletedVaultNotFound"


def test_purge_takes_its_time_and_frees_the_name(kv):
    kv.arm("PUT", KV, body())
    kv.arm("DELETE", KV)
    started = kv.arm("POST", f"{deleted_path()}/purge")
    assert (started.status, started.body) == (202, None)
    assert set(started.headers) == {"Location"}
    poll = started.headers["Location"].removeprefix("https://localhost:8443").partition("?")[0]
    waiting = kv.arm("GET", poll)
    assert (waiting.status, waiting.body["status"]) == (202, "NotStarted")
    assert re.fullmatch(r"[\d-]{10} [\d:]{8}Z", waiting.body["createdDateTime"])
    assert refused(kv.arm, "PUT", KV, body())[1] == "ConflictError"
    kv.later(91)
    done = kv.arm("GET", poll)
    assert (done.status, done.body["status"]) == (200, "Succeeded")
    assert kv.arm("PUT", KV, body()).status == 200


def test_purge_protection_refuses_the_purge_until_its_time(kv):
    kv.arm("PUT", KV, body(softDeleteRetentionInDays=7, **PURGE_PROTECTED))
    kv.arm("DELETE", KV)
    got = refused(kv.arm, "POST", f"{deleted_path()}/purge")
    assert got == (405, "MethodNotAllowed", "Operation 'DeletedVaultPurge' is not allowed.")
    kv.later(7 * DAY - 60)
    assert kv.arm("GET", deleted_path()).status == 200
    kv.later(120)
    assert refused(kv.arm, "GET", deleted_path())[1] == "DeletedVaultNotFound"


def test_old_purge_date_does_not_touch_a_vault_deleted_again(kv):
    kv.arm("PUT", KV, body(softDeleteRetentionInDays=7))
    kv.arm("DELETE", KV)
    kv.later(5 * DAY)
    kv.arm("PUT", KV, body(createMode="recover"))
    kv.arm("DELETE", KV)
    kv.later(3 * DAY)
    assert kv.arm("GET", deleted_path()).status == 200
    kv.later(5 * DAY)
    assert refused(kv.arm, "GET", deleted_path())[0] == 404


def test_deleting_the_group_soft_deletes_its_vaults(kv):
    kv.arm("PUT", KV, body())
    kv.grant(KV, "Key Vault Crypto Officer")
    cascade.delete(kv.world, GROUP)
    assert names.deleted(kv.world, "kv-one")
    assert not rbac.held(kv.world, ADMIN, KV)


class Life(RuleBasedStateMachine):
    """Whatever is done to a vault, purge protection and its reserved name hold."""

    def __init__(self):
        super().__init__()
        self.kv = Kv()
        self.protected = False
        self.there = "never"

    @precondition(lambda self: self.there == "never")
    @rule(protect=st.booleans())
    def create(self, protect):
        self.kv.arm("PUT", KV, body(**(PURGE_PROTECTED if protect else {})))
        self.protected, self.there = protect, "living"

    @precondition(lambda self: self.there == "living")
    @rule()
    def protect(self):
        self.kv.arm("PATCH", KV, {"properties": PURGE_PROTECTED})
        self.protected = True

    @precondition(lambda self: self.there == "living")
    @rule()
    def delete(self):
        self.kv.arm("DELETE", KV)
        self.there = "deleted"

    @precondition(lambda self: self.there == "deleted")
    @rule()
    def create_again(self):
        assert refused(self.kv.arm, "PUT", KV, body())[1] == "ConflictError"

    @precondition(lambda self: self.there == "deleted")
    @rule()
    def recover(self):
        self.kv.arm("PUT", KV, body(createMode="recover"))
        self.there = "living"

    @precondition(lambda self: self.there == "deleted")
    @rule()
    def purge(self):
        if self.protected:
            assert refused(self.kv.arm, "POST", f"{deleted_path()}/purge")[0] == 405
        else:
            self.kv.arm("POST", f"{deleted_path()}/purge")
            self.kv.later(100)
            self.there = "never"

    @precondition(lambda self: self.there == "deleted")
    @rule()
    def wait_it_out(self):
        self.kv.later(91 * DAY)
        self.there = "never"

    @rule()
    def restart(self):
        self.kv.reload()

    @invariant()
    def is_where_it_should_be(self):
        living = names.find(self.kv.world, "kv-one")
        assert (living is not None) == (self.there == "living")
        assert (names.deleted(self.kv.world, "kv-one") is not None) == (self.there == "deleted")
        if living:
            assert bool(living.doc["properties"].get("enablePurgeProtection")) == self.protected


TestLife = Life.TestCase
TestLife.settings = settings(max_examples=25, stateful_step_count=12, deadline=None)


# Lists


def pages(kv, path):
    found = []
    while path:
        answer = kv.arm("GET", path).body
        found.append([item["name"] for item in answer["value"]])
        link = answer.get("nextLink", "")
        path = re.sub(r"api-version=[^&]*&", "", link.removeprefix("https://localhost:8443"))
    return found


def test_lists_are_paged_to_an_empty_last_page(kv):
    for name in ("kv-c", "kv-a", "KV-b"):
        kv.arm("PUT", vault_path(name), body())
    kv.arm("PUT", vault_path("kv-d", f"/subscriptions/{SUB}/resourceGroups/rg-two"), body())
    kv.arm("PUT", vault_path("kv-e", GROUP.replace(SUB, OTHER_SUB)), body())
    base = "providers/Microsoft.KeyVault/vaults"
    assert pages(kv, f"{GROUP}/{base}?$top=2") == [["kv-a", "KV-b"], ["kv-c"], []]
    assert pages(kv, f"/subscriptions/{SUB}/{base}") == [["kv-a", "KV-b", "kv-c", "kv-d"], []]
    assert pages(kv, f"/subscriptions/{FOREIGN_SUB}/{base}") == [[]]
    bad = f"{GROUP}/{base}?$skiptoken=%%%"
    assert refused(kv.arm, "GET", bad)[0] == 400


def test_there_are_no_managed_hsms(kv):
    kv.arm("PUT", KV, body())
    hsms = f"/subscriptions/{SUB}/providers/Microsoft.KeyVault/managedHSMs"
    assert kv.arm("GET", hsms).body == {"value": []}
    links = kv.arm("GET", f"{KV}/privateLinkResources").body["value"]
    assert [link["properties"]["groupId"] for link in links] == ["vault"]


# Whatever is sent, the answer is an answer

JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-2, 100)
    | st.sampled_from(["", "x", "recover", "P30D"]),
    lambda inner: (
        st.lists(inner, max_size=2)
        | st.dictionaries(
            st.sampled_from(
                ["value", "id", "name", "objectId", "tenantId", "permissions", "keys", "ipRules"]
            ),
            inner,
            max_size=3,
        )
    ),
    max_leaves=6,
)
PROPERTY = st.sampled_from(
    ["sku", "tenantId", "accessPolicies", "networkAcls", "softDeleteRetentionInDays",
     "enablePurgeProtection", "enableRbacAuthorization", "publicNetworkAccess", "createMode"]
)  # fmt: skip


@settings(max_examples=150, deadline=None)
@given(
    st.sampled_from(["PUT", "PATCH"]), st.dictionaries(PROPERTY, JSON, max_size=2), st.none() | JSON
)
def test_strange_bodies_are_refused_not_broken(method, properties, tags):
    kv = Kv()
    kv.vault()
    sent = body(**properties)
    sent["tags"] = tags
    for path in (KV, vault_path("kv-new")):
        try:
            answer = kv.arm(method, path, sent)
        except Refusal:
            continue
        assert answer.status == 200
        kept = answer.body["properties"]
        assert kept["softDeleteRetentionInDays"] in range(7, 91)
        assert isinstance(answer.body["tags"], dict)
        for policy in kept["accessPolicies"]:
            assert all(isinstance(names, list) for names in policy["permissions"].values())


@settings(max_examples=100, deadline=None)
@given(
    st.sampled_from(["accessPolicies/add", "accessPolicies/remove", "keys/cmk"]),
    st.dictionaries(
        st.sampled_from(["accessPolicies", "kty", "keyOps", "attributes", "rotationPolicy"]),
        JSON,
        max_size=3,
    )
    | JSON,
)
def test_strange_bodies_below_a_vault_are_refused_not_broken(path, properties):
    kv = Kv()
    kv.vault()
    if isinstance(properties, dict):
        properties.setdefault("kty", "EC")
    try:
        answer = kv.arm("PUT", f"{KV}/{path}", {"properties": properties})
    except Refusal as refusal:
        assert refusal.status == 400
        return
    assert answer.status == 200
    assert kv.arm("GET", f"{KV}/keys").status == 200
