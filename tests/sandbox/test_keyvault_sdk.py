"""Key Vault through Azure's own clients, over TLS, as any program would use it."""

import asyncio
import time
from contextlib import asynccontextmanager

import pytest
from azure.core.credentials import AccessToken
from azure.core.exceptions import (
    ClientAuthenticationError,
    HttpResponseError,
    ResourceExistsError,
    ResourceNotFoundError,
)
from azure.core.pipeline.transport import AioHttpTransport
from azure.keyvault.keys import (
    KeyRotationLifetimeAction,
    KeyRotationPolicy,
    KeyRotationPolicyAction,
)
from azure.keyvault.keys.aio import KeyClient
from azure.keyvault.keys.crypto import KeyWrapAlgorithm
from azure.keyvault.keys.crypto.aio import CryptographyClient
from azure.mgmt.keyvault.aio import KeyVaultManagementClient

from sandbox import rbac, registrations

GROUP = "rg-kv"


class Static:
    """A credential that hands out tokens the sandbox signed, whoever asks for which scope."""

    def __init__(self, sandbox, principal="admin"):
        self.sandbox, self.principal, self.scopes = sandbox, principal, []

    async def get_token(self, *scopes, **_):
        self.scopes.append(scopes[0])
        audience = "vault" if "vault." in scopes[0] else "arm"
        token = self.sandbox.token(self.principal, audience)
        return AccessToken(token, int(time.time()) + 3000)

    async def close(self):
        return None

    async def __aenter__(self):
        return self

    async def __aexit__(self, *_):
        return None


class Clients:
    """Management and key clients over one session."""

    def __init__(self, sandbox, session, principal="admin"):
        self.sandbox, self.session = sandbox, session
        self.credential = Static(sandbox, principal)
        self.options = {
            "transport": AioHttpTransport(session=session, session_owner=False),
            "retry_total": 0,
        }
        self.subscription = sandbox.ready["subscriptions"][0]["id"]
        self.mgmt = KeyVaultManagementClient(
            self.credential,
            self.subscription,
            base_url=sandbox.ready["arm"],
            credential_scopes=[f"{sandbox.ready['arm']}/.default"],
            polling_interval=0,
            **self.options,
        )

    def body(self, **properties):
        base = {
            "tenantId": self.sandbox.ready["tenant_id"],
            "sku": {"family": "A", "name": "standard"},
            "enablePurgeProtection": True,
        }
        return {"location": "westeurope", "properties": {**base, **properties}}

    async def vault(self, name, **properties):
        """Create a vault and wait until its name resolves."""
        await self.mgmt.vaults.begin_create_or_update(GROUP, name, self.body(**properties))
        while True:
            found = await self.mgmt.vaults.get(GROUP, name)
            if found.properties.provisioning_state == "Succeeded":
                return found
            await asyncio.sleep(0)

    def keys(self, name, **options):
        address = f"https://{name}.{self.sandbox.ready['key_vault_suffix']}"
        return KeyClient(address, self.credential, **{**self.options, **options})

    def crypto(self, kid):
        return CryptographyClient(kid, self.credential, **self.options)


@pytest.fixture
async def azure(sandbox):
    world = sandbox.world
    subscription = sandbox.ready["subscriptions"][0]["id"]

    def prepare():
        registrations.put(world, subscription, "Microsoft.KeyVault", "Registered")

    sandbox.on_loop(prepare)
    made = sandbox.call(
        "PUT", f"/subscriptions/{subscription}/resourceGroups/{GROUP}", {"location": "westeurope"}
    )
    assert made.status_code == 201
    async with connected(sandbox) as clients:
        yield clients


@asynccontextmanager
async def connected(sandbox, principal="admin"):
    async with sandbox.session() as session:
        clients = Clients(sandbox, session, principal)
        async with clients.mgmt:
            yield clients


async def granted(azure, vault, role="Key Vault Crypto Officer", principal="admin"):
    """Give a role on a vault and let it propagate."""
    object_id = azure.sandbox.principal(principal)["object_id"]
    azure.sandbox.on_loop(lambda: rbac.grant(azure.sandbox.world, vault.id, role, object_id))
    azure.sandbox.advance(120)


