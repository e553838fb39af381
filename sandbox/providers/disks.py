"""Microsoft.Compute: disk encryption sets and managed disks.

A set's PUT answers 202 with a body that has no id yet (recorded: compute-des/01) and both
polling headers. The set is accepted although its identity can't use the key: nobody could have
granted it anything before. What needs the key then fails.
"""

from sandbox import armid, assigned, cascade, operations, tracked
from sandbox.keyvault import names
from sandbox.protocol import Answer, Refusal, Request
from sandbox.providers import customerkeys, diskkeys, identities
from sandbox.providers.customerkeys import KeyUnusable
from sandbox.providers.diskkeys import SETS
from sandbox.providers.vmsizes import api
from sandbox.state import Json, Resource
from sandbox.world import World

SET_S = 5.0
"""Azure seconds; the recorded creation ended before the first poll 30 s later."""
ROTATE_S = 3600.0
"""Azure seconds between two looks for a newer version ("within one hour")."""
TYPES = (
    "EncryptionAtRestWithCustomerKey",
    "EncryptionAtRestWithPlatformAndCustomerKeys",
    "ConfidentialVmEncryptedWithCustomerKey",
)
DISKS = "Microsoft.Compute/disks"
_SET = f"/subscriptions/{{s}}/resourceGroups/{{g}}/providers/{SETS}/{{name}}"
_DISK = f"/subscriptions/{{s}}/resourceGroups/{{g}}/providers/{DISKS}/{{name}}"
_OPERATIONS = "/subscriptions/{s}/providers/Microsoft.Compute/locations/{location}/DiskOperations"

for _kind in ("diskEncryptionSets", "disks"):
    tracked.routes(api, _kind)  # what a kind does otherwise is registered over these


# -- disk encryption sets


@api.route("PUT", _SET)
def put_set(world: World, request: Request) -> Answer:
    """Create a set, or change one."""
    body = request.json()
    location = tracked.placed(world, request, body)
    assigned.judge_linked(world, request, body.get("identity") or {})
    asked = body.get("properties") or {}
    key = _key(world, request, asked.get("activeKey"), location)
    kind = asked.get("encryptionType", TYPES[0])
    if kind not in TYPES:
        raise _bad("diskEncryptionSet.properties.encryptionType", f"must be one of {TYPES}.")
    present = world.resource(request.path)
    if present:
        return _change(world, request, present, body)
    des = _new_set(world, request.path, location, body, key)
    return _accepted(world, request, des)


def _new_set(
    world: World, path: str, location: str, body: Json, key: Json, *, own: str = ""
) -> Resource:
    """``own``: object id that a scenario gives the set's own identity."""
    asked = body.get("properties") or {}
    resource_id = armid.canonical(path)
    doc: Json = {
        "name": armid.name(path),
        "id": resource_id,
        "type": SETS,
        "location": location,
        **({"tags": body["tags"]} if body.get("tags") else {}),
        "properties": {
            "activeKey": key,
            "encryptionType": asked.get("encryptionType", TYPES[0]),
            "rotationToLatestKeyVersionEnabled": bool(
                asked.get("rotationToLatestKeyVersionEnabled", False)
            ),
            "provisioningState": "Updating",
        },
    }
    if own:
        made = identities.system_identity(
            world, tracked.tenant(world, path), doc["name"], object_id=own, known=True
        )
        doc["identity"] = {"principalId": made.object_id}
    doc["identity"] = assigned.assign(world, doc, body.get("identity") or {"type": "None"})
    des = Resource(doc, world.epoch())
    world.state.resources[resource_id.lower()] = des
    world.after(ROTATE_S, "des.rotate", id=resource_id.lower())
    return des


@api.route("PATCH", _SET)
def patch_set(world: World, request: Request) -> Answer:
    """Change key, identity, rotation or tags."""
    return _change(world, request, tracked.existing(world, request), request.json())


