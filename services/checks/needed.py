"""What an intent stands on: providers, scopes, and resources with the bodies to ask about.

What Azure makes in the managed resource group is documented by kind, not by body: the
bodies of Cosmos DB, AI Search and Storage here are what such an account has unless told
otherwise, so what a policy says of them is likely, not certain.
"""

from collections.abc import Mapping
from typing import Any

from services.ids import ArmId
from services.model.intent import ClusterSetup, ContainerGroupSetup, Create, Intent, WorkspaceSetup

Body = dict[str, Any]

COSMOS_API, SEARCH_API, STORAGE_API = "2024-08-15", "2025-05-01", "2025-08-01"
"""api-versions of the bodies, for Azure Policy's aliases."""

OWN_API = {
    "microsoft.storage/storageaccounts": STORAGE_API,
    "microsoft.keyvault/vaults": "2026-02-01",
    "microsoft.insights/components": "2020-02-02",
    "microsoft.operationalinsights/workspaces": "2023-09-01",
    "microsoft.containerregistry/registries": "2023-07-01",
}


def namespaces(intent: Intent) -> list[str]:
    """The resource providers a plan needs; the first five are named by Microsoft's page."""
    if not isinstance(intent, WorkspaceSetup):
        return _OTHERS[type(intent)]
    found = [
        "Microsoft.MachineLearningServices",
        "Microsoft.Storage",
        "Microsoft.KeyVault",
        "Microsoft.DocumentDB",
        "Microsoft.Search",
        "Microsoft.Insights",
    ]
    if intent.workspace.insights == "new" or isinstance(intent.workspace.insights, Create):
        found.append("Microsoft.OperationalInsights")
    if intent.workspace.registry != "none":
        found.append("Microsoft.ContainerRegistry")
    if intent.workspace.identity != "system":
        found.append("Microsoft.ManagedIdentity")
    return found


_OTHERS: dict[type[ContainerGroupSetup] | type[ClusterSetup], list[str]] = {
    ContainerGroupSetup: [
        "Microsoft.ContainerInstance",
        "Microsoft.KeyVault",
        "Microsoft.ManagedIdentity",
    ],
    ClusterSetup: [
        "Microsoft.Compute",
        "Microsoft.ContainerService",
        "Microsoft.KeyVault",
        "Microsoft.ManagedIdentity",
    ],
}


def own_resources(intent: Intent) -> bool:
    """Whether Azure makes Cosmos DB, AI Search and Storage in the subscription."""
    return isinstance(intent, WorkspaceSetup) and intent.workspace.encryption == "own-resources"


def service_side(intent: Intent) -> bool:
    """Whether a workspace is encrypted on the service's side."""
    return isinstance(intent, WorkspaceSetup) and intent.workspace.encryption == "service-side"


def made(further: Mapping[str, str], kind: str) -> str:
    """The id of the resource of a type that the plan makes; empty where it makes none."""
    wanted = kind.lower()
    return next((id for id in further if ArmId.parse(id).type.lower() == wanted), "")


def cosmos(intent: Intent, key_uri: str) -> Body:
    """The Cosmos DB account Azure will make."""
    return {
        "type": "Microsoft.DocumentDB/databaseAccounts",
        "name": "managed-by-azure",
        "location": intent.region,
        "kind": "GlobalDocumentDB",
        "properties": {
            "databaseAccountOfferType": "Standard",
            "locations": [{"locationName": intent.region, "failoverPriority": 0}],
            "keyVaultKeyUri": key_uri,
            "publicNetworkAccess": "Enabled",
        },
    }


def search(intent: Intent) -> Body:
    """The AI Search service Azure will make; its sku is not documented, S1 is assumed."""
    return {
        "type": "Microsoft.Search/searchServices",
        "name": "managed-by-azure",
        "location": intent.region,
        "sku": {"name": "standard"},
        "properties": {"publicNetworkAccess": "enabled"},
    }


