"""Workspaces through Azure's own clients, over TLS, as any program would make them."""

import json
import time
from io import BytesIO
from types import SimpleNamespace
from typing import Any

import pytest
from azure.core.credentials import AccessToken
from azure.core.exceptions import HttpResponseError, ResourceNotFoundError
from azure.mgmt.cosmosdb import CosmosDBManagementClient
from azure.mgmt.machinelearningservices import MachineLearningServicesMgmtClient
from azure.mgmt.search import SearchManagementClient
from azure.mgmt.storage import StorageManagementClient
from sandboxed import RunningSandbox

from sandbox import rbac, registrations
from sandbox.keyvault import keystore
from sandbox.providers import groups, storage, vaultseeds
from sandbox.registrations import COSMOS_DB, MACHINE_LEARNING

V = "2025-12-01"
GROUP = "rg-ml"
NAMESPACES = (
    "KeyVault",
    "MachineLearningServices",
    "DocumentDB",
    "Search",
    "Storage",
    "Insights",
)


class Static:
    """A credential that hands out tokens the sandbox signed."""

    def __init__(self, sandbox: RunningSandbox) -> None:
        self.sandbox = sandbox

    def get_token(self, *scopes: str, **_: object) -> AccessToken:
        return AccessToken(self.sandbox.token(), int(time.time()) + 3000)


@pytest.fixture
def azure(sandbox: RunningSandbox) -> SimpleNamespace:
    """A prepared subscription, and clients for it."""
    subscription = sandbox.subscription
    group = f"/subscriptions/{subscription}/resourceGroups/{GROUP}"
    vault = f"{group}/providers/Microsoft.KeyVault/vaults/kv-cmk"
    place = {"subscription": subscription, "group": GROUP, "location": "westeurope"}

    def prepare() -> None:
        world = sandbox.world
        for name in NAMESPACES:
            registrations.put(world, subscription, f"Microsoft.{name}", "Registered")
        groups.put(world, group, "westeurope", {})
        keys = [{"name": "k1", "bits": 2048}, {"name": "k2", "bits": 2048}]
        vaultseeds.seed_vault(world, {**place, "name": "kv-cmk", "keys": keys})
        storage.seed_account(world, {**place, "name": "stml"})
        tenant = world.state.subscriptions[subscription]["tenantId"]
        for app, role, scope in (
            (COSMOS_DB, "Key Vault Crypto Service Encryption User", vault),
            (MACHINE_LEARNING, "Contributor", f"/subscriptions/{subscription}"),
        ):
            found = registrations.first_party(world, tenant, app)
            assert found
            rbac.grant(world, scope, role, found.object_id, created=1.0)

    sandbox.on_loop(prepare)
    insights = f"{group}/providers/microsoft.insights/components/ai-ml"
    body = {"location": "westeurope", "kind": "web", "properties": {}}
    assert sandbox.call("PUT", insights, body, version="2020-02-02").status_code == 200
    options: dict[str, Any] = {
        "base_url": sandbox.arm,
        "credential_scopes": [f"{sandbox.arm}/.default"],
        "connection_verify": sandbox.ca_file,
        "polling_interval": 0.02,
        "retry_total": 0,
    }
    arguments = (Static(sandbox), subscription)
    return SimpleNamespace(
        sandbox=sandbox,
        group=group,
        vault=vault,
        insights=insights,
        ml=MachineLearningServicesMgmtClient(*arguments, **options),
        cosmos=CosmosDBManagementClient(*arguments, **options),
        search=SearchManagementClient(*arguments, **options),
        storage=StorageManagementClient(*arguments, **options),
    )


def key_of(azure: SimpleNamespace, name: str = "k1") -> dict[str, Any]:
    return keystore.version(keystore.keys_of(azure.sandbox.world, "kv-cmk")[name])


def kid_of(azure: SimpleNamespace, name: str = "k1") -> str:
    suffix = azure.sandbox.ready["key_vault_suffix"].lstrip(".")
    return f"https://kv-cmk.{suffix}/keys/{name}/{key_of(azure, name)['version']}"


def raw(body: object) -> BytesIO:
    return BytesIO(json.dumps(body).encode())


def create(azure: SimpleNamespace, name: str = "ws-one") -> Any:
    key = {"keyVaultArmId": azure.vault, "keyIdentifier": kid_of(azure)}
    properties = {
        "storageAccount": f"{azure.group}/providers/Microsoft.Storage/storageAccounts/stml",
        "keyVault": azure.vault,
        "applicationInsights": azure.insights,
        "encryption": {"status": "Enabled", "keyVaultProperties": key},
    }
    body = {
        "location": "westeurope",
        "identity": {"type": "SystemAssigned"},
        "properties": properties,
    }
    poller = azure.ml.workspaces.begin_create_or_update(GROUP, name, raw(body), api_version=V)
    return poller.result(60)


