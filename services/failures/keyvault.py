"""Failures of vaults and keys."""

from services.failures.entries import Entry, code, text

_CODES = "Key Vault: common error codes"
_REST = "Key Vault: REST error codes"
_SOFT = "Key Vault: soft-delete overview"
_KEYS = "Key Vault: about keys"

VAULTS = (
    Entry(
        number="F01",
        title="The vault has no purge protection",
        signs=(text("purge protection enabled on their CMK keyvault"),),
        means="The vault lets deleted keys be purged, and Azure Machine Learning takes no key "
        "from such a vault. The workspace is accepted first and refused later.",
        repair="Turn on purge protection on the vault (can't be undone), then create again.",
        source="azure-docs 108584",
        subject="vault",
    ),
    Entry(
        number="F02",
        title="The vault's name is taken, perhaps by a deleted vault",
        signs=(
            code(
                "ConflictError",
                "already exists in deleted state",
                "A deleted vault of your subscription still holds this name.",
                "Recover the deleted vault (az keyvault recover), or choose another name; one "
                "without purge protection can be purged.",
            ),
            code("VaultAlreadyExists"),
        ),
        means="Vault names are unique in all of Azure, and somebody has this one; the vault may "
        "be in another tenant, or deleted and not purged.",
        repair="Choose another name, or recover the vault if it is yours.",
        source=_CODES,
        subject="vault",
    ),
    Entry(
        number="F03",
        title="Purge protection and retention can't be taken back",
        signs=(
            text('"enablePurgeProtection" cannot be set to false'),
            text("Purge Protection has been Enabled it's not possible to disable it"),
            text("has been set already and it can't be modified"),
        ),
        means="Purge protection stays once it is on, and the days a vault keeps what was deleted "
        "are fixed when it is created.",
        repair="Ask for the values the vault has, or make a new vault under another name.",
        source=_SOFT,
    ),
    Entry(
        number="F21",
        title="The vault's network lets nobody through",
        signs=(
            code(
                "ForbiddenByFirewall",
                "",
                "The vault's firewall does not know the network address that called, and the "
                "caller is no service that it trusts.",
            ),
            code(
                "ForbiddenByConnection",
                "",
                "The vault takes no calls from public networks.",
                "Call from the network of its private endpoint; for services of Azure, let the "
                "vault trust them.",
            ),
            text("caller was ignored because bypass is set to"),
        ),
        means="The vault's network rules refused the call before any right was looked at.",
        repair="Run wrapkey from a permitted network, or have your address added to the firewall; "
        "for services of Azure, let the vault trust them.",
        source=_REST,
        subject="vault",
    ),
    Entry(
        number="F37",
        title="The vault's name breaks the rule",
        signs=(code("VaultNameNotValid"),),
        means="A vault's name has 3 to 24 letters, digits and single hyphens and starts with a "
        "letter.",
        repair="Choose a name that follows the rule, for example kv-ml-prod.",
        source=_CODES,
        unsure="That it starts with a letter and has no two hyphens in a row stands in the naming "
        "rules, not on the page of this error.",
    ),
    Entry(
        number="F38",
        title="The vault does not accept the token",
        signs=(
            code(
                "AKV10032",
                "",
                "The vault belongs to another tenant than the sign-in.",
                "Switch to the vault's tenant, or use a vault of this one.",
            ),
            code(
                "AKV10022",
                "",
                "The vault refuses a token that was made for another service.",
                "Check that the vault's address and the cloud belong together.",
            ),
            code(
                "AKV10000",
                "",
                "The call brought no token. A vault answers every first call so, to tell where a "
                "token comes from; it is a failure only where the call was not repeated.",
                "Sign in, and check whether a proxy drops the Authorization header.",
            ),
        ),
        means="The token is of another tenant, or was made for another service.",
        repair="Get a token for the vault in the vault's tenant.",
        source=_REST,
        subject="vault",
    ),
    Entry(
        number="F41",
        title="The subscription was moved to another tenant",
        means="A move to another tenant drops all role assignments, breaks managed identities, and "
        "leaves the vault with its old tenant.",
        repair="Set the vault's tenant, remove its old access policies, grant again in the new "
        "tenant, and assign the identities again.",
        source="Key Vault: move a vault to another subscription",
        subject="vault",
    ),
    Entry(
        number="F43",
        title="The vault is in another subscription, region or tenant",
        means="A workspace takes its key from a vault of its own subscription, region and tenant "
        "only.",
        repair="Use a vault in the right place. A software key can't be exported: back it up and "
        "restore it within the geography and subscription, or make a new one.",
        source="how-to-setup-customer-managed-keys",
        subject="workspace",
        unsure="The text of Azure's refusal is not known.",
    ),
    Entry(
        number="F48",
        title="A tool uses an old version of the vault's management API",
        means="Versions before 2026-02-01 retire on 2027-02-27. New ones make vaults that use "
        "roles where nothing else is said, so scripts that only write access policies grant "
        "nothing.",
        repair="Use version 2026-02-01 or later, and say in every template whether the vault uses "
        "roles or access policies.",
        source="Key Vault: access control default",
        subject="vault",
    ),
    Entry(
        number="F56",
        title="The vault was deleted while something still uses its key",
        means="Services can't unwrap their data keys any more: Cosmos DB tells 4009 or 4017, "
        "storage does not find the vault, disks fail within about an hour.",
        repair="Recover the vault before its retention ends, grant again (a recovery brings no "
        "role assignment back), and wait up to an hour.",
        source=_SOFT,
        subject="vault",
    ),
)

