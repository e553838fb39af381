"""Whether a cluster can be made, and its disk encryption set use the key."""

from collections.abc import Iterator

from services.checks import quota
from services.checks.facts import Facts, Unknown, ids_of
from services.checks.findings import Judge, found, only, seen, unread
from services.checks.judges.room import quota_finding
from services.checks.nodefit import same_key
from services.checks.users import reads_set
from services.ids import KeyId, same
from services.model.intent import ClusterSetup
from services.model.plan import Finding
from services.model.resources import DiskEncryptionSet, KeyVersion, Vault, VmSize


def encryption_set(intent: ClusterSetup, facts: Facts) -> Iterator[Finding]:
    """There for this key and still following it, or to be made."""
    there, id = facts.encryption_set, str(ids_of(intent).encryption_set)
    wish = intent.cluster.disk_encryption_set
    if isinstance(there, Unknown):
        title = f"Disk encryption set {wish.name} could not be read"
        yield unread("encryption-set", id, title, there)
    elif there is None:
        yield found(
            "encryption-set",
            "fix" if wish.create else "fail",
            id,
            f"Disk encryption set {wish.name} is not there" + (" yet" if wish.create else ""),
            seen(facts, "encryption_set", "status", "404"),
            meaning="Disks are encrypted through it; it must be in the cluster's region.",
            repair="A step makes it." if wish.create else "Name one that exists, or: create = true",
        )
    elif not _same_key(intent, facts, there.key_url):
        yield found(
            "encryption-set",
            "fail",
            id,
            f"Disk encryption set {wish.name} uses another key: {there.key_url}",
            seen(facts, "encryption_set", "properties.activeKey.keyUrl", there.key_url),
            meaning="Disks that use it are encrypted by that key. The plan changes no set that is"
            " there: other disks may use it.",
            repair=f"Choose the set's own key, or {_other_name(intent)}.",
        )
    elif differs := tuple(_differs(intent, facts, there)):
        yield found(
            "encryption-set",
            "fail",
            id,
            f"Disk encryption set {wish.name} is there and was made otherwise",
            seen(facts, "encryption_set", *differs[0][1:]),
            meaning=f"{'; '.join(text for text, _, _ in differs)}. The plan changes no set that is"
            " there.",
            repair=f"Use it as it is (create = false), or {_other_name(intent)}.",
        )
    elif behind := _behind(intent, facts, there):
        yield found(
            "encryption-set",
            "fail",
            id,
            f"Disk encryption set {wish.name} stays on version {behind[0][:8]}… of the key; the plan"
            f" means {behind[1][:8]}…",
            seen(facts, "encryption_set", "properties.activeKey.keyUrl", there.key_url),
            seen(facts, "key", "kid", behind[1]),
            meaning="The set does not follow new versions, and the plan changes no set that is"
            " there. Nothing is broken: its disks stay encrypted by the version that it has, as long"
            " as that can be used.",
            repair=f'Keep its version (key.version = "{behind[0]}"), take the set as it is'
            f" (create = false), or Rotate moves it: wrapkey rotate {id} --version {behind[1]}",
        )
    elif there.rotation_error:
        yield found(
            "encryption-set",
            "fail",
            id,
            f"Disk encryption set {wish.name} has stopped following its key: {there.rotation_error}",
            seen(facts, "encryption_set", "autoKeyRotationError.code", there.rotation_error),
            meaning="provisioningState stays Succeeded; new versions of the key are not taken.",
            repair=f"Give it an identity that may use the key: az disk-encryption-set identity"
            f" assign --ids {id} --system-assigned, then grant that on the key.",
        )
    elif there.location != intent.region:
        yield found(
            "encryption-set",
            "fail",
            id,
            f"Disk encryption set {wish.name} is in {there.location}",
            seen(facts, "encryption_set", "location", there.location),
            meaning="Set, disks and vault must be in one region.",
            repair=f"One in {intent.region}: {_other_name(intent)}.",
        )


def _other_name(intent: ClusterSetup) -> str:
    name = intent.cluster.disk_encryption_set.name
    return f"give the set another name, for example {name[:78]}-2"


def _differs(
    intent: ClusterSetup, facts: Facts, there: DiskEncryptionSet
) -> Iterator[tuple[str, str, str]]:
    """Sentence, field and value of all that a set to be made would have otherwise.

    A set that the intent names as one that exists is taken as it is.
    """
    wish = intent.cluster.disk_encryption_set
    if not wish.create:
        return
    double = there.encryption == "EncryptionAtRestWithPlatformAndCustomerKeys"
    if double is not (wish.encryption == "double"):
        said = "with a key of the platform too" if double else "by your key alone"
        yield f"It encrypts {said}", "properties.encryptionType", there.encryption
    if there.rotates is not wish.rotate_to_latest:
        said = "follows new versions" if there.rotates else "stays on its version"
        field = "properties.rotationToLatestKeyVersionEnabled"
        yield f"It {said} of the key", field, str(there.rotates).lower()


