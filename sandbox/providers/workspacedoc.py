"""A workspace's document, and workspaces that a scenario brings along."""

from sandbox import activity, armid, assigned, regions, tracked
from sandbox.providers import customerkeys, managedgroup, managedkeys, softdeleted
from sandbox.providers.managedgroup import api
from sandbox.providers.subscriptions import scope as scope_of
from sandbox.state import Json, Resource
from sandbox.world import World

_SPELLING = {
    "microsoft.storage/storageaccounts": "Microsoft.Storage/storageAccounts",
    "microsoft.keyvault/vaults": "Microsoft.Keyvault/vaults",
    "microsoft.insights/components": "Microsoft.insights/components",
    "microsoft.containerregistry/registries": "Microsoft.ContainerRegistry/registries",
}
"""How the service spells its dependencies, however they were sent (recorded: aml/03)."""
_AS_SENT = (
    "encryption",
    "enableServiceSideCMKEncryption",
    "primaryUserAssignedIdentity",
    "managedNetwork",
    "serviceManagedResourcesSettings",
    "sharedPrivateLinkResources",
    "hubResourceId",
)


def dependency(given: str | None) -> str | None:
    """A dependency's id in the service's own spelling; null stays null."""
    if not given:
        return None
    path = armid.canonical(given)
    kind = armid.resource_type(path)
    return path.replace(kind, _SPELLING.get(kind.lower(), kind), 1)


def new_doc(world: World, workspace_id: str, location: str, body: Json) -> Json:
    """The document of a workspace that is being created, without identity and systemData."""
    given = body.get("properties") or {}
    name, unique, region = armid.name(workspace_id), world.state.new_id(), regions.short(location)
    properties: Json = {
        "friendlyName": given.get("friendlyName") or "",
        "description": given.get("description") or "",
        "storageAccount": dependency(given.get("storageAccount")),
        "keyVault": dependency(given.get("keyVault")),
        "applicationInsights": dependency(given.get("applicationInsights")),
        "hbiWorkspace": bool(given.get("hbiWorkspace")),
        "tenantId": tracked.tenant(world, workspace_id),
        "imageBuildCompute": given.get("imageBuildCompute"),
        "provisioningState": "Creating",
        "allowRoleAssignmentOnRG": True,
        "v1LegacyMode": bool(given.get("v1LegacyMode")),
        "softDeleteEnabled": True,
        "containerRegistry": dependency(given.get("containerRegistry")),
        "creationTime": world.iso(),
        "notebookInfo": {
            "resourceId": unique.replace("-", ""),
            "fqdn": f"ml-{name[:15]}-{region}-{unique}.{region}.notebooks.azure.net",
            "isPrivateLinkEnabled": False,
            "notebookPreparationError": None,
        },
        "storageHnsEnabled": False,
        "workspaceId": unique,
        "linkedModelInventoryArmId": None,
        "privateLinkCount": 0,
        "publicNetworkAccess": given.get("publicNetworkAccess") or "Enabled",
        "ipAllowlist": given.get("ipAllowlist") or [],
        "discoveryUrl": f"https://{region}.api.azureml.ms/discovery",
        "mlFlowTrackingUri": f"azureml://{region}.api.azureml.ms/mlflow/v1.0{workspace_id}",
        "serverlessComputeSettings": given.get("serverlessComputeSettings"),
        "EnableSoftwareBillOfMaterials": False,
        "sdkTelemetryAppInsightsKey": "00000000-0000-0000-0000-000000000000",
        "sasGetterUri": "",
        "enableDataIsolation": bool(given.get("enableDataIsolation")),
    }
    properties |= {field: given[field] for field in _AS_SENT if given.get(field) is not None}
    return {
        "id": workspace_id,
        "name": name,
        "type": "Microsoft.MachineLearningServices/workspaces",
        "location": region,
        "tags": body.get("tags") or {},
        "etag": None,
        "properties": properties,
        "kind": body.get("kind") or "Default",
        "sku": body.get("sku") or {"name": "Basic", "tier": "Basic"},
    }


@api.seed("workspaces")
def seed_workspaces(world: World, item: Json) -> None:
    """``[[workspaces]]``: one, or ``count`` whose names count up from 001."""
    many = int(item.get("count", 0))
    for number in range(1, many + 1):
        seed_workspace(world, {**item, "name": f"{item['name']}-{number:03}"})
    if not many:
        seed_workspace(world, item)


