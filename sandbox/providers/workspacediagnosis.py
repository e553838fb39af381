"""What Machine Learning's ``diagnose`` says of a workspace's own dependencies.

It looks at storage, vault, registry and Application Insights of the workspace and at locks,
never at the customer-managed key or the managed group. The documented example has one code
(CustomDNSInUse); the codes and texts here are named by us.
"""

from sandbox import armid, operations
from sandbox.keyvault import names
from sandbox.protocol import Answer, Request
from sandbox.providers.managedgroup import api
from sandbox.routing import ARM
from sandbox.state import Json
from sandbox.world import World

DIAGNOSE_S = 15.0
"""Azure seconds; recorded polls ended within half a minute."""
_WORKSPACE = (
    "/subscriptions/{s}/resourceGroups/{g}/providers/"
    "Microsoft.MachineLearningServices/workspaces/{name}"
)
_RESULTS = (
    "userDefinedRouteResults",
    "networkSecurityRuleResults",
    "resourceLockResults",
    "dnsResolutionResults",
    "storageAccountResults",
    "keyVaultResults",
    "containerRegistryResults",
    "applicationInsightsResults",
    "otherResults",
)
_DEPENDENCIES = ("storageAccount", "keyVault", "containerRegistry", "applicationInsights")


def _result(code: str, level: str, message: str) -> Json:
    return {"code": code, "level": level, "message": message}


def results(world: World, doc: Json) -> Json:
    """``value`` of a diagnosis, from the state of now."""
    value: Json = {name: [] for name in _RESULTS}
    value["resourceLockResults"] = _locks(world, str(doc["id"]))
    for field in _DEPENDENCIES:
        given = doc["properties"].get(field)
        if given:
            value[f"{field}Results"] = _dependency(world, field, given)
    return value


def _locks(world: World, workspace_id: str) -> list[Json]:
    found = []
    for lock in world.state.locks.values():
        at = lock.doc["id"].rpartition("/providers/Microsoft.Authorization/locks/")[0]
        if armid.within(workspace_id, at):
            level, name = lock.doc["properties"]["level"], lock.doc["name"]
            text = f"The lock '{name}' ({level}) at '{at}' holds for the workspace."
            found.append(_result("ResourceLockFound", "Warning", text))
    return found


def _dependency(world: World, field: str, given: str) -> list[Json]:
    resource = world.resource(given)
    if resource is None:
        kept = names.deleted(world, armid.name(given)) if field == "keyVault" else None
        more = " It is soft-deleted." if kept else ""
        text = f"The resource '{given}' was not found.{more}"
        return [_result("ResourceNotFound", "Error", text)]
    properties = resource.doc["properties"]
    rules = properties.get("networkAcls") or {}
    closed = properties.get("publicNetworkAccess", "Enabled") != "Enabled"
    denied = rules.get("defaultAction", "Allow") == "Deny"
    if (closed or denied) and rules.get("bypass", "AzureServices") != "AzureServices":
        text = f"The network rules of '{given}' do not let trusted Azure services in."
        return [_result("NetworkAccessDenied", "Error", text)]
    return []


@api.route("POST", _WORKSPACE + "/diagnose", plane=ARM)
def diagnose(world: World, request: Request) -> Answer:
    """202 with Location only (recorded: aml/05)."""
    workspace = world.resource(request.path.rpartition("/")[0])
    if workspace is None:
        raise armid.not_found(request)
    operation = world.start_operation(workspace.doc["id"], diagnose=True)
    world.after(DIAGNOSE_S, "aml.diagnosed", operation=operation.id)
    headers = operations.async_headers(
        world,
        operation,
        "Microsoft.MachineLearningServices",
        workspace.doc["location"],
        "workspaceOperationsStatus",
        request.api_version,
        asynchronous=None,
        result="type=location",
    )
    return Answer(202, None, {"Location": headers["Location"]})


@api.job("aml.diagnosed")
def diagnosed_job(world: World, data: Json) -> None:
    """The findings, as things are when it ends."""
    operation = world.state.operations[data["operation"]]
    workspace = world.resource(operation.target)
    doc = workspace.doc if workspace else {"id": operation.target, "properties": {}}
    world.end_operation(operation.id, result={"value": results(world, doc)})
