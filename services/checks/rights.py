"""What a principal may do, worked out from what Azure lists: pure."""

from collections.abc import Iterable, Mapping
from fnmatch import fnmatchcase

from services.azure.authorization import ROLES
from services.checks.facts import Unknown
from services.model.resources import AccessPolicy, Permission, RoleAssignment, Vault

WRAP = ("get", "wrapkey", "unwrapkey")
"""Key permissions a service needs to use a key (Cosmos DB, how to set up CMK)."""
UNWRAP = ("get", "unwrapkey")
"""Key permissions that Container Instances need (encrypt deployment data)."""
MANAGE = ("get", "list", "create", "update", "recover", "getrotationpolicy", "setrotationpolicy")
"""Key permissions wrapkey needs to make the key and its rotation policy."""

CREATE_KEY = "Microsoft.KeyVault/vaults/keys/create/action"
ASSIGN = "Microsoft.Authorization/roleAssignments/write"

_USE_KEYS = {
    "Key Vault Crypto Service Encryption User",
    "Key Vault Crypto User",
    "Key Vault Crypto Officer",
    "Key Vault Administrator",
}
"""Built-in roles whose data actions include read, wrap and unwrap of keys."""


def allows(permissions: Iterable[Permission], action: str, *, data: bool = False) -> bool:
    """Whether any block of permissions allows an action and does not take it back."""
    wanted = action.lower()
    return any(
        _any(block.data_actions if data else block.actions, wanted)
        and not _any(block.not_data_actions if data else block.not_actions, wanted)
        for block in permissions
    )


def _any(patterns: Iterable[str], action: str) -> bool:
    return any(fnmatchcase(action, pattern.lower()) for pattern in patterns)


def uses_keys(assignment: RoleAssignment) -> bool:
    """Whether a role assignment lets its principal read, wrap and unwrap."""
    return ROLES.get(assignment.role_id, "") in _USE_KEYS


def nearest(
    told: Mapping[str, tuple[Permission, ...] | Unknown], scope: str
) -> tuple[Permission, ...] | Unknown:
    """What the caller may do at the nearest scope that was read: what holds above holds below."""
    best: tuple[Permission, ...] | Unknown = Unknown("Azure told no permissions.")
    longest = -1
    for at, permissions in told.items():
        if covers(at, scope) and len(at) > longest:
            best, longest = permissions, len(at)
    return best


def covers(outer: str, inner: str) -> bool:
    """Whether a grant at scope ``outer`` counts at scope ``inner``: the same or above it."""
    above, below = outer.rstrip("/").lower(), inner.rstrip("/").lower()
    return above in ("", below) or below.startswith(above + "/")


def granted(
    assignments: Iterable[RoleAssignment], scope: str, principal: str, role_id: str
) -> RoleAssignment | None:
    """The assignment that gives a principal this role (or a wider key role) at a scope."""
    for one in assignments:
        enough = one.role_id == role_id or (_is_use(role_id) and uses_keys(one))
        if enough and one.principal_id == principal.lower() and covers(one.scope, scope):
            return one
    return None


def _is_use(role_id: str) -> bool:
    return ROLES.get(role_id) == "Key Vault Crypto Service Encryption User"


def policy_of(vault: Vault, principal: str) -> AccessPolicy | None:
    """A principal's entry in a vault's access policies."""
    return next((one for one in vault.policies if one.object_id == principal.lower()), None)


def has_permissions(vault: Vault, principal: str, wanted: Iterable[str]) -> bool:
    """Whether a principal's access policy holds all these key permissions."""
    policy = policy_of(vault, principal)
    return policy is not None and ("all" in policy.keys or set(wanted) <= set(policy.keys))
