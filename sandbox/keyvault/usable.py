"""When a key may be used: its operations, whether it is enabled, and its dates."""

from sandbox.protocol import VaultRefusal
from sandbox.state import Json

REFUSED_WHEN_DISABLED = frozenset({"decrypt", "sign", "unwrapKey"})
"""Operations a disabled key refuses.

A report on a live vault (azure-sdk-for-python#45342, 2026-02): encrypt, verify and wrapKey of
a disabled key are allowed. Documentation elsewhere says that a disabled key refuses
everything; the sources disagree, and the report is the only observation.
"""

ALLOWED_OUTSIDE_DATES = frozenset({"decrypt", "verify", "unwrapKey"})
"""Operations that an expired or not yet valid key still does (KV about-keys-details)."""


def check(one: Json, operation: str, now: float) -> None:
    """Refuse (403) what a version may not do now.

    Codes: KeyOperationForbidden (azure-sdk-for-net#11518), KeyDisabled (wording as recorded
    for secrets, keyvault-data/39), KeyNotYetValidOrExpired (code and wording unverified).
    """
    if operation in REFUSED_WHEN_DISABLED and not one["enabled"]:
        raise _forbidden(f"Operation {operation} is not allowed on a disabled key.", "KeyDisabled")
    if operation not in ALLOWED_OUTSIDE_DATES:
        state = ""
        if one["exp"] is not None and now >= one["exp"]:
            state = "an expired key"
        elif one["nbf"] is not None and now < one["nbf"]:
            state = "a key that is not yet valid"
        if state:
            raise _forbidden(
                f"Operation {operation} is not allowed on {state}.", "KeyNotYetValidOrExpired"
            )
    if operation not in one["ops"]:
        raise _forbidden(
            f"Operation {operation} is not permitted on this key.", "KeyOperationForbidden"
        )


def _forbidden(message: str, inner: str) -> VaultRefusal:
    return VaultRefusal(403, "Forbidden", message, inner)
