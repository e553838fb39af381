"""Failures of disks, clusters and container groups."""

from services.failures.entries import Entry, code, text

_DISKS = "Azure Disk Storage: server-side encryption"

ENTRIES = (
    Entry(
        number="F26",
        title="The quota of cores or clusters is used up",
        signs=(
            code("ManagedClusterCountExceedsQuotaLimit"),
            code("QuotaExceeded", "Cores quota"),
            code("OperationNotAllowed", "Cores quota"),
        ),
        means="The nodes need more cores of their family, or of the region, than the subscription "
        "has left; the message tells limit, usage and what is needed.",
        repair="Ask for more quota by the link in the message, take a smaller size, or another "
        "region.",
        source="AKS: quotas and limits",
    ),
    Entry(
        number="F27",
        title="No room for another container group",
        signs=(
            code("ContainerGroupQuotaReached"),
            text(
                "requested resource is not available in the location",
                "The region has no capacity left for a group of this size at the moment.",
                "Ask for less CPU or memory, choose another region, or try later.",
            ),
        ),
        means="The region's quota of container cores or groups is used up; groups that are stuck "
        "count too.",
        repair="Delete old container groups, ask for more quota, or choose another region.",
        source="Container Instances: resource availability and quota",
    ),
    Entry(
        number="F31",
        title="The disk encryption set can't use the key",
        signs=(code("KeyVaultAccessForbidden"),),
        means="The disk encryption set's identity can't read, wrap and unwrap with the key.",
        repair="Grant its identity Key Vault Crypto Service Encryption User on the vault, wait, "
        "then try again.",
        source=_DISKS,
        subject="disk encryption set",
    ),
    Entry(
        number="F32",
        title="The cluster may not read the disk encryption set",
        signs=(code("LinkedAuthorizationFailed", "Microsoft.Compute/diskEncryptionSets/read"),),
        means="The cluster's own identity (not that of its nodes) may not read the disk encryption "
        "set, so volumes stay pending.",
        repair="Grant the cluster's identity Reader on the disk encryption set.",
        source="AKS: customer-managed keys for disks",
    ),
    Entry(
        number="F33",
        title="The cluster's key management lacks rights",
        signs=(code("AzureKeyVaultKmsValidateIdentityPermissionCustomerError"),),
        means="The cluster's identity may not encrypt and decrypt with the key that protects its "
        "secrets.",
        repair="Grant it Key Vault Crypto User on the vault, wait, then try again.",
        source="AKS: key management service",
    ),
    Entry(
        number="F47",
        title="Container Instances can't use the key",
        means="The identity has to be listed both in the group's identity and in its encryption "
        "properties, may use the key, and the vault lets it through. Azure's own principal of "
        "the service works with access policies only.",
        repair="Use a user-assigned identity with a grant, or a vault with access policies.",
        source="Container Instances: encrypt deployment data",
        subject="container group",
        unsure="Key Vault's own list of trusted services does not name Container Instances.",
    ),
    Entry(
        number="F54",
        title="The size of the machines is not offered",
        signs=(
            code(
                "SkuNotAvailable",
                "",
                "This size is not offered to your subscription in this region, or is not there at "
                "the moment.",
            ),
            text("is not allowed in your subscription in location"),
        ),
        means="This size is not offered to your subscription in this region.",
        repair="Choose another size or region; the message may list the sizes that are allowed.",
        source="AKS: troubleshooting",
    ),
    Entry(
        number="F55",
        title="The disk encryption set stopped rotating",
        signs=(code("ManagedServiceIdentityNotFound"),),
        means="Its identity is gone, so it stays on the key version it had; its state still says "
        "Succeeded.",
        repair="Give it a valid identity and turn on its rotation again.",
        source="Compute API: disk encryption sets with an autoKeyRotationError",
        subject="disk encryption set",
    ),
)
