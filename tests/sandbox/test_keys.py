"""Keys on the data plane: who gets in, what is shown, what a key may do, how it ends."""

import asyncio
import base64
import hashlib

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from kvworld import ADMIN, APP, DAY, GROUP, OTHER_SUB, STRANGER, Kv, vault_path

from sandbox.keyvault import access, durations, keyspec, keystore, keyview, material, usable
from sandbox.protocol import VaultRefusal
from sandbox.providers import keys

KID = "https://kv-one.vault.localhost:8443/keys/cmk"


@pytest.fixture(scope="session")
def pem():
    """One RSA key for all tests that only need some material."""
    return material.generate("RSA", 2048, "")


@pytest.fixture
def kv():
    made = Kv()
    made.vault(keys=[{"name": "cmk"}])
    return made


@pytest.fixture
def with_pem(kv, pem):
    current(kv)["pem"] = pem
    return kv


def key(kv, name="cmk"):
    return keystore.keys_of(kv.world, "kv-one")[name]


def current(kv, name="cmk"):
    return key(kv, name)["versions"][-1]


async def refused(awaitable):
    with pytest.raises(VaultRefusal) as caught:
        await awaitable
    refusal = caught.value
    return refusal.status, refusal.code, refusal.extra.get("innererror", {}).get("code"), refusal


def b64(data):
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


# Getting in


async def test_challenge_comes_before_everything(kv):
    status, code, _, refusal = await refused(
        kv.data("POST", "kv-one", "/keys/no%20name/create", who="", version="")
    )
    assert (status, code) == (401, "Unauthorized")
    assert refusal.message == "AKV10000: Request is missing a Bearer, PoP, or MTLS_POP token."
    tenant = kv.world.resource(vault_path("kv-one")).doc["properties"]["tenantId"]
    assert refusal.headers["WWW-Authenticate"] == (
        f'Bearer authorization="https://localhost:8443/{tenant}", '
        'resource="https://vault.localhost:8443"'
    )
    assert refusal.headers["x-ms-keyvault-region"] == "westeurope"


@pytest.mark.parametrize(
    ("claims", "words"),
    [
        ({"aud": "https://localhost:8443/"}, "AKV10022: Invalid audience. Expected https://vault."),
        ({"tid": "fab21ca0", "iss": "https://x/fab21ca0/"}, "found https://x/fab21ca0/."),
        ({"exp": 1}, "TokenExpired"),
        ({"oid": "00000000-0000-4000-8000-000000000000"}, "AKV10046"),
    ],
)
async def test_tokens_refused(kv, claims, words):
    status, _, _, refusal = await refused(kv.data("GET", "kv-one", "/keys", claims=claims))
    assert status == 401
    assert words in refusal.message
    assert "WWW-Authenticate" in refusal.headers


async def test_other_tenant_is_the_wrong_issuer(kv):
    status, _, _, refusal = await refused(kv.data("GET", "kv-one", "/keys", who=STRANGER))
    assert status == 401
    assert refusal.message.startswith("AKV10032: Invalid issuer. Expected one of ")


async def test_unknown_host_is_nobodys(kv):
    assert (await refused(kv.data("GET", "kv-none", "/keys")))[:2] == (421, "VaultNotFound")


async def test_name_resolves_only_when_dns_knows_it(kv):
    kv.world.resource(vault_path("kv-one")).doc["properties"]["provisioningState"] = (
        "RegisteringDns"
    )
    assert (await refused(kv.data("GET", "kv-one", "/keys")))[0] == 421


@pytest.mark.parametrize("version", ["", "seven", "7", "2025-7-1"])
async def test_api_versions_refused(kv, version):
    got = await refused(kv.data("GET", "kv-one", "/keys", version=version))
    assert got[:2] == (400, "BadParameter")


