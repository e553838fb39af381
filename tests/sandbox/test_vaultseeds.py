"""Vaults that a scenario opens with, and keys through ARM."""

import time

import pytest
from kvworld import ADMIN, DAY, SUB, Kv, body, vault_path

from sandbox.keyvault import keystore, names
from sandbox.protocol import Refusal, VaultRefusal
from sandbox.providers import vaults, vaultseeds
from sandbox.state import save

ARM_KEY = f"{vault_path('kv-one')}/keys/cmk"


@pytest.fixture
def kv():
    return Kv()


def test_seeded_vault_looks_like_a_made_one(kv):
    kv.vault("kv-seed", access="rbac", policies=[], tags={"a": "b"}, created_days_ago=3)
    kv.arm("PUT", vault_path("kv-made"), body(tags={"a": "b"}))
    kv.later(16)
    made = kv.arm("GET", vault_path("kv-made")).body
    seeded = kv.arm("GET", vault_path("kv-seed")).body
    assert list(seeded) == list(made)
    assert list(seeded["properties"]) == list(made["properties"])
    changing = {"vaultUri"}
    for name in set(made["properties"]) - changing:
        assert seeded["properties"][name] == made["properties"][name], name
    assert seeded["systemData"].keys() == made["systemData"].keys()


def test_everything_a_table_can_say(kv):
    vault = kv.vault(
        retention=7,
        sku="premium",
        purge_protection=True,
        network={"default": "Deny", "bypass": "None", "ip": ["198.51.100.7"], "public": "Disabled"},
        policies=[{"principal": "admin", "keys": ["get"]}, {"principal": "0" * 8}],
    )
    properties = vault.doc["properties"]
    assert properties["softDeleteRetentionInDays"] == 7
    assert properties["sku"]["name"] == "premium"
    assert properties["enablePurgeProtection"] is True
    assert properties["publicNetworkAccess"] == "Disabled"
    assert properties["networkAcls"]["ipRules"] == [{"value": "198.51.100.7/32"}]
    assert [policy["objectId"] for policy in properties["accessPolicies"]] == [ADMIN, "0" * 8]
    assert properties["accessPolicies"][1]["permissions"]["keys"] == ["get", "wrapKey", "unwrapKey"]


def test_deleted_vault_is_among_the_deleted_and_goes_in_its_time(kv):
    kv.vault("kv-gone", deleted=True, deleted_days_ago=80, keys=[{"name": "cmk"}])
    assert vaults.find(kv.world, "kv-gone") is None
    deleted = "/providers/Microsoft.KeyVault/locations/westeurope/deletedVaults/kv-gone"
    path = f"/subscriptions/{SUB}{deleted}"
    assert kv.arm("GET", path).status == 200
    kv.later(11 * DAY)
    with pytest.raises(Refusal, match="DeletedVaultNotFound"):
        kv.arm("GET", path)
    assert "kv-gone" not in kv.state.table(names.KEYS)


async def test_seeded_keys(kv):
    kv.vault(
        keys=[
            {"name": "old", "versions": 3, "created_days_ago": 90},
            {"name": "off", "enabled": False, "bits": 3072},
            {"name": "late", "exp": -1, "nbf": -30, "ops": ["wrapKey"]},
            {"name": "gone", "deleted_days_ago": 10},
            {"name": "turning", "rotation": {"after": 60, "expiry": 90}, "created_days_ago": 59},
            {"name": "curve", "type": "EC", "curve": "P-521", "tags": {"a": "b"}},
        ],
    )
    keys = keystore.keys_of(kv.world, "kv-one")
    created = [one["created"] for one in keys["old"]["versions"]]
    assert created == sorted(set(created))
    assert len(created) == 3
    assert keys["off"]["versions"][0]["enabled"] is False
    late = keys["late"]["versions"][0]
    assert late["exp"] - late["nbf"] == 29 * DAY
    assert (await kv.data("GET", "kv-one", "/deletedkeys"))["value"][0]["deletedDate"]
    assert len(keys["turning"]["versions"]) == 1
    kv.later(2 * DAY)
    assert len(keys["turning"]["versions"]) == 2
    bundle = await kv.data("GET", "kv-one", "/keys/curve")
    assert (bundle["key"]["crv"], len(bundle["key"]["x"])) == ("P-521", 88)
    assert all(not one["pem"] for key in keys.values() for one in key["versions"][:1] if key != keys["curve"])  # fmt: skip


