"""Clusters and their disk encryption sets."""

from services.checks.check import AKS, Check, seen

_DISKS = "Kubernetes Service: bring your own keys for disks"

CLUSTERS: tuple[Check, ...] = (
    seen(
        "encryption-set", "The disk encryption set is there for this key, or will be made",
        "disk encryption set", "fail", "encryption_set", "vault", "key", failures=("F31", "F55"),
        kinds=AKS, repairs=("encryption-set",), source=_DISKS,
    ),
    seen(
        "disks-grant", "The disk encryption set may wrap and unwrap", "grant", "fix",
        "encryption_set", "disks_roles", "vault", failures=("F19", "F20", "F31"), kinds=AKS,
        repairs=("grant-disks",), source=_DISKS,
    ),
    seen(
        "cluster-reader", "The cluster may read its disk encryption set", "grant", "fix",
        "identity", "encryption_set", "reader_roles", failures=("F32",), kinds=AKS,
        repairs=("grant-reader",), source=_DISKS,
    ),
    seen(
        "cluster", "No other cluster has the name", "cluster", "fail", "cluster", kinds=AKS,
        source=_DISKS,
    ),
    seen(
        "cluster-cores", "The cores of the nodes fit", "quota", "fail", "compute_usages",
        "vm_sizes", "cluster", failures=("F26",), kinds=AKS, source="Compute: vCPU quotas",
    ),
    seen(
        "cluster-count", "One more cluster fits", "quota", "unknown", "clusters", "cluster",
        failures=("F26",), kinds=AKS, source="Kubernetes Service: quotas",
    ),
    seen(
        "node-size", "The subscription may have nodes of the size", "cluster", "fail", "vm_sizes",
        failures=("F54",), kinds=AKS, source="Compute: resource SKUs",
    ),
    seen(
        "node-zones", "Nodes of the size may be in the zones", "cluster", "fail", "vm_sizes",
        failures=("F54",), kinds=AKS, source="Kubernetes Service: availability zones",
    ),
    seen(
        "ephemeral-disks", "A rotation reaches the nodes that run", "cluster", "warn",
        kinds=AKS, source=_DISKS,
    ),
    seen(
        "kubernetes-version", "The version of Kubernetes is offered", "cluster", "fail",
        "kubernetes_versions", kinds=AKS, source="Kubernetes Service: supported versions",
    ),
)  # fmt: skip