def storage(intent: Intent) -> Body:
    """The storage account Azure will make."""
    return {
        "type": "Microsoft.Storage/storageAccounts",
        "name": "managedbyazure",
        "location": intent.region,
        "kind": "StorageV2",
        "sku": {"name": "Standard_LRS"},
        "properties": {
            "encryption": {"keySource": "Microsoft.Keyvault"},
            "publicNetworkAccess": "Enabled",
            "supportsHttpsTrafficOnly": True,
            "minimumTlsVersion": "TLS1_2",
        },
    }


def vault(intent: Intent, name: str, tenant: str, *, of_secrets: bool = False) -> Body:
    """The vault the plan makes: for the key, or for the workspace's secrets."""
    wish = intent.vault
    open_to_all = of_secrets or wish.network == "public"
    return {
        "type": "Microsoft.KeyVault/vaults",
        "name": name,
        "location": intent.region,
        "tags": intent.tags,
        "properties": {
            "tenantId": tenant,
            "sku": {"family": "A", "name": "standard" if of_secrets else wish.sku},
            "enableRbacAuthorization": of_secrets or wish.access == "rbac",
            "enableSoftDelete": True,
            "enablePurgeProtection": True,
            "publicNetworkAccess": "Enabled",
            "networkAcls": {
                "bypass": "AzureServices",
                "defaultAction": "Allow" if open_to_all else "Deny",
            },
        },
    }


def dependencies(intent: Intent, further: Mapping[str, str], tenant: str) -> list[Body]:
    """The resources besides key vault and workspace that the plan makes."""
    return [_dependency(intent, ArmId.parse(id), tenant) for id in further]


def _dependency(intent: Intent, id: ArmId, tenant: str) -> Body:
    kind = id.type.lower()
    if kind == "microsoft.keyvault/vaults":
        return vault(intent, id.name, tenant, of_secrets=True)
    common: Body = {
        "type": id.type,
        "name": id.name,
        "location": intent.region,
        "tags": intent.tags,
    }
    bodies: dict[str, Body] = {
        "microsoft.storage/storageaccounts": {
            "kind": "StorageV2",
            "sku": {"name": "Standard_LRS"},
            "properties": {
                "minimumTlsVersion": "TLS1_2",
                "supportsHttpsTrafficOnly": True,
                "allowBlobPublicAccess": False,
            },
        },
        "microsoft.containerregistry/registries": {
            "sku": {"name": "Standard"},
            "properties": {"adminUserEnabled": True},
        },
    }
    return {**common, **bodies.get(kind, {"properties": {}})}


def workspace(
    intent: WorkspaceSetup, vault_id: str, key_id: str, identity: str, further: Mapping[str, str]
) -> Body:
    """The workspace, as far as policies and validation judge it."""
    wish = intent.workspace
    secrets = vault_id if wish.secrets_vault == "same" else wish.secrets_vault
    parts = {
        "storageAccount": _part(wish.storage, further, "Microsoft.Storage/storageAccounts"),
        "keyVault": _part(secrets, further, "Microsoft.KeyVault/vaults"),
        "applicationInsights": _part(wish.insights, further, "Microsoft.Insights/components"),
        "containerRegistry": _part(
            wish.registry, further, "Microsoft.ContainerRegistry/registries"
        ),
    }
    encryption: Body = {
        "status": "Enabled",
        "keyVaultProperties": {"keyVaultArmId": vault_id, "keyIdentifier": key_id},
    }
    told: Body = {"type": "SystemAssigned"}
    if identity:
        told = {"type": "UserAssigned", "userAssignedIdentities": {identity: {}}}
        encryption["identity"] = {"userAssignedIdentity": identity}
    return {
        "type": "Microsoft.MachineLearningServices/workspaces",
        "name": wish.name,
        "location": intent.region,
        "tags": intent.tags,
        "identity": told,
        "properties": {
            **{field: id for field, id in parts.items() if id},
            "encryption": encryption,
            "hbiWorkspace": wish.hbi,
            "publicNetworkAccess": "Enabled" if wish.public_network else "Disabled",
            "enableServiceSideCMKEncryption": wish.encryption == "service-side",
        },
    }


def _part(wish: str | Create, further: Mapping[str, str], kind: str) -> str:
    """The id of something a workspace stands on: given, or of what the plan makes."""
    given = isinstance(wish, str) and wish.startswith("/")
    return str(wish) if given else made(further, kind)
