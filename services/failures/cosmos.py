"""Failures of Cosmos DB: its substatus codes, its principal, its regions."""

from services.failures.entries import Entry, code, text

_GUIDE = "Cosmos DB: CMK troubleshooting guide"
_SETUP = "Cosmos DB: how to set up customer-managed keys"

ENTRIES = (
    Entry(
        number="F07",
        title="Cosmos DB gets no token for its identity (4000)",
        signs=(code("cosmos-4000"),),
        means="The account can't sign in as its default identity: that is gone, disabled, or in "
        "another tenant than before.",
        repair="Restore the identity; where it is Azure Cosmos DB's own principal, enable it or "
        "make it again. If it still fails after two hours, ask Microsoft's support.",
        source=_GUIDE,
        subject="workspace",
    ),
    Entry(
        number="F08",
        title="Cosmos DB lost its right to the key (4002)",
        signs=(code("cosmos-4002"),),
        means="The account's identity may not use the key any more: the role or policy was taken "
        "away, or the vault was switched from policies to roles.",
        repair="Grant get, wrap and unwrap again; data can be read again within an hour.",
        source=_GUIDE,
        subject="workspace",
    ),
    Entry(
        number="F09",
        title="Cosmos DB does not find the key (4003)",
        signs=(code("cosmos-4003"),),
        means="The key, or the version that is named, is not in the vault: it was deleted or "
        "purged, or its name is misspelt.",
        repair="Recover the deleted key. If it was purged, the data can't be read by anybody.",
        source=_GUIDE,
        subject="workspace",
    ),
    Entry(
        number="F10",
        title="Cosmos DB can't wrap or unwrap with the key (4005)",
        signs=(code("cosmos-4005"),),
        means="The key does not permit wrapKey and unwrapKey, is of a wrong type, or its HSM is in "
        "trouble.",
        repair="Give the key back its operations, or make a new version.",
        source=_GUIDE,
        subject="workspace",
    ),
    Entry(
        number="F11",
        title="The key's address is malformed (4006)",
        signs=(code("cosmos-4006"),),
        means="Cosmos DB takes https://VAULT/keys/NAME and nothing else: no port, no slash at the "
        "end, no secret or certificate. Resource Manager itself writes :443 into key addresses.",
        repair="Set the key's address in that form.",
        source=_GUIDE,
        subject="workspace",
    ),
    Entry(
        number="F12",
        title="The vault's name can't be resolved (4009)",
        signs=(code("cosmos-4009"),),
        means="The vault was deleted, or its address ends in the suffix of another cloud.",
        repair="Recover the vault and make its role assignments again: a recovery brings none "
        "back.",
        source=_GUIDE,
        subject="workspace",
    ),
    Entry(
        number="F13",
        title="Cosmos DB has no default identity (4015)",
        signs=(code("cosmos-4015"),),
        means="The account does not say as whom it opens the vault, or names an identity that was "
        "taken from it.",
        repair="Set the account's defaultIdentity.",
        source=_GUIDE,
        subject="workspace",
    ),
    Entry(
        number="F14",
        title="The vault's network keeps Cosmos DB out (4016)",
        signs=(code("cosmos-4016"),),
        means="The vault's firewall, or a network security perimeter, blocks Cosmos DB.",
        repair="Let the vault trust Azure's services, or open it to selected networks.",
        source=_SETUP,
        subject="workspace",
        unsure="Key Vault's own list of trusted services does not name Cosmos DB; Cosmos DB's page "
        "relies on it.",
    ),
    Entry(
        number="F15",
        title="Cosmos DB does not find the vault (4017)",
        signs=(code("cosmos-4017"),),
        means="There is no vault of this name: it was deleted, or never was.",
        repair="Recover the vault and make its grants again.",
        source=_GUIDE,
        subject="workspace",
    ),
    Entry(
        number="F16",
        title="Cosmos DB finds the key disabled or expired (4018)",
        signs=(code("cosmos-4018"), text("correspondent key is either disabled or expired")),
        means="Cosmos DB can't unwrap its data key, so the data can't be read. Nothing is lost "
        "while the key exists.",
        repair="Enable the key or move its expiry, then wait up to an hour.",
        source=_GUIDE,
        subject="workspace",
    ),
    Entry(
        number="F17",
        title="Azure Cosmos DB is not in the tenant",
        signs=(text("Cannot find user or service principal in graph database"),),
        means="The tenant has no principal of this service yet, so nothing can be granted to it.",
        repair="Register Microsoft.DocumentDB, or make the principal from its app id (az ad sp "
        "create --id).",
        source=_SETUP,
    ),
    Entry(
        number="F24",
        title="The region is closed to the subscription for Cosmos DB",
        signs=(
            text("aka.ms/cosmosdbquota"),
            text("currently experiencing high demand in this region"),
            text(
                "failed provisioning state because the previous attempt",
                "An earlier try failed and left an account that can't be used; most often the "
                "region is closed to the subscription.",
            ),
        ),
        means="Cosmos DB takes no new accounts of this subscription in this region.",
        repair="Ask for access to the region, or choose another one; delete the failed workspace "
        "before trying again.",
        source="Cosmos DB: region access",
        subject="workspace",
    ),
    Entry(
        number="F36",
        title="A template of a Cosmos DB account with a key of yours is refused",
        means="Such an account needs its locations written out, and an identity of yours must be "
        "named as its default one when it is created.",
        repair='Give properties.locations and defaultIdentity "UserAssignedIdentity=ID".',
        source=_SETUP,
    ),
)