def _behind(intent: ClusterSetup, facts: Facts, there: DiskEncryptionSet) -> tuple[str, str] | None:
    """The version of a set that stays on one, and the plan's, where they differ.

    As above: one that the intent names as there is taken as it is.
    """
    if there.rotates or not intent.cluster.disk_encryption_set.create:
        return None
    used = KeyId.parse(there.key_url).version
    wanted = facts.key.version if isinstance(facts.key, KeyVersion) else used
    return None if wanted == used else (used, wanted)


def _same_key(intent: ClusterSetup, facts: Facts, url: str) -> bool:
    uri = facts.vault.uri if isinstance(facts.vault, Vault) else ""
    return same_key(url, uri, intent.key.name)


def cluster_reader(intent: ClusterSetup, facts: Facts) -> Iterator[Finding]:
    """The control plane's identity, not the kubelet's, reads the set."""
    ids = ids_of(intent)
    scope, name = str(ids.encryption_set), ids.identity.name if ids.identity else ""
    if isinstance(facts.identity, Unknown) or isinstance(facts.reader_roles, Unknown):
        why = facts.identity if isinstance(facts.identity, Unknown) else facts.reader_roles
        assert isinstance(why, Unknown)
        yield unread("cluster-reader", scope, f"Whether {name} reads the set is not known", why)
        return
    if not reads_set(ids, facts):
        yield found(
            "cluster-reader",
            "fix",
            scope,
            f"{name} may not read disk encryption set {ids.encryption_set.name} yet"
            if ids.encryption_set
            else "",
            seen(facts, "reader_roles", "roleDefinitionId", "none"),
            meaning="Without it no volume with the set is made: pods stay Pending"
            " (LinkedAuthorizationFailed).",
            repair="A step makes it Reader on the set.",
        )


def cluster(intent: ClusterSetup, facts: Facts) -> Iterator[Finding]:
    """OS disks are encrypted by the set the cluster was made with."""
    there, id, name = facts.cluster, str(ids_of(intent).target), intent.cluster.name
    if isinstance(there, Unknown):
        yield unread("cluster", id, f"{name} could not be read", there)
    elif there is not None and not same(there.encryption_set, str(ids_of(intent).encryption_set)):
        how = there.encryption_set or "keys of the platform"
        yield found(
            "cluster",
            "fail",
            id,
            f"Cluster {name} exists and its OS disks use {how}",
            seen(facts, "cluster", "properties.diskEncryptionSetID", there.encryption_set),
            meaning="OS disks are encrypted from the cluster's creation on or not at all. Data"
            " disks of an existing cluster can be, by a StorageClass, new ones only.",
            repair="Choose another name.",
        )


def cluster_cores(intent: ClusterSetup, facts: Facts) -> Iterator[Finding]:
    """Cores of the region and of the family."""
    for line in quota.compute(intent, facts):
        yield from quota_finding("cluster-cores", intent, facts, line, "compute_usages")


def cluster_count(intent: ClusterSetup, facts: Facts) -> Iterator[Finding]:
    """No API tells how many a subscription may have."""
    count = facts.clusters
    if isinstance(count, Unknown):
        yield unread("cluster-count", intent.region, "Clusters could not be counted", count)
    elif facts.cluster is None:
        yield found(
            "cluster-count",
            "unknown",
            intent.region,
            "Whether one more cluster fits is not known",
            seen(facts, "clusters", "value", count),
            meaning=f"{count} are in {intent.region}; {quota.CLUSTER_LIMITS}. Beyond it Azure says"
            " ManagedClusterCountExceedsQuotaLimit.",
        )


