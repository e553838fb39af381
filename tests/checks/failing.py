"""What Azure says late about the failures that checks see early, by scenario."""

from typing import NamedTuple

MISSING: dict[str, str] = {}
"""Checks that do not see their own scenario, and why."""

MILDER: dict[str, str] = {}
"""Checks whose scenario can show less than their gravest status, and why."""

UNKNOWABLE = {"search-capacity", "cluster-count"}
"""Checks that can't say more than that nobody knows, with or without the failure."""

ALSO = {
    "key-type": {"key-operations"},
    "container-group-validate": {"policy-container-group"},
    "cluster-validate": {"policy-cluster"},
    "lock-read-only": {"workspace-validate"},
    "lock-read-only-container-group": {"container-group-validate"},
    "lock-read-only-cluster": {"cluster-validate"},
    "policy-cluster": {"cluster-validate"},
    "policy-container-group": {"container-group-validate"},
    "policy-encryption-set": {"cluster-validate"},
    "policy-workspace": {"workspace-validate"},
    "vault-exists": {"key-exists"},
    "workspace-validate": {"policy-workspace"},
}
"""Other checks that fail in a scenario too: they look at the same thing from another side."""


class Late(NamedTuple):
    """How a run of the plan ends that was applied all the same."""

    step: str
    code: str
    text: str = ""
    """Part of Azure's words, in what the caller was answered or in the operation's error."""
    without: tuple[str, ...] = ()
    """Steps taken out besides the check's repairs: the plan happens to repair it."""


_POLICY = "was disallowed by policy"
_NO_RIGHT = "does not have authorization to perform action"

