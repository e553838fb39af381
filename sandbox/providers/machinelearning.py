"""Microsoft.MachineLearningServices: workspaces, their life, quotas and diagnosis.

PUT, PATCH and DELETE answer 202 with an empty body and both polling headers (recorded:
aml/01, aml/11, aml/13); what is done meanwhile is in :mod:`sandbox.providers.workspacebuild`.
"""

from sandbox import armid, assigned, operations, tracked
from sandbox.keyvault.lifecycle import stamp
from sandbox.protocol import Answer, Refusal, Request
from sandbox.providers import (
    computes,  # noqa: F401 - its routes are on the same api
    managedgroup,
    managedkeys,
    mlquota,
    softdeleted,
    workspacediagnosis,  # noqa: F401 - its route is on the same api
    workspacerules,
)
from sandbox.providers.workspacebuild import start
from sandbox.providers.workspacedoc import dependency, new_doc
from sandbox.state import Json, Operation, Resource
from sandbox.world import World

api = managedgroup.api
"""The jobs and seeds of the namespace's other modules are on it too."""

KIND = "Microsoft.MachineLearningServices/workspaces"
OF_GROUP = f"/subscriptions/{{s}}/resourceGroups/{{g}}/providers/{KIND}"
WORKSPACE = OF_GROUP + "/{name}"
AT = "/subscriptions/{s}/providers/Microsoft.MachineLearningServices/locations/{location}"
PATCH_S = 15.0
DELETE_S = 20.0
"""Azure seconds; recorded polls ended within half a minute."""
_PLAIN = (
    "friendlyName",
    "description",
    "imageBuildCompute",
    "publicNetworkAccess",
    "primaryUserAssignedIdentity",
    "v1LegacyMode",
    "serverlessComputeSettings",
    "ipAllowlist",
    "networkAcls",
    "managedNetwork",
)


@api.route("PUT", WORKSPACE)
def put_workspace(world: World, request: Request) -> Answer:
    """Create a workspace, change one, or bring a soft-deleted one back."""
    body = request.json()
    location = tracked.placed(world, request, body)
    present = world.resource(request.path)
    if present and present.doc["properties"]["provisioningState"] != "Failed":
        return _change(world, request, present, body)
    kept = softdeleted.find(world, request.path)
    if kept:
        if not (body.get("properties") or {}).get("allowRecoverSoftDeletedWorkspace"):
            raise Refusal(400, "BadRequest", softdeleted.EXISTS)
        workspace = softdeleted.recover(world, request.path)
        return _accepted(world, request, workspace, "aml.none")
    workspacerules.judge_new(world, request.params["name"], body)
    if not present:
        mlquota.refuse_full(world, request.path)
    assigned.judge_linked(world, request, body.get("identity") or {})
    if present:
        managedgroup.remove_group(world, present.doc)
    doc = new_doc(world, armid.canonical(request.path), location, body)
    doc["systemData"] = stamp(world, request.caller)
    doc["identity"] = assigned.assign(
        world,
        {**doc, **({"identity": present.doc["identity"]} if present else {})},
        body.get("identity") or {"type": "SystemAssigned"},
    )
    workspace = Resource(doc, world.epoch())
    world.state.resources[doc["id"].lower()] = workspace
    operation = world.start_operation(doc["id"])
    start(world, workspace, operation)
    return Answer(202, None, _headers(world, request, operation, doc["location"]))


@api.route("PATCH", WORKSPACE)
def patch_workspace(world: World, request: Request) -> Answer:
    """Change a workspace; of its encryption only the key identifier."""
    return _change(world, request, tracked.existing(world, request), request.json())


def _change(world: World, request: Request, workspace: Resource, body: Json) -> Answer:
    doc, wanted = workspace.doc, body.get("properties") or {}
    _refuse_busy(doc)
    workspacerules.judge_change(doc, body)
    workspacerules.judge_dependencies(world, wanted)
    kid = workspacerules.new_key(world, doc, body)
    if body.get("identity"):
        workspacerules.judge_identity(world, body)
        assigned.judge_linked(world, request, body["identity"])
        doc["identity"] = assigned.assign(world, doc, body["identity"])
    if body.get("tags") is not None:
        doc["tags"] = body["tags"]
    for field in _PLAIN:
        if field in wanted:
            doc["properties"][field] = wanted[field]
    for field in ("applicationInsights", "containerRegistry"):
        if wanted.get(field):
            doc["properties"][field] = dependency(wanted[field])
    doc["systemData"] = stamp(world, request.caller, doc["systemData"])
    return _accepted(world, request, workspace, "aml.changed", kid=kid)


def _refuse_busy(doc: Json) -> None:
    """One operation at a time; the text is not recorded."""
    if doc["properties"]["provisioningState"] not in ("Succeeded", "Failed"):
        raise Refusal(409, "Conflict", f"Workspace '{doc['name']}' is busy with another operation.")


def _accepted(
    world: World, request: Request, workspace: Resource, job: str, **inner: object
) -> Answer:
    doc = workspace.doc
    doc["properties"]["provisioningState"] = "Updating"
    operation = world.start_operation(doc["id"], **inner)
    world.after(PATCH_S, job, operation=operation.id)
    return Answer(202, None, _headers(world, request, operation, doc["location"]))


