"""Workspaces and what Azure makes for them, through the real SDKs over TLS."""

from typing import Any

import pytest
from estate import Azure

from services.azure import (
    authorization,
    cosmos,
    graph,
    keys,
    operations,
    resourcegraph,
    resources,
    search,
    storage,
    vaults,
    workspaces,
)
from services.azure.errors import AzureError
from services.ids import KeyId
from services.model.resources import AccessPolicy

COSMOS = "a232010e-820c-4083-83bb-3ace5fc29d0b"
MACHINE_LEARNING = "0736f41a-0425-4b46-bdb5-1563eff02385"


async def body(azure: Azure, *, granted: bool) -> dict[str, Any]:
    """The request for an encrypted workspace, with everything it stands on in place."""
    conn, me = azure.conn, await azure.conn.who()
    own = AccessPolicy(object_id=me.object_id, keys=("get", "create", "list"))
    spec = vaults.VaultSpec(
        location="westeurope", tenant_id=azure.tenant, rbac=False, policies=(own,)
    )
    vault = await vaults.create_vault(conn, azure.vault_id("kv-ws"), spec)
    key = await keys.create_key(conn, vault.uri, "cmk", keys.KeySpec(bits=2048))
    account = azure.id("Microsoft.Storage/storageAccounts", "stws01")
    await storage.create_account(conn, account, "westeurope", {})
    log = azure.id("Microsoft.OperationalInsights/workspaces", "log-ws")
    app = azure.id("Microsoft.Insights/components", "appi-ws")
    for id, properties in (
        (log, {"sku": {"name": "PerGB2018"}}),
        (app, {"Application_Type": "web", "WorkspaceResourceId": log}),
    ):
        wish = {"location": "westeurope", "kind": "web", "properties": properties}
        await resources.put_resource(conn, id, wish, resources.api_version(id))
    if granted:
        service = await graph.service_principal(conn, COSMOS)
        assert service is not None
        use = AccessPolicy(object_id=service.object_id, keys=("get", "wrapkey", "unwrapkey"))
        await vaults.add_policy(conn, vault.id, use)
    builder = await graph.service_principal(conn, MACHINE_LEARNING)
    assert builder is not None
    await authorization.assign_role(
        conn,
        f"/subscriptions/{azure.sub}",
        authorization.CONTRIBUTOR,
        builder.object_id,
        "ServicePrincipal",
    )
    return {
        "location": "westeurope",
        "identity": {"type": "SystemAssigned"},
        "tags": {"team": "ml"},
        "properties": {
            "storageAccount": account,
            "keyVault": vault.id,
            "applicationInsights": app,
            "encryption": {
                "status": "Enabled",
                "keyVaultProperties": {"keyVaultArmId": vault.id, "keyIdentifier": key.id},
            },
        },
    }


async def test_a_workspace_is_made_with_the_key_and_tells_so(azure: Azure) -> None:
    id = azure.id("Microsoft.MachineLearningServices/workspaces", "mlw-1")
    wish = await body(azure, granted=True)
    assert await workspaces.get_workspace(azure.conn, id) is None
    operation = await workspaces.begin_create(azure.conn, id, wish)
    assert "/workspaceOperationsStatus/" in operation.address
    ended = workspaces.workspace(await operations.wait(azure.conn, operation, "create it"))
    made = await workspaces.get_workspace(azure.conn, id)
    assert made is not None
    assert (made.id, made.state, ended.id) == (id, "Succeeded", id)
    assert made.encryption is not None
    asked = wish["properties"]["encryption"]["keyVaultProperties"]
    assert made.encryption.key_id == asked["keyIdentifier"]
    assert made.encryption.vault_id == asked["keyVaultArmId"]
    assert made.managed_group
    assert made.principal_id
    (put,) = [call for call in azure.seen("PUT") if call.path == id]
    assert (put.query["api-version"], put.status) == (workspaces.API, 202)

    listed = [w async for page in workspaces.list_workspaces(azure.conn, azure.sub) for w in page]
    assert [w.id for w in listed] == [id]
    rows = resourcegraph.list_workspaces(azure.conn, [azure.sub])
    found = [w async for page in rows for w in page]
    assert [(w.id, w.encryption, w.managed_group) for w in found] == [
        (id, made.encryption, made.managed_group)
    ]
    await managed_resources_tell_the_key(azure, made.managed_group, asked["keyIdentifier"])


async def managed_resources_tell_the_key(azure: Azure, group: str, key_id: str) -> None:
    """Cosmos DB names the key, Storage key and version, AI Search its compliance."""
    (account,) = await cosmos.list_in_group(azure.conn, azure.sub, group)
    assert KeyId.parse(account.key_id).versionless == KeyId.parse(key_id).versionless
    assert account.key_status
    assert account.location == "westeurope"
    (store,) = await storage.list_in_group(azure.conn, azure.sub, group)
    assert (store.key_source, store.key_id) == ("Microsoft.Keyvault", key_id)
    (service,) = await search.list_in_group(azure.conn, azure.sub, group)
    assert service.compliance == "Compliant"
    assert service.sku


async def test_a_missing_grant_fails_the_operation_and_not_its_start(azure: Azure) -> None:
    id = azure.id("Microsoft.MachineLearningServices/workspaces", "mlw-2")
    wish = await body(azure, granted=False)
    operation = await workspaces.begin_create(azure.conn, id, wish)
    with pytest.raises(AzureError) as failed:
        await operations.wait(azure.conn, operation, "create workspace mlw-2")
    assert failed.value.what == "Could not create workspace mlw-2."
    assert failed.value.message


async def test_a_storage_account_is_made_closed(azure: Azure) -> None:
    id = azure.id("Microsoft.Storage/storageAccounts", "stsafe01")
    assert await storage.get_account(azure.conn, id) is None
    assert (await storage.check_name(azure.conn, azure.sub, "stsafe01")).available
    made = await storage.create_account(azure.conn, id, "westeurope", {"team": "ml"})
    there = await storage.get_account(azure.conn, id)
    assert there is not None
    assert (there.id, there.state, made.state) == (id, "Succeeded", "Succeeded")
    assert (there.kind, there.sku, there.hierarchical) == ("StorageV2", "Standard_LRS", False)
    told = there.raw["properties"]
    assert told["minimumTlsVersion"] == "TLS1_2"
    assert told["allowBlobPublicAccess"] is False
    assert told["supportsHttpsTrafficOnly"] is True
    assert (there.key_source, there.key_id) == ("Microsoft.Storage", "")
    taken = await storage.check_name(azure.conn, azure.sub, "stsafe01")
    assert (taken.available, taken.reason) == (False, "AlreadyExists")