FAILS: dict[str, Late] = {
    "provider-registered": Late(
        "workspace", "MissingSubscriptionRegistration", "'Microsoft.DocumentDB'"
    ),
    "region-offered": Late("workspace", "LocationNotAvailableForResourceType", "'brazilsouth'"),
    "vault-exists": Late("key", "VaultNotFound"),
    "vault-deleted": Late("vault", "ConflictError", "already exists in deleted state"),
    "vault-name": Late("vault", "VaultAlreadyExists", "is already in use"),
    "vault-protection": Late(
        "workspace",
        "BadRequest",
        "CMK workspaces should have purge protection enabled on their CMK keyvault.",
    ),
    "vault-region": Late("workspace", "BadRequest", "same region"),
    "vault-network": Late("workspace", "ForbiddenByFirewall", "(4016)"),
    "vault-perimeter": Late("workspace", "ForbiddenByConnection", "(4016)"),
    "key-exists": Late("key", "KeyNotFound"),
    "key-deleted": Late("key", "ObjectIsDeletedButRecoverable"),
    "key-type": Late("workspace", "KeyOperationForbidden", "(4005)"),
    "key-operations": Late("workspace", "KeyOperationForbidden", "(4005)"),
    "key-enabled": Late("workspace", "KeyDisabled", "(4018)"),
    "key-dates": Late("workspace", "KeyNotYetValidOrExpired", "(4018)"),
    "cosmos-principal": Late("workspace", "Forbidden", "(4000)", ("grant-cosmos",)),
    "cosmos-grant": Late("workspace", "ForbiddenByRbac", "(4002)"),
    "grant-to-app-id": Late("workspace", "ForbiddenByRbac", "(4002)", ("grant-cosmos",)),
    "policy-on-rbac-vault": Late("workspace", "ForbiddenByRbac", "(4002)", ("grant-cosmos",)),
    "grant-propagation": Late("workspace", "ForbiddenByRbac", "(4002)"),
    "ml-principal": Late("workspace", "AuthorizationFailed", _NO_RIGHT, ("grant-ml",)),
    "ml-contributor": Late("workspace", "AuthorizationFailed", _NO_RIGHT),
    "identity-exists": Late("identity", "ResourceNotFound"),
    "identity-grant": Late("workspace", "ForbiddenByRbac", without=("grant-identity",)),
    "caller-permissions": Late("workspace", "AuthorizationFailed"),
    "caller-condition": Late("grant-cosmos", "AuthorizationFailed"),
    "deny-assignment": Late("workspace", "DenyAssignmentAuthorizationFailed"),
    "lock-read-only": Late("workspace", "ScopeLocked", "cannot perform write operation"),
    "lock-read-only-container-group": Late("containers", "ScopeLocked", "write operation"),
    "lock-read-only-cluster": Late("encryption-set", "ScopeLocked", "write operation"),
    "policy-container-group": Late("containers", "RequestDisallowedByPolicy", _POLICY),
    "policy-encryption-set": Late("encryption-set", "RequestDisallowedByPolicy", _POLICY),
    "policy-cluster": Late("cluster", "RequestDisallowedByPolicy", _POLICY),
    "container-group-validate": Late("containers", "RequestDisallowedByPolicy", _POLICY),
    "cluster-validate": Late("cluster", "RequestDisallowedByPolicy", _POLICY),
    "policy-workspace": Late("workspace", "RequestDisallowedByPolicy", _POLICY),
    "policy-vault": Late("vault", "RequestDisallowedByPolicy", _POLICY),
    "policy-dependencies": Late("storage", "RequestDisallowedByPolicy", _POLICY),
    "policy-cosmos": Late("workspace", "RequestDisallowedByPolicy", _POLICY),
    "policy-search": Late("workspace", "RequestDisallowedByPolicy", _POLICY),
    "policy-storage": Late("workspace", "RequestDisallowedByPolicy", _POLICY),
    "cosmos-region": Late("workspace", "ServiceUnavailable", "high demand in this region"),
    "search-quota": Late("workspace", "ServiceQuotaExceeded", "You are using 1 out of 1"),
    "search-capacity": Late("workspace", "InsufficientResourcesAvailable"),
    "storage-quota": Late("workspace", "MaxStorageAccountsCountPerSubscriptionExceeded"),
    "ml-quota": Late("workspace", "QuotaExceeded", "has 800 workspaces"),
    "storage-name": Late("storage", "StorageAccountAlreadyTaken"),
    "secrets-vault-name": Late("secrets-vault", "VaultAlreadyExists"),
    "registry-name": Late("registry", "AlreadyInUse"),
    "workspace": Late("verify", "NotAsPlanned"),
    "workspace-deleted": Late("workspace", "BadRequest", "Soft-deleted workspace exists."),
    "workspace-validate": Late("workspace", "RequestDisallowedByPolicy", _POLICY),
    "containers-principal": Late("containers", "4000", without=("grant-containers",)),
    "containers-grant": Late("containers", "ForbiddenByPolicy"),
    "group-flow": Late("containers", "ForbiddenByFirewall"),
    "container-group": Late("verify", "NotAsPlanned"),
    "group-quota": Late("containers", "ContainerGroupQuotaReached", "Limit: '0'"),
    "group-size": Late("containers", "ServiceUnavailable", "is not available in the location"),
    "encryption-set": Late("cluster", "KeyVaultAccessForbidden", "des-1"),
    "disks-grant": Late("cluster", "KeyVaultAccessForbidden", "Please grant get, wrap and unwrap"),
    "cluster": Late("verify", "NotAsPlanned"),
    "cluster-cores": Late("cluster", "QuotaExceeded", "Current Limit: 4"),
    "cluster-count": Late("cluster", "ManagedClusterCountExceedsQuotaLimit"),
    "node-size": Late("cluster", "BadRequest", "is not allowed in your subscription"),
    "node-zones": Late("cluster", "AvailabilityZoneNotSupported", "The zone(s) '1,2'"),
    "kubernetes-version": Late("cluster", "K8sVersionNotSupported", "is on version 1.17"),
    "vault-tenant": Late("key", "AADSTS700016"),
}
