"""Answers survive the Azure SDKs' models: they parse, nothing required is missing.

Reads go over the contoso estate, which has most kinds of everything; writes over ``empty``.
"""

import io
import json
from collections.abc import Callable
from typing import Any

import pytest
from azure.keyvault.keys import KeyRotationPolicy
from azure.keyvault.keys.aio import KeyClient
from azure.mgmt.authorization.aio import AuthorizationManagementClient
from azure.mgmt.cosmosdb.aio import CosmosDBManagementClient
from azure.mgmt.keyvault.aio import KeyVaultManagementClient
from azure.mgmt.keyvault.models import Vault
from azure.mgmt.machinelearningservices.aio import MachineLearningServicesMgmtClient
from azure.mgmt.msi.aio import ManagedServiceIdentityClient
from azure.mgmt.msi.models import Identity
from azure.mgmt.resource.locks.aio import ManagementLockClient
from azure.mgmt.resource.resources.aio import ResourceManagementClient
from azure.mgmt.resource.subscriptions.aio import SubscriptionClient
from azure.mgmt.resourcegraph.aio import ResourceGraphClient
from azure.mgmt.resourcegraph.models import QueryRequest
from azure.mgmt.search.aio import SearchManagementClient
from azure.mgmt.storage.aio import StorageManagementClient
from contract import NAMESPACES
from sdkcheck import clients, everything, flaws

from sandbox import registrations

ML = "5b000000-0000-4000-8000-0000000000d1"
"""Contoso-ML."""
VERSIONS: dict[Any, dict[str, Any]] = {
    CosmosDBManagementClient: {"api_version": "2024-08-15"},
    KeyVaultManagementClient: {"api_version": "2026-02-01"},
    MachineLearningServicesMgmtClient: {"api_version": "2025-12-01"},
    SearchManagementClient: {"api_version": "2025-05-01"},
    StorageManagementClient: {"api_version": "2025-08-01"},
}
READS: dict[str, tuple[Any, Callable[[Any], Any]]] = {
    "vaults": (KeyVaultManagementClient, lambda c: c.vaults.list_by_subscription()),
    "vaults-of-group": (
        KeyVaultManagementClient,
        lambda c: c.vaults.list_by_resource_group("rg-sec"),
    ),
    "vault": (KeyVaultManagementClient, lambda c: c.vaults.get("rg-sec", "kv-ml-prod")),
    "deleted-vaults": (KeyVaultManagementClient, lambda c: c.vaults.list_deleted()),
    "deleted-vault": (
        KeyVaultManagementClient,
        lambda c: c.vaults.get_deleted("kv-old", "westeurope"),
    ),
    "vault-name": (
        KeyVaultManagementClient,
        lambda c: c.vaults.check_name_availability(
            {"name": "kv-old", "type": "Microsoft.KeyVault/vaults"}
        ),
    ),
    "arm-keys": (KeyVaultManagementClient, lambda c: c.keys.list("rg-sec", "kv-keys")),
    "arm-key": (KeyVaultManagementClient, lambda c: c.keys.get("rg-sec", "kv-keys", "rsa-2048")),
    "workspaces": (
        MachineLearningServicesMgmtClient,
        lambda c: c.workspaces.list_by_subscription(),
    ),
    "workspaces-of-group": (
        MachineLearningServicesMgmtClient,
        lambda c: c.workspaces.list_by_resource_group("rg-ml"),
    ),
    "workspace": (
        MachineLearningServicesMgmtClient,
        lambda c: c.workspaces.get("rg-ml", "mlw-identity"),
    ),
    "ml-usages": (MachineLearningServicesMgmtClient, lambda c: c.usages.list("westeurope")),
    "ml-quotas": (MachineLearningServicesMgmtClient, lambda c: c.quotas.list("westeurope")),
    "cosmos": (CosmosDBManagementClient, lambda c: c.database_accounts.list()),
    "cosmos-locations": (CosmosDBManagementClient, lambda c: c.locations.list()),
    "search": (SearchManagementClient, lambda c: c.services.list_by_subscription()),
    "search-usages": (
        SearchManagementClient,
        lambda c: c.usages.list_by_subscription("westeurope"),
    ),
    "storage": (StorageManagementClient, lambda c: c.storage_accounts.list()),
    "storage-account": (
        StorageManagementClient,
        lambda c: c.storage_accounts.get_properties("rg-ml", "stcontosoml"),
    ),
    "storage-usages": (StorageManagementClient, lambda c: c.usages.list_by_location("westeurope")),
    "identities": (
        ManagedServiceIdentityClient,
        lambda c: c.user_assigned_identities.list_by_subscription(),
    ),
    "identity": (
        ManagedServiceIdentityClient,
        lambda c: c.user_assigned_identities.get("rg-ml", "uai-ml"),
    ),
    "assignments": (
        AuthorizationManagementClient,
        lambda c: c.role_assignments.list_for_subscription(),
    ),
    "roles": (
        AuthorizationManagementClient,
        lambda c: c.role_definitions.list(f"/subscriptions/{ML}", filter="roleName eq 'Owner'"),
    ),
    "denials": (
        AuthorizationManagementClient,
        lambda c: c.deny_assignments.list(),
    ),
    "permissions": (
        AuthorizationManagementClient,
        lambda c: c.permissions.list_for_resource_group("rg-ml"),
    ),
    "locks": (ManagementLockClient, lambda c: c.management_locks.list_at_subscription_level()),
    "groups": (ResourceManagementClient, lambda c: c.resource_groups.list()),
    "group": (ResourceManagementClient, lambda c: c.resource_groups.get("rg-ml")),
    "resources": (ResourceManagementClient, lambda c: c.resources.list(expand="createdTime")),
    "resources-of-group": (
        ResourceManagementClient,
        lambda c: c.resources.list_by_resource_group("rg-ml"),
    ),
    "providers": (ResourceManagementClient, lambda c: c.providers.list()),
    "provider": (ResourceManagementClient, lambda c: c.providers.get("Microsoft.KeyVault")),
    "query": (
        ResourceGraphClient,
        lambda c: c.resources(QueryRequest(query="Resources | project id, name, properties")),
    ),
    "subscriptions": (SubscriptionClient, lambda c: c.subscriptions.list()),
    "tenants": (SubscriptionClient, lambda c: c.tenants.list()),
}
_TENANT_WIDE = (ResourceGraphClient, SubscriptionClient)