async def test_rbac_vault_asks_roles_only_and_waits_for_them(kv):
    kv.vault("kv-rbac", access="rbac", keys=[{"name": "cmk"}])
    path = vault_path("kv-rbac")
    got = await refused(kv.data("GET", "kv-rbac", "/keys/cmk/"))
    assert got[:3] == (403, "Forbidden", "ForbiddenByRbac")
    lines = got[3].message.split("\r\n")
    assert lines[3] == "Action: 'Microsoft.KeyVault/vaults/keys/read'"
    assert lines[4] == f"Resource: '{path.lower()}/keys/cmk'"
    assert lines[5:] == [
        "Assignment: (not found)",
        "DenyAssignmentId: null",
        "DecisionReason: null ",
        "Vault: kv-rbac;location=westeurope",
        "",
    ]
    kv.grant(f"{GROUP}", "Owner")
    kv.later(3600)
    assert (await refused(kv.data("GET", "kv-rbac", "/keys/cmk")))[2] == "ForbiddenByRbac"
    kv.grant(path, "Key Vault Crypto Officer")
    assert (await refused(kv.data("GET", "kv-rbac", "/keys")))[2] == "ForbiddenByRbac"
    kv.later(61)
    assert len((await kv.data("GET", "kv-rbac", "/keys"))["value"]) == 1


async def test_policy_vault_asks_policies_only(kv):
    kv.grant(vault_path("kv-one"), "Key Vault Crypto Officer", APP)
    kv.later(3600)
    got = await refused(kv.data("GET", "kv-one", "/keys/cmk", who=APP))
    assert got[:3] == (403, "Forbidden", "ForbiddenByPolicy")
    assert "does not have keys get permission on key vault 'kv-one;location=westeurope'" in (
        got[3].message
    )
    policies = [{"principal": APP, "keys": ["List"]}]
    kv.vault("kv-two", policies=policies)
    assert (await kv.data("GET", "kv-two", "/keys", who=APP))["value"] == []
    assert (await refused(kv.data("DELETE", "kv-two", "/keys/x", who=APP)))[2] == (
        "ForbiddenByPolicy"
    )


async def test_policy_for_a_group_counts(kv):
    group = "66600000-0000-4000-8000-000000000001"
    kv.vault("kv-two", policies=[{"principal": group, "keys": ["list"]}])
    assert (await refused(kv.data("GET", "kv-two", "/keys", who=APP)))[0] == 403
    kv.world.principal(APP).groups.append(group)
    assert (await kv.data("GET", "kv-two", "/keys", who=APP))["nextLink"] is None


def caller(address="203.0.113.7", trusted=False):
    return access.Caller("oid", "app", "iss", address, trusted)


@pytest.mark.parametrize(
    ("network", "who", "refusal"),
    [
        ({}, caller(), ""),
        ({"default": "Deny"}, caller(), "ForbiddenByFirewall"),
        ({"default": "Deny", "ip": ["203.0.113.0/24"]}, caller(), ""),
        ({"default": "Deny", "ip": ["203.0.113.8"]}, caller(), "ForbiddenByFirewall"),
        ({"default": "Deny"}, caller("", True), ""),
        ({"default": "Deny"}, caller("", False), "ForbiddenByFirewall"),
        ({"default": "Deny", "bypass": "None"}, caller("", True), "ForbiddenByFirewall"),
        ({"public": "Disabled"}, caller(), "ForbiddenByConnection"),
        ({"public": "Disabled", "ip": ["203.0.113.7"]}, caller(), "ForbiddenByConnection"),
        ({"public": "Disabled"}, caller("", True), ""),
        ({"public": "Disabled", "bypass": "None"}, caller("", True), "ForbiddenByConnection"),
        ({"public": "SecuredByPerimeter"}, caller("", True), "ForbiddenByConnection"),
    ],
)
def test_firewall(kv, network, who, refusal):
    vault = kv.vault("kv-net", network=network)
    if not refusal:
        access.check_network(vault, who)
        return
    with pytest.raises(VaultRefusal) as caught:
        access.check_network(vault, who)
    assert caught.value.extra["innererror"]["code"] == refusal


async def test_firewall_names_the_setting_of_the_clients_address(kv):
    kv.vault("kv-net", network={"default": "Deny", "ip": ["198.51.100.4"]})
    assert (await refused(kv.data("GET", "kv-net", "/keys")))[2] == "ForbiddenByFirewall"
    kv.state.settings["client_address"] = "198.51.100.4"
    assert (await kv.data("GET", "kv-net", "/keys"))["value"] == []


