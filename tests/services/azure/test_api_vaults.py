"""Vaults and keys, asked through the real SDKs over TLS."""

from datetime import UTC, datetime, timedelta

import pytest
from azure.core.rest import HttpRequest
from estate import Azure

from services.azure import keys, resourcegraph, vaults
from services.azure.errors import AzureError, ErrorKind
from services.model.resources import AccessPolicy, RotationPolicy, Vault

KEYS = ("get", "list", "create", "delete", "recover", "wrapkey", "unwrapkey")
OWN = (*KEYS, "getrotationpolicy", "setrotationpolicy")
NOW = datetime.now(UTC).replace(microsecond=0)


async def policy_vault(azure: Azure, name: str = "kv-policies") -> Vault:
    """A vault that uses access policies and lets its maker do everything."""
    me = await azure.conn.who()
    spec = vaults.VaultSpec(
        location="westeurope",
        tenant_id=me.tenant_id,
        rbac=False,
        policies=(AccessPolicy(object_id=me.object_id, keys=OWN),),
    )
    return await vaults.create_vault(azure.conn, azure.vault_id(name), spec)


async def test_a_vault_is_made_protected_and_says_who_decides(azure: Azure) -> None:
    id, tenant = azure.vault_id("kv-new"), azure.tenant
    assert await vaults.get_vault(azure.conn, id) is None
    spec = vaults.VaultSpec(
        location="westeurope",
        tenant_id=tenant,
        sku="premium",
        retention_days=7,
        network="trusted-services",
        tags={"team": "ml"},
    )
    made = await vaults.create_vault(azure.conn, id, spec)
    assert made.state == "Succeeded"
    there = await vaults.get_vault(
        azure.conn, id.upper().replace("/SUBSCRIPTIONS", "/subscriptions")
    )
    assert there is not None
    assert (there.id, there.tags) == (id, {"team": "ml"})
    properties = there.raw["properties"]
    assert properties["enableRbacAuthorization"] is True
    assert properties["enablePurgeProtection"] is properties["enableSoftDelete"] is True
    assert properties["softDeleteRetentionInDays"] == 7
    assert properties["networkAcls"]["defaultAction"] == "Deny"
    assert properties["networkAcls"]["bypass"] == "AzureServices"
    assert (there.sku, there.default_action, there.tenant_id) == ("premium", "Deny", tenant)
    puts = [call for call in azure.seen("PUT") if "/vaults/" in call.path]
    assert [call.query["api-version"] for call in puts] == ["2026-02-01"]


async def test_vaults_are_listed_by_both_ways(azure: Azure) -> None:
    for name in ("kv-one", "kv-two"):
        await policy_vault(azure, name)
    listed = [v async for page in vaults.list_vaults(azure.conn, azure.sub) for v in page]
    found = [v async for p in resourcegraph.list_vaults(azure.conn, [azure.sub]) for v in p]
    assert {v.name for v in listed} == {"kv-one", "kv-two"}
    assert {(v.id, v.uri, v.purge_protection, v.policies) for v in found} == {
        (v.id, v.uri, v.purge_protection, v.policies) for v in listed
    }


async def test_a_listing_turns_its_pages(azure: Azure, monkeypatch: pytest.MonkeyPatch) -> None:
    names = ["kv-one", "kv-three", "kv-two"]
    for name in names:
        await policy_vault(azure, name)
    monkeypatch.setattr("sandbox.providers.vaults.PAGE", 2)
    pages = [page async for page in vaults.list_vaults(azure.conn, azure.sub)]
    # Key Vault ends a list of several pages with an empty one.
    assert [len(page) for page in pages] == [2, 1, 0]
    assert sorted(vault.name for page in pages for vault in page) == names