def node_size(intent: ClusterSetup, facts: Facts) -> Iterator[Finding]:
    """Listed in the region, and not restricted for the subscription."""
    size, wish = quota.size_of(intent, facts), intent.cluster
    if isinstance(size, Unknown):
        yield unread("node-size", intent.region, f"Sizes of {intent.region} are not known", size)
        return
    if size is None or size.restricted:
        why = size.restricted if size else "it has no such size"
        yield found(
            "node-size",
            "fail",
            wish.node_size,
            f"{wish.node_size} can't be had in {intent.region}: {why}",
            seen(facts, "vm_sizes", "restrictions.reasonCode", why),
            meaning="Azure refuses the cluster: the size is not allowed in your subscription.",
            repair=_others(facts),
        )
    elif wish.os_disk == "ephemeral" and not size.ephemeral:
        yield found(
            "node-size",
            "fail",
            wish.node_size,
            f"{wish.node_size} has no room for ephemeral OS disks",
            seen(facts, "vm_sizes", "capabilities.EphemeralOSDiskSupported", size.ephemeral),
            meaning="Azure refuses the cluster.",
            repair='os_disk = "managed", or another size. ' + _others(facts, ephemeral=True),
        )


def node_zones(intent: ClusterSetup, facts: Facts) -> Iterator[Finding]:
    """Those that are wished are open to the size; who wishes none is asked nothing."""
    size, wish = quota.size_of(intent, facts), intent.cluster
    if not wish.zones or size is None:
        return
    if isinstance(size, Unknown):
        yield unread("node-zones", intent.region, f"Zones of {intent.region} are not known", size)
        return
    open_ = tuple(zone for zone in size.zones if zone not in size.barred_zones)
    shut = [zone for zone in wish.zones if zone not in open_]
    if shut:
        which = f"zone {shut[0]}" if len(shut) == 1 else f"zones {', '.join(shut)}"
        why = "restricted for the subscription" if size.zones else "the size has no zones there"
        yield found(
            "node-zones",
            "fail",
            wish.node_size,
            f"{wish.node_size} can't be had in {which} of {intent.region}",
            seen(facts, "vm_sizes", "locationInfo.zones", ", ".join(open_) or "none"),
            meaning=f"Azure refuses the cluster (AvailabilityZoneNotSupported): {why}.",
            repair=f"Zones that are open: {', '.join(open_) or 'none'}. Choose those, no zones, or"
            " another size.",
        )


def _others(facts: Facts, *, ephemeral: bool = False) -> str:
    listed: tuple[VmSize, ...] = () if isinstance(facts.vm_sizes, Unknown) else facts.vm_sizes
    can = [one.name for one in listed if not one.restricted and (one.ephemeral or not ephemeral)]
    return f"There are, for example: {', '.join(can[:4])}." if can else "Choose another region."


def ephemeral_disks(intent: ClusterSetup, facts: Facts) -> Iterator[Finding]:
    """What a new version of the key means for nodes that run."""
    if intent.cluster.os_disk == "ephemeral":
        yield found(
            "ephemeral-disks",
            "warn",
            intent.cluster.name,
            "Nodes that run keep the version of the key they were made with",
            meaning="A rotation reaches ephemeral OS disks only when their nodes are made anew:"
            " wait for the next node image. The first pool is a system pool and can't be scaled to"
            " 0; user pools can, and up again.",
        )


def kubernetes_version(intent: ClusterSetup, facts: Facts) -> Iterator[Finding]:
    """Of the live list. Older pages ask for 1.17, today's for 1.24; both are long out of support."""
    wish, offered = intent.cluster.kubernetes, facts.kubernetes_versions
    title = f"Versions of Kubernetes in {intent.region} are not known"
    if isinstance(offered, Unknown):
        yield unread("kubernetes-version", intent.region, title, offered)
    elif wish != "default" and not any(wish in (one.version, *one.patches) for one in offered):
        told = ", ".join(one.version for one in offered)
        yield found(
            "kubernetes-version",
            "fail",
            wish,
            f"Kubernetes {wish} is not offered in {intent.region}",
            seen(facts, "kubernetes_versions", "values.version", told),
            meaning="Azure refuses the cluster (K8sVersionNotSupported).",
            repair=f'Choose one of {told}, or kubernetes = "default".',
        )
    elif any(one.preview for one in offered if wish in (one.version, *one.patches)):
        yield found(
            "kubernetes-version",
            "warn",
            wish,
            f"Kubernetes {wish} is a preview in {intent.region}",
            seen(facts, "kubernetes_versions", "values.isPreview", "true"),
            meaning="Azure gives previews no agreement on uptime and limited support.",
            repair='Choose another version, or kubernetes = "default".',
        )


JUDGES: dict[str, Judge] = only(
    ClusterSetup,
    {
        "encryption-set": encryption_set,
        "cluster-reader": cluster_reader,
        "cluster": cluster,
        "cluster-cores": cluster_cores,
        "cluster-count": cluster_count,
        "node-size": node_size,
        "node-zones": node_zones,
        "ephemeral-disks": ephemeral_disks,
        "kubernetes-version": kubernetes_version,
    },
)