# What is shown


@pytest.mark.parametrize(
    ("version", "extra"),
    [
        ("7.0", set()),
        ("7.2", {"recoverableDays"}),
        ("7.3", {"recoverableDays", "exportable"}),
        ("7.5-preview.1", {"recoverableDays", "exportable", "hsmPlatform"}),
        ("7.6-preview.2", {"recoverableDays", "exportable", "hsmPlatform", "key_size"}),
        ("2025-07-01", {"recoverableDays", "exportable", "hsmPlatform", "key_size"}),
    ],
)
async def test_attributes_grow_with_the_api_version(with_pem, version, extra):
    bundle = await with_pem.data("GET", "kv-one", "/keys/cmk/", version=version)
    base = {"enabled", "created", "updated", "recoveryLevel"}
    assert set(bundle["attributes"]) == base | extra


@pytest.mark.parametrize(
    ("days", "protected", "level"),
    [
        (90, False, "Recoverable+Purgeable"),
        (90, True, "Recoverable"),
        (7, False, "CustomizedRecoverable+Purgeable"),
        (7, True, "CustomizedRecoverable"),
    ],
)
def test_recovery_levels(kv, days, protected, level):
    vault = kv.vault("kv-two", retention=days, purge_protection=protected)
    assert keyview.recovery_level(vault) == level


async def test_create_makes_a_key_then_versions(kv):
    body = {"kty": "RSA", "attributes": None, "tags": {"a": "b"}}
    first = await kv.data("POST", "kv-one", "/keys/new/create", body)
    assert first["key"]["kid"].startswith("https://kv-one.vault.localhost:8443/keys/new/")
    assert first["key"]["key_ops"] == list(keyspec.OPERATIONS)
    assert len(material.unb64(first["key"]["n"], "n")) == 256
    assert first["key"]["e"] == "AQAB"
    assert first["tags"] == {"a": "b"}
    second = await kv.data("POST", "kv-one", "/keys/NEW/create", {"kty": "RSA"})
    assert second["key"]["n"] != first["key"]["n"]
    latest = await kv.data("GET", "kv-one", "/keys/new")
    assert latest == second
    listed = (await kv.data("GET", "kv-one", "/keys/new/versions"))["value"]
    ids = [item["kid"].rpartition("/")[2] for item in listed]
    assert ids == sorted(ids)
    assert len(ids) == 2


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({}, "key type"),
        ({"kty": "oct"}, "oct"),
        ({"kty": "RSA", "key_size": 1024}, "1024"),
        ({"kty": "RSA-HSM"}, "premium"),
        ({"kty": "EC", "crv": "P-1"}, "P-1"),
        ({"kty": "EC", "key_ops": ["wrapKey"]}, "wrapKey"),
        ({"kty": "RSA", "key_ops": ["fly"]}, "key_ops"),
        ({"kty": "RSA", "attributes": {"exp": 5, "nbf": 6}}, "activation"),
        ({"kty": "RSA", "attributes": {"exp": "soon"}}, "seconds"),
    ],
)
async def test_bodies_refused(kv, body, words):
    got = await refused(kv.data("POST", "kv-one", "/keys/new/create", body))
    assert got[:2] == (400, "BadParameter")
    assert words in got[3].message
    assert "new" not in keystore.keys_of(kv.world, "kv-one")


async def test_premium_vaults_have_hardware_keys(kv):
    kv.vault("kv-two", sku="premium")
    bundle = await kv.data("POST", "kv-two", "/keys/k/create", {"kty": "EC-HSM", "crv": "P-384"})
    assert bundle["key"]["kty"] == "EC-HSM"
    assert bundle["key"]["crv"] == "P-384"
    assert bundle["attributes"]["hsmPlatform"] == "2"


