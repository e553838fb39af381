"""Locks and Azure Policy."""

from services.checks.check import ACI, AKS, ML, Check, seen

GUARDS: tuple[Check, ...] = (
    seen(
        "lock-read-only", "No read-only lock stands in the way", "lock", "fail", "locks",
        failures=("F29",), source="Resource Manager: lock resources",
        further=("lock-read-only-container-group", "lock-read-only-cluster"),
    ),
    seen(
        "lock-delete", "No lock keeps what is made from being deleted", "lock", "warn", "locks",
        failures=("F29",), source="Resource Manager: lock resources",
        further=("lock-delete-container-group", "lock-delete-cluster"),
    ),
    seen(
        "policy-workspace", "Azure Policy allows the workspace", "policy", "fail",
        "policy_workspace", "policy_assignments", failures=("F23",),
        source="Azure Policy: check restrictions", kinds=ML,
    ),
    seen(
        "policy-vault", "Azure Policy allows the vault", "policy", "fail", "policy_vault",
        "policy_assignments",
        failures=("F23",), source="Azure Policy: check restrictions",
    ),
    seen(
        "policy-dependencies", "Azure Policy allows the workspace's own resources", "policy",
        "fail", "policy_dependencies", "policy_assignments", failures=("F23",),
        source="Azure Policy: check restrictions", kinds=ML,
    ),
    seen(
        "policy-cosmos", "Azure Policy allows the Cosmos DB account Azure will make", "policy",
        "fail", "policy_cosmos", "policy_assignments", failures=("F23",),
        source="Azure Policy: check restrictions", kinds=ML,
    ),
    seen(
        "policy-search", "Azure Policy allows the AI Search service Azure will make", "policy",
        "fail", "policy_search", "policy_assignments", failures=("F23",),
        source="Azure Policy: check restrictions", kinds=ML,
    ),
    seen(
        "policy-storage", "Azure Policy allows the storage account Azure will make", "policy",
        "fail", "policy_storage", "policy_assignments", failures=("F23",),
        source="Azure Policy: check restrictions", kinds=ML,
    ),
    seen(
        "policy-container-group", "Azure Policy allows the container group", "policy", "fail",
        "policy_container_group", "policy_assignments", failures=("F23",),
        source="Azure Policy: check restrictions", kinds=ACI,
    ),
    seen(
        "policy-encryption-set", "Azure Policy allows the disk encryption set", "policy", "fail",
        "policy_encryption_set", "policy_assignments", failures=("F23",),
        source="Azure Policy: check restrictions", kinds=AKS,
    ),
    seen(
        "policy-cluster", "Azure Policy allows the cluster", "policy", "fail",
        "policy_cluster", "policy_assignments", failures=("F23",),
        source="Azure Policy: check restrictions", kinds=AKS,
    ),
    seen(
        "policy-definitions", "No built-in policy known to stop workspaces is assigned",
        "policy", "warn", "policy_assignments", failures=("F23",),
        source="Azure Policy: built-in definitions", kinds=ML,
    ),
    seen(
        "policy-key", "No policy on keys that the key does not meet is assigned", "policy",
        "warn", "vault", "key", "policy_assignments", failures=("F23",),
        source="Azure Policy: built-in definitions for Key Vault keys",
    ),
)  # fmt: skip