def _change(world: World, request: Request, des: Resource, body: Json) -> Answer:
    asked, properties = body.get("properties") or {}, des.doc["properties"]
    if asked.get("encryptionType", properties["encryptionType"]) != properties["encryptionType"]:
        raise _bad("diskEncryptionSet.properties.encryptionType", "can't be changed.")
    if "identity" in body:
        assigned.judge_linked(world, request, body["identity"] or {})
        des.doc["identity"] = assigned.assign(world, des.doc, body["identity"] or {})
    if "tags" in body:
        des.doc["tags"] = body["tags"] or {}
    if "rotationToLatestKeyVersionEnabled" in asked:
        properties["rotationToLatestKeyVersionEnabled"] = bool(
            asked["rotationToLatestKeyVersionEnabled"]
        )
    key = asked.get("activeKey")
    if key and key.get("keyUrl") != properties["activeKey"]["keyUrl"]:
        wanted = _key(world, request, key, des.doc["location"])
        try:
            diskkeys.move(world, des, wanted["keyUrl"])
        except KeyUnusable:
            raise _refused(diskkeys.forbidden(des)) from None
        properties["activeKey"] = wanted
    diskkeys.follow(world, des)
    properties["provisioningState"] = "Updating"
    return _accepted(world, request, des)


def _refused(error: Json) -> Refusal:
    return Refusal(400, error["code"], error["message"])


def _bad(target: str, rule: str) -> Refusal:
    return Refusal(400, "InvalidParameter", f"{target} {rule}", target=target)


def _key(world: World, request: Request, given: Json | None, location: str) -> Json:
    """The active key asked for; refuses a vault that can't serve disks.

    Soft delete, purge protection and the region are documented conditions ("Server-side
    encryption of Azure Disk Storage"); the words are ours, they are not recorded.
    """
    where = "diskEncryptionSet.properties.activeKey.keyUrl"
    try:
        key = customerkeys.parse(str((given or {}).get("keyUrl", "")))
    except KeyUnusable:
        raise _bad(where, "is not the URL of a key in a vault.") from None
    vault = names.find(world, key.vault)
    if vault is None:
        raise _bad(where, f"names vault '{key.vault}', which was not found.")
    if vault.doc["location"] != location:
        raise Refusal(
            400,
            "KeyVaultAndDiskEncryptionSetInDifferentRegions",
            f"Key vault '{key.vault}' and the disk encryption set are in different regions.",
        )
    if not vault.doc["properties"].get("enablePurgeProtection"):
        raise Refusal(
            400,
            "InvalidKeyVault",
            f"Key vault '{key.vault}' must have soft delete and purge protection enabled.",
        )
    source = ((given or {}).get("sourceVault") or {}).get("id", "")
    if source and armid.subscription(source) != armid.subscription(request.path):
        raise _bad(where, "sourceVault can't be named for a vault of another subscription.")
    kept: Json = {"keyUrl": str((given or {})["keyUrl"])}
    return {"sourceVault": {"id": source}, **kept} if source else kept


def _accepted(world: World, request: Request, des: Resource) -> Answer:
    operation = world.start_operation(des.doc["id"])
    world.after(SET_S, "des.ready", id=des.doc["id"].lower(), operation=operation.id)
    headers = operations.async_headers(
        world,
        operation,
        "Microsoft.Compute",
        des.doc["location"],
        "DiskOperations",
        request.api_version,
        result="monitor=true",
    )
    shown = {name: des.doc[name] for name in ("location", "identity", "properties")}
    return Answer(202, shown, headers)


@api.job("des.ready")
def set_ready(world: World, data: Json) -> None:
    """The set is as it was asked for."""
    des = world.resource(data["id"])
    if des is None:
        world.state.operations[data["operation"]].status = "Canceled"
        return
    error = operations.injected(world, data["operation"])
    des.doc["properties"]["provisioningState"] = "Failed" if error else "Succeeded"
    world.end_operation(data["operation"], error, des.doc)