@api.job("aml.changed")
def changed_job(world: World, data: Json) -> None:
    """The end of a change; a new key is taken by everything of the workspace now."""
    operation = world.state.operations[data["operation"]]
    workspace = world.resource(operation.target)
    if workspace is None or operation.status != "InProgress":
        return
    properties = workspace.doc["properties"]
    error = operations.injected(world, operation.id)
    kid = operation.inner.get("kid")
    if kid and not error:
        try:
            managedkeys.apply_keys(world, workspace, kid)
        except managedgroup.BuildFailed as failure:
            error = failure.error
        else:
            properties["encryption"]["keyVaultProperties"]["keyIdentifier"] = kid
    # A refused change leaves the workspace as it was, working.
    properties["provisioningState"] = "Succeeded"
    world.end_operation(operation.id, error)


@api.route("GET", WORKSPACE)
def get_workspace(world: World, request: Request) -> Answer:
    """One workspace."""
    return Answer(200, tracked.existing(world, request).doc)


@api.route("GET", OF_GROUP)
@api.route("GET", f"/subscriptions/{{s}}/providers/{KIND}")
def list_workspaces(world: World, request: Request) -> Answer:
    """Workspaces of a resource group or subscription; no nextLink."""
    scope = request.path.lower().partition("/providers/")[0]
    return Answer(200, {"value": [found.doc for found in tracked.below(world, scope, KIND)]})


@api.route("DELETE", WORKSPACE)
def delete_workspace(world: World, request: Request) -> Answer:
    """Delete softly, or with ``forceToPurge=true`` for good, a soft-deleted one too."""
    purge = request.query.get("forcetopurge", "").lower() == "true"
    workspace = world.resource(request.path)
    kept = softdeleted.find(world, request.path)
    if workspace is None and not (kept and purge):
        return Answer(204)
    before = ""
    if workspace:
        _refuse_busy(workspace.doc)
        before = workspace.doc["properties"]["provisioningState"]
        workspace.doc["properties"]["provisioningState"] = "Deleting"
    doc = workspace.doc if workspace else kept
    target = armid.canonical(request.path)
    operation = world.start_operation(target, purge=purge, before=before)
    world.after(DELETE_S, "aml.deleted", operation=operation.id)
    location = doc["location"] if doc else ""
    return Answer(202, None, _headers(world, request, operation, location))


@api.job("aml.deleted")
def deleted_job(world: World, data: Json) -> None:
    """The end of a deletion."""
    operation = world.state.operations[data["operation"]]
    error = operations.injected(world, operation.id)
    workspace = world.resource(operation.target)
    if error and workspace:
        workspace.doc["properties"]["provisioningState"] = operation.inner["before"]
    if not error:
        if workspace:
            softdeleted.keep(world, workspace)
        if operation.inner["purge"]:
            softdeleted.purge(world, operation.target)
    world.end_operation(operation.id, error)


@api.route("GET", AT + "/workspaceOperationsStatus/{id}", action="")
def operation_status(world: World, request: Request) -> Answer:
    """Polling: ``type=async`` tells the status, ``type=location`` the result."""
    operation = operations.find(world, request.params["id"])
    if request.query.get("type") != "location":
        return Answer(200, operations.status(operation, progress=True))
    workspace = world.resource(operation.target)
    if operation.result is None and operation.status == "Succeeded" and workspace:
        return Answer(200, workspace.doc)
    done = 200 if operation.result is not None else 204
    return operations.location_answer(world, request, operation, done=done)


@api.route("POST", WORKSPACE + "/listKeys")
def list_keys(world: World, request: Request) -> Answer:
    """Where the workspace's stores are; the key values themselves are not simulated."""
    properties = _named(world, request).doc["properties"]
    return Answer(
        200,
        {
            "userStorageKey": None,
            "userStorageResourceId": properties["storageAccount"],
            "appInsightsInstrumentationKey": properties["sdkTelemetryAppInsightsKey"],
            "containerRegistryCredentials": None,
            "notebookAccessKeys": None,
        },
    )


@api.route("GET", WORKSPACE + "/outboundRules")
def list_outbound(world: World, request: Request) -> Answer:
    """Outbound rules of the managed network: those the workspace was given."""
    workspace = world.resource(request.path.rpartition("/")[0])
    if workspace is None:
        raise armid.not_found(request)
    network = workspace.doc["properties"].get("managedNetwork") or {}
    rules = network.get("outboundRules") or {}
    value = [
        {
            "id": f"{workspace.doc['id']}/outboundRules/{name}",
            "name": name,
            "type": f"{KIND}/outboundRules",
            "properties": rule,
        }
        for name, rule in rules.items()
    ]
    return Answer(200, {"value": value})


def _named(world: World, request: Request) -> Resource:
    workspace = world.resource(request.path.rpartition("/")[0])
    if workspace is None:
        raise armid.not_found(request)
    return workspace


def _headers(world: World, request: Request, operation: Operation, location: str) -> dict[str, str]:
    return operations.async_headers(
        world,
        operation,
        "Microsoft.MachineLearningServices",
        location,
        "workspaceOperationsStatus",
        request.api_version,
        asynchronous="type=async",
        result="type=location",
    )