KEYS = (
    Entry(
        number="F04",
        title="A deleted key holds the name",
        signs=(
            code("ObjectIsDeletedButRecoverable"),
            code(
                "ObjectIsBeingDeleted",
                "",
                "A key of this name is just being deleted.",
                "Wait some seconds, then recover it or choose another name.",
            ),
        ),
        means="A key of this name was deleted and still holds it until its retention ends.",
        repair="Recover the deleted key, or choose another name.",
        source=_SOFT,
        subject="key",
    ),
    Entry(
        number="F05",
        title="The key or this version of it is disabled",
        signs=(code("KeyDisabled"), text("is not allowed on a disabled key")),
        means="The key or this version of it is switched off, so services can't unwrap their data "
        "key.",
        repair="Enable the version that is in use; services recover within about an hour.",
        source="Cosmos DB: CMK troubleshooting guide",
        subject="key",
        unsure="Sources disagree whether a disabled key refuses everything, or only unwrap, decrypt "
        "and sign.",
    ),
    Entry(
        number="F06",
        title="The key has expired or is not valid yet",
        signs=(code("KeyNotYetValidOrExpired"),),
        means="Outside its activation and expiry times a key wraps nothing new; what it wrapped "
        "before can still be read.",
        repair="Move the expiry, or make a new version and point the services to it.",
        source="Key Vault: key attributes",
        subject="key",
        unsure="The name of the code was seen in an emulator of a vault only.",
    ),
    Entry(
        number="F44",
        title="The key is of a wrong type, or may not wrap",
        signs=(code("KeyOperationForbidden"), text("is not permitted on this key")),
        means="The key's list of permitted operations leaves this one out; keys that are not RSA "
        "can't wrap at all.",
        repair="Use an RSA key that permits wrapKey and unwrapKey, or update its operations.",
        source=_KEYS,
        subject="key",
    ),
    Entry(
        number="F45",
        title="A key is named with a version, or without, where it must be the other way",
        means="Disk encryption sets that rotate by themselves take a key without its version, "
        "container groups one with it, and Cosmos DB ignores a version.",
        repair="Name the key in the form that the service expects.",
        source="Azure Disk Storage: server-side encryption",
        subject="workspace",
        unsure="Whether a workspace takes a key without a version is not known.",
    ),
)
