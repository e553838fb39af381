"""How well a size of machines or a disk encryption set serves a cluster: for its page.

Rules and their sources: a set, its vault and the disks are in one region and a set belongs to one
key (Server-side encryption of Azure Disk Storage); sizes with fewer than two cores are refused
(Kubernetes Service: quotas, SKU and region availability); restrictions are those that Compute lists
for the subscription.
"""

from services.checks.facts import Unknown
from services.checks.fit import Fit
from services.ids import ArmId, BadId, KeyId
from services.model.intent import ClusterSetup
from services.model.resources import (
    DiskEncryptionSet,
    KubernetesVersion,
    ManagedCluster,
    VmSize,
)

LEAST_CORES = 2
"""Of a node."""

LEAST_VERSION = (1, 24)
"""Today's page on disks; the first one said 1.17. All that are offered are newer."""

CONFIDENTIAL = "ConfidentialVmEncryptedWithCustomerKey"
DOUBLE = "EncryptionAtRestWithPlatformAndCustomerKeys"


def made_anew(mode: str) -> str:
    """How the nodes of a pool of this mode are made anew, as the end of a sentence.

    System pools keep at least one node, user pools may have none (Kubernetes Service: manage node
    pools); ephemeral OS disks take a key when their node is made (Bring your own keys with Azure
    disks in AKS).
    """
    if mode.lower() == "system":
        return (
            "with the next node image, or when another system pool takes this one's place: a"
            " system pool keeps at least one node and can't be scaled to 0"
        )
    scaled = "when the pool is scaled to 0 and up again"
    if mode.lower() == "user":
        return f"with the next node image, or {scaled}"
    return f"with the next node image, or {scaled}, which a system pool can't be"


def size_fit(size: VmSize, *, ephemeral: bool = False) -> Fit:
    """Whether nodes can be of a size; ``ephemeral``: with OS disks on the machine itself."""
    if size.restricted:
        return Fit("no", f"restricted: {size.restricted}")
    if 0 < size.cores < LEAST_CORES:
        return Fit("no", f"fewer than {LEAST_CORES} cores")
    if ephemeral and not size.ephemeral:
        return Fit("no", "no room for ephemeral OS disks")
    if size.barred_zones:
        return Fit("warn", f"not in zone {', '.join(size.barred_zones)}")
    return Fit("ok", "")


def open_zones(size: VmSize) -> tuple[str, ...]:
    """Zones of the region in which the subscription may have a size."""
    return tuple(zone for zone in size.zones if zone not in size.barred_zones)


def set_fit(one: DiskEncryptionSet, uri: str, key: str, region: str) -> Fit:
    """Whether a set serves disks in a region by this key of the vault at ``uri``."""
    if one.location != region:
        return Fit("no", f"in {one.location}")
    if not same_key(one.key_url, uri, key):
        return Fit("no", f"uses another key: {key_word(one.key_url)}")
    if one.encryption == CONFIDENTIAL:
        return Fit("no", "for confidential machines only")
    if one.state != "Succeeded":
        return Fit("no", f"not ready: {one.state}")
    if one.rotation_error:
        return Fit("no", f"stopped following its key: {one.rotation_error}")
    return Fit("ok", "follows new versions" if one.rotates else "stays on its version")


def same_key(url: str, uri: str, key: str) -> bool:
    """Whether a set's ``keyUrl`` names this key, whatever its version."""
    try:
        used = KeyId.parse(url)
    except BadId:
        return False
    return used.versionless.lower() == f"{uri}/keys/{key}".lower()


def key_word(url: str) -> str:
    """``KEY in VAULT``, or what stands there instead."""
    try:
        used = KeyId.parse(url)
    except BadId:
        return url or "none"
    return f"{used.name} in {used.vault}"


def version_of(intent: ClusterSetup, offered: tuple[KubernetesVersion, ...] | Unknown) -> str:
    """The wished version, or the service's own default of the moment.

    Empty where nobody knows it: that lets the service take its default.
    """
    if intent.cluster.kubernetes != "default":
        return intent.cluster.kubernetes
    if isinstance(offered, Unknown):
        return ""
    return next((one.version for one in offered if one.default), "")


def oldest(offered: tuple[KubernetesVersion, ...]) -> str:
    """The lowest version that is offered; empty where none is."""
    return min((one.version for one in offered), key=number, default="")


def number(version: str) -> tuple[int, ...]:
    """A version as numbers, to be sorted by."""
    return tuple(int(part) if part.isdigit() else 0 for part in version.split("."))


def existing(one: ManagedCluster) -> str:
    """What a cluster that is there can still have of a key of one's own, in sentences."""
    used = f"set {ArmId.parse(one.encryption_set).name}" if one.encryption_set else "platform keys"
    return (
        f"{one.name} is there: {used} for its OS disks, settled when it was made. New data disks"
        " can still be encrypted, by a StorageClass. Another name makes a new cluster."
    )