async def test_a_page_that_fails_keeps_the_pages_before_it(
    azure: Azure, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("kv-one", "kv-two"):
        await policy_vault(azure, name)
    monkeypatch.setattr("sandbox.providers.vaults.PAGE", 1)
    broken = {"path": "/vaults$", "method": "GET", "skip": 1, "times": -1, "status": 500}
    azure.sandbox.admin("POST", "faults", broken)
    read = []
    with pytest.raises(AzureError) as failed:
        async for page in vaults.list_vaults(azure.conn, azure.sub):
            read += page
    assert [vault.name for vault in read] == ["kv-one"]
    assert failed.value.kind is ErrorKind.SERVER
    assert failed.value.what == "Could not list vaults."


async def test_a_policy_is_added_and_none_is_lost(azure: Azure) -> None:
    vault = await policy_vault(azure)
    other = AccessPolicy(object_id=azure.object_id("app"), keys=("get", "wrapkey", "unwrapkey"))
    await vaults.add_policy(azure.conn, vault.id, other)
    after = await vaults.get_vault(azure.conn, vault.id)
    assert after is not None
    held = {policy.object_id: set(policy.keys) for policy in after.policies}
    assert held == {(await azure.conn.who()).object_id: set(OWN), other.object_id: set(other.keys)}
    assert all(policy.tenant_id == azure.tenant for policy in after.policies)
    writes = [call.path.lower() for call in azure.seen("PUT")]
    assert writes[-1].endswith("/vaults/kv-policies/accesspolicies/add")


async def test_purge_protection_is_turned_on_by_a_patch_that_changes_nothing_else(
    azure: Azure,
) -> None:
    id = azure.vault_id("kv-weak")
    await azure.put(
        id,
        {
            "location": "westeurope",
            "properties": {
                "tenantId": azure.tenant,
                "sku": {"family": "A", "name": "standard"},
                "enableRbacAuthorization": True,
            },
        },
        "2026-02-01",
    )
    before = await vaults.get_vault(azure.conn, id)
    assert before is not None
    assert before.purge_protection is False
    after = await vaults.enable_purge_protection(azure.conn, id)
    assert after.purge_protection
    assert (after.rbac, after.retention_days) == (before.rbac, before.retention_days)
    assert [call.path for call in azure.seen("PATCH")] == [id]


async def test_a_deleted_vault_keeps_its_name_and_comes_back(azure: Azure) -> None:
    vault = await policy_vault(azure, "kv-gone")
    assert (await vaults.check_name(azure.conn, azure.sub, "kv-free")).available
    await azure.delete(vault.id, "2026-02-01")
    (deleted,) = await vaults.list_deleted(azure.conn, azure.sub)
    assert (deleted.name, deleted.id) == ("kv-gone", vault.id)
    assert deleted.purge_protection
    assert deleted.deleted is not None
    assert deleted.purge_at == deleted.deleted + timedelta(days=90)
    taken = await vaults.check_name(azure.conn, azure.sub, "kv-gone")
    assert (taken.available, taken.reason) == (False, "AlreadyExists")
    back = await vaults.recover(azure.conn, deleted)
    assert back.id == vault.id
    assert await vaults.list_deleted(azure.conn, azure.sub) == []
    there = await vaults.get_vault(azure.conn, vault.id)
    assert there is not None
    assert there.purge_protection


async def test_a_subscription_that_cannot_be_seen_is_no_missing_vault(azure: Azure) -> None:
    id = azure.vault_id("kv-x").replace(azure.sub, azure.sub[:-1] + "9")
    with pytest.raises(AzureError) as refused:
        await vaults.get_vault(azure.conn, id)
    assert refused.value.code == "SubscriptionNotFound"
    assert "kv-x" in refused.value.what


async def test_a_key_is_made_as_specified(azure: Azure) -> None:
    vault = await policy_vault(azure)
    assert await keys.get_key(azure.conn, vault.uri, "cmk") is None
    spec = keys.KeySpec(
        bits=2048,
        not_before=NOW - timedelta(days=1),
        expires=NOW + timedelta(days=365),
        tags={"team": "ml"},
    )
    made = await keys.create_key(azure.conn, vault.uri, "cmk", spec)
    there = await keys.get_key(azure.conn, vault.uri, "cmk")
    assert there is not None
    assert (there.id, there.type, there.bits, there.enabled) == (made.id, "RSA", 2048, True)
    assert {*keys.WRAPPING} <= set(there.ops) == set(spec.ops)
    assert (there.not_before, there.expires) == (spec.not_before, spec.expires)
    assert there.tags == {"team": "ml"}
    assert there.created is not None
    assert there.created.tzinfo is UTC
    assert there.id == f"{vault.uri}/keys/cmk/{there.version}"
    assert await keys.get_key(azure.conn, vault.uri, "cmk", there.version) == there
    assert await keys.get_key(azure.conn, vault.uri, "cmk", "0" * 32) is None


async def test_keys_and_versions_are_listed(azure: Azure) -> None:
    vault = await policy_vault(azure)
    first = await keys.create_key(azure.conn, vault.uri, "b", keys.KeySpec(bits=2048))
    azure.advance(60)
    second = await keys.create_key(azure.conn, vault.uri, "b", keys.KeySpec(bits=2048))
    await keys.create_key(azure.conn, vault.uri, "a", keys.KeySpec(bits=2048))
    listed = await keys.list_keys(azure.conn, vault.uri)
    assert [(key.vault, key.name, key.id) for key in listed] == [
        (vault.name, name, f"{vault.uri}/keys/{name}") for name in ("a", "b")
    ]
    versions = await keys.list_versions(azure.conn, vault.uri, "b")
    assert [one.id for one in versions] == [second.id, first.id]


async def test_a_rotation_policy_is_kept_by_the_vault(azure: Azure) -> None:
    vault = await policy_vault(azure)
    await keys.create_key(azure.conn, vault.uri, "cmk", keys.KeySpec(bits=2048))
    assert (await keys.get_rotation_policy(azure.conn, vault.uri, "cmk")).rotate_after == ""
    wish = RotationPolicy(rotate_after="P1Y", notify_before="P30D", expiry="P2Y")
    await keys.set_rotation_policy(azure.conn, vault.uri, "cmk", wish)
    told = await keys.get_rotation_policy(azure.conn, vault.uri, "cmk")
    assert (told.rotate_after, told.notify_before, told.expiry) == ("P1Y", "P30D", "P2Y")
    before = RotationPolicy(rotate_before_expiry="P60D", expiry="P1Y")
    await keys.set_rotation_policy(azure.conn, vault.uri, "cmk", before)
    told = await keys.get_rotation_policy(azure.conn, vault.uri, "cmk")
    assert (told.rotate_before_expiry, told.rotate_after) == ("P60D", "")


async def test_the_probe_asks_the_vault_itself_for_both(azure: Azure) -> None:
    vault = await policy_vault(azure)
    key = await keys.create_key(azure.conn, vault.uri, "cmk", keys.KeySpec(bits=2048))
    await keys.probe_wrap(azure.conn, key.id)
    asked = [call.path.rsplit("/", 1)[-1] for call in azure.seen("POST")]
    assert asked[-2:] == ["wrapkey", "unwrapkey"]


async def test_the_probe_says_what_the_key_does_not_allow(azure: Azure) -> None:
    vault = await policy_vault(azure)
    sign = keys.KeySpec(bits=2048, ops=("sign", "verify"))
    key = await keys.create_key(azure.conn, vault.uri, "cmk", sign)
    with pytest.raises(AzureError) as refused:
        await keys.probe_wrap(azure.conn, key.id)
    assert refused.value.kind is ErrorKind.FORBIDDEN


async def test_a_deleted_key_keeps_its_name_and_comes_back(azure: Azure) -> None:
    vault = await policy_vault(azure)
    key = await keys.create_key(azure.conn, vault.uri, "cmk", keys.KeySpec(bits=2048))
    assert await keys.get_deleted_key(azure.conn, vault.uri, "cmk") is None
    gone = await azure.conn.keys(vault.uri).send_request(HttpRequest("DELETE", "keys/cmk"))
    assert gone.status_code == 200
    azure.advance(60)
    deleted = await keys.get_deleted_key(azure.conn, vault.uri, "cmk")
    assert deleted is not None
    assert (deleted.name, deleted.id) == ("cmk", key.id)
    assert deleted.deleted is not None
    assert deleted.purge_at == deleted.deleted + timedelta(days=90)
    with pytest.raises(AzureError) as refused:
        await keys.create_key(azure.conn, vault.uri, "cmk", keys.KeySpec(bits=2048))
    assert refused.value.kind is ErrorKind.CONFLICT
    back = await keys.recover_key(azure.conn, vault.uri, "cmk")
    assert back.id == key.id


async def test_who_has_no_right_on_the_keys_is_told_so(azure: Azure) -> None:
    spec = vaults.VaultSpec(location="westeurope", tenant_id=azure.tenant)
    vault = await vaults.create_vault(azure.conn, azure.vault_id("kv-rbac"), spec)
    with pytest.raises(AzureError) as refused:
        await keys.list_keys(azure.conn, vault.uri)
    assert (refused.value.kind, refused.value.inner) == (ErrorKind.FORBIDDEN, "ForbiddenByRbac")
    assert "list keys" in refused.value.what


async def test_a_key_with_an_identifier_that_is_none_is_an_answer_not_a_fault(azure: Azure) -> None:
    vault = await policy_vault(azure, "kv-odd")
    body = {"value": [{"kid": f"{vault.uri}/keys/a/b/c/d", "attributes": {}}], "nextLink": None}
    azure.sandbox.admin(
        "POST", "faults", {"path": "/keys$", "method": "GET", "status": 200, "body": body}
    )
    with pytest.raises(AzureError) as odd:
        await keys.list_keys(azure.conn, vault.uri)
    assert odd.value.code == "UnreadableIdentifier"
    assert "portal" in odd.value.do
