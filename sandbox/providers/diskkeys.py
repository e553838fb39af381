"""How disks use a customer's key: through a disk encryption set, as the set's identity.

The set itself holds no data key. Every disk, and every scale set for its OS disks, holds one
that was wrapped by the set's active key, and is stopped when its key can't be unwrapped
("about one hour", managed disks' page on server-side encryption).
"""

from sandbox import armid, assigned, rbac
from sandbox.protocol import GatewayRefusal, Refusal, Request
from sandbox.providers import customerkeys
from sandbox.providers.customerkeys import KeyUnusable
from sandbox.state import Json, Resource
from sandbox.world import World

SETS = "Microsoft.Compute/diskEncryptionSets"
READ = "Microsoft.Compute/diskEncryptionSets/read"
_HELP = "https://aka.ms/keyvaultaccessssecmk"


def principal(des: Resource) -> str:
    """Object id of the identity a set works as; empty where it has none."""
    identity = des.doc.get("identity") or {}
    users = identity.get("userAssignedIdentities") or {}
    return assigned.principal_of(des.doc, next(iter(users), ""))


def forbidden(des: Resource) -> Json:
    """KeyVaultAccessForbidden, as azure-docs issue 96319 prints it."""
    vault = (des.doc["properties"]["activeKey"].get("sourceVault") or {}).get("id", "")
    where = vault or des.doc["properties"]["activeKey"]["keyUrl"]
    return {
        "code": "KeyVaultAccessForbidden",
        "message": f"Unable to access key vault resource '{where}' to enable encryption at rest. "
        f"Please grant get, wrap and unwrap key permissions to disk encryption set "
        f"'{des.doc['name']}'. Please visit {_HELP} for more information.",
    }


def refuse_unreadable(world: World, request: Request, object_id: str, des_id: str) -> None:
    """403 LinkedAuthorizationFailed for who may not read the set (azuredisk-csi-driver 2609)."""
    if rbac.allows(world, object_id, READ, des_id):
        return
    known = world.principal(object_id)
    scope = armid.canonical(request.path)
    raise GatewayRefusal(
        403,
        "LinkedAuthorizationFailed",
        f"The client '{(known.app_id or known.upn) if known else object_id}' with object id "
        f"'{object_id}' has permission to perform action '{armid.resource_type(scope)}/write' on "
        f"scope '{scope}'; however, it does not have permission to perform action(s) '{READ}' on "
        f"the linked scope(s) '{des_id}' (respectively) or the linked scope(s) are invalid.",
    )


def named(world: World, des_id: str, location: str) -> Resource:
    """The set that a disk or cluster names; refuses one that is missing or elsewhere."""
    des = world.resource(des_id)
    if des is None or des.doc["type"] != SETS:
        raise Refusal(404, "NotFound", f"Disk encryption set '{des_id}' is not found.")
    if des.doc["location"] != location:
        raise Refusal(
            400,
            "InvalidParameter",
            f"Disk encryption set '{des.doc['name']}' is in '{des.doc['location']}'; disks that use "
            f"it must be in the same region, not in '{location}'.",
        )
    return des


def take(world: World, holder: Resource, des: Resource) -> None:
    """Encrypt a disk or scale set by a set's active key; raises :class:`KeyUnusable`."""
    kid = des.doc["properties"]["activeKey"]["keyUrl"]
    customerkeys.protect(world, holder, kid, principal(des))
    holder.inner["des"] = des.doc["id"].lower()
    holder.inner["imaged"] = world.epoch()
    customerkeys.watch(world, holder)


def take_unseen(world: World, holder: Resource, des: Resource) -> None:
    """What :func:`take` left in the past, for scenarios."""
    holder.inner["des"] = des.doc["id"].lower()
    kid = des.doc["properties"]["activeKey"]["keyUrl"]
    customerkeys.protect_unseen(world, holder, kid, principal(des))


def holders(world: World, des: Resource) -> list[Resource]:
    """Disks and scale sets that are encrypted through a set."""
    key = des.doc["id"].lower()
    return [one for one in world.state.resources.values() if one.inner.get("des") == key]


def move(world: World, des: Resource, kid: str) -> None:
    """Make another key, or version of it, the active one and wrap every data key anew.

    Raises :class:`KeyUnusable` and changes nothing where the set can't use either of them.
    """
    properties = des.doc["properties"]
    before = dict(properties["activeKey"])
    for holder in holders(world, des):
        # Nodes with ephemeral OS disks keep their key until they are imaged again.
        if not holder.inner.get("ephemeral"):
            customerkeys.protect(world, holder, kid, principal(des))
    properties["activeKey"] = {**before, "keyUrl": kid}
    properties["previousKeys"] = [*properties.get("previousKeys", []), before]
    properties["lastKeyRotationTimestamp"] = world.iso()


def follow(world: World, des: Resource) -> None:
    """Go to the newest version where the set is told to; say so where that fails."""
    properties = des.doc["properties"]
    if not properties.get("rotationToLatestKeyVersionEnabled"):
        return
    if not principal(des) or world.principal(principal(des)) is None:
        properties["autoKeyRotationError"] = _no_identity(des)
        return
    present = customerkeys.parse(properties["activeKey"]["keyUrl"])
    try:
        newest = present.full(customerkeys.newest(world, present).version)
        if newest != properties["activeKey"]["keyUrl"]:
            customerkeys.must_serve(world, newest, principal(des))
            move(world, des, newest)
    except KeyUnusable:
        properties["autoKeyRotationError"] = forbidden(des)
    else:
        properties.pop("autoKeyRotationError", None)


def _no_identity(des: Resource) -> Json:
    return {
        "code": "ManagedServiceIdentityNotFound",
        "message": "Auto-key rotation was disabled as managed service identity associated with "
        f"DiskEncryptionSet '{des.doc['name']}' was not found. Please update the resource with "
        "correct identity to re-enable auto-key rotation.",
    }


def _works_as(world: World, holder: Resource) -> str:
    """The identity that the holder's set has now: another one takes over at once."""
    des = world.resource(holder.inner.get("des", ""))
    return principal(des) if des else ""


def tell_disk(world: World, disk: Resource, trouble: KeyUnusable | None) -> None:
    """A disk does not tell that its key is lost; what uses it stops."""


def tell_scale_set(world: World, holder: Resource, trouble: KeyUnusable | None) -> None:
    """Virtual machines stop when their key is lost, and stay so until somebody starts them."""
    if trouble:
        holder.inner["power"] = "stopped"


for _kind, _tell in (
    ("microsoft.compute/disks", tell_disk),
    ("microsoft.compute/virtualmachinescalesets", tell_scale_set),
):
    customerkeys.TELLS[_kind] = _tell
    customerkeys.WORKS_AS[_kind] = _works_as
