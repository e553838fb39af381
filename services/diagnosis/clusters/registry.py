"""The checks of clusters and disk encryption sets: what is read, and what they explain."""

from services.checks.check import AKS, Check
from services.diagnosis.checklist import Shared, own, shared

_DISKS = "Server-side encryption of Azure Disk Storage"
_AKS = "Bring your own keys with Azure disks in AKS"
_KMS = "Add KMS etcd encryption to AKS"

_GONE = (
    "Compute can't unwrap the data keys of the disks: about an hour after that machines that use"
    " them are shut down, and none of them boots until it is repaired."
)
_BACKUP = (
    "Where somebody kept a backup of the key: az keyvault key restore --vault-name {vault} --file"
    " BACKUP (same subscription and geography), then give access anew. Without one the data on"
    " the disks is lost: make set and cluster anew with another key."
)
_LIFE = "Disks keep the key that they have until then; what is stopped does not start."

SHARED: dict[str, Shared] = dict(
    (
        shared(
            "vault-deleted", "F56", "F02", "F15", "F31",
            meaning=f"{_GONE} Role assignments do not come back with the vault.",
        ),
        shared(
            "vault-exists", "F15", "F31", meaning=_GONE,
            repair=f"A purged vault does not come back: make one of its name again. {_BACKUP}",
        ),
        shared("vault-tenant", "F41", "F38", "F43"),
        shared("vault-address", "F12", "F11"),
        shared(
            "vault-region", "F43",
            meaning="Vault and disk encryption set must be in one region.",
            repair="A vault can't be moved: make set and cluster anew with a vault of the region.",
        ),
        shared(
            "vault-protection", "F01",
            meaning="A key that is deleted could be destroyed for good, and all disks with it."
            " Compute refuses a vault without it for a set that is made or changed.",
        ),
        shared("vault-network", "F21", "F31", meaning=_GONE),
        shared("vault-network-you", "F21"),
        shared(
            "key-deleted", "F04", "F09", "F31",
            meaning=f"{_GONE} A deleted key can be recovered with all its versions until it is"
            " purged.",
        ),
        shared("key-exists", "F09", "F31", meaning=_GONE, repair=_BACKUP),
        shared("key-enabled", "F05", "F31", meaning=_GONE),
        shared("key-dates", "F06", "F31", meaning=_GONE),
        shared("key-operations", "F44", "F31"),
        shared(
            "key-type", "F44",
            repair="The type of a key can't be changed: az keyvault key create --vault-name {vault}"
            " --name NAME --kty RSA --size 3072, and give the set that key (wrapkey rotate).",
        ),
        shared("key-rotation", "F06"),
        shared(
            "disks-grant", "F31", "F19", "F20",
            meaning=f"{_GONE} Its role or policy was taken away, or the vault was switched between"
            " roles and access policies, which takes every right of the other kind at once.",
        ),
        shared("provider-registered", "F22", meaning=_LIFE),
        shared("lock-read-only", "F29"),
    )
)  # fmt: skip
"""By id: preflight's checks that hold once a cluster or a set is there."""