def options(kind: Any, subscription: str) -> dict[str, Any]:
    more = {} if kind in _TENANT_WIDE else {"subscription_id": subscription}
    return {**more, **VERSIONS.get(kind, {})}


@pytest.fixture
def contoso(running_sandbox: Any) -> Any:
    running_sandbox.reset("contoso")
    return running_sandbox


@pytest.mark.parametrize("name", sorted(READS))
async def test_a_read_fits_its_model(contoso: Any, name: str) -> None:
    kind, ask = READS[name]
    async with clients(contoso) as make:
        asked = ask(make(kind, **options(kind, contoso.subscription)))
        found = await asked if hasattr(asked, "__await__") else await everything(asked)
        assert found is not None and found != [], "an empty answer proves nothing"
        assert flaws(found) == []


async def test_where_search_regions_and_subscriptions_are(contoso: Any) -> None:
    async with clients(contoso) as make:
        client = make(SubscriptionClient)
        found = await everything(client.subscriptions.list_locations(contoso.subscription))
        assert flaws(found) == []
        assert {"westeurope", "eastus"} <= {item.name for item in found}


async def test_keys_fit_their_models(contoso: Any) -> None:
    async with clients(contoso) as make:
        vault = f"https://kv-keys.{contoso.ready['key_vault_suffix']}"
        keys = make(KeyClient, vault_url=vault)
        listed = await everything(keys.list_properties_of_keys())
        assert {"rsa-2048", "ec-p256", "expired"} <= {item.name for item in listed}
        assert flaws(listed) == []
        versions = await everything(keys.list_properties_of_key_versions("many-versions"))
        assert len(versions) == 30
        assert flaws(versions) == []
        deleted = await everything(keys.list_deleted_keys())
        assert [item.name for item in deleted] == ["deleted-key"]
        assert flaws(deleted) == []
        key = await keys.get_key("rsa-2048")
        assert key.key.n and len(key.key.n) == 256
        assert flaws(key) == []
        assert flaws(await keys.get_key_rotation_policy("rotates")) == []


async def test_writes_fit_their_models(sandbox: Any) -> None:
    sub = sandbox.subscription
    for namespace in NAMESPACES:
        registrations.put(sandbox.world, sub, namespace, "Registered")
    tenant = sandbox.ready["tenant_id"]
    async with clients(sandbox) as make:
        groups = make(ResourceManagementClient, **options(ResourceManagementClient, sub))
        body = {"location": "westeurope", "tags": {"a": "b"}}
        assert flaws(await groups.resource_groups.create_or_update("rg", body)) == []
        found = await groups.providers.register("Microsoft.Compute")
        assert flaws(found) == []
        identities = make(
            ManagedServiceIdentityClient, **options(ManagedServiceIdentityClient, sub)
        )
        identity = await identities.user_assigned_identities.create_or_update("rg", "uai", body)
        assert flaws(identity) == []
        vaults = make(KeyVaultManagementClient, **options(KeyVaultManagementClient, sub))
        everything_on_keys = {"keys": ["all", "rotate", "getrotationpolicy", "setrotationpolicy"]}
        policy = {
            "tenantId": tenant,
            "objectId": sandbox.principal("admin")["object_id"],
            "permissions": everything_on_keys,
        }
        properties = {
            "tenantId": tenant,
            "sku": {"family": "A", "name": "standard"},
            "accessPolicies": [policy],
            "enableRbacAuthorization": False,
        }
        body = {"location": "westeurope", "properties": properties}
        made = await vaults.vaults.begin_create_or_update("rg", "kv-models1", body)
        assert flaws(await made.result()) == []
        patch = {"properties": {"enablePurgeProtection": True}}
        assert flaws(await vaults.vaults.update("rg", "kv-models1", patch)) == []
        vault = f"https://kv-models1.{sandbox.ready['key_vault_suffix']}"
        keys = make(KeyClient, vault_url=vault)
        assert flaws(await keys.create_rsa_key("cmk", size=2048)) == []
        wanted = KeyRotationPolicy(expires_in="P90D")
        assert flaws(await keys.update_key_rotation_policy("cmk", wanted)) == []
        assert flaws(await keys.rotate_key("cmk")) == []
        assert flaws(await keys.update_key_properties("cmk", enabled=False)) == []
        storage = make(StorageManagementClient, **options(StorageManagementClient, sub))
        body = {"location": "westeurope", "kind": "StorageV2", "sku": {"name": "Standard_LRS"}}
        account = await storage.storage_accounts.begin_create("rg", "stmodels1", body)
        assert flaws(await account.result()) == []