async def test_lists_are_paged_to_a_null(kv):
    kv.vault("kv-two", keys=[{"name": f"Key-{at:02d}"} for at in range(30)])
    url, names, rounds = "/keys?maxresults=20", [], 0
    while url:
        page = await kv.data("GET", "kv-two", url)
        names += [item["kid"].rpartition("/")[2] for item in page["value"]]
        link = page["nextLink"]
        url = link and link.removeprefix("https://kv-two.vault.localhost:8443").replace(
            "api-version=7.6&", ""
        )
        rounds += 1
    assert names == [f"Key-{at:02d}" for at in range(30)]
    assert rounds == 2
    assert "n" not in page["value"][0]
    assert len((await kv.data("GET", "kv-two", "/keys"))["value"]) == 25
    for bad in ("maxresults=0", "maxresults=26", "$skiptoken=%%"):
        assert (await refused(kv.data("GET", "kv-two", f"/keys?{bad}")))[0] == 400


async def test_listing_makes_no_material_and_reading_keeps_it(kv):
    await kv.data("GET", "kv-one", "/keys")
    await kv.data("GET", "kv-one", "/keys/cmk/versions")
    assert current(kv)["pem"] == ""
    first = await kv.data("GET", "kv-one", "/keys/cmk")
    assert kv.world.changed
    kv.reload()
    assert await kv.data("GET", "kv-one", "/keys/cmk") == first


async def test_two_first_readers_see_one_key(kv):
    reads = [kv.data("GET", "kv-one", "/keys/cmk") for _ in range(3)]
    first, *others = await asyncio.gather(*reads)
    assert all(other == first for other in others)


async def test_update_changes_what_is_named(with_pem):
    kv = with_pem
    body = {"attributes": {"enabled": False, "exp": 4_000_000_000}, "tags": {"x": "y"}}
    changed = await kv.data("PATCH", "kv-one", "/keys/cmk", body)
    assert (changed["attributes"]["enabled"], changed["attributes"]["exp"]) == (
        False,
        4_000_000_000,
    )
    again = await kv.data("PATCH", "kv-one", "/keys/cmk/", {"key_ops": ["wrapKey"]})
    assert again["attributes"]["enabled"] is False
    assert again["attributes"]["exp"] == 4_000_000_000
    assert again["key"]["key_ops"] == ["wrapKey"]
    assert again["tags"] == {"x": "y"}


async def test_what_is_not_there(kv):
    got = await refused(kv.data("GET", "kv-one", "/keys/none"))
    assert got[:3] == (404, "KeyNotFound", None)
    assert "(name/id) none was not found" in got[3].message
    assert (await refused(kv.data("GET", "kv-one", f"/keys/cmk/{'0' * 32}")))[0] == 404


@pytest.mark.parametrize("path", ["/secrets/x", "/certificates", "/rng", "/storage/a/b/c"])
async def test_other_families_say_they_are_not_there(kv, path):
    assert (await refused(kv.data("GET", "kv-one", path, who="")))[0] == 401
    assert (await refused(kv.data("GET", "kv-one", path)))[:2] == (501, "NotSupported")


# What a key may do

ALL = set(keyspec.OPERATIONS)


def version(**changes):
    base = {"enabled": True, "nbf": None, "exp": None, "ops": list(keyspec.OPERATIONS)}
    return {**base, **changes}


@pytest.mark.parametrize(
    ("one", "refused_operations", "inner"),
    [
        (version(), set(), ""),
        (version(enabled=False), {"decrypt", "sign", "unwrapKey"}, "KeyDisabled"),
        (version(exp=1000), {"encrypt", "sign", "wrapKey"}, "KeyNotYetValidOrExpired"),
        (version(nbf=1001), {"encrypt", "sign", "wrapKey"}, "KeyNotYetValidOrExpired"),
        (version(nbf=1000, exp=1001), set(), ""),
        (version(ops=["wrapKey"]), ALL - {"wrapKey"}, "KeyOperationForbidden"),
        (version(ops=[]), ALL, "KeyOperationForbidden"),
    ],
)
def test_state_decides_what_a_key_does(one, refused_operations, inner):
    seen = {}
    for name in keyspec.OPERATIONS:
        try:
            usable.check(one, name, 1000.0)
        except VaultRefusal as refusal:
            assert refusal.status == 403
            seen[name] = refusal.extra["innererror"]["code"]
    assert seen == dict.fromkeys(refused_operations, inner)


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.binary(min_size=1, max_size=190), st.sampled_from(["RSA1_5", "RSA-OAEP", "RSA-OAEP-256"]))
def test_what_is_wrapped_comes_back(pem, data, algorithm):
    wrapped = material.encrypt(pem, algorithm, data)
    assert len(wrapped) == 256
    assert material.decrypt(pem, algorithm, wrapped) == data