OWN: tuple[Check, ...] = (
    own(
        "set-there", "The disk encryption set is there", "disk encryption set", "fail",
        "encryption_set", failures=("F31",), source=_DISKS, kinds=AKS,
        without="Azure deletes no set that a disk uses; its own tests judge it.",
    ),
    own(
        "set-key", "The set names a key of its vault", "key", "fail", "encryption_set",
        failures=("F11", "F43"), source=_DISKS, kinds=AKS,
        without="Azure refuses such a set; its own tests judge it.",
    ),
    own(
        "set-identity", "The identity that the set works as is there", "identity", "fail",
        "encryption_set", failures=("F55", "F31"), source=_DISKS, kinds=AKS,
        scenario="broken/cluster-rotation-stopped",
    ),
    own(
        "set-place", "Set and cluster are in one region and subscription",
        "disk encryption set", "fail", "cluster", "encryption_set", failures=("F43",),
        source=_DISKS, kinds=AKS,
        without="Azure refuses such a cluster; its own tests judge it.",
    ),
    own(
        "set-newest", "The newest version of the key can be used", "key", "fail",
        "encryption_set", "key", "newest_key", failures=("F55", "F05", "F06"), source=_DISKS,
        kinds=AKS, scenario="broken/cluster-newest-disabled",
    ),
    own(
        "set-rotation", "The set follows its key", "disk encryption set", "fail",
        "encryption_set", failures=("F55",), source=_DISKS, kinds=AKS,
        scenario="broken/cluster-rotation-stopped",
    ),
    own(
        "set-version", "The set uses the newest version of its key", "disk encryption set",
        "warn", "encryption_set", "key", "newest_key", failures=("F45",), source=_DISKS,
        kinds=AKS, scenario="broken/cluster-version-behind",
    ),
    own(
        "os-disks", "The OS disks are encrypted with your key", "cluster", "warn", "cluster",
        source=_AKS, kinds=AKS, scenario="broken/cluster-platform-keys",
    ),
    own(
        "cluster-reads-set", "The cluster may read its disk encryption set", "grant", "fail",
        "cluster", "cluster_identity", "set_roles", failures=("F32",), source=_AKS, kinds=AKS,
        scenario="broken/cluster-no-reader",
    ),
    own(
        "cluster-identity", "The identity of the control plane is there", "identity", "fail",
        "cluster", "cluster_identity", failures=("F32", "F33"), source=_AKS, kinds=AKS,
        without="No scenario deletes the identity of a cluster; its own tests judge it.",
    ),
    own(
        "kms-key", "The key for etcd can be used", "etcd", "fail", "kms",
        failures=("F33", "F05", "F06", "F09"), source=_KMS, kinds=AKS,
        scenario="broken/cluster-kms-key-disabled",
    ),
    own(
        "kms-grant", "The cluster may encrypt and decrypt with the key for etcd", "etcd", "fail",
        "kms", "cluster_identity", failures=("F33",), source=_KMS, kinds=AKS,
        scenario="broken/cluster-kms-grant-removed",
    ),
    own(
        "nodes-running", "The machines of the node pools run", "node pool", "fail", "cluster",
        "node_sets", failures=("F31",), source=_DISKS, kinds=AKS,
        scenario="broken/cluster-vms-stopped",
    ),
    own(
        "nodes-version", "Ephemeral OS disks use the version that the set uses", "node pool",
        "warn", "encryption_set", "node_sets", failures=("F45",), source=_AKS, kinds=AKS,
        scenario="broken/cluster-ephemeral-behind",
    ),
    own(
        "data-disks", "Data disks are encrypted through a set", "disk", "warn", "cluster",
        "node_disks", source=_AKS, kinds=AKS,
        without="No scenario has volumes; its own tests judge it.",
    ),
    own(
        "pools-made", "The node pools are made", "node pool", "fail", "cluster",
        failures=("F31",), source="Kubernetes Service: troubleshoot creation", kinds=AKS,
        scenario="broken/cluster-creation-no-grant",
    ),
    own(
        "cluster-state", "The cluster's last change succeeded", "cluster", "fail", "cluster",
        "activity", failures=("F31",), source="Kubernetes Service: troubleshoot creation",
        kinds=AKS, scenario="broken/cluster-creation-no-grant",
    ),
    own(
        "set-state", "The set's last change succeeded", "disk encryption set", "fail",
        "encryption_set", failures=("F31",), source=_DISKS, kinds=AKS,
        without="Nothing in the estate ends so; its own tests judge it.",
    ),
)  # fmt: skip

_KEY = (
    *("vault-deleted", "vault-exists", "vault-tenant", "vault-network", "vault-address"),
    *("key-deleted", "key-exists", "key-enabled", "key-dates", "key-operations", "key-type"),
    *("set-there", "set-key", "set-identity", "disks-grant"),
)
"""Everything between the disks and their key."""
_KMS_CAUSES = ("cluster-identity",)

EXPLAINED: dict[str, tuple[str, ...]] = {
    "disks-grant": ("vault-deleted", "vault-exists", "vault-tenant", "set-identity"),
    "set-newest": ("vault-deleted", "vault-exists", "vault-tenant", "key-deleted", "key-enabled"),
    "set-rotation": (*_KEY, "set-newest"),
    "cluster-reads-set": _KMS_CAUSES,
    "kms-grant": (*_KMS_CAUSES, "kms-key"),
    "nodes-running": _KEY,
    "pools-made": (*_KEY, "cluster-reads-set"),
    "cluster-state": (*_KEY, "cluster-reads-set", "kms-key", "kms-grant", "pools-made"),
    "set-state": _KEY,
}
"""Which finding explains which; see services/diagnosis/causes.py."""
