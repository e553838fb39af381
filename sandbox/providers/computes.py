"""Clusters that are attached to a workspace: Microsoft.MachineLearningServices/workspaces/computes.

They lie in their workspace and go where it goes, softly deleted too. Only clusters of Kubernetes
are attached; what Machine Learning makes itself (instances, its own clusters) is refused.
Shapes: Machine Learning REST reference, "Compute - Create Or Update" and "Compute - Delete".
"""

from sandbox import armid, gate, operations
from sandbox.keyvault.lifecycle import stamp
from sandbox.protocol import Answer, Refusal, Request
from sandbox.providers import clusters
from sandbox.providers.managedgroup import api
from sandbox.providers.subscriptions import scope as scope_of
from sandbox.state import Json, Operation, Resource
from sandbox.world import World

KIND = "Microsoft.MachineLearningServices/workspaces"
WORKSPACE = f"/subscriptions/{{s}}/resourceGroups/{{g}}/providers/{KIND}/{{workspace}}"
ONE = WORKSPACE + "/computes/{name}"
AT = "/subscriptions/{s}/providers/Microsoft.MachineLearningServices/locations/{location}"
TYPES = ("AKS", "Kubernetes")
"""``computeType`` of a cluster: for what it serves by the older SDK, and with the extension."""
CHANGE_S = 30.0
"""Azure seconds to attach, change or detach; no recording tells them."""
READ = "Microsoft.ContainerService/managedClusters/read"
DELETE = "Microsoft.ContainerService/managedClusters/delete"


@api.route("GET", WORKSPACE + "/computes")
def list_computes(world: World, request: Request) -> Answer:
    """All of a workspace, in the order in which they were attached; no nextLink."""
    return Answer(200, {"value": list(_all(_workspace(world, request)).values())})


@api.route("GET", ONE)
def get_compute(world: World, request: Request) -> Answer:
    """One of a workspace."""
    return Answer(200, _existing(world, request))


@api.route("PUT", ONE)
def put_compute(world: World, request: Request) -> Answer:
    """Attach a cluster, or describe anew one that is attached: another can't take its place."""
    workspace, body = _workspace(world, request), request.json()
    asked = body.get("properties") or {}
    name = request.params["name"]
    present = _all(workspace).get(name.lower())
    if present is None:
        cluster = _attachable(world, request, asked)
        doc = _doc(world, workspace, name, cluster, asked)
        doc["systemData"] = stamp(world, request.caller)
        doc["properties"]["provisioningState"] = "Creating"
        _all(workspace)[name.lower()] = doc
        return _accepted(world, request, workspace, doc, 201, "aml.attached")
    before = present["properties"]
    if str(asked.get("resourceId", "")).lower() != before["resourceId"].lower():
        raise Refusal(
            400, "BadRequest", f"Compute '{name}' is attached to another resource; detach it first."
        )
    before |= {"description": asked.get("description") or "", "modifiedOn": world.iso()}
    before["provisioningState"] = "Updating"
    return _accepted(world, request, workspace, present, 200, "aml.attached")


@api.route("DELETE", ONE)
def delete_compute(world: World, request: Request) -> Answer:
    """``underlyingResourceAction``: Detach leaves the cluster as it is, Delete deletes it too."""
    action = request.query.get("underlyingresourceaction", "").lower()
    if action not in ("delete", "detach"):
        raise Refusal(
            400, "BadRequest", "underlyingResourceAction must be one of 'Delete' and 'Detach'."
        )
    workspace = _workspace(world, request)
    doc = _all(workspace).get(request.params["name"].lower())
    if doc is None:
        return Answer(204)
    cluster = world.resource(doc["properties"]["resourceId"])
    if action == "delete" and cluster is not None:
        id = cluster.doc["id"]
        gate.authorize(world, request, DELETE, id)
        if locked := gate.locks_over(world, id, delete=True):
            raise Refusal(409, **clusters.locked_error(id, locked))
        clusters.begin_delete(world, cluster)
    doc["properties"]["provisioningState"] = "Deleting"
    return _accepted(world, request, workspace, doc, 202, "aml.detached")


@api.job("aml.attached")
def attached_job(world: World, data: Json) -> None:
    """A cluster is attached, or its description changed."""
    _end(world, data, gone=False)


@api.job("aml.detached")
def detached_job(world: World, data: Json) -> None:
    """A cluster is the workspace's no more."""
    _end(world, data, gone=True)