def test_a_workspace_from_creation_to_purge(azure: SimpleNamespace) -> None:
    made = create(azure)
    assert (made.name, made.provisioning_state) == ("ws-one", "Succeeded")
    managed = made.service_provisioned_resource_group
    (account,) = azure.cosmos.database_accounts.list_by_resource_group(managed)
    assert account.key_vault_key_uri == kid_of(azure).rpartition("/")[0]
    (service,) = azure.search.services.list_by_resource_group(managed)
    assert service.encryption_with_cmk.encryption_compliance_status == "Compliant"
    (store,) = azure.storage.storage_accounts.list_by_resource_group(managed)
    shown = store.encryption.key_vault_properties
    assert shown.current_versioned_key_identifier == kid_of(azure)

    with pytest.raises(HttpResponseError) as denied:
        azure.storage.storage_accounts.delete(managed, store.name)
    assert denied.value.error.code == "DenyAssignmentAuthorizationFailed"
    where = f"{azure.group.rpartition('/')[0]}/{managed}"
    assert azure.sandbox.call("DELETE", where).status_code == 403
    assert azure.sandbox.call("GET", where).json()["managedBy"] == made.id

    found = azure.ml.workspaces.begin_diagnose(GROUP, "ws-one", api_version=V).result(60)
    assert found.value.key_vault_results == []
    body = {
        "properties": {"encryption": {"keyVaultProperties": {"keyIdentifier": kid_of(azure, "k2")}}}
    }
    azure.ml.workspaces.begin_update(GROUP, "ws-one", raw(body), api_version=V).result(60)
    now = azure.ml.workspaces.get(GROUP, "ws-one", api_version=V)
    assert now.encryption.key_vault_properties.key_identifier == kid_of(azure, "k2")

    azure.ml.workspaces.begin_delete(GROUP, "ws-one", api_version=V).result(60)
    with pytest.raises(ResourceNotFoundError):
        azure.ml.workspaces.get(GROUP, "ws-one", api_version=V)
    with pytest.raises(HttpResponseError, match="Soft-deleted workspace exists"):
        create(azure)
    assert azure.sandbox.call("GET", where).status_code == 200
    purge = {"params": {"forceToPurge": "true"}, "api_version": V}
    azure.ml.workspaces.begin_delete(GROUP, "ws-one", **purge).result(60)
    assert azure.sandbox.call("GET", where).status_code == 404
    assert list(azure.ml.workspaces.list_by_subscription(api_version=V)) == []


def test_a_missing_grant_fails_late_with_cosmos_dbs_words(azure: SimpleNamespace) -> None:
    world = azure.sandbox.world

    def revoke() -> None:
        for key in [key for key in world.state.assignments if key.startswith(azure.vault.lower())]:
            del world.state.assignments[key]

    azure.sandbox.on_loop(revoke)
    with pytest.raises(HttpResponseError) as failed:
        create(azure)
    assert failed.value.error.code == "Forbidden"
    assert "(4002)" in failed.value.error.message
    assert failed.value.error.details[0].code == "ForbiddenByRbac"
    assert azure.ml.workspaces.get(GROUP, "ws-one", api_version=V).provisioning_state == "Failed"


def test_data_follows_the_key(azure: SimpleNamespace) -> None:
    made = create(azure)
    sandbox = azure.sandbox
    managed = made.service_provisioned_resource_group
    (account,) = azure.cosmos.database_accounts.list_by_resource_group(managed)

    def readable() -> bool:
        return bool(sandbox.admin("GET", f"data?id={account.id}")["readable"])

    def status() -> str:
        found = sandbox.call("GET", account.id, version="2024-08-15").json()
        return str(found["properties"]["customerManagedKeyStatus"])

    assert readable()
    sandbox.on_loop(lambda: key_of(azure).update(enabled=False))
    sandbox.advance(3700)
    assert not readable()
    assert "(4018)" in status()
    sandbox.on_loop(lambda: key_of(azure).update(enabled=True))
    sandbox.advance(3700)
    assert readable()
    assert status().endswith("confirmed.")


def test_a_scenario_opened_after_a_clock_jump_lies_in_the_present(
    sandbox: RunningSandbox,
) -> None:
    sandbox.advance(90 * 86400)
    sandbox.reset("contoso")
    now = sandbox.world.clock.epoch()
    assert all(item.created <= now for item in sandbox.world.state.resources.values())
