"""Quota, capacity, names, and what Resource Manager says of the template."""

from services.checks.check import ACI, AKS, ML, Check, seen

ROOM: tuple[Check, ...] = (
    seen(
        "cosmos-region", "The subscription may use Cosmos DB in the region", "quota", "fail",
        "cosmos_location", failures=("F24",), source="Cosmos DB: region access", kinds=ML,
    ),
    seen(
        "cosmos-accounts", "One more Cosmos DB account fits", "quota", "unknown",
        "cosmos_accounts", "workspace", source="Cosmos DB: concepts and limits",
        without="Filling it takes 250 accounts; pages disagree whether 50 or 250 is the limit.", kinds=ML,
    ),
    seen(
        "search-quota", "One more AI Search service fits", "quota", "fail", "search_usages",
        "workspace",
        failures=("F25",), source="AI Search: limits, quotas and capacity", kinds=ML,
    ),
    seen(
        "search-capacity", "The region has room for one more AI Search service", "quota",
        "unknown", failures=("F25",), source="AI Search: limits, quotas and capacity", kinds=ML,
    ),
    seen(
        "storage-quota", "The storage accounts fit", "quota", "fail", "storage_usages",
        "workspace", "present",
        source="how-to-manage-quotas", kinds=ML,
    ),
    seen(
        "ml-quota", "One more workspace fits", "quota", "fail", "group_workspaces",
        "ml_usages", "workspace",
        source="how-to-manage-quotas", kinds=ML,
    ),
    seen(
        "names-rules", "Every name that is made keeps the rules", "name", "fail",
        failures=("F37",), source="Resource Manager: naming rules",
        without="It judges the intent alone; an estate has no part in it.", kinds=ML,
    ),
    seen(
        "storage-name", "The storage account's name is free", "name", "fail", "storage_name",
        "present", source="Storage: account overview", kinds=ML,
    ),
    seen(
        "secrets-vault-name", "The name of the vault for secrets is free", "name", "fail",
        "secrets_vault_name", "present", failures=("F02",),
        source="Key Vault: common error codes", kinds=ML,
    ),
    seen(
        "registry-name", "The container registry's name is free", "name", "fail",
        "registry_name", "present", source="Container Registry: check name availability", kinds=ML,
    ),
    seen(
        "workspace", "No other workspace has the name", "workspace", "fail", "workspace",
        failures=("F53",), source="concept-customer-managed-keys", kinds=ML,
    ),
    seen(
        "workspace-deleted", "No deleted workspace holds the name", "workspace", "fail",
        "workspace", "managed_groups", "workspace_deletes", failures=("F28",), source="concept-soft-delete", kinds=ML,
    ),
    seen(
        "deployment-running", "No other deployment runs in the group", "resource group", "warn",
        "deployments", source="Resource Manager: deployment history",
    ),
    seen(
        "workspace-validate", "Resource Manager finds the workspace's template valid",
        "workspace", "fail", "validation", failures=("F22", "F23", "F43"),
        source="Resource Manager: validate deployments", kinds=ML,
    ),
    seen(
        "container-group-validate", "Resource Manager finds the container group's template valid",
        "container group", "fail", "validation", failures=("F22", "F23"),
        source="Resource Manager: validate deployments", kinds=ACI,
    ),
    seen(
        "cluster-validate", "Resource Manager finds the cluster's template valid",
        "cluster", "fail", "validation", failures=("F22", "F23"),
        source="Resource Manager: validate deployments", kinds=AKS,
    ),
)  # fmt: skip