def seed_workspace(world: World, item: Json) -> None:
    """One item of ``[[workspaces]]``: what calls in the past could have left.

    name, subscription (id or name), group, location; ``mode`` (own-resources, service-side
    or none), ``vault`` and ``key`` (names) with optional ``version`` and ``vault_group``;
    ``identity`` (id of a user-assigned one); ``storage``, ``vault_id`` (the workspace's own
    vault; the key's where it is left out), ``insights`` and ``registry`` (ids); ``status``
    (healthy, failed or soft-deleted) with ``reason`` (Cosmos DB's number for a failed one,
    4002 otherwise); ``tags``. The tables of vaults and keys come before.
    """
    group = scope_of(world, f"{item['subscription']}/{item['group']}")
    workspace_id = f"{group}/providers/Microsoft.MachineLearningServices/workspaces/{item['name']}"
    body = _seed_body(world, item, group)
    doc = new_doc(world, workspace_id, item["location"], body)
    who = {"createdAt": world.iso(), "createdBy": "admin", "createdByType": "User"}
    changed = {f"lastModified{name[7:]}": value for name, value in who.items()}
    doc["systemData"] = who | changed
    doc["identity"] = assigned.assign(world, doc, body["identity"])
    doc["properties"]["provisioningState"] = "Succeeded"
    workspace = Resource(doc, world.epoch())
    world.state.resources[workspace_id.lower()] = workspace
    status = item.get("status", "healthy")
    if status == "failed":
        doc["properties"]["provisioningState"] = "Failed"
        error = managedgroup.bad("The workspace could not be created.")
        if managedgroup.mode(doc) == "own-resources":
            error = managedkeys.seed_failed(world, workspace, str(item.get("reason", "4002")))
        _seed_log(world, workspace_id, "write", error)
        return
    kid = managedgroup.key_id(doc) if managedgroup.mode(doc) != "none" else ""
    if managedgroup.mode(doc) == "own-resources":
        managedkeys.seed_parts(world, workspace, kid)
    elif kid:
        principal = managedgroup.wrapper(world, doc, "workspace")
        customerkeys.protect_unseen(world, workspace, kid, principal)
    if status == "soft-deleted":
        softdeleted.keep(world, workspace)
        _seed_log(world, workspace_id, "delete")


def _seed_log(world: World, workspace_id: str, verb: str, error: Json | None = None) -> None:
    """What the activity log holds of a workspace's end: accepted, then how it went."""
    tenant = tracked.tenant(world, workspace_id)
    who = next(
        (
            one
            for one in world.state.principals.values()
            if one.name == "admin" and one.tenant_id == tenant
        ),
        None,
    )
    if who is None:
        return
    action = f"Microsoft.MachineLearningServices/workspaces/{verb}"
    accepted = activity.entry(world, who, action, workspace_id, 202)
    correlation = accepted["correlationId"]
    status = 409 if error else 200
    activity.entry(world, who, action, workspace_id, status, error=error, correlation=correlation)


def _seed_body(world: World, item: Json, group: str) -> Json:
    identity: Json = {"type": "SystemAssigned"}
    chosen = item.get("identity", "")
    if chosen:
        identity = {"type": "SystemAssigned,UserAssigned", "userAssignedIdentities": {chosen: {}}}
    mode = item.get("mode", "none")
    vault_group = item.get("vault_group", armid.name(group))
    vaults = f"{group.rpartition('/')[0]}/{vault_group}/providers/Microsoft.KeyVault/vaults"
    vault_id = f"{vaults}/{item['vault']}" if "vault" in item else None
    properties: Json = {
        "storageAccount": item.get("storage"),
        "keyVault": item.get("vault_id", vault_id),
        "applicationInsights": item.get("insights"),
        "containerRegistry": item.get("registry"),
    }
    if mode != "none" and vault_id:
        properties["encryption"] = _seed_encryption(world, item, vault_id, chosen)
        if mode == "service-side":
            properties["enableServiceSideCMKEncryption"] = True
    return {"identity": identity, "properties": properties, "tags": item.get("tags", {})}


def _seed_encryption(world: World, item: Json, vault_id: str, chosen: str) -> Json:
    key = customerkeys.parse(f"{world.addresses.vault(item['vault'])}/keys/{item['key']}")
    version = item.get("version") or customerkeys.kept_version(world, key)
    encryption: Json = {
        "status": "Enabled",
        "keyVaultProperties": {
            "keyVaultArmId": vault_id,
            "keyIdentifier": key.full(version),
            "identityClientId": "",
        },
    }
    if chosen:
        encryption["identity"] = {"userAssignedIdentity": chosen}
    return encryption
