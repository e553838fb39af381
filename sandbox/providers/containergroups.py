"""Microsoft.ContainerInstance: container groups, encrypted with a customer's key where asked.

PUT answers 201 with provisioningState Pending and Azure-AsyncOperation in an api-version of its
own (recorded: containerinstance/01). No container runs here: a group starts, tells events as the
service does, and keeps what it was told, encrypted.
"""

from copy import deepcopy
from typing import Any

from sandbox import armid, assigned, operations, tracked
from sandbox.protocol import Answer, Refusal, Request
from sandbox.providers import containerquota, customerkeys
from sandbox.providers.containerquota import KIND, api
from sandbox.providers.customerkeys import KeyUnusable
from sandbox.registrations import CONTAINER_INSTANCE, first_party
from sandbox.state import Json, Resource
from sandbox.world import World

PULL_S, START_S = 12.0, 18.0
"""Azure seconds until the image is there, and until the containers run."""
_POLL_VERSION = "2018-06-01"
_OF_GROUP = f"/subscriptions/{{s}}/resourceGroups/{{g}}/providers/{KIND}"
_ONE = _OF_GROUP + "/{name}"
_SECRET = frozenset({"secureValue", "workspaceKey", "password", "storageAccountKey"})
"""What a group is given and never tells."""
_VIEW = frozenset({"instanceView"})
_FIXED = ("osType", "restartPolicy", "encryptionProperties", "sku", "subnetIds")


@api.route("PUT", _ONE)
def put(world: World, request: Request) -> Answer:
    """Create a group, or change what can be changed of one."""
    body = request.json()
    location = tracked.placed(world, request, body)
    assigned.judge_linked(world, request, body.get("identity") or {})
    properties = _properties(body.get("properties") or {})
    present = world.resource(request.path)
    if present:
        _refuse_fixed(present, properties)
    else:
        containerquota.refuse(world, request.params["s"], location, properties)
    resource_id = armid.canonical(request.path)
    doc: Json = {
        "properties": properties,
        "id": resource_id,
        "name": armid.name(request.path),
        "type": KIND,
        "location": location,
        "tags": body.get("tags") or {},
    }
    if body.get("identity"):
        before = (
            {"identity": present.doc["identity"]} if present and "identity" in present.doc else {}
        )
        doc["identity"] = assigned.assign(world, {**doc, **before}, body["identity"])
    _refuse_identity(doc)
    group = Resource(doc, world.epoch(), inner=present.inner if present else {})
    world.state.resources[resource_id.lower()] = group
    operation = world.start_operation(resource_id)
    names = {"id": resource_id.lower(), "operation": operation.id}
    world.after(PULL_S, "aci.pull", **names)
    return Answer(201 if present is None else 200, doc, _poll(world, group, operation.id))


def _properties(asked: Json) -> Json:
    """A group's properties as they are told: without secrets, with what is usual filled in."""
    containers = asked.get("containers")
    if not containers:
        raise Refusal(
            400,
            "InvalidContainerGroup",
            "The container group must have at least one container.",
        )
    told: Json = {
        "sku": asked.get("sku", "Standard"),
        **(
            {"encryptionProperties": _encryption(asked)}
            if asked.get("encryptionProperties")
            else {}
        ),
        "provisioningState": "Pending",
        "containers": [_container(one) for one in containers],
        "initContainers": asked.get("initContainers") or [],
        "restartPolicy": asked.get("restartPolicy", "Always"),
        "osType": asked.get("osType", "Linux"),
        "instanceView": {"events": [], "state": "Pending"},
    }
    for name in ("ipAddress", "volumes", "diagnostics", "imageRegistryCredentials", "dnsConfig"):
        if asked.get(name):
            told[name] = _without(deepcopy(asked[name]), _SECRET)
    return told


def _encryption(asked: Json) -> Json:
    given = asked["encryptionProperties"]
    missing = [name for name in ("vaultBaseUrl", "keyName", "keyVersion") if not given.get(name)]
    if missing:
        raise Refusal(
            400,
            "InvalidEncryptionProperties",
            f"The encryption properties of the container group lack {', '.join(missing)}.",
        )
    if asked.get("sku", "Standard") != "Standard":
        raise Refusal(
            400, "InvalidEncryptionProperties", "Only the Standard sku takes a customer's key."
        )
    return {**given, "vaultBaseUrl": str(given["vaultBaseUrl"]).rstrip("/") + "/"}


