"""Azure Kubernetes Service: clusters, and the versions that new ones may have."""

from collections.abc import Mapping, Sequence

from services.azure import calls
from services.azure.connection import Connection
from services.azure.operations import Operation, wait
from services.ids import ArmId
from services.model.resources import KubernetesVersion, ManagedCluster, NodePool, Raw
from services.text import plain

SDK = "azure.mgmt.containerservice.aio:ContainerServiceClient"
API = "2026-08-01"
POOL = "nodepool1"
"""The name of a new cluster's only pool."""


async def get_cluster(conn: Connection, id: str) -> ManagedCluster | None:
    """A cluster, or None; raises AzureError."""
    where = ArmId.parse(id)
    sdk = await calls.client(conn, SDK, where.subscription)
    what = f"read cluster {where.name}"
    raw = await calls.find(what, sdk.managed_clusters.get, where.group, where.name)
    return None if raw is None else cluster(raw)


async def list_clusters(conn: Connection, subscription: str) -> list[ManagedCluster]:
    """The clusters of a subscription, by name; raises AzureError."""
    sdk = await calls.client(conn, SDK, subscription)
    found = await calls.everything("list clusters", sdk.managed_clusters.list)
    return sorted(map(cluster, found), key=lambda one: (one.name.lower(), one.id))


def wanted(
    name: str,
    *,
    location: str,
    tags: Mapping[str, str],
    tier: str,
    identity: str,
    encryption_set: str,
    size: str,
    count: int,
    os_disk: str,
    zones: Sequence[str] = (),
    version: str = "",
) -> Raw:
    """The body of a new cluster: one system pool, and no key to sign in to nodes by SSH.

    ``tier`` and ``os_disk`` are Azure's words; without ``version`` the service takes its default.
    """
    pool: Raw = {
        "name": POOL,
        "count": count,
        "vmSize": size,
        "osType": "Linux",
        "osDiskType": os_disk,
        "type": "VirtualMachineScaleSets",
        "mode": "System",
    }
    if zones:
        pool["availabilityZones"] = list(zones)
    properties: Raw = {
        "dnsPrefix": name,
        "agentPoolProfiles": [pool],
        "enableRBAC": True,
        "diskEncryptionSetID": encryption_set,
    }
    if version:
        properties["kubernetesVersion"] = version
    return {
        "location": location,
        "tags": dict(tags),
        "sku": {"name": "Base", "tier": tier},
        "identity": {"type": "UserAssigned", "userAssignedIdentities": {identity: {}}},
        "properties": properties,
    }


async def begin_create(conn: Connection, id: str, body: Raw) -> Operation:
    """Start the creation of a cluster; raises AzureError when Azure refuses it.

    A set that can't use its key shows later, when the nodes are made.
    """
    where = ArmId.parse(id)
    sdk = await calls.client(conn, SDK, where.subscription)
    return await calls.begin(
        conn,
        f"create cluster {where.name}",
        sdk.managed_clusters.begin_create_or_update,
        where.group,
        where.name,
        calls.body(body),
    )


async def begin_delete(conn: Connection, id: str) -> Operation:
    """Start to delete a cluster; raises AzureError when Azure refuses it."""
    where = ArmId.parse(id)
    sdk = await calls.client(conn, SDK, where.subscription)
    what = f"delete cluster {where.name}"
    return await calls.begin(conn, what, sdk.managed_clusters.begin_delete, where.group, where.name)


async def delete_cluster(conn: Connection, id: str) -> None:
    """Delete a cluster with its nodes and their group, and wait; raises AzureError."""
    what = f"delete cluster {ArmId.parse(id).name}"
    await wait(conn, await begin_delete(conn, id), what)


async def versions(
    conn: Connection, subscription: str, region: str
) -> tuple[KubernetesVersion, ...]:
    """The versions that new clusters of a region may have; raises AzureError."""
    sdk = await calls.client(conn, SDK, subscription)
    what = "read the versions of Kubernetes"
    raw = await calls.ask(what, sdk.managed_clusters.list_kubernetes_versions, region)
    return tuple(
        KubernetesVersion(
            version=plain(one.get("version")),
            default=one.get("isDefault") is True,
            preview=one.get("isPreview") is True,
            patches=tuple(map(plain, calls.part(one, "patchVersions"))),
        )
        for one in calls.objects(raw, "values")
    )


def cluster(raw: Raw) -> ManagedCluster:
    """A cluster from its JSON."""
    properties, identity = calls.part(raw, "properties"), calls.part(raw, "identity")
    kms = calls.part(calls.part(properties, "securityProfile"), "azureKeyVaultKms")
    des = properties.get("diskEncryptionSetID")
    return ManagedCluster(
        id=calls.arm_id(raw.get("id")),
        name=plain(raw.get("name")),
        location=calls.region(raw.get("location")),
        state=plain(properties.get("provisioningState")),
        version=plain(properties.get("currentKubernetesVersion"))
        or plain(properties.get("kubernetesVersion")),
        encryption_set=calls.arm_id(des) if des else "",
        identities=tuple(map(calls.arm_id, calls.part(identity, "userAssignedIdentities"))),
        principal_id=plain(identity.get("principalId")).lower(),
        node_group=plain(properties.get("nodeResourceGroup")),
        pools=tuple(map(_pool, calls.objects(properties, "agentPoolProfiles"))),
        kms_key=plain(kms.get("keyId")) if kms.get("enabled") is True else "",
        tier=plain(calls.part(raw, "sku").get("tier")),
        tags=calls.tags(raw),
        raw=raw,
    )


def _pool(raw: Raw) -> NodePool:
    return NodePool(
        name=plain(raw.get("name")),
        size=plain(raw.get("vmSize")),
        count=calls.number(raw.get("count")),
        os_disk=plain(raw.get("osDiskType")),
        state=plain(raw.get("provisioningState")),
        os_disk_gb=calls.number(raw.get("osDiskSizeGB")),
        zones=tuple(calls.texts(raw.get("availabilityZones"))),
        mode=plain(raw.get("mode")),
    )
