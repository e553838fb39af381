"""The vault: its protection, place, network and access model."""

from services.checks.check import Check, seen

_CMK = "how-to-setup-customer-managed-keys"
_SOFT = "Key Vault: soft-delete overview"
_NETWORK = "Key Vault: virtual network service endpoints"

VAULT: tuple[Check, ...] = (
    seen(
        "vault-exists", "The vault is there and ready, or will be made", "vault", "fail",
        "vault", "deleted_vault", failures=("F15",), source=_CMK,
    ),
    seen(
        "vault-deleted", "No deleted vault holds the name", "vault", "fail",
        "vault", "deleted_vault", failures=("F02",), source=_SOFT,
    ),
    seen(
        "vault-name", "The vault's name is free in the whole cloud", "vault", "fail",
        "vault", "deleted_vault", "vault_name", failures=("F02", "F37"),
        source="Key Vault: common error codes",
    ),
    seen(
        "vault-protection", "Soft delete and purge protection are on", "vault", "fail", "vault",
        failures=("F01", "F34"), repairs=("vault-repair",), source=_CMK,
    ),
    seen(
        "vault-retention", "The vault keeps deleted keys as long as wished", "vault", "warn",
        "vault", failures=("F03",), source=_SOFT,
    ),
    seen(
        "vault-region", "The vault is in the region of what it encrypts", "vault", "fail", "vault",
        failures=("F43",), source="template page; silent in " + _CMK,
    ),
    seen(
        "vault-tenant", "Vault, subscription and sign-in are of one tenant", "vault", "fail",
        "vault", "subscription", failures=("F38", "F41", "F43"),
        source="Key Vault: move a vault to another subscription",
    ),
    seen(
        "vault-address", "The vault's address is one of this cloud", "vault", "fail", "vault",
        failures=("F11", "F12"), source="Cosmos DB: CMK troubleshooting guide",
        without="A vault's address is given by its cloud; an estate of one cloud has no other.",
    ),
    seen(
        "vault-network", "Azure's services reach the vault", "vault", "fail", "vault",
        failures=("F14", "F21"), source=_NETWORK,
    ),
    seen(
        "vault-perimeter", "No network perimeter shuts services out of the vault", "vault", "fail",
        "vault", "perimeters", failures=("F14", "F21"),
        source=_NETWORK + "; Private Link: move to a network security perimeter",
    ),
    seen(
        "vault-endpoints", "The vault's private endpoints are approved", "vault", "warn", "vault",
        failures=("F21",), source="Key Vault: REST error codes",
    ),
    seen(
        "vault-network-you", "Your own address passes the vault's firewall", "vault", "warn",
        "vault", "key", failures=("F21",), source=_NETWORK,
    ),
    seen(
        "vault-access-model", "Roles or policies: as the intent says", "vault", "warn", "vault",
        failures=("F20", "F48"), source="Key Vault: access control default",
    ),
    seen(
        "vault-lock", "A lock protects the vault from being deleted", "vault", "warn",
        "vault", "locks", failures=("F56",), source=_SOFT,
    ),
)  # fmt: skip
