"""Compute as clusters use it: the scale sets of node pools, their machines, and disks."""

import asyncio

from services.azure import calls, clusters
from services.azure.connection import Connection
from services.azure.operations import Operation
from services.ids import ArmId, same
from services.model.resources import Disk, DiskEncryptionSet, ManagedCluster, NodeSet, Raw
from services.text import plain

SDK = "azure.mgmt.compute.aio:ComputeManagementClient"
_POWER = "powerstate/"


async def list_node_sets(conn: Connection, subscription: str, group: str) -> tuple[NodeSet, ...]:
    """The scale sets of a group with the power of their machines; raises AzureError."""
    sdk = await calls.client(conn, SDK, subscription)
    what = f"list the scale sets of group {group}"
    found = await calls.everything(what, sdk.virtual_machine_scale_sets.list, group)
    return tuple(await asyncio.gather(*(_with_machines(conn, raw) for raw in found)))


async def get_node_set(conn: Connection, id: str) -> NodeSet | None:
    """One scale set with the power of its machines, or None; raises AzureError."""
    where = ArmId.parse(id)
    sdk = await calls.client(conn, SDK, where.subscription)
    what = f"read scale set {where.name}"
    raw = await calls.find(what, sdk.virtual_machine_scale_sets.get, where.group, where.name)
    return None if raw is None else await _with_machines(conn, raw)


async def begin_start(conn: Connection, id: str) -> Operation:
    """Start all machines of a scale set that are stopped; raises AzureError."""
    where = ArmId.parse(id)
    sdk = await calls.client(conn, SDK, where.subscription)
    return await calls.begin(
        conn,
        f"start the machines of {where.name}",
        sdk.virtual_machine_scale_sets.begin_start,
        where.group,
        where.name,
    )


async def begin_assign(conn: Connection, set_id: str, identity: str) -> Operation:
    """Start to give a disk encryption set a user-assigned identity; raises AzureError."""
    where = ArmId.parse(set_id)
    sdk = await calls.client(conn, SDK, where.subscription)
    given = {"type": "UserAssigned", "userAssignedIdentities": {identity: {}}}
    return await calls.begin(
        conn,
        f"assign an identity to disk encryption set {where.name}",
        sdk.disk_encryption_sets.begin_update,
        where.group,
        where.name,
        calls.body({"identity": given}),
    )


async def begin_again(conn: Connection, cluster: ManagedCluster) -> Operation:
    """Start to send a cluster again as it was read, which reconciles it; raises AzureError."""
    kept = ("location", "tags", "sku", "identity", "properties")
    body = {name: cluster.raw[name] for name in kept if name in cluster.raw}
    return await clusters.begin_create(conn, cluster.id, body)


async def list_disks(conn: Connection, subscription: str, group: str) -> tuple[Disk, ...]:
    """The managed disks of a group; raises AzureError."""
    sdk = await calls.client(conn, SDK, subscription)
    what = f"list the disks of group {group}"
    found = await calls.everything(what, sdk.disks.list_by_resource_group, group)
    return tuple(map(_disk, found))


def power(cluster: ManagedCluster) -> str:
    """Running or Stopped, as the cluster was told to be; empty where it does not tell."""
    return plain(calls.part(calls.part(cluster.raw, "properties"), "powerState").get("code"))


def works_as(used: DiskEncryptionSet, identity: str) -> str:
    """Object id that a set tells of a user-assigned identity; empty where it tells none."""
    given = calls.part(calls.part(used.raw, "identity"), "userAssignedIdentities")
    told = next((value for id, value in given.items() if same(id, identity)), None)
    return plain(told.get("principalId")).lower() if isinstance(told, dict) else ""


def kms_vault(cluster: ManagedCluster) -> str:
    """ARM id of the vault of etcd's key; a cluster names it for a private vault only."""
    security = calls.part(calls.part(cluster.raw, "properties"), "securityProfile")
    return plain(calls.part(security, "azureKeyVaultKms").get("keyVaultResourceId"))


async def _with_machines(conn: Connection, raw: Raw) -> NodeSet:
    id = ArmId.parse(calls.arm_id(raw.get("id")))
    sdk = await calls.client(conn, SDK, id.subscription)
    listing = sdk.virtual_machine_scale_set_vms.list
    what = f"list the machines of {id.name}"
    found = await calls.everything(what, listing, id.group, id.name, expand="instanceView")
    powers = [_power(one) for one in found]
    made = [calls.moment(calls.part(one, "properties").get("timeCreated")) for one in found]
    properties = calls.part(raw, "properties")
    profile = calls.part(calls.part(properties, "virtualMachineProfile"), "storageProfile")
    disk = calls.part(profile, "osDisk")
    used = calls.part(calls.part(disk, "managedDisk"), "diskEncryptionSet").get("id")
    return NodeSet(
        id=str(id),
        name=plain(raw.get("name")),
        state=plain(properties.get("provisioningState")),
        encryption_set=calls.arm_id(used) if used else "",
        ephemeral=plain(calls.part(disk, "diffDiskSettings").get("option")).lower() == "local",
        running=sum(one == "running" for one in powers),
        stopped=sum(one in ("stopped", "deallocated") for one in powers),
        moving=sum(one in ("starting", "stopping", "deallocating") for one in powers),
        oldest=min((at for at in made if at is not None), default=None),
        raw=raw,
    )


def _power(raw: Raw) -> str:
    view = calls.part(calls.part(raw, "properties"), "instanceView")
    codes = (plain(one.get("code")).lower() for one in calls.objects(view, "statuses"))
    return next((one.removeprefix(_POWER) for one in codes if one.startswith(_POWER)), "")


def _disk(raw: Raw) -> Disk:
    properties = calls.part(raw, "properties")
    used = calls.part(properties, "encryption").get("diskEncryptionSetId")
    return Disk(
        id=calls.arm_id(raw.get("id")),
        name=plain(raw.get("name")),
        encryption_set=calls.arm_id(used) if used else "",
        state=plain(properties.get("diskState")),
        raw=raw,
    )