def _container(one: Json) -> Json:
    asked = one.get("properties") or {}
    told = {
        "image": asked.get("image", ""),
        "ports": asked.get("ports") or [],
        "environmentVariables": asked.get("environmentVariables") or [],
        "resources": asked.get("resources") or {"requests": {"memoryInGB": 1.5, "cpu": 1.0}},
    }
    return {"name": one["name"], "properties": _without(deepcopy({**asked, **told}), _SECRET)}


def _without(value: Any, names: frozenset[str]) -> Any:
    if isinstance(value, dict):
        return {k: _without(v, names) for k, v in value.items() if k not in names}
    return [_without(one, names) for one in value] if isinstance(value, list) else value


def _refuse_fixed(present: Resource, wanted: Json) -> None:
    """400 for what can only be chosen when a group is created."""
    before = present.doc["properties"]
    if any(before.get(name) != wanted.get(name) for name in _FIXED):
        name = present.doc["name"]
        raise Refusal(
            400,
            "InvalidContainerGroupUpdate",
            f"The updates on container group '{name}' are invalid. If you are going to update the "
            "os type, restart policy, encryption, network profile, CPU, memory or GPU resources "
            "for a container group, you must delete it first and then create a new one.",
        )


def _refuse_identity(doc: Json) -> None:
    """400 for a key's identity that the group itself does not have (catalogue entry G.47)."""
    wanted = doc["properties"].get("encryptionProperties", {}).get("identity", "")
    if wanted and not assigned.principal_of(doc, wanted):
        raise Refusal(
            400,
            "InvalidEncryptionProperties",
            f"The identity '{wanted}' of the encryption properties is not assigned to the "
            "container group.",
        )


def _poll(world: World, group: Resource, operation_id: str) -> dict[str, str]:
    return operations.async_headers(
        world,
        world.state.operations[operation_id],
        "Microsoft.ContainerInstance",
        group.doc["location"],
        "operations",
        _POLL_VERSION,
        result=None,
    )


@api.route(
    "GET",
    "/subscriptions/{s}/providers/Microsoft.ContainerInstance/locations/{location}"
    "/operations/{operation}",
)
def poll(world: World, request: Request) -> Answer:
    """The state of a creation, restart or start."""
    operation = operations.find(world, request.params["operation"])
    return Answer(200, {"id": request.path, **operations.named_status(world, operation)})


@api.job("aci.pull")
def pull(world: World, data: Json) -> None:
    """The key is taken first, because what the group was told is kept encrypted."""
    group = world.resource(data["id"])
    if group is None:
        world.state.operations[data["operation"]].status = "Canceled"
        return
    error = operations.injected(world, data["operation"]) or _take_key(world, group)
    if error:
        _event(world, group, "Failed", error["message"], "Warning")
        _end(world, group, "Failed", data["operation"], error)
        return
    for one in group.doc["properties"]["containers"]:
        image = one["properties"]["image"]
        _event(world, group, "Pulling", f'pulling image "{image}"')
        _event(world, group, "Pulled", f'Successfully pulled image "{image}"')
    group.doc["properties"]["provisioningState"] = "Creating"
    world.after(START_S, "aci.start", **data)


@api.job("aci.start")
def started(world: World, data: Json) -> None:
    """The containers run."""
    group = world.resource(data["id"])
    if group is None:
        world.state.operations[data["operation"]].status = "Canceled"
        return
    _run(world, group)
    _end(world, group, "Succeeded", data["operation"], None)


def _run(world: World, group: Resource) -> None:
    for one in group.doc["properties"]["containers"]:
        _event(world, group, "Started", f"Started container {one['name']}")
    _containers(group, {"state": "Running", "startTime": world.iso(), "detailStatus": ""})


def _containers(group: Resource, state: Json) -> None:
    """What each container of a group tells of itself."""
    for one in group.doc["properties"]["containers"]:
        one["properties"]["instanceView"] = {"restartCount": 0, "currentState": dict(state)}