async def test_first_key_of_an_rbac_vault(azure):
    vault = await azure.vault("kv-sdk-one")
    assert vault.properties.enable_rbac_authorization is True
    assert vault.properties.vault_uri.endswith("/")
    async with azure.keys("kv-sdk-one") as keys:
        with pytest.raises(HttpResponseError) as caught:
            await keys.create_rsa_key("cmk", size=2048)
        assert caught.value.status_code == 403
        assert caught.value.error.innererror["code"] == "ForbiddenByRbac"
        await granted(azure, vault)
        made = await keys.create_rsa_key("cmk", size=2048, tags={"a": "b"})
        assert made.id.startswith(vault.properties.vault_uri)
        assert (await keys.get_key("cmk")).key.n == made.key.n
        names = [item.name async for item in keys.list_properties_of_keys()]
        assert names == ["cmk"]
    assert any(scope.startswith("https://vault.") for scope in azure.credential.scopes)


async def test_wrap_rotate_unwrap_and_disable(azure):
    vault = await azure.vault("kv-sdk-two")
    await granted(azure, vault)
    async with azure.keys("kv-sdk-two") as keys:
        first = await keys.create_rsa_key("cmk", size=2048, key_operations=["wrapKey", "unwrapKey"])
        async with azure.crypto(first.id) as crypto:
            wrapped = await crypto.wrap_key(KeyWrapAlgorithm.rsa_oaep_256, b"0" * 32)
            action = KeyRotationLifetimeAction(
                KeyRotationPolicyAction.rotate, time_after_create="P30D"
            )
            policy = KeyRotationPolicy(lifetime_actions=[action], expires_in="P90D")
            shown = await keys.update_key_rotation_policy("cmk", policy)
            assert shown.expires_in == "P90D"
            second = await keys.rotate_key("cmk")
            assert second.properties.version != first.properties.version
            assert second.properties.expires_on
            versions = [v.version async for v in keys.list_properties_of_key_versions("cmk")]
            assert sorted(versions) == sorted([first.properties.version, second.properties.version])
            assert (
                await crypto.unwrap_key(wrapped.algorithm, wrapped.encrypted_key)
            ).key == b"0" * 32
            await keys.update_key_properties("cmk", first.properties.version, enabled=False)
            with pytest.raises(HttpResponseError) as caught:
                await crypto.unwrap_key(wrapped.algorithm, wrapped.encrypted_key)
            assert caught.value.error.innererror["code"] == "KeyDisabled"


async def test_key_deleted_recovered_deleted_and_kept(azure):
    vault = await azure.vault("kv-sdk-tri", softDeleteRetentionInDays=7)
    await granted(azure, vault)
    async with azure.keys("kv-sdk-tri") as keys:
        await keys.create_ec_key("cmk")
        deleted = await keys.delete_key("cmk", _polling_interval=0)
        assert deleted.recovery_id.endswith("/deletedkeys/cmk")
        left = deleted.scheduled_purge_date - deleted.deleted_date
        assert left.days == 7
        azure.sandbox.advance(10)
        assert (await keys.get_deleted_key("cmk")).name == "cmk"
        with pytest.raises(ResourceExistsError):
            await keys.create_ec_key("cmk")
        with pytest.raises(HttpResponseError) as caught:
            await keys.purge_deleted_key("cmk")
        assert caught.value.status_code == 403
        await keys.recover_deleted_key("cmk", _polling_interval=0)
        assert (await keys.get_key("cmk")).properties.recovery_level == "CustomizedRecoverable"


async def test_backup_restore_and_import(azure):
    one = await azure.vault("kv-sdk-b1")
    other = await azure.vault("kv-sdk-b2")
    await granted(azure, one)
    await granted(azure, other)
    async with azure.keys("kv-sdk-b1") as source, azure.keys("kv-sdk-b2") as target:
        made = await source.create_rsa_key("cmk", size=2048)
        back = await target.restore_key_backup(await source.backup_key("cmk"))
        assert back.key.n == made.key.n


async def test_vault_deleted_listed_recovered_and_purged(azure):
    name = "kv-sdk-del"
    await azure.vault(name, enablePurgeProtection=None)
    await azure.mgmt.vaults.delete(GROUP, name)
    with pytest.raises(ResourceNotFoundError):
        await azure.mgmt.vaults.get(GROUP, name)
    listed = [vault.name async for vault in azure.mgmt.vaults.list_deleted()]
    assert listed == [name]
    with pytest.raises(ResourceExistsError) as caught:
        await azure.mgmt.vaults.begin_create_or_update(GROUP, name, azure.body())
    assert caught.value.error.code == "ConflictError"
    taken = await azure.mgmt.vaults.check_name_availability(
        {"name": name, "type": "Microsoft.KeyVault/vaults"}
    )
    assert (taken.name_available, taken.reason) == (False, "AlreadyExists")
    recover = azure.body(createMode="recover", enablePurgeProtection=None)
    poller = await azure.mgmt.vaults.begin_create_or_update(GROUP, name, recover)
    assert (await poller.result()).properties.provisioning_state == "Succeeded"
    await azure.mgmt.vaults.delete(GROUP, name)
    purge = await azure.mgmt.vaults.begin_purge_deleted(name, "westeurope")
    azure.sandbox.advance(100)
    await purge.result()
    assert [vault.name async for vault in azure.mgmt.vaults.list_deleted()] == []


