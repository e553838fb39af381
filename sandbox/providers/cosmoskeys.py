"""How Cosmos DB uses a customer's key, and what its accounts tell about it."""

from sandbox import assigned, registrations, tracked
from sandbox.providers import customerkeys
from sandbox.providers.customerkeys import KeyUnusable
from sandbox.state import Json, Resource
from sandbox.world import World

CONFIRMED = "Access to the configured customer managed key confirmed."
_GUIDE = (
    "; for more details about this error and how to restore access to your account please visit "
    "https://learn.microsoft.com/en-us/azure/cosmos-db/cmk-troubleshooting-guide"
)
_REASONS = {
    "4000": (
        "the Azure Cosmos DB service is unable to obtain the AAD authentication token for the "
        "account's default identity",
        "#azure-active-directory-token-acquisition-error",
    ),
    "4002": (
        "the current default identity no longer has permission to the associated Key Vault key",
        "#default-identity-is-unauthorized-to-access-the-azure-key-vault-key",
    ),
    "4003": (
        "the correspondent key is not found on the specified Key Vault",
        "#azure-key-vault-resource-not-found",
    ),
    "4005": (
        "the Azure Cosmos DB service is unable to wrap or unwrap the key",
        "#internal-unwrapping-procedure-error",
    ),
    "4006": (
        "the Azure Cosmos DB account's key vault key URI does not follow the expected format",
        "#improper-syntax-detected-on-the-key-vault-uri-property",
    ),
    "4009": (
        "the Azure Key Vault DNS name specified by the account's keyvaultkeyuri property could "
        "not be resolved",
        "#unable-to-resolve-the-key-vaults-dns",
    ),
    "4015": (
        "the Azure Cosmos DB account has an undefined default identity",
        "#invalid-azure-cosmos-db-default-identity",
    ),
    "4016": (
        "the access rules are blocking outbound requests to the Azure Key Vault service",
        "",
    ),
    "4017": (
        "the correspondent Azure Key Vault was not found",
        "#azure-key-vault-resource-not-found",
    ),
    "4018": ("the correspondent key is either disabled or expired", ""),
}
"""Constants of the service's API (CustomerManagedKeyStatus of 2023-09-15); 4018 as users
report it, since that list does not have it."""


def status_text(substatus: str) -> str:
    """``customerManagedKeyStatus`` for a reason; the constants of the service's API."""
    reason, anchor = _REASONS[substatus]
    return (
        f"Access to your account is currently revoked because {reason}"
        f"{_GUIDE}{anchor} ({substatus})."
    )


def tell(world: World, resource: Resource, trouble: KeyUnusable | None) -> None:
    """Show in the account what the last use of the key found."""
    resource.doc["properties"]["customerManagedKeyStatus"] = (
        status_text(trouble.substatus) if trouble else CONFIRMED
    )


customerkeys.TELLS["microsoft.documentdb/databaseaccounts"] = tell


def take_key(world: World, resource: Resource, kid: str, object_id: str) -> None:
    """Encrypt an account; it shows the key without version and follows the newest one.

    Raises :class:`KeyUnusable`.
    """
    if "cmk" not in resource.inner:
        # Configured from the start; a change shows only once it has worked.
        resource.doc["properties"]["keyVaultKeyUri"] = kid
        resource.doc["properties"]["keyVaultKeyUri"] = customerkeys.parse(kid).bare
    customerkeys.protect(world, resource, kid, object_id, follow=True)
    _show_key(world, resource, kid)
    customerkeys.watch(world, resource)


def take_key_unseen(world: World, resource: Resource, kid: str, object_id: str) -> None:
    """What :func:`take_key` left in the past, for scenarios."""
    resource.doc["properties"]["keyVaultKeyUri"] = customerkeys.parse(kid).bare
    customerkeys.protect_unseen(world, resource, kid, object_id, follow=True)


def _show_key(world: World, resource: Resource, kid: str) -> None:
    resource.doc["properties"]["keyVaultKeyUri"] = customerkeys.parse(kid).bare
    tell(world, resource, None)


def principal(world: World, resource_id: str) -> str:
    """Object id of Azure Cosmos DB in the tenant of a resource's subscription.

    Raises :class:`KeyUnusable` 4000 where the tenant does not have it: no token then.
    """
    tenant = tracked.tenant(world, resource_id)
    found = registrations.first_party(world, tenant, registrations.COSMOS_DB)
    if found is None or not found.enabled:
        raise KeyUnusable("4000")
    return found.object_id


def works_as(world: World, resource: Resource) -> str:
    """Object id of an account's default identity; :class:`KeyUnusable` 4015 where it has none.

    ``FirstPartyIdentity`` is Azure Cosmos DB itself.
    """
    chosen = str(resource.doc["properties"].get("defaultIdentity") or "")
    if chosen.lower() == "firstpartyidentity":
        return principal(world, resource.doc["id"])
    kind, _, named = chosen.partition("=")
    object_id = ""
    if kind.lower() in ("systemassignedidentity", "userassignedidentity"):
        object_id = assigned.principal_of(resource.doc, named)
    if not object_id:
        raise KeyUnusable("4015")
    return object_id


customerkeys.WORKS_AS["microsoft.documentdb/databaseaccounts"] = works_as


def error_of(trouble: KeyUnusable) -> Json:
    """The error of an operation that failed on the key, the vault's own words inside."""
    details = []
    if trouble.cause:
        details = [{"code": trouble.inner, "message": trouble.cause.message}]
    return {"code": "Forbidden", "message": status_text(trouble.substatus), "details": details}