def test_unknown_subscription_is_an_error(kv):
    with pytest.raises(KeyError, match="nowhere"):
        kv.vault(subscription="nowhere")


@pytest.mark.parametrize(
    "spec",
    [
        {"purge_protected": True},
        {"network": {"default_action": "Deny"}},
        {"keys": [{"name": "k", "size": 2048}]},
        {"keys": [{"name": "k", "rotation": {"every": 30}}]},
        {"policies": [{"principal": "admin", "key": ["get"]}]},
    ],
)
def test_misspelt_members_are_errors(kv, spec):
    with pytest.raises(ValueError, match="has no"):
        kv.vault(**spec)


def test_ten_thousand_vaults_cost_little_and_share_nothing(kv):
    specs = [
        {"name": f"kv-{at:05d}", "subscription": SUB, "group": "rg-one", "location": "westeurope"}
        for at in range(10_000)
    ]
    baseline = time.perf_counter()
    for at in range(10_000):
        str({"a": {"b": [at, f"{at}"]}, "c": [1, 2, 3]})
    baseline = time.perf_counter() - baseline
    started = time.perf_counter()
    for spec in specs:
        vaultseeds.seed_vault(kv.world, spec)
    spent = time.perf_counter() - started
    # About 10 microseconds each, 25 with a full heap to collect; key material would cost 10,000.
    assert spent < 60 * baseline, f"{spent:.3f} s against a baseline of {baseline:.3f} s"
    one, other = (kv.world.resource(vault_path(f"kv-0000{at}")) for at in (1, 2))
    one.doc["properties"]["sku"]["name"] = "premium"
    one.doc["properties"]["accessPolicies"].append(1)
    one.doc["tags"]["a"] = one.doc["systemData"]["createdBy"] = "x"
    assert other.doc["properties"]["sku"]["name"] == "standard"
    assert not other.doc["properties"]["accessPolicies"]
    assert not other.doc["tags"]
    assert save(kv.state)


# Keys through ARM


def test_arm_key_is_made_once(kv):
    kv.vault(access="rbac")
    sent = {"properties": {"kty": "RSA", "keySize": 3072}, "tags": {"a": "b"}}
    made = kv.arm("PUT", ARM_KEY, sent)
    assert made.status == 200
    properties = made.body["properties"]
    assert properties["keyUri"] == "https://kv-one.vault.localhost:8443/keys/cmk"
    assert properties["keyUriWithVersion"].startswith(properties["keyUri"] + "/")
    assert properties["keySize"] == 3072
    assert properties["attributes"]["recoveryLevel"] == "Recoverable+Purgeable"
    assert (made.body["id"], made.body["type"]) == (ARM_KEY, "Microsoft.KeyVault/vaults/keys")
    again = kv.arm("PUT", ARM_KEY, {"properties": {"kty": "EC"}, "tags": {}})
    assert again.body == made.body
    assert kv.arm("GET", ARM_KEY).body == made.body
    assert not keystore.keys_of(kv.world, "kv-one")["cmk"]["versions"][0]["pem"]
    assert kv.arm("GET", f"{vault_path('kv-one')}/keys").body["value"] == [made.body]


