"""Compute: disk encryption sets, and the sizes and cores that node pools need."""

from collections.abc import Mapping

from services.azure import calls
from services.azure.connection import Connection
from services.azure.errors import translated
from services.azure.operations import Operation, wait
from services.azure.usages import usage
from services.ids import ArmId
from services.model.resources import DiskEncryptionSet, Raw, Usage, VmSize
from services.text import plain

SDK = "azure.mgmt.compute.aio:ComputeManagementClient"
API = "2023-10-02"
"""api-version of a set's body where policies or validation judge it; the package has its own."""


async def get_set(conn: Connection, id: str) -> DiskEncryptionSet | None:
    """A disk encryption set, or None; raises AzureError."""
    where = ArmId.parse(id)
    sdk = await calls.client(conn, SDK, where.subscription)
    what = f"read disk encryption set {where.name}"
    raw = await calls.find(what, sdk.disk_encryption_sets.get, where.group, where.name)
    return None if raw is None else encryption_set(raw)


async def list_sets(conn: Connection, subscription: str) -> list[DiskEncryptionSet]:
    """The disk encryption sets of a subscription, by name; raises AzureError."""
    sdk = await calls.client(conn, SDK, subscription)
    found = await calls.everything("list disk encryption sets", sdk.disk_encryption_sets.list)
    return sorted(map(encryption_set, found), key=lambda one: (one.name.lower(), one.id))


TYPES = {
    "customer-key": "EncryptionAtRestWithCustomerKey",
    "double": "EncryptionAtRestWithPlatformAndCustomerKeys",
}
"""Word of the intent to Compute's."""


def wanted(
    *,
    location: str,
    tags: Mapping[str, str],
    vault_id: str,
    key_url: str,
    encryption: str,
    rotate: bool,
) -> Raw:
    """The body of a new disk encryption set with an identity of its own.

    ``encryption`` is the intent's word. A set that follows new versions names the key without one
    ("Server-side encryption of Azure Disk Storage").
    """
    return {
        "location": location,
        "tags": dict(tags),
        "identity": {"type": "SystemAssigned"},
        "properties": {
            "activeKey": {"sourceVault": {"id": vault_id}, "keyUrl": key_url},
            "encryptionType": TYPES[encryption],
            "rotationToLatestKeyVersionEnabled": rotate,
        },
    }


async def begin_create_set(conn: Connection, id: str, body: Raw) -> Operation:
    """Start the creation of a set; raises AzureError when Azure refuses it.

    It needs no right on the key yet: that is needed when the first disk is encrypted.
    """
    where = ArmId.parse(id)
    sdk = await calls.client(conn, SDK, where.subscription)
    return await calls.begin(
        conn,
        f"create disk encryption set {where.name}",
        sdk.disk_encryption_sets.begin_create_or_update,
        where.group,
        where.name,
        calls.body(body),
    )


async def begin_change_key(conn: Connection, id: str, key_url: str, vault_id: str) -> Operation:
    """Start to point a set to another key or version; raises AzureError.

    Compute wraps the data key of every disk anew, with the set's identity. ``vault_id`` is empty
    for a vault of another subscription, which may not be named ("Disk Encryption Sets - Update").
    """
    where = ArmId.parse(id)
    sdk = await calls.client(conn, SDK, where.subscription)
    source = {"sourceVault": {"id": vault_id}} if vault_id else {}
    return await calls.begin(
        conn,
        f"change the key of disk encryption set {where.name}",
        sdk.disk_encryption_sets.begin_update,
        where.group,
        where.name,
        calls.body({"properties": {"activeKey": {**source, "keyUrl": key_url}}}),
    )


async def users(conn: Connection, id: str) -> tuple[str, ...]:
    """Ids of the disks and machines that are encrypted through a set; raises AzureError."""
    where = ArmId.parse(id)
    sdk = await calls.client(conn, SDK, where.subscription)
    what = f"read what uses disk encryption set {where.name}"
    with translated(what):
        listing = sdk.disk_encryption_sets.list_associated_resources(where.group, where.name)
        return tuple([calls.arm_id(one) async for one in listing])