async def test_wrap_and_unwrap_with_and_without_version(with_pem):
    kv = with_pem
    secret = b64(b"\x00" * 32)
    body = {"alg": "RSA-OAEP-256", "value": secret}
    wrapped = await kv.data("POST", "kv-one", "/keys/cmk//wrapkey", body)
    assert wrapped["kid"] == f"{KID}/{current(kv)['version']}"
    path = wrapped["kid"].removeprefix("https://kv-one.vault.localhost:8443")
    back = {"alg": "RSA-OAEP-256", "value": wrapped["value"]}
    assert (await kv.data("POST", "kv-one", f"{path}/unwrapKey", back))["value"] == secret
    broken = {"alg": "RSA1_5", "value": b64(b"\x01" * 100)}
    assert (await refused(kv.data("POST", "kv-one", f"{path}/unwrapkey", broken)))[0] == 400
    long = {"alg": "RSA-OAEP-256", "value": b64(b"1" * 300)}
    assert (await refused(kv.data("POST", "kv-one", f"{path}/wrapkey", long)))[0] == 400
    odd = {"alg": "A256KW", "value": secret}
    assert (await refused(kv.data("POST", "kv-one", f"{path}/wrapkey", odd)))[0] == 400
    assert (await refused(kv.data("POST", "kv-one", f"{path}/juggle", body)))[0] == 404


@pytest.mark.parametrize("algorithm", ["RS256", "PS256", "RS512", "ES256"])
async def test_sign_and_verify(with_pem, algorithm):
    kv = with_pem
    if algorithm.startswith("ES"):
        await kv.data("POST", "kv-one", "/keys/cmk/create", {"kty": "EC"})
    digest = hashlib.new(f"sha{algorithm[2:]}", b"text").digest()
    made = await kv.data(
        "POST", "kv-one", "/keys/cmk/sign", {"alg": algorithm, "value": b64(digest)}
    )
    body = {"alg": algorithm, "digest": b64(digest), "value": made["value"]}
    assert (await kv.data("POST", "kv-one", "/keys/cmk/verify", body)) == {"value": True}
    other = {**body, "digest": b64(hashlib.new(f"sha{algorithm[2:]}", b"other").digest())}
    assert (await kv.data("POST", "kv-one", "/keys/cmk/verify", other)) == {"value": False}


async def test_ec_keys_wrap_nothing(kv):
    await kv.data("POST", "kv-one", "/keys/cmk/create", {"kty": "EC"})
    body = {"alg": "RSA-OAEP", "value": b64(b"x")}
    got = await refused(kv.data("POST", "kv-one", "/keys/cmk/wrapkey", body))
    assert got[2] == "KeyOperationForbidden"


