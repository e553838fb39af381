"""Principals, what they are granted, and what the caller may do."""

from services.checks.check import ACI, ML, Check, seen

_COSMOS = "Cosmos DB: how to set up customer-managed keys"
_RBAC = "Key Vault: RBAC guide"

DEEDS = (
    *("subscription", "providers", "groups", "permissions", "vault", "key", "cosmos"),
    *("cosmos_roles", "ml", "ml_roles", "identity", "identity_roles", "workspace"),
    *("deleted_vault", "deleted_key", "container_group", "cluster", "encryption_set"),
    *("reader_roles", "disks_roles", "containers", "containers_roles"),
)
"""Facts from which follows what the plan writes; see services/checks/deeds.py."""

ACCESS: tuple[Check, ...] = (
    seen(
        "cosmos-principal", "Azure Cosmos DB is in the tenant and enabled", "principal", "fail",
        "cosmos", failures=("F07", "F17", "F18"), repairs=("cosmos-principal",), source=_COSMOS, kinds=ML,
    ),
    seen(
        "cosmos-grant", "Azure Cosmos DB may read, wrap and unwrap", "grant", "fix",
        "cosmos", "cosmos_roles", "vault", failures=("F08", "F19", "F20"),
        repairs=("grant-cosmos",), source=_COSMOS, kinds=ML,
    ),
    seen(
        "grant-to-app-id", "No grant went to an app id", "grant", "warn", "vault",
        "vault_roles", failures=("F18",),
        source="Key Vault: troubleshooting access issues", kinds=ML,
    ),
    seen(
        "policy-on-rbac-vault", "No access policy stands on a vault that ignores it", "grant",
        "warn", "vault", "cosmos", "identity", failures=("F20",), source=_RBAC,
    ),
    seen(
        "grant-propagation", "No grant is so new that it may not count yet", "grant", "warn",
        "cosmos_roles", "identity_roles", failures=("F19",), source="Azure RBAC: troubleshooting",
    ),
    seen(
        "ml-principal", "Azure Machine Learning is in the tenant", "principal", "fail", "ml",
        failures=("F17", "F18", "F52"), repairs=("ml-principal",), source="how-to-manage-rest", kinds=ML,
    ),
    seen(
        "ml-contributor", "Azure Machine Learning may make the managed group", "grant",
        "fix", "ml", "ml_roles", failures=("F52",), repairs=("grant-ml-contributor",),
        source="how-to-manage-rest", kinds=ML,
    ),
    seen(
        "identity-exists", "The user-assigned identity is there, or will be made", "identity",
        "fail", "identity", failures=("F51",), repairs=("identity",),
        source="how-to-identity-based-service-authentication",
    ),
    seen(
        "identity-grant", "The user-assigned identity may use the key", "grant", "fix",
        "identity", "identity_roles", "vault", failures=("F08", "F51"),
        repairs=("grant-identity",), source="how-to-identity-based-service-authentication",
        kinds=(*ML, *ACI),
    ),
    seen(
        "caller-permissions", "You may do everything that the plan does", "caller", "fail",
        *DEEDS, "assignments", "eligible", failures=("F40",), source="Azure RBAC: troubleshooting",
    ),
    seen(
        "caller-condition", "No condition narrows what you may grant", "caller", "warn",
        "assignments", failures=("F40",), source="Azure RBAC: conditions",
    ),
    seen(
        "deny-assignment", "No deny assignment stands in the way", "caller", "fail",
        *DEEDS, "deny_assignments", failures=("F30", "F40"), source="Azure RBAC: deny assignments",
    ),
)  # fmt: skip