async def begin_delete_set(conn: Connection, id: str) -> Operation:
    """Start to delete a set that nothing uses any more; raises AzureError."""
    where = ArmId.parse(id)
    sdk = await calls.client(conn, SDK, where.subscription)
    what = f"delete disk encryption set {where.name}"
    return await calls.begin(
        conn, what, sdk.disk_encryption_sets.begin_delete, where.group, where.name
    )


async def delete_set(conn: Connection, id: str) -> None:
    """Delete a set that no disk uses any more, and wait; raises AzureError."""
    what = f"delete disk encryption set {ArmId.parse(id).name}"
    await wait(conn, await begin_delete_set(conn, id), what)


async def usages(conn: Connection, subscription: str, region: str) -> tuple[Usage, ...]:
    """Cores of a region (cores) and of each family in it; raises AzureError."""
    sdk = await calls.client(conn, SDK, subscription)
    what = "read the quota of Compute"
    return tuple(map(usage, await calls.everything(what, sdk.usage.list, region)))


async def sizes(conn: Connection, subscription: str, region: str) -> tuple[VmSize, ...]:
    """The sizes of virtual machines in a region; raises AzureError."""
    sdk = await calls.client(conn, SDK, subscription)
    what = "read the sizes of virtual machines"
    found = await calls.everything(what, sdk.resource_skus.list, filter=f"location eq '{region}'")
    machines = (raw for raw in found if plain(raw.get("resourceType")) == "virtualMachines")
    return tuple(_size(raw, region) for raw in machines)


def _size(raw: Raw, region: str) -> VmSize:
    told = {
        plain(one.get("name")): plain(one.get("value"))
        for one in calls.objects(raw, "capabilities")
    }
    here = [
        one
        for one in calls.objects(raw, "locationInfo")
        if calls.region(one.get("location")) == region
    ]
    limits = calls.objects(raw, "restrictions")
    barred = [
        plain(one.get("reasonCode")) or "restricted"
        for one in limits
        if plain(one.get("type")).lower() == "location"
        and region in map(calls.region, calls.texts(one.get("values")))
    ]
    # A restriction of zones names them beside the region (SKU reference of Compute).
    zones = {
        zone
        for one in limits
        if plain(one.get("type")).lower() == "zone"
        for zone in calls.texts(calls.part(one, "restrictionInfo").get("zones"))
    }
    return VmSize(
        name=plain(raw.get("name")),
        family=plain(raw.get("family")),
        cores=int(told["vCPUs"]) if told.get("vCPUs", "").isdigit() else 0,
        ephemeral=told.get("EphemeralOSDiskSupported", "").lower() == "true",
        zones=tuple(sorted(zone for one in here for zone in calls.texts(one.get("zones")))),
        restricted=barred[0] if barred else "",
        barred_zones=tuple(sorted(zones)),
        memory_gb=_amount(told.get("MemoryGB", "")),
        raw=raw,
    )


def _amount(text: str) -> float:
    whole, _, part = text.partition(".")
    return float(text) if whole.isdigit() and (not part or part.isdigit()) else 0


def encryption_set(raw: Raw) -> DiskEncryptionSet:
    """A disk encryption set from its JSON."""
    properties, identity = calls.part(raw, "properties"), calls.part(raw, "identity")
    key = calls.part(properties, "activeKey")
    vault = calls.part(key, "sourceVault").get("id")
    return DiskEncryptionSet(
        id=calls.arm_id(raw.get("id")),
        name=plain(raw.get("name")),
        location=calls.region(raw.get("location")),
        state=plain(properties.get("provisioningState")),
        key_url=plain(key.get("keyUrl")),
        vault_id=calls.arm_id(vault) if vault else "",
        encryption=plain(properties.get("encryptionType")),
        rotates=properties.get("rotationToLatestKeyVersionEnabled") is True,
        principal_id=plain(identity.get("principalId")).lower(),
        identities=tuple(map(calls.arm_id, calls.part(identity, "userAssignedIdentities"))),
        rotated=calls.moment(properties.get("lastKeyRotationTimestamp")),
        rotation_error=plain(calls.part(properties, "autoKeyRotationError").get("code")),
        tags=calls.tags(raw),
        raw=raw,
    )
