"""Node pools of a cluster: what they are told to be, and the scale sets that are their nodes."""

from sandbox import armid, cascade
from sandbox.protocol import Refusal
from sandbox.providers import diskkeys, groups, vmsizes
from sandbox.providers.customerkeys import KeyUnusable
from sandbox.providers.vmsizes import SCALE_SETS
from sandbox.state import Json, Resource
from sandbox.world import World

_SURGE = {"maxSurge": "10%", "maxUnavailable": "0"}


def profile(world: World, asked: Json, location: str, version: str) -> Json:
    """One pool as the service tells it; refuses a size that the subscription may not have."""
    name = asked.get("vmSize") or "Standard_D4s_v5"
    one = vmsizes.refuse_restricted(world, name, location)
    kind = asked.get("osDiskType") or ("Ephemeral" if one.ephemeral else "Managed")
    if kind == "Ephemeral" and not one.ephemeral:
        raise Refusal(
            400,
            "BadRequest",
            f"The VM size {one.name} does not support ephemeral OS disks.",
        )
    zones = [str(zone) for zone in asked.get("availabilityZones") or []]
    vmsizes.refuse_zones(world, one, location, zones)
    return {
        "name": asked["name"],
        "count": int(asked.get("count", 1)),
        "vmSize": one.name,
        "osDiskSizeGB": int(asked.get("osDiskSizeGB") or vmsizes.os_disk_gb(one)),
        "osDiskType": kind,
        "kubeletDiskType": "OS",
        "maxPods": int(asked.get("maxPods") or 250),
        "type": "VirtualMachineScaleSets",
        "scaleDownMode": "Delete",
        "provisioningState": "Creating",
        "powerState": {"code": "Running"},
        **({"availabilityZones": zones} if zones else {}),
        "orchestratorVersion": version,
        "currentOrchestratorVersion": version,
        "enableNodePublicIP": False,
        "tags": asked.get("tags") or {},
        "nodeLabels": asked.get("nodeLabels") or {},
        "mode": asked.get("mode", "System"),
        "osType": asked.get("osType", "Linux"),
        "osSKU": asked.get("osSKU") or "Ubuntu",
        "nodeImageVersion": f"AKSUbuntu-2204gen2containerd-{version}",
        "upgradeSettings": _SURGE,
        "enableFIPS": False,
        "securityProfile": {
            "sshAccess": (asked.get("securityProfile") or {}).get("sshAccess", "LocalUser"),
            "enableVTPM": False,
            "enableSecureBoot": False,
        },
    }


def failure(pool: Json, inner: Json) -> Json:
    """CreateVMSSAgentPoolFailed with the cause inside, as azure-docs issue 96319 prints it."""
    return {
        "code": "CreateVMSSAgentPoolFailed",
        "message": f"Unable to establish connection from agents of pool '{pool['name']}': creating "
        "its scale set failed.",
        "details": [inner],
    }


def build(world: World, cluster: Json, pool: Json, *, seeded: bool = False) -> Json | None:
    """Make a pool's scale set in the node resource group; the error where its key fails."""
    node_group = node_group_id(cluster)
    if node_group.lower() not in world.state.groups:
        made = groups.put(world, node_group, cluster["location"], {})
        made.doc["managedBy"] = cluster["id"]
    name = f"aks-{pool['name']}-{cluster['properties']['resourceUID'][:8]}-vmss"
    resource_id = f"{node_group}/providers/{SCALE_SETS}/{name}"
    des_id = cluster["properties"].get("diskEncryptionSetID", "")
    os_disk: Json = {"createOption": "FromImage", "diskSizeGB": pool["osDiskSizeGB"]}
    if pool["osDiskType"] == "Ephemeral":
        os_disk["diffDiskSettings"] = {"option": "Local"}
    if des_id:
        os_disk["managedDisk"] = {"diskEncryptionSet": {"id": des_id}}
    doc: Json = {
        "name": name,
        "id": resource_id,
        "type": SCALE_SETS,
        "location": cluster["location"],
        "tags": {"aks-managed-poolName": pool["name"]},
        "sku": {"name": pool["vmSize"], "tier": "Standard", "capacity": pool["count"]},
        **({"zones": pool["availabilityZones"]} if pool.get("availabilityZones") else {}),
        "properties": {
            "provisioningState": "Succeeded",
            "virtualMachineProfile": {"storageProfile": {"osDisk": os_disk}},
        },
    }
    holder = Resource(doc, world.epoch(), inner={"ephemeral": pool["osDiskType"] == "Ephemeral"})
    error = _encrypt(world, holder, des_id, seeded=seeded) if des_id else None
    if error is None:
        world.state.resources[resource_id.lower()] = holder
    pool["provisioningState"] = "Failed" if error else "Succeeded"
    return failure(pool, error) if error else None


def _encrypt(world: World, holder: Resource, des_id: str, *, seeded: bool) -> Json | None:
    des = world.resource(des_id)
    if des is None:
        return {"code": "NotFound", "message": f"Disk encryption set '{des_id}' is not found."}
    if seeded:
        diskkeys.take_unseen(world, holder, des)
        return None
    try:
        diskkeys.take(world, holder, des)
    except KeyUnusable:
        return diskkeys.forbidden(des)
    return None


def scale_set(world: World, cluster: Json, pool: str) -> Resource | None:
    """The nodes of a pool, where they are there."""
    prefix = f"{node_group_id(cluster)}/providers/{SCALE_SETS}/".lower()
    for key, found in world.state.resources.items():
        if key.startswith(prefix) and found.doc["tags"].get("aks-managed-poolName") == pool:
            return found
    return None


def scale(world: World, cluster: Json, pool: Json, count: int) -> Json | None:
    """Give a pool another number of nodes.

    New nodes with ephemeral disks, and all of a pool that had none, take the active key.
    """
    nodes = scale_set(world, cluster, pool["name"])
    if nodes is None:
        return build(world, cluster, {**pool, "count": count})
    fresh = int(nodes.doc["sku"]["capacity"]) == 0 and count > 0
    nodes.doc["sku"]["capacity"] = pool["count"] = count
    return reimage(world, nodes, pool) if fresh else None


def reimage(world: World, nodes: Resource, pool: Json) -> Json | None:
    """Nodes made anew: their disks are encrypted with the set's active key of now."""
    des = world.resource(nodes.inner.get("des", ""))
    if des is None:
        return None
    nodes.inner.pop("cmk", None)
    try:
        diskkeys.take(world, nodes, des)
    except KeyUnusable:
        return failure(pool, diskkeys.forbidden(des))
    nodes.inner["power"] = "running"
    return None


def remove(world: World, cluster: Json) -> None:
    """Take a cluster's node resource group and all in it away."""
    node_group = node_group_id(cluster)
    cascade.delete(world, node_group)
    world.state.groups.pop(node_group.lower(), None)


def node_group_id(cluster: Json) -> str:
    """The group that Azure makes for the nodes."""
    name = cluster["properties"]["nodeResourceGroup"]
    return f"/subscriptions/{armid.subscription(cluster['id'])}/resourceGroups/{name}"
