"""What diagnosis knows of a cluster, of its disk encryption set, or of a set alone."""

import msgspec

from services.checks.facts import Ids, Unknown
from services.diagnosis.facts import Examined
from services.ids import ArmId, BadId, KeyId
from services.model.intent import (
    ClusterIntent,
    ClusterSetup,
    Create,
    DiskEncryptionSetIntent,
    KeyIntent,
    VaultIntent,
)
from services.model.resources import (
    Disk,
    DiskEncryptionSet,
    Identity,
    KeyVersion,
    ManagedCluster,
    NodeSet,
    RoleAssignment,
    Vault,
)

CLUSTERS = "Microsoft.ContainerService/managedClusters"


class Kms(msgspec.Struct, frozen=True, kw_only=True):
    """The key that encrypts etcd, which has nothing to do with the disks."""

    key_id: str
    """As the cluster names it, with its version."""
    vault_id: str = ""
    """ARM id; empty where the vault could not be found."""
    vault: Vault | Unknown | None = None
    key: KeyVersion | Unknown | None = None
    """None: that version is not in its vault."""
    deleted: bool = False
    """Whether the key can be recovered."""
    roles: tuple[RoleAssignment, ...] | Unknown = ()
    """Of the cluster's identity, at the vault and above."""


class ClusterLive(Examined, frozen=True, kw_only=True):
    """What was read about a cluster, or about a disk encryption set alone."""

    cluster: ManagedCluster | None = None
    """None: a set alone is looked at."""
    encryption_set: DiskEncryptionSet | Unknown | None = None
    """None: the cluster names one that is not there, or none at all."""
    set_id: str = ""
    """Of the set that is looked at, also where it is not there; empty where there is none."""
    power: str = ""
    """Running or Stopped, as the cluster was told to be."""
    set_identity: Identity | Unknown | None = None
    """The user-assigned identity that the set works as, where it names one."""
    cluster_identity: Identity | Unknown | None = None
    """The user-assigned identity of the control plane, where it has one."""
    set_roles: tuple[RoleAssignment, ...] | Unknown = ()
    """Of the cluster's identity, at the set and above."""
    nodes: tuple[NodeSet, ...] | Unknown = ()
    disks: tuple[Disk, ...] | Unknown = ()
    """In the cluster's node resource group."""
    users: tuple[str, ...] | Unknown = ()
    """Ids of the disks and machines that are encrypted through the set."""
    kms: Kms | None = None
    """None: etcd is encrypted with Microsoft's keys."""


def key_of(used: DiskEncryptionSet | Unknown | None) -> KeyId | None:
    """The key that a set names; None where there is none that can be read."""
    if not isinstance(used, DiskEncryptionSet):
        return None
    try:
        return KeyId.parse(used.key_url)
    except BadId:
        return None


def described(
    cluster: ManagedCluster | None, used: DiskEncryptionSet | Unknown | None, vault_id: str
) -> ClusterSetup:
    """The intent that this cluster or set is the answer to.

    It speaks from the vault's subscription, because roles, policies and keys are judged and
    planned there; what lies elsewhere is judged by its own id. Raises ValueError without both.
    """
    there = used if isinstance(used, DiskEncryptionSet) else None
    shown = there or cluster
    if shown is None:
        raise ValueError("there is neither a cluster nor a set")
    place = ArmId.parse(shown.id)
    vault, key = ArmId.parse(vault_id) if vault_id else None, key_of(there)
    pools = cluster.pools if cluster else ()
    identities = cluster.identities if cluster else ()
    return ClusterSetup(
        subscription=vault.subscription if vault else place.subscription,
        region=shown.location,
        resource_group=place.group,
        vault=VaultIntent(
            name=vault.name if vault else (key.vault if key else ""),
            resource_group=vault.group if vault else "",
        ),
        key=KeyIntent(
            name=key.name if key else "",
            version=key.version if key and key.version else "latest",
        ),
        cluster=ClusterIntent(
            name=cluster.name if cluster else place.name,
            kubernetes=cluster.version if cluster else "default",
            node_size=pools[0].size if pools else "Standard_D4s_v5",
            node_count=pools[0].count if pools else 0,
            os_disk="ephemeral" if pools and pools[0].os_disk == "Ephemeral" else "managed",
            identity=identities[0] if identities else Create(create="none"),
            disk_encryption_set=DiskEncryptionSetIntent(
                name=there.name if there else "none",
                create=False,
                rotate_to_latest=there.rotates if there else False,
            ),
        ),
    )


def ids_in(set_id: str, target: str, ids: Ids) -> Ids:
    """The ids of the live objects; nothing is asked by the intent's own of them."""
    return msgspec.structs.replace(
        ids,
        target=ArmId.parse(target),
        encryption_set=ArmId.parse(set_id) if set_id else None,
        identity=None,
    )


def principal_of(live: ClusterLive) -> str:
    """Object id of the identity that the cluster's control plane works as; empty where unknown."""
    if isinstance(live.cluster_identity, Identity):
        return live.cluster_identity.principal_id
    return live.cluster.principal_id if live.cluster and not live.cluster.identities else ""
