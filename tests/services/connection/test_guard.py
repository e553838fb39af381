"""The read-only guard: real SDK calls, and a server that counts connections."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from azure.keyvault.keys import KeyRotationPolicy

from services.azure.connection import Connection
from services.azure.errors import AzureError, ErrorKind, translated
from services.azure.policies import is_read, wrap_probe
from tests.services.connection.wire import SUB, Answer, Wire, challenge

Connect = Callable[..., Awaitable[Connection]]
GROUP = f"/subscriptions/{SUB}/resourceGroups/rg"
BODY = b'{"location":"westeurope"}'
VERSION = "0" * 32


def keyvault(conn: Connection) -> Any:
    from azure.mgmt.keyvault.aio import KeyVaultManagementClient

    return conn.arm(KeyVaultManagementClient, SUB)


def roles(conn: Connection) -> Any:
    from azure.mgmt.authorization.aio import AuthorizationManagementClient

    return conn.arm(AuthorizationManagementClient, SUB).role_assignments


def workspaces(conn: Connection) -> Any:
    from azure.mgmt.machinelearningservices.aio import MachineLearningServicesMgmtClient

    return conn.arm(MachineLearningServicesMgmtClient, SUB).workspaces


def resources(conn: Connection) -> Any:
    from azure.mgmt.resource.resources.aio import ResourceManagementClient

    return conn.arm(ResourceManagementClient, SUB)


def identities(conn: Connection) -> Any:
    from azure.mgmt.msi.aio import ManagedServiceIdentityClient

    return conn.arm(ManagedServiceIdentityClient, SUB).user_assigned_identities


def storage(conn: Connection) -> Any:
    from azure.mgmt.storage.aio import StorageManagementClient

    return conn.arm(StorageManagementClient, SUB).storage_accounts


def search(conn: Connection) -> Any:
    from azure.mgmt.search.aio import SearchManagementClient

    return conn.arm(SearchManagementClient, SUB).services


def cosmos(conn: Connection) -> Any:
    from azure.mgmt.cosmosdb.aio import CosmosDBManagementClient

    return conn.arm(CosmosDBManagementClient, SUB).database_accounts


def locks(conn: Connection) -> Any:
    from azure.mgmt.resource.locks.aio import ManagementLockClient

    return conn.arm(ManagementLockClient, SUB).management_locks


def keys(conn: Connection) -> Any:
    return conn.keys(f"https://kvguard.{conn.cloud.vault_suffix}")


WRITES: dict[str, Callable[[Connection], Awaitable[Any]]] = {
    "vault put": lambda c: keyvault(c).vaults.begin_create_or_update("rg", "kv", BODY),
    "vault patch": lambda c: keyvault(c).vaults.update("rg", "kv", BODY),
    "vault delete": lambda c: keyvault(c).vaults.delete("rg", "kv"),
    "vault purge": lambda c: keyvault(c).vaults.begin_purge_deleted("kv", "westeurope"),
    "vault policy": lambda c: keyvault(c).vaults.update_access_policy("rg", "kv", "add", BODY),
    "vault key": lambda c: keyvault(c).keys.create_if_not_exist("rg", "kv", "k", BODY),
    "role grant": lambda c: roles(c).create(GROUP, SUB, BODY),
    "role delete": lambda c: roles(c).delete(GROUP, SUB),
    "workspace put": lambda c: workspaces(c).begin_create_or_update("rg", "ml", BODY),
    "workspace patch": lambda c: workspaces(c).begin_update("rg", "ml", BODY),
    "workspace delete": lambda c: workspaces(c).begin_delete("rg", "ml"),
    "workspace keys": lambda c: workspaces(c).list_keys("rg", "ml"),
    "group put": lambda c: resources(c).resource_groups.create_or_update("rg", BODY),
    "group delete": lambda c: resources(c).resource_groups.begin_delete("rg"),
    "register": lambda c: resources(c).providers.register("Microsoft.KeyVault"),
    "unregister": lambda c: resources(c).providers.unregister("Microsoft.KeyVault"),
    "move": lambda c: resources(c).resources.begin_move_resources("rg", BODY),
    "generic put": lambda c: resources(c).resources.begin_create_or_update_by_id(
        f"{GROUP}/providers/a/b/c", BODY, api_version="2020-01-01"
    ),
    "identity put": lambda c: identities(c).create_or_update("rg", "i", BODY),
    "storage put": lambda c: storage(c).begin_create("rg", "st", BODY),
    "storage keys": lambda c: storage(c).list_keys("rg", "st"),
    "search delete": lambda c: search(c).delete("rg", "s"),
    "cosmos patch": lambda c: cosmos(c).begin_update("rg", "c", BODY),
    "lock delete": lambda c: locks(c).delete_by_scope(GROUP, "l"),
    "key create": lambda c: keys(c).create_rsa_key("k"),
    "key update": lambda c: keys(c).update_key_properties("k", enabled=False),
    "key rotate": lambda c: keys(c).rotate_key("k"),
    "key policy": lambda c: keys(c).update_key_rotation_policy("k", KeyRotationPolicy()),
    "key delete": lambda c: keys(c).delete_key("k"),
    "key recover": lambda c: keys(c).recover_deleted_key("k"),
    "key purge": lambda c: keys(c).purge_deleted_key("k"),
    "key backup": lambda c: keys(c).backup_key("k"),
    "app create": lambda c: c.call("graph", "POST", "/v1.0/servicePrincipals", json={}),
    "unknown verb": lambda c: c.call("arm", "MERGE", "/x", json={}),
}


@pytest.mark.parametrize("name", WRITES)
async def test_every_write_is_refused_before_a_connection(
    name: str, wire: Wire, connect: Connect
) -> None:
    conn = await connect(read_only=True)
    with pytest.raises(AzureError) as caught, translated(name):
        await WRITES[name](conn)
    error = caught.value
    assert (error.kind, error.sent) == (ErrorKind.READ_ONLY, False)
    assert "read-only" in error.means and "--read-only" in error.do
    assert wire.connections == 0


@pytest.mark.parametrize("name", WRITES)
async def test_the_same_calls_do_arrive_without_the_guard(
    name: str, wire: Wire, connect: Connect
) -> None:
    """Else the test above could pass for another reason."""
    conn = await connect()
    with pytest.raises(AzureError), translated(name):
        wire.script += [Answer(400, {"error": {"code": "No", "message": "no"}})] * 3
        await WRITES[name](conn)
    assert len(wire.requests) == 1


async def test_reads_pass(wire: Wire, connect: Connect) -> None:
    conn = await connect(read_only=True)
    key = {"key": {"kid": f"https://kvread.{conn.cloud.vault_suffix}/keys/k/{VERSION}"}}
    wire.script += [Answer(), Answer(), Answer(), challenge(wire), Answer(200, key)]
    await keyvault(conn).vaults.get("rg", "kv")
    await keyvault(conn).vaults.check_name_availability({"name": "kv", "type": "x"})
    await conn.call("arm", "HEAD", "/x")
    await conn.keys(f"https://kvread.{conn.cloud.vault_suffix}").get_key("k")
    assert [seen.method for seen in wire.requests] == ["GET", "POST", "HEAD", "GET", "GET"]


@pytest.mark.parametrize(
    "path",
    [
        f"/subscriptions/{SUB}/providers/Microsoft.KeyVault/checkNameAvailability",
        f"/subscriptions/{SUB}/providers/Microsoft.Search/checkNameAvailability",
        f"/subscriptions/{SUB}/providers/Microsoft.PolicyInsights/checkPolicyRestrictions",
        f"{GROUP}/providers/Microsoft.PolicyInsights/checkPolicyRestrictions",
        "/providers/Microsoft.ResourceGraph/resources",
        f"{GROUP.lower()}/providers/Microsoft.Resources/deployments/d/validate",
        f"{GROUP}/providers/Microsoft.Resources/deployments/d/whatIf",
        f"{GROUP}/providers/Microsoft.MachineLearningServices/workspaces/ml/diagnose",
        "/v1.0/directoryObjects/getByIds",
        "/graph/v1.0/directoryObjects/getByIds",
        f"/v1/workspaces/{SUB}/query",
    ],
)
def test_posts_that_only_ask_are_reads(path: str) -> None:
    assert is_read("POST", f"https://host{path}?api-version=1")
    assert not is_read("PUT", f"https://host{path}")
    assert not is_read("POST", f"https://host{path}/more")


@pytest.mark.parametrize(
    "path",
    [
        f"/subscriptions/{SUB}/providers/Microsoft.KeyVault/register",
        f"{GROUP}/providers/Microsoft.MachineLearningServices/workspaces/ml/listKeys",
        f"{GROUP}/providers/Microsoft.Resources/deployments/validate",
        f"/keys/k/{VERSION}/wrapkey",
        f"/keys/k/{VERSION}/sign",
        "/keys/checkNameAvailability/create",
        "/v1.0/servicePrincipals",
        "/x?y=/providers/Microsoft.ResourceGraph/resources",
        "/x#/providers/Microsoft.ResourceGraph/resources",
    ],
)
def test_other_posts_are_writes(path: str) -> None:
    assert not is_read("POST", f"https://host{path}")


def test_wrapping_is_a_read_only_inside_the_named_probe() -> None:
    wrap = f"https://kv.vault.azure.net/keys/k/{VERSION}/wrapkey"
    with wrap_probe():
        assert is_read("POST", wrap) and is_read("POST", wrap.replace("/wrap", "/unwrap"))
        assert not is_read("POST", f"https://kv.vault.azure.net/keys/k/{VERSION}/sign")
        assert not is_read("POST", "https://kv.vault.azure.net/keys/k/create")
    assert not is_read("POST", wrap)
