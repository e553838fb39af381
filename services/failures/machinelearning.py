"""Failures of workspaces and of what Azure makes for them."""

from services.failures.entries import Entry, code, text

ENTRIES = (
    Entry(
        number="F25",
        title="No room for another AI Search service",
        signs=(
            code("ServiceQuotaExceeded"),
            code(
                "InsufficientResourcesAvailable",
                "",
                "The region has no capacity left for this service at the moment; your quota is "
                "not the reason.",
                "Choose another region or another tier, or try later.",
            ),
            text(
                "does not have enough resources available to provision",
                "The region has no capacity left for this tier at the moment; your quota is not "
                "the reason.",
                "Choose another region or another tier, or try later.",
            ),
        ),
        means="The subscription's quota for this service and tier is used up; a limit of 0 means "
        "that the tier is not offered to it at all.",
        repair="Free what is no longer needed, ask for more quota, or choose another region.",
        source="AI Search: limits, quotas and capacity",
    ),
    Entry(
        number="F28",
        title="A deleted workspace holds the name",
        signs=(text("Soft-deleted workspace exists"),),
        means="A deleted workspace keeps its name, its managed group and the group's costs for 14 "
        "days.",
        repair="Recover it by creating it again with the same values, purge it, or choose another "
        "name.",
        source="concept-soft-delete",
        subject="workspace",
    ),
    Entry(
        number="F30",
        title="The managed group is protected, or was deleted",
        signs=(code("DenyAssignmentAuthorizationFailed"),),
        means="A deny assignment protects this; the managed group of a workspace has one. Where "
        "somebody with more rights deleted that group, the workspace is lost.",
        repair="Change the workspace instead; its group follows. A workspace without its group has "
        "to be deleted and made again.",
        source="AzureTRE 4776",
        subject="workspace",
        unsure="What a workspace answers after its group is gone is not known.",
    ),
    Entry(
        number="F34",
        title="Storage can't use the key",
        signs=(
            text("Missing pre-requisites to enable EncryptionAtRest"),
            text("The operation failed because of authentication issue on the keyvault"),
            code("KeyVaultPolicyError"),
        ),
        means="A storage account takes a key only from a vault with soft delete and purge "
        "protection, by an identity that may get, wrap and unwrap, through the vault's network.",
        repair="Turn on purge protection, grant the account's identity, and let the vault trust "
        "Azure's services. A rotation may take up to 24 hours to be seen.",
        source="Storage: customer-managed keys",
        subject="workspace",
    ),
    Entry(
        number="F35",
        title="AI Search can't use its key",
        signs=(text("The query key used might have been revoked"),),
        means="The key of an index or of the service is out of reach, so AI Search refuses "
        "queries, and a service with such objects can't be scaled.",
        repair="Give back the access to the key; up to an hour is remembered from before.",
        source="AI Search: manage encryption keys",
        subject="workspace",
    ),
    Entry(
        number="F42",
        title="A workspace with a key of yours can't be moved",
        means="Moving it to another group, subscription or tenant is refused or breaks its "
        "encryption.",
        repair="Make it again in the other place.",
        source="how-to-manage-workspace",
    ),
    Entry(
        number="F46",
        title="The new key is in another vault",
        means="A workspace can only go on to a key, or a version, of the vault it has.",
        repair="Make the new key in the same vault. Keep the old version enabled until all "
        "services have moved.",
        source="how-to-setup-customer-managed-keys",
        subject="workspace",
        unsure="The text of Azure's refusal is not known.",
    ),
    Entry(
        number="F53",
        title="Terraform does not rotate the key",
        means="A changed key_id may leave the workspace's key as it is; adding or removing the "
        "encryption block replaces the whole workspace.",
        repair="Look at the plan: refuse a delete. Rotate with wrapkey or a PATCH of the "
        "keyIdentifier, and have Terraform ignore changes of encryption.",
        source="terraform-provider-azurerm: machine_learning_workspace",
        subject="workspace",
        unsure="This is read from the provider's code; its page says that the workspace is replaced "
        "in every case.",
    ),
)