def _end(world: World, data: Json, *, gone: bool) -> None:
    operation = world.state.operations[data["operation"]]
    error = operations.injected(world, operation.id)
    path, _, name = operation.target.rpartition("/computes/")
    workspace = world.resource(path)
    held = _all(workspace) if workspace else {}
    if gone and not error:
        held.pop(name.lower(), None)
    elif name.lower() in held:
        state = "Failed" if error else "Succeeded"
        held[name.lower()]["properties"]["provisioningState"] = state
    world.end_operation(operation.id, error)


@api.route("GET", AT + "/computeOperationsStatus/{id}", action="")
def compute_status(world: World, request: Request) -> Answer:
    """Polling of either address; the result is the document, or nothing after the end of one."""
    operation = operations.find(world, request.params["id"])
    if request.query.get("type") != "location":
        return Answer(200, operations.status(operation, progress=True))
    return operations.location_answer(world, request, operation, done=204)


def _accepted(  # noqa: PLR0917 - an answer's parts
    world: World, request: Request, workspace: Resource, doc: Json, status: int, job: str
) -> Answer:
    operation: Operation = world.start_operation(doc["id"])
    world.after(CHANGE_S, job, operation=operation.id)
    headers = operations.async_headers(
        world,
        operation,
        "Microsoft.MachineLearningServices",
        workspace.doc["location"],
        "computeOperationsStatus",
        request.api_version,
        result="type=location" if status == 202 else None,
    )
    return Answer(status, None if status == 202 else doc, headers)


def _attachable(world: World, request: Request, asked: Json) -> Resource:
    """The cluster that a body names; refuses what is none, is not there, or can't be seen."""
    if asked.get("computeType") not in TYPES:
        raise Refusal(
            400,
            "BadRequest",
            f"The sandbox attaches computeType {' or '.join(TYPES)} only, not"
            f" '{asked.get('computeType')}'.",
        )
    id = str(asked.get("resourceId") or "")
    cluster = world.resource(id)
    if cluster is None or cluster.doc["type"].lower() != clusters.KIND.lower():
        raise Refusal(400, "BadRequest", f"There is no managed cluster '{id}' to attach.")
    gate.authorize(world, request, READ, cluster.doc["id"])
    return cluster


def _doc(world: World, workspace: Resource, name: str, cluster: Resource, asked: Json) -> Json:
    kind, now = asked["computeType"], world.iso()
    given = asked.get("properties") or {}
    return {
        "id": f"{workspace.doc['id']}/computes/{name}",
        "name": name,
        "type": f"{KIND}/computes",
        "location": workspace.doc["location"],
        "tags": {},
        "properties": {
            "computeType": kind,
            "computeLocation": cluster.doc["location"],
            "description": asked.get("description") or "",
            "resourceId": cluster.doc["id"],
            "createdOn": now,
            "modifiedOn": now,
            "provisioningState": "Succeeded",
            "provisioningErrors": None,
            "isAttachedCompute": True,
            "disableLocalAuth": bool(asked.get("disableLocalAuth")),
            "properties": given,
        },
    }


def _all(workspace: Resource) -> dict[str, Json]:
    found: dict[str, Json] = workspace.inner.setdefault("computes", {})
    return found


def _workspace(world: World, request: Request) -> Resource:
    path = request.path.rpartition("/computes")[0]
    found = world.resource(path)
    if found is None:
        raise armid.not_found(request, path)
    return found


def _existing(world: World, request: Request) -> Json:
    found = _all(_workspace(world, request)).get(request.params["name"].lower())
    if found is None:
        raise armid.not_found(request)
    return found


@api.seed("computes")
def seed_compute(world: World, item: Json) -> None:
    """``[[computes]]``: name, workspace and cluster (``SUBSCRIPTION/GROUP/NAME``), ``type``.

    The workspace stands in a table before; the cluster is in its own, read later.
    """
    workspace = world.resource(_named(world, item["workspace"], KIND))
    if workspace is None:
        raise ValueError(f"there is no workspace {item['workspace']}")
    id = _named(world, item["cluster"], clusters.KIND)
    cluster = Resource({"id": id, "location": workspace.doc["location"]}, world.epoch())
    asked = {"computeType": item.get("type", "AKS")}
    doc = _doc(world, workspace, item["name"], cluster, asked)
    _all(workspace)[item["name"].lower()] = doc


def _named(world: World, path: str, kind: str) -> str:
    place, _, name = path.rpartition("/")
    return f"{scope_of(world, place)}/providers/{kind}/{name}"
