"""Kubernetes clusters, and what stands between their disks and a key."""

from datetime import datetime

import msgspec

from services.model.resources.noun import Noun


class DiskEncryptionSet(Noun, frozen=True, kw_only=True):
    """What stands between a key and the disks it encrypts."""

    id: str
    name: str
    location: str
    state: str
    key_url: str = ""
    vault_id: str = ""
    """Empty where the set does not name its vault."""
    encryption: str = ""
    rotates: bool = False
    principal_id: str = ""
    """Object id of its system-assigned identity; empty where it has none."""
    identities: tuple[str, ...] = ()
    rotated: datetime | None = None
    rotation_error: str = ""
    """Code of autoKeyRotationError, which leaves provisioningState as it was."""
    tags: dict[str, str] = msgspec.field(default_factory=dict)


class NodePool(msgspec.Struct, frozen=True, kw_only=True):
    """A pool of nodes."""

    name: str
    size: str
    count: int
    os_disk: str
    """Managed or Ephemeral."""
    state: str = ""
    os_disk_gb: int = 0
    """0 where it is not told."""
    zones: tuple[str, ...] = ()
    mode: str = ""
    """System (at least one node, always) or User; empty where it is not told."""


class ManagedCluster(Noun, frozen=True, kw_only=True):
    """A Kubernetes cluster."""

    id: str
    name: str
    location: str
    state: str
    version: str = ""
    encryption_set: str = ""
    """ARM id; empty where the platform's keys encrypt its disks."""
    identities: tuple[str, ...] = ()
    principal_id: str = ""
    node_group: str = ""
    pools: tuple[NodePool, ...] = ()
    kms_key: str = ""
    """Key that encrypts etcd; another thing than the disks."""
    tier: str = ""
    """Free, Standard or Premium."""
    tags: dict[str, str] = msgspec.field(default_factory=dict)


class VmSize(Noun, frozen=True, kw_only=True):
    """A size of virtual machines in a region."""

    name: str
    family: str
    cores: int
    ephemeral: bool
    zones: tuple[str, ...] = ()
    restricted: str = ""
    """Reason code where the subscription may not have it in the region."""
    barred_zones: tuple[str, ...] = ()
    """Of ``zones``, those in which the subscription may not have it."""
    memory_gb: float = 0
    """0 where it is not told."""


class KubernetesVersion(msgspec.Struct, frozen=True, kw_only=True):
    """A version that new clusters may have."""

    version: str
    """Major and minor."""
    default: bool = False
    preview: bool = False
    patches: tuple[str, ...] = ()
