"""The key: its type, state, dates and version."""

from services.checks.check import Check, seen

_CMK = "how-to-setup-customer-managed-keys"
_COSMOS = "Cosmos DB: how to set up customer-managed keys"
_SOFT = "Key Vault: soft-delete overview"

KEY: tuple[Check, ...] = (
    seen(
        "key-exists", "The key is there, or will be made", "key", "fail", "vault", "key",
        "deleted_key", failures=("F09",), source="Cosmos DB: CMK troubleshooting guide",
    ),
    seen(
        "key-deleted", "No deleted key holds the name", "key", "fail", "vault", "key",
        "deleted_key", failures=("F04",), source=_SOFT,
    ),
    seen(
        "key-type", "The key is RSA of at least 2048 bits", "key", "fail", "vault", "key",
        failures=("F10", "F44"), source=_COSMOS,
    ),
    seen(
        "key-operations", "The key may wrap and unwrap", "key", "fail", "key",
        failures=("F10", "F35", "F44"), source="AI Search: manage encryption keys",
    ),
    seen(
        "key-enabled", "The key is enabled", "key", "fail", "key", failures=("F05", "F16"),
        source="Cosmos DB: CMK troubleshooting guide",
    ),
    seen(
        "key-dates", "The key is inside its dates, for 90 days too", "key", "fail", "key",
        failures=("F06", "F16"), source="Key Vault: key attributes",
    ),
    seen(
        "key-rotation", "A key that expires is rotated before", "key", "warn", "vault",
        "key", "rotation", failures=("F06",), source="Key Vault: key attributes",
    ),
    seen(
        "key-version", "The version that is pinned is the newest", "key", "warn", "key",
        "vault", "newest_key", failures=("F45",), source=_CMK,
    ),
)  # fmt: skip