async def test_resources_by_id_are_made_and_read(sandbox: Any) -> None:
    sub = sandbox.subscription
    for namespace in NAMESPACES:
        registrations.put(sandbox.world, sub, namespace, "Registered")
    bodies: dict[str, tuple[str, dict[str, Any]]] = {
        "Microsoft.OperationalInsights/workspaces/law": ("2023-09-01", {}),
        "microsoft.insights/components/appi": ("2020-02-02", {"kind": "web"}),
        "Microsoft.ContainerRegistry/registries/crmodels": (
            "2023-07-01",
            {"sku": {"name": "Basic"}},
        ),
    }
    async with clients(sandbox) as make:
        client = make(ResourceManagementClient, **options(ResourceManagementClient, sub))
        await client.resource_groups.create_or_update("rg", {"location": "westeurope"})
        for name, (version, more) in bodies.items():
            where = f"subscriptions/{sub}/resourceGroups/rg/providers/{name}"
            body = {"location": "westeurope", **more}
            resources = client.resources
            made = await resources.begin_create_or_update_by_id(where, body, api_version=version)
            assert flaws(await made.result()) == []
            read = await resources.get_by_id(where, api_version=version)
            assert read.properties["provisioningState"] == "Succeeded"


async def test_a_workspace_fits_its_model_from_beginning_to_end(sandbox: Any) -> None:
    sub = sandbox.subscription
    for namespace in NAMESPACES:
        registrations.put(sandbox.world, sub, namespace, "Registered")
    scope = f"/subscriptions/{sub}/resourceGroups/rg"
    async with clients(sandbox) as make:
        groups = make(ResourceManagementClient, **options(ResourceManagementClient, sub))
        await groups.resource_groups.create_or_update("rg", {"location": "westeurope"})
        properties = {"tenantId": sandbox.ready["tenant_id"], "accessPolicies": []}
        properties |= {"sku": {"family": "A", "name": "standard"}}
        vaults = make(KeyVaultManagementClient, **options(KeyVaultManagementClient, sub))
        body: dict[str, Any] = {"location": "westeurope", "properties": properties}
        await (await vaults.vaults.begin_create_or_update("rg", "kv-secrets1", body)).result()
        storage = make(StorageManagementClient, **options(StorageManagementClient, sub))
        body = {"location": "westeurope", "kind": "StorageV2", "sku": {"name": "Standard_LRS"}}
        await (await storage.storage_accounts.begin_create("rg", "stmodels1", body)).result()
        needed = {
            "storageAccount": f"{scope}/providers/Microsoft.Storage/storageAccounts/stmodels1",
            "keyVault": f"{scope}/providers/Microsoft.KeyVault/vaults/kv-secrets1",
            "applicationInsights": f"{scope}/providers/microsoft.insights/components/appi",
        }
        body = {"location": "westeurope", "kind": "web"}
        where, version = needed["applicationInsights"].strip("/"), "2020-02-02"
        insights = groups.resources.begin_create_or_update_by_id(where, body, api_version=version)
        await (await insights).result()
        body = {"location": "westeurope", "identity": {"type": "SystemAssigned"}}
        kind = MachineLearningServicesMgmtClient
        workspaces = make(kind, **options(kind, sub)).workspaces
        sent = io.BytesIO(json.dumps({**body, "properties": needed}).encode())
        made = await workspaces.begin_create_or_update("rg", "mlw", sent)
        workspace = await made.result()
        assert workspace.provisioning_state == "Succeeded"
        assert flaws(workspace) == []
        found = await (await workspaces.begin_diagnose("rg", "mlw")).result()
        assert found.value is not None
        assert flaws(found) == []
        rename = io.BytesIO(json.dumps({"properties": {"friendlyName": "new"}}).encode())
        changed = await (await workspaces.begin_update("rg", "mlw", rename)).result()
        assert flaws(changed) == []
        await (await workspaces.begin_delete("rg", "mlw")).result()
        assert await everything(workspaces.list_by_resource_group("rg")) == []


def test_a_flaw_is_seen_in_both_kinds_of_models() -> None:
    assert flaws(Identity(location=None)) == ["Identity.location: required"]
    found = flaws(Vault({"location": "westeurope", "properties": {"tenantId": "t"}}))
    assert "Vault.properties.sku: required" in found