def _end(world: World, group: Resource, state: str, operation: str, error: Json | None) -> None:
    group.doc["properties"]["provisioningState"] = state
    running = "Running" if state == "Succeeded" else state
    group.doc["properties"]["instanceView"]["state"] = running
    if error:
        _containers(group, {"state": "Waiting", "detailStatus": ""})
    world.end_operation(operation, error)


def _event(world: World, group: Resource, name: str, message: str, kind: str = "Normal") -> None:
    at = world.iso()
    group.doc["properties"]["instanceView"]["events"].append(
        {
            "count": 1,
            "firstTimestamp": at,
            "lastTimestamp": at,
            "name": name,
            "message": message,
            "type": kind,
        }
    )


def _take_key(world: World, group: Resource) -> Json | None:
    """Encrypt what the group was told; the error where the key can't be used.

    Two ways, two principals ("Encrypt deployment data"): the group's user-assigned identity,
    a trusted service to the vault's firewall, or the service's own first-party app, which is
    not. Both need get and unwrapKey alone.
    """
    given = group.doc["properties"].get("encryptionProperties")
    if not given:
        return None
    if "cmk" in group.inner:
        trouble = customerkeys.check(world, group)
        return _key_error(group, trouble) if trouble else None
    flow = {"public": True, "trusted": bool(given.get("identity"))}
    try:
        customerkeys.protect(world, group, _kid(given), _works_as(world, group), **flow)
    except KeyUnusable as trouble:
        return _key_error(group, trouble)
    customerkeys.watch(world, group)
    return None


def _kid(given: Json) -> str:
    return f"{given['vaultBaseUrl']}keys/{given['keyName']}/{given['keyVersion']}"


def _works_as(world: World, group: Resource) -> str:
    """Object id of the group's identity for the key, else of the service's own app."""
    identity = group.doc["properties"]["encryptionProperties"].get("identity", "")
    if identity:
        return assigned.principal_of(group.doc, identity)
    app = first_party(world, tracked.tenant(world, group.doc["id"]), CONTAINER_INSTANCE)
    return app.object_id if app else ""


def _key_error(group: Resource, trouble: KeyUnusable) -> Json:
    """The vault's own words; what the service says around them is not recorded."""
    why = trouble.cause.message if trouble.cause else trouble.inner
    return {
        "code": trouble.inner,
        "message": f"Container group '{group.doc['name']}' can't use its encryption key: {why}",
    }


def tell(world: World, group: Resource, trouble: KeyUnusable | None) -> None:
    """A running group goes on; that its key is lost shows when it must start again."""


customerkeys.TELLS[KIND.lower()] = tell
customerkeys.WORKS_AS[KIND.lower()] = _works_as


# -- life


@api.route("DELETE", _ONE)
def delete(world: World, request: Request) -> Answer:
    """Answers 200 with the group that was (recorded)."""
    group = world.resource(request.path)
    if group is None:
        return Answer(204)
    del world.state.resources[group.doc["id"].lower()]
    return Answer(200, group.doc)


def _above(world: World, request: Request, mark: str) -> Resource:
    """The group that an address goes on below, from ``mark``."""
    path = request.path.rpartition(mark)[0]
    group = world.resource(path)
    if group is None:
        raise armid.not_found(request, path)
    return group


def _again(world: World, request: Request) -> Answer:
    """Restart or start: 204 with an operation to poll (recorded: containerinstance/05).

    What a group was told must be decrypted for it, so the key is needed again.
    """
    group = _above(world, request, "/")
    group.doc["properties"]["instanceView"]["state"] = "Pending"
    operation = world.start_operation(group.doc["id"])
    world.after(PULL_S, "aci.pull", id=group.doc["id"].lower(), operation=operation.id)
    return Answer(204, None, _poll(world, group, operation.id))


api.route("POST", _ONE + "/restart")(_again)
api.route("POST", _ONE + "/start")(_again)


@api.route("POST", _ONE + "/stop")
def stop(world: World, request: Request) -> Answer:
    """Stop the containers; a stopped group still counts for the quota."""
    group = _above(world, request, "/")
    group.doc["properties"]["instanceView"]["state"] = "Stopped"
    _containers(group, {"state": "Terminated", "finishTime": world.iso(), "detailStatus": ""})
    return Answer(204)