async def test_vaults_are_listed_through_all_pages(azure):
    names = {f"kv-sdk-{at}xx" for at in range(5)}
    for name in names:
        await azure.vault(name)
    in_group = {v.name async for v in azure.mgmt.vaults.list_by_resource_group(GROUP, top=2)}
    everywhere = {v.name async for v in azure.mgmt.vaults.list_by_subscription()}
    assert in_group == everywhere == names


async def test_access_policy_vault(azure):
    me = azure.sandbox.principal("admin")["object_id"]
    vault = await azure.vault("kv-sdk-pol", enableRbacAuthorization=False, accessPolicies=[])
    async with azure.keys("kv-sdk-pol") as keys:
        with pytest.raises(HttpResponseError) as caught:
            await keys.get_key("cmk")
        assert caught.value.error.innererror["code"] == "ForbiddenByPolicy"
        entry = {
            "tenantId": vault.properties.tenant_id,
            "objectId": me,
            "permissions": {"keys": ["get", "create"]},
        }
        changed = await azure.mgmt.vaults.update_access_policy(
            GROUP, "kv-sdk-pol", "add", {"properties": {"accessPolicies": [entry]}}
        )
        assert changed.properties.access_policies[0].object_id == me
        with pytest.raises(ResourceNotFoundError):
            await keys.get_key("cmk")


async def test_key_through_arm_needs_no_data_plane(azure):
    await azure.vault("kv-sdk-arm", publicNetworkAccess="Disabled")
    made = await azure.mgmt.keys.create_if_not_exist(
        GROUP, "kv-sdk-arm", "cmk", {"properties": {"kty": "RSA", "keySize": 3072}}
    )
    assert made.key_size == 3072
    again = await azure.mgmt.keys.get(GROUP, "kv-sdk-arm", "cmk")
    assert again.key_uri_with_version == made.key_uri_with_version
    async with azure.keys("kv-sdk-arm") as keys:
        with pytest.raises(HttpResponseError) as caught:
            await keys.get_key("cmk")
        assert caught.value.error.innererror["code"] == "ForbiddenByConnection"


async def test_reader_sees_vaults_and_makes_none(azure):
    await azure.vault("kv-sdk-seen")
    async with connected(azure.sandbox, "reader") as reader:
        assert (await reader.mgmt.vaults.get(GROUP, "kv-sdk-seen")).name == "kv-sdk-seen"
        with pytest.raises(HttpResponseError) as caught:
            await reader.mgmt.vaults.begin_create_or_update(GROUP, "kv-sdk-mine", reader.body())
        assert caught.value.error.code == "AuthorizationFailed"


async def test_vault_of_nobody_and_token_for_another_service(azure):
    async with azure.keys("kv-sdk-none") as keys:
        with pytest.raises(HttpResponseError) as caught:
            await keys.get_key("cmk")
        assert caught.value.status_code == 421
    await azure.vault("kv-sdk-tok")
    suffix = azure.sandbox.ready["key_vault_suffix"]
    url = f"https://kv-sdk-tok.{suffix}/keys?api-version=7.6"
    headers = {"Authorization": f"Bearer {azure.sandbox.token()}"}
    async with azure.session.get(url, headers=headers) as answer:
        body = await answer.json()
        assert answer.status == 401
        assert body["error"]["message"].startswith("AKV10022: Invalid audience.")
        assert f'resource="https://{suffix}"' in answer.headers["WWW-Authenticate"]


async def test_client_that_can_not_sign_in_again_says_so(azure):
    await azure.vault("kv-sdk-exp")
    found = azure.sandbox.principal("admin")["object_id"]
    world = azure.sandbox.world
    person = world.principal(found)
    old = world.issuer.access_token(person, azure.sandbox.audience("vault"), -10)

    async def expired(*_, **__):
        return AccessToken(old, int(time.time()) + 3000)

    azure.credential.get_token = expired
    async with azure.keys("kv-sdk-exp") as keys:
        with pytest.raises(ClientAuthenticationError, match="TokenExpired"):
            await keys.get_key("cmk")