def test_arm_key_versions_and_policy(kv):
    kv.vault()
    rotate = {"trigger": {"timeAfterCreate": "P30D"}, "action": {"type": "rotate"}}
    policy = {"attributes": {"expiryTime": "P60D"}, "lifetimeActions": [rotate]}
    sent = {"properties": {"kty": "RSA", "rotationPolicy": policy}}
    shown = kv.arm("PUT", ARM_KEY, sent).body["properties"]["rotationPolicy"]
    assert shown["lifetimeActions"] == [rotate]
    kv.later(31 * DAY)
    versions = kv.arm("GET", f"{ARM_KEY}/versions").body["value"]
    assert [item["type"] for item in versions] == ["Microsoft.KeyVault/vaults/keys/versions"] * 2
    one = kv.arm("GET", f"{ARM_KEY}/versions/{versions[0]['name']}").body
    assert one == versions[0]


@pytest.mark.parametrize(
    ("method", "path", "sent", "status", "code"),
    [
        ("GET", ARM_KEY, None, 404, "KeyNotFound"),
        ("GET", f"{ARM_KEY}/versions/x", None, 404, "KeyNotFound"),
        ("PUT", ARM_KEY, {"properties": {}}, 400, "BadParameter"),
        ("PUT", f"{ARM_KEY}_x", {"properties": {"kty": "RSA"}}, 400, "BadParameter"),
        ("PUT", ARM_KEY.replace("cmk", "gone"), {"properties": {"kty": "RSA"}}, 409, "Conflict"),
        ("GET", ARM_KEY.replace("kv-one", "kv-no"), None, 404, "ResourceNotFound"),
    ],
)
def test_arm_keys_refused_in_arms_envelope(kv, method, path, sent, status, code):
    kv.vault(keys=[{"name": "gone", "deleted_days_ago": 1}])
    with pytest.raises(Refusal) as caught:
        kv.arm(method, path, sent)
    assert (caught.value.status, caught.value.code) == (status, code)
    assert "innererror" not in caught.value.extra


async def test_keys_come_back_with_their_vault_and_go_with_it(kv):
    kv.vault(keys=[{"name": "cmk"}])
    before = await kv.data("GET", "kv-one", "/keys/cmk")
    kv.arm("DELETE", vault_path("kv-one"))
    with pytest.raises(VaultRefusal, match="VaultNotFound"):
        await kv.data("GET", "kv-one", "/keys/cmk")
    recover = body(createMode="recover")
    kv.arm("PUT", vault_path("kv-one"), recover)
    assert await kv.data("GET", "kv-one", "/keys/cmk") == before
    kv.arm("DELETE", vault_path("kv-one"))
    kv.later(91 * DAY)
    kv.vault(created_days_ago=0)
    assert (await kv.data("GET", "kv-one", "/keys"))["value"] == []


@pytest.mark.parametrize("what", ["vault", "key"])
async def test_rotation_goes_on_after_recovery(kv, what):
    rotation = {"after": 30, "expiry": 90}
    kv.vault(keys=[{"name": "cmk", "type": "EC", "rotation": rotation, "created_days_ago": 0}])
    if what == "vault":
        kv.arm("DELETE", vault_path("kv-one"))
    else:
        await kv.data("DELETE", "kv-one", "/keys/cmk")
    kv.later(40 * DAY)
    key = keystore.keys_of(kv.world, "kv-one")["cmk"]
    assert len(key["versions"]) == 1
    if what == "vault":
        kv.arm("PUT", vault_path("kv-one"), body(createMode="recover"))
    else:
        await kv.data("POST", "kv-one", "/deletedkeys/cmk/recover")
    kv.later(1)
    assert len(key["versions"]) == 2
    kv.later(31 * DAY)
    assert len(key["versions"]) == 3


async def test_a_new_expiry_moves_the_rotation(kv):
    rotation = {"before": 10, "expiry": 90}
    kv.vault(keys=[{"name": "cmk", "type": "EC", "rotation": rotation, "exp": 20}])
    key = keystore.keys_of(kv.world, "kv-one")["cmk"]
    later = key["versions"][0]["exp"] + 30 * DAY
    await kv.data("PATCH", "kv-one", "/keys/cmk", {"attributes": {"exp": later}})
    kv.later(12 * DAY)
    assert len(key["versions"]) == 1
    kv.later(30 * DAY)
    assert len(key["versions"]) == 2