async def test_import_takes_material_in(kv, pem):
    private = serialization.load_pem_private_key(pem.encode(), None)
    assert isinstance(private, rsa.RSAPrivateKey)
    numbers = private.private_numbers()
    parts = {"n": numbers.public_numbers.n, "e": numbers.public_numbers.e, "d": numbers.d}
    jwk = {n: b64(v.to_bytes((v.bit_length() + 7) // 8, "big")) for n, v in parts.items()}
    made = await kv.data("PUT", "kv-one", "/keys/brought", {"key": {"kty": "RSA", **jwk}})
    assert made["key"]["n"] == jwk["n"]
    wrapped = material.encrypt(pem, "RSA-OAEP", b"data")
    body = {"alg": "RSA-OAEP", "value": b64(wrapped)}
    back = await kv.data("POST", "kv-one", "/keys/brought/unwrapkey", body)
    assert back["value"] == b64(b"data")
    bad = {"key": {"kty": "RSA", **jwk, "d": "AQAB"}}
    assert (await refused(kv.data("PUT", "kv-one", "/keys/bad", bad)))[0] == 400


# How a key ends


async def test_deleted_key_settles_and_comes_back(with_pem):
    kv = with_pem
    before = await kv.data("GET", "kv-one", "/keys/cmk")
    gone = await kv.data("DELETE", "kv-one", "/keys/cmk")
    assert gone["scheduledPurgeDate"] - gone["deletedDate"] == 90 * DAY
    assert gone["recoveryId"] == "https://kv-one.vault.localhost:8443/deletedkeys/cmk"
    got = await refused(kv.data("GET", "kv-one", "/deletedkeys/cmk"))
    assert got[:3] == (404, "KeyNotFound", None)
    assert got[3].message == "Deleted Key not found: cmk"
    create = ("POST", "kv-one", "/keys/cmk/create", {"kty": "RSA"})
    assert (await refused(kv.data(*create)))[:3] == (409, "Conflict", "ObjectIsBeingDeleted")
    early = await refused(kv.data("DELETE", "kv-one", "/deletedkeys/cmk"))
    assert early[2] == "ObjectIsBeingDeleted"
    kv.later(6)
    assert (await kv.data("GET", "kv-one", "/deletedkeys/cmk")) == gone
    assert (await refused(kv.data(*create)))[2] == "ObjectIsDeletedButRecoverable"
    assert (await kv.data("GET", "kv-one", "/keys"))["value"] == []
    listed = (await kv.data("GET", "kv-one", "/deletedkeys"))["value"]
    assert [item["kid"] for item in listed] == [KID]
    assert (await kv.data("POST", "kv-one", "/deletedkeys/cmk/recover")) == before
    assert (await refused(kv.data("GET", "kv-one", "/keys/cmk")))[0] == 404
    assert (await refused(kv.data(*create)))[2] == "ObjectIsBeingRecovered"
    kv.later(6)
    assert await kv.data("GET", "kv-one", "/keys/cmk") == before


async def test_purge_is_refused_under_purge_protection(kv):
    kv.vault("kv-two", purge_protection=True, keys=[{"name": "cmk", "deleted_days_ago": 1}])
    status, code, _, refusal = await refused(kv.data("DELETE", "kv-two", "/deletedkeys/cmk"))
    assert (status, code) == (403, "Forbidden")
    assert refusal.message.startswith('Operation "purge" is not allowed because purge protection')
    kv.later(90 * DAY)
    assert keystore.keys_of(kv.world, "kv-two") == {}


async def test_purge_ends_a_key(with_pem):
    kv = with_pem
    await kv.data("DELETE", "kv-one", "/keys/cmk")
    kv.later(6)
    answer = await kv.data_answer("DELETE", "kv-one", "/deletedkeys/cmk")
    assert (answer.status, answer.body) == (204, None)
    assert (await refused(kv.data("DELETE", "kv-one", "/deletedkeys/cmk")))[0] == 404


async def test_backup_goes_back_under_its_name_in_the_same_subscription(with_pem):
    kv = with_pem
    blob = await kv.data("POST", "kv-one", "/keys/cmk/backup")
    before = await kv.data("GET", "kv-one", "/keys/cmk")
    assert "PRIVATE" not in str(material.unb64(blob["value"], "value"))
    assert (await refused(kv.data("POST", "kv-one", "/keys/restore", blob)))[0] == 409
    kv.vault("kv-two")
    back = await kv.data("POST", "kv-two", "/keys/restore", blob)
    assert back["key"]["n"] == before["key"]["n"]
    kv.vault("kv-far", subscription=OTHER_SUB)
    assert (await refused(kv.data("POST", "kv-far", "/keys/restore", blob)))[0] == 400
    torn = {"value": blob["value"][:-8]}
    assert (await refused(kv.data("POST", "kv-two", "/keys/restore", torn)))[0] == 400


# Rotation


def test_durations_follow_the_calendar():
    assert durations.days("P30D") == 30
    assert durations.days("P1Y2W") == 379
    leap = 1_709_164_800  # 2024-02-29
    assert durations.add(leap, "P1Y") - leap == 365 * DAY
    assert leap - durations.add(leap, "P1M", -1) == 31 * DAY
    for bad in ("P", "30D", "P30", "PT1H"):
        with pytest.raises(ValueError, match="duration"):
            durations.days(bad)


POLICY = {
    "lifetimeActions": [
        {"trigger": {"timeAfterCreate": "P15D"}, "action": {"type": "rotate"}},
        {"trigger": {"timeBeforeExpiry": "P7D"}, "action": {"type": "Notify"}},
    ],
    "attributes": {"expiryTime": "P30D"},
}


async def test_rotation_policy_is_kept_and_obeyed(with_pem):
    kv = with_pem
    before = await kv.data("GET", "kv-one", "/keys/cmk/rotationpolicy")
    assert before["lifetimeActions"][0]["action"]["type"] == "Notify"
    await kv.data("POST", "kv-one", "/keys/new/create", {"kty": "EC"})
    shown = await kv.data("PUT", "kv-one", "/keys/new/rotationpolicy", POLICY)
    assert shown["id"].endswith("/keys/new/rotationpolicy")
    assert shown["lifetimeActions"][0]["action"] == {"type": "Rotate"}
    assert set(shown["attributes"]) == {"expiryTime", "created", "updated"}
    kv.later(15 * DAY + 1)
    rotated = await kv.data("GET", "kv-one", "/keys/new")
    attributes = rotated["attributes"]
    assert attributes["exp"] - attributes["created"] == 30 * DAY
    kv.later(30 * DAY)
    assert len(key(kv, "new")["versions"]) == 4
    kv.later(5 * DAY)
    by_hand = await kv.data("POST", "kv-one", "/keys/new/rotate")
    assert by_hand["attributes"]["exp"] - by_hand["attributes"]["created"] == 30 * DAY
    assert len(key(kv, "new")["versions"]) == 5
    kv.later(11 * DAY)
    assert len(key(kv, "new")["versions"]) == 5
    kv.later(5 * DAY)
    assert len(key(kv, "new")["versions"]) == 6


@pytest.mark.parametrize(
    "policy",
    [
        {"attributes": {"expiryTime": "P27D"}},
        {"attributes": {"expiryTime": "soon"}},
        {"lifetimeActions": [{"trigger": {}, "action": {"type": "Rotate"}}]},
        {"lifetimeActions": [{"trigger": {"timeAfterCreate": "P6D"}, "action": {"type": "Rotate"}}]},
        {"lifetimeActions": [{"trigger": {"timeBeforeExpiry": "P9D"}, "action": {"type": "Rotate"}}]},
    ],
)  # fmt: skip
async def test_rotation_policies_refused(kv, policy):
    got = await refused(kv.data("PUT", "kv-one", "/keys/cmk/rotationpolicy", policy))
    assert got[:2] == (400, "BadParameter")
    assert key(kv)["policy"] is None


async def test_rotation_keeps_versions_apart(with_pem):
    kv = with_pem
    old = current(kv)["version"]
    await kv.data("POST", "kv-one", "/keys/cmk/rotate")
    await kv.data("PATCH", "kv-one", "/keys/cmk", {"tags": {"a": "b"}})
    assert "tags" not in await kv.data("GET", "kv-one", f"/keys/cmk/{old}")


# Other services' use of a key


def test_services_wrap_and_follow_rotation(with_pem):
    kv = with_pem
    kv.vault("kv-rbac", access="rbac", keys=[{"name": "cmk", "versions": 2}])
    kid = KID.replace("kv-one", "kv-rbac")
    kv.grant(vault_path("kv-rbac"), "Key Vault Crypto Service Encryption User", APP)
    kv.later(61)
    wrapped = keys.wrap_as(kv.world, kid, APP, b"data key", trusted=False)
    before = keys.latest(kv.world, kid)
    keystore.keys_of(kv.world, "kv-rbac")["cmk"]["versions"].append(
        keystore.new_version(kv.world, keyspec.key_spec({"kty": "RSA"}, "standard"))
    )
    assert keys.latest(kv.world, kid) != before
    assert keys.unwrap_as(kv.world, kid, APP, wrapped, trusted=False) == b"data key"
    assert keys.unwrap_as(kv.world, before, APP, wrapped, trusted=False) == b"data key"
    with pytest.raises(VaultRefusal, match="BadParameter"):
        keys.unwrap_as(kv.world, keys.latest(kv.world, kid), APP, wrapped, trusted=False)


def _close(kv):
    doc = kv.world.resource(vault_path("kv-one")).doc
    doc["properties"]["networkAcls"] = {"defaultAction": "Deny", "bypass": "None"}


def _leave(kv):
    kv.world.resource(vault_path("kv-one")).doc["properties"]["accessPolicies"] = []


@pytest.mark.parametrize(
    ("spoil", "kid", "who", "codes"),
    [
        (_leave, KID, ADMIN, {"ForbiddenByPolicy"}),
        (_close, KID, ADMIN, {"ForbiddenByFirewall"}),
        (lambda kv: current(kv).update(enabled=False), KID, ADMIN, {"KeyDisabled"}),
        (lambda kv: key(kv).update(deleted=1), KID, ADMIN, {"KeyNotFound"}),
        (lambda kv: None, KID.replace("kv-one", "kv-no"), ADMIN, {"VaultNotFound"}),
        (lambda kv: None, KID, "nobody", {"Unauthorized"}),
        (lambda kv: None, KID, STRANGER, {"Unauthorized"}),
    ],
)
def test_services_are_refused_with_the_vaults_codes(with_pem, spoil, kid, who, codes):
    kv = with_pem
    wrapped = keys.wrap_as(kv.world, KID, ADMIN, b"x", trusted=True)
    spoil(kv)
    with pytest.raises(VaultRefusal) as caught:
        keys.unwrap_as(kv.world, kid, who, wrapped, trusted=True)
    refusal = caught.value
    assert refusal.extra.get("innererror", {}).get("code", refusal.code) in codes


# Whatever is sent, the answer is an answer

JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-2, 5000) | st.sampled_from(["", "RSA", "EC", "P30D"]),
    lambda inner: st.lists(inner, max_size=2)
    | st.dictionaries(
        st.sampled_from(
            ["enabled", "exp", "nbf", "kty", "n", "d", "trigger", "action", "type", "expiryTime",
             "timeAfterCreate", "crv"]
        ),
        inner,
        max_size=3,
    ),
    max_leaves=6,
)  # fmt: skip
MEMBER = st.sampled_from(
    ["kty", "crv", "key_ops", "attributes", "tags", "key", "Hsm", "value", "alg", "digest",
     "lifetimeActions", "key_size"]
)  # fmt: skip
CALLS = [
    ("POST", "/keys/new/create"),
    ("PUT", "/keys/new"),
    ("PATCH", "/keys/cmk"),
    ("PUT", "/keys/cmk/rotationpolicy"),
    ("POST", "/keys/cmk/wrapkey"),
    ("POST", "/keys/cmk/verify"),
    ("POST", "/keys/restore"),
]


@settings(max_examples=200, deadline=None)
@given(call=st.sampled_from(CALLS), sent=st.dictionaries(MEMBER, JSON, max_size=3))
async def test_strange_bodies_are_refused_not_broken(pem, call, sent):
    kv = Kv()
    kv.vault(keys=[{"name": "cmk"}])
    current(kv)["pem"] = pem
    sent = {"kty": "EC", **sent} if call[1].endswith("create") else sent
    try:
        await kv.data(*call[:1], "kv-one", call[1], sent)
    except VaultRefusal as refusal:
        assert refusal.status in (400, 403)
        return
    assert isinstance(current(kv)["tags"], dict)
    for item in (await kv.data("GET", "kv-one", "/keys"))["value"]:
        assert isinstance(item["attributes"]["enabled"], bool)