@api.route("GET", _ONE + "/containers/{container}/logs")
def logs(world: World, request: Request) -> Answer:
    """What a container printed: here one line that says why there is no more."""
    group = _above(world, request, "/containers/")
    wanted = request.params["container"]
    known = {one["name"]: one["properties"] for one in group.doc["properties"]["containers"]}
    if wanted not in known:
        raise Refusal(404, "ResourceNotFound", f"The container '{wanted}' was not found.")
    text = f"No container runs in the sandbox; {known[wanted]['image']} would print here.\n"
    running = group.doc["properties"]["instanceView"]["state"] == "Running"
    return Answer(200, {"content": text if running else ""})


def _listed(world: World, request: Request) -> Answer:
    """Groups without their instanceView (recorded: containerinstance/03)."""
    scope = request.path.lower().partition("/providers/")[0]
    value = []
    for group in tracked.below(world, scope, KIND):
        value.append({**group.doc, "properties": _without(group.doc["properties"], _VIEW)})
    return Answer(200, {"value": value})


api.route("GET", _OF_GROUP)(_listed)
api.route("GET", f"/subscriptions/{{s}}/providers/{KIND}")(_listed)


@api.route("GET", _ONE)
def get(world: World, request: Request) -> Answer:
    """One group with its instanceView."""
    return Answer(200, tracked.existing(world, request).doc)


@api.route("PATCH", _ONE)
def patch(world: World, request: Request) -> Answer:
    """Change tags; nothing else can be patched."""
    group = tracked.existing(world, request)
    group.doc["tags"] = request.json().get("tags") or {}
    return Answer(200, group.doc)


@api.seed("container_groups")
def seed(world: World, item: Json) -> None:
    """``[[container_groups]]``: subscription, group, name, location; properties as in a PUT,
    with ``key`` (``vault/key``) instead of encryptionProperties where the key's newest version
    is meant; identity (id of a user-assigned one); state, and ``ended`` for a group whose
    containers have done their work."""
    path = armid.canonical(tracked.seeded(world, item, KIND))
    asked, uai = dict(item["properties"]), item.get("identity", "")
    if item.get("key"):
        asked["encryptionProperties"] = _seeded_key(world, str(item["key"]), uai)
    doc: Json = {
        "properties": _properties(asked),
        "id": path,
        "name": item["name"],
        "type": KIND,
        "location": item["location"],
        "tags": item.get("tags", {}),
    }
    if uai:
        wanted = {"type": "UserAssigned", "userAssignedIdentities": {uai: {}}}
        doc["identity"] = assigned.assign(world, doc, wanted)
    group = Resource(doc, world.epoch())
    world.state.resources[path.lower()] = group
    state = item.get("state", "Succeeded")
    doc["properties"]["provisioningState"] = state
    doc["properties"]["instanceView"]["state"] = state
    if state == "Succeeded":
        _seed_run(world, group, ended=bool(item.get("ended")))


def _seeded_key(world: World, named: str, uai: str) -> Json:
    vault, _, name = named.partition("/")
    uri = world.addresses.vault(vault)
    version = customerkeys.kept_version(world, customerkeys.parse(f"{uri}/keys/{name}"))
    given = {"vaultBaseUrl": uri, "keyName": name, "keyVersion": version}
    return {**given, **({"identity": uai} if uai else {})}


def _seed_run(world: World, group: Resource, *, ended: bool) -> None:
    """A group that was made in the past, with what it did since."""
    given = group.doc["properties"].get("encryptionProperties")
    if given:
        flow = {"public": True, "trusted": bool(given.get("identity"))}
        customerkeys.protect_unseen(world, group, _kid(given), _works_as(world, group), **flow)
    _run(world, group)
    group.doc["properties"]["instanceView"]["state"] = "Succeeded" if ended else "Running"
    if ended:
        at = {"startTime": world.iso(), "finishTime": world.iso()}
        _containers(
            group, {"state": "Terminated", "exitCode": 0, **at, "detailStatus": "Completed"}
        )