@api.job("des.rotate")
def rotate(world: World, data: Json) -> None:
    """Look for a newer version, then again in an hour."""
    des = world.resource(data["id"])
    if des is None:
        return
    diskkeys.follow(world, des)
    behind = (world.clock.epoch() - world.epoch()) * world.clock.speed
    world.after(ROTATE_S * max(1, behind // ROTATE_S), "des.rotate", id=data["id"])


@api.route(
    "GET", _OPERATIONS + "/{operation}", action="Microsoft.Compute/locations/DiskOperations/read"
)
def poll(world: World, request: Request) -> Answer:
    """A set's or a disk's operation; ``monitor=true`` is the Location."""
    operation = operations.find(world, request.params["operation"])
    if request.query.get("monitor"):
        return operations.location_answer(world, request, operation)
    body = operations.named_status(world, operation)
    if operation.result:
        body["properties"] = {"output": operation.result}
    return Answer(200, body)


@api.route("GET", _SET + "/associatedResources")
def associated(world: World, request: Request) -> Answer:
    """Ids of the disks and scale sets that use a set."""
    des = tracked.parent(world, request)
    return Answer(200, {"value": [one.doc["id"] for one in diskkeys.holders(world, des)]})


@api.route("DELETE", _SET)
def delete_set(world: World, request: Request) -> Answer:
    """Delete a set that nothing uses; the words of the refusal are ours."""
    des = world.resource(request.path)
    if des is None:
        return Answer(204)
    used = [one.doc["name"] for one in diskkeys.holders(world, des)]
    if used:
        raise Refusal(
            409,
            "OperationNotAllowed",
            f"Disk encryption set '{des.doc['name']}' is in use by {', '.join(used)}.",
        )
    cascade.delete(world, des.doc["id"])
    return Answer(200)


def _set_removed(world: World, des: Resource) -> None:
    assigned.assign(world, des.doc, {"type": "None"})


cascade.on_delete(SETS)(_set_removed)


# -- disks


@api.route("PUT", _DISK)
def put_disk(world: World, request: Request) -> Answer:
    """Create an empty disk, encrypted through a set where the body names one."""
    body = request.json()
    location = tracked.placed(world, request, body)
    asked = body.get("properties") or {}
    wanted = asked.get("encryption") or {}
    resource_id = armid.canonical(request.path)
    doc: Json = {
        "name": armid.name(request.path),
        "id": resource_id,
        "type": DISKS,
        "location": location,
        "tags": body.get("tags") or {},
        "sku": {"name": (body.get("sku") or {}).get("name", "StandardSSD_LRS")},
        "properties": {
            "creationData": asked.get("creationData") or {"createOption": "Empty"},
            "diskSizeGB": int(asked.get("diskSizeGB", 32)),
            "encryption": wanted or {"type": "EncryptionAtRestWithPlatformKey"},
            "diskState": "Unattached",
            "provisioningState": "Succeeded",
            "timeCreated": world.iso(),
        },
    }
    disk = Resource(doc, world.epoch())
    if wanted.get("diskEncryptionSetId"):
        _encrypt(world, request, disk, wanted["diskEncryptionSetId"])
    new = world.resource(request.path) is None
    world.state.resources[resource_id.lower()] = disk
    return Answer(201 if new else 200, doc)


def _encrypt(world: World, request: Request, disk: Resource, des_id: str) -> None:
    des = diskkeys.named(world, des_id, disk.doc["location"])
    diskkeys.refuse_unreadable(world, request, request.caller.object_id, des_id)
    try:
        diskkeys.take(world, disk, des)
    except KeyUnusable:
        raise _refused(diskkeys.forbidden(des)) from None


# -- scenarios


@api.seed("disk_encryption_sets")
def seed_set(world: World, item: Json) -> None:
    """``[[disk_encryption_sets]]``: subscription, group, name, location, key (URL, or
    ``vault/key`` for its newest version), vault (id); identity (id of a user-assigned one) or
    object_id (of the set's own), rotate, encryption."""
    path = tracked.seeded(world, item, SETS)
    uai, kid = item.get("identity", ""), str(item["key"])
    if "://" not in kid:
        vault, _, name = kid.partition("/")
        key = customerkeys.parse(f"{world.addresses.vault(vault)}/keys/{name}")
        kid = key.full(customerkeys.kept_version(world, key))
    body = {
        "identity": {"type": "UserAssigned", "userAssignedIdentities": {uai: {}}}
        if uai
        else {"type": "SystemAssigned"},
        "properties": {
            "encryptionType": item.get("encryption", TYPES[0]),
            "rotationToLatestKeyVersionEnabled": item.get("rotate", False),
        },
    }
    own = item.get("object_id", "")
    active = {"sourceVault": {"id": item["vault"]}, "keyUrl": kid}
    des = _new_set(world, path, item["location"], body, active, own=own)
    des.doc["properties"]["provisioningState"] = "Succeeded"
