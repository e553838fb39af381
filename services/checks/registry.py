"""Every check there is: what it is about, what it reads, which failures it foresees.

The judges are found by the check's id; see services/checks/judges/. A failure scenario of
the sandbox is named after the check that sees it. Failure numbers are those of the failure
catalogue.
"""

from typing import Literal

import msgspec

from services.model.intent import Kind

Phase = Literal["preflight", "diagnosis"]
Severity = Literal["fail", "fix", "warn", "unknown"]

EVERY: tuple[Kind, ...] = ("workspace", "container-group", "cluster")
ML: tuple[Kind, ...] = ("workspace",)
ACI: tuple[Kind, ...] = ("container-group",)
AKS: tuple[Kind, ...] = ("cluster",)


class Check(msgspec.Struct, frozen=True, kw_only=True):
    """One question that is asked before anything is written. Data only."""

    id: str
    """Kebab-case; what people give to ``--accept``."""
    title: str
    """What holds when it is OK."""
    subject: str
    """The kind of thing it judges."""
    severity: Severity
    """The gravest status it can have; fix where the plan repairs it in any case."""
    reads: tuple[str, ...]
    """Facts it is judged from; see services/checks/facts.py."""
    kinds: tuple[Kind, ...] = EVERY
    """Kinds of intent it is asked of."""
    failures: tuple[str, ...] = ()
    """Numbers of the failure catalogue."""
    phases: tuple[Phase, ...] = ("preflight",)
    scenario: str = ""
    """Sandbox scenario (below failures/) that trips it; empty where ``without`` says why."""
    further: tuple[str, ...] = ()
    """Scenarios (below failures/) that trip it with another kind of intent."""
    without: str = ""
    """Why there is no scenario."""
    repairs: tuple[str, ...] = ()
    """Beginnings of the ids of plan steps that repair it."""
    source: str = ""


class NotCovered(msgspec.Struct, frozen=True, kw_only=True):
    """A failure of the catalogue that no check foresees, and why."""

    failure: str
    title: str
    reason: str


_CMK = "how-to-setup-customer-managed-keys"
_COSMOS = "Cosmos DB: how to set up customer-managed keys"
_SOFT = "Key Vault: soft-delete overview"
_RBAC = "Key Vault: RBAC guide"
_NETWORK = "Key Vault: virtual network service endpoints"


def _seen(
    id: str, title: str, subject: str, severity: Severity, *reads: str, **more: object
) -> Check:
    """A check with the scenario of its own name."""
    return msgspec.convert(
        {
            "id": id,
            "title": title,
            "subject": subject,
            "severity": severity,
            "reads": reads,
            "scenario": "" if "without" in more else id,
            **more,
        },
        Check,
    )


_DEEDS = (
    *("subscription", "providers", "groups", "permissions", "vault", "key", "cosmos"),
    *("cosmos_roles", "ml", "ml_roles", "identity", "identity_roles", "workspace"),
    *("deleted_vault", "deleted_key", "container_group", "cluster", "encryption_set"),
    *("reader_roles", "disks_roles", "containers", "containers_roles"),
)
"""Facts from which follows what the plan writes; see services/checks/deeds.py."""

_PLACE = (
    _seen(
        "cloud", "This is the cloud of the intent", "sign-in", "fail",
        without="It compares the intent with the sign-in; no estate can cause it.",
    ),
    _seen(
        "tenant", "This is the tenant of the intent", "sign-in", "fail", "subscription",
        without="It compares the intent with the sign-in; no estate can cause it.",
    ),
    _seen(
        "subscription", "You see the subscription", "subscription", "fail", "subscription",
        without="It names a subscription that is not there; no estate can hold that.",
    ),
    _seen(
        "provider-registered", "The resource providers are registered", "subscription", "fix",
        "providers", failures=("F22",), repairs=("register-",), source=_CMK,
    ),
    _seen(
        "region-offered", "The region offers every service", "region", "fail", "providers",
        failures=("F22",), source="Resource Manager: resource providers and types",
    ),
)  # fmt: skip

_VAULT = (
    _seen(
        "vault-exists", "The vault is there and ready, or will be made", "vault", "fail",
        "vault", "deleted_vault", failures=("F15",), source=_CMK,
    ),
    _seen(
        "vault-deleted", "No deleted vault holds the name", "vault", "fail",
        "vault", "deleted_vault", failures=("F02",), source=_SOFT,
    ),
    _seen(
        "vault-name", "The vault's name is free in the whole cloud", "vault", "fail",
        "vault", "deleted_vault", "vault_name", failures=("F02", "F37"),
        source="Key Vault: common error codes",
    ),
    _seen(
        "vault-protection", "Soft delete and purge protection are on", "vault", "fail", "vault",
        failures=("F01", "F34"), repairs=("vault-repair",), source=_CMK,
    ),
    _seen(
        "vault-retention", "The vault keeps deleted keys as long as wished", "vault", "warn",
        "vault", failures=("F03",), source=_SOFT,
    ),
    _seen(
        "vault-region", "The vault is in the workspace's region", "vault", "fail", "vault",
        failures=("F43",), source="template page; silent in " + _CMK,
    ),
    _seen(
        "vault-tenant", "Vault, subscription and sign-in are of one tenant", "vault", "fail",
        "vault", "subscription", failures=("F38", "F41", "F43"),
        source="Key Vault: move a vault to another subscription",
    ),
    _seen(
        "vault-address", "The vault's address is one of this cloud", "vault", "fail", "vault",
        failures=("F11", "F12"), source="Cosmos DB: CMK troubleshooting guide",
        without="A vault's address is given by its cloud; an estate of one cloud has no other.",
    ),
    _seen(
        "vault-network", "Azure's services reach the vault", "vault", "fail", "vault",
        failures=("F14", "F21"), source=_NETWORK,
    ),
    _seen(
        "vault-perimeter", "No network perimeter shuts services out of the vault", "vault", "fail",
        "vault", "perimeters", failures=("F14", "F21"),
        source=_NETWORK + "; Private Link: move to a network security perimeter",
    ),
    _seen(
        "vault-endpoints", "The vault's private endpoints are approved", "vault", "warn", "vault",
        failures=("F21",), source="Key Vault: REST error codes",
    ),
    _seen(
        "vault-network-you", "Your own address passes the vault's firewall", "vault", "warn",
        "vault", "key", failures=("F21",), source=_NETWORK,
    ),
    _seen(
        "vault-access-model", "Roles or policies: as the intent says", "vault", "warn", "vault",
        failures=("F20", "F48"), source="Key Vault: access control default",
    ),
    _seen(
        "vault-lock", "A lock protects the vault from being deleted", "vault", "warn",
        "vault", "locks", failures=("F56",), source=_SOFT,
    ),
)  # fmt: skip

_KEY = (
    _seen(
        "key-exists", "The key is there, or will be made", "key", "fail", "vault", "key",
        "deleted_key", failures=("F09",), source="Cosmos DB: CMK troubleshooting guide",
    ),
    _seen(
        "key-deleted", "No deleted key holds the name", "key", "fail", "vault", "key",
        "deleted_key", failures=("F04",), source=_SOFT,
    ),
    _seen(
        "key-type", "The key is RSA of at least 2048 bits", "key", "fail", "vault", "key",
        failures=("F10", "F44"), source=_COSMOS,
    ),
    _seen(
        "key-operations", "The key may wrap and unwrap", "key", "fail", "key",
        failures=("F10", "F35", "F44"), source="AI Search: manage encryption keys",
    ),
    _seen(
        "key-enabled", "The key is enabled", "key", "fail", "key", failures=("F05", "F16"),
        source="Cosmos DB: CMK troubleshooting guide",
    ),
    _seen(
        "key-dates", "The key is inside its dates, for 90 days too", "key", "fail", "key",
        failures=("F06", "F16"), source="Key Vault: key attributes",
    ),
    _seen(
        "key-rotation", "A key that expires is rotated before", "key", "warn", "vault",
        "key", "rotation", failures=("F06",), source="Key Vault: key attributes",
    ),
    _seen(
        "key-version", "The version that is pinned is the newest", "key", "warn", "key",
        "vault", "newest_key", failures=("F45",), source=_CMK,
    ),
)  # fmt: skip

_ACCESS = (
    _seen(
        "cosmos-principal", "Azure Cosmos DB is in the tenant and enabled", "principal", "fail",
        "cosmos", failures=("F07", "F17", "F18"), repairs=("cosmos-principal",), source=_COSMOS, kinds=ML,
    ),
    _seen(
        "cosmos-grant", "Azure Cosmos DB may read, wrap and unwrap", "grant", "fix",
        "cosmos", "cosmos_roles", "vault", failures=("F08", "F19", "F20"),
        repairs=("grant-cosmos",), source=_COSMOS, kinds=ML,
    ),
    _seen(
        "grant-to-app-id", "No grant went to an app id", "grant", "warn", "vault",
        "vault_roles", failures=("F18",),
        source="Key Vault: troubleshooting access issues", kinds=ML,
    ),
    _seen(
        "policy-on-rbac-vault", "No access policy stands on a vault that ignores it", "grant",
        "warn", "vault", "cosmos", "identity", failures=("F20",), source=_RBAC,
    ),
    _seen(
        "grant-propagation", "No grant is so new that it may not count yet", "grant", "warn",
        "cosmos_roles", "identity_roles", failures=("F19",), source="Azure RBAC: troubleshooting",
    ),
    _seen(
        "ml-principal", "Azure Machine Learning is in the tenant", "principal", "fail", "ml",
        failures=("F17", "F18", "F52"), repairs=("ml-principal",), source="how-to-manage-rest", kinds=ML,
    ),
    _seen(
        "ml-contributor", "Azure Machine Learning may make the managed group", "grant",
        "fix", "ml", "ml_roles", failures=("F52",), repairs=("grant-ml-contributor",),
        source="how-to-manage-rest", kinds=ML,
    ),
    _seen(
        "identity-exists", "The user-assigned identity is there, or will be made", "identity",
        "fail", "identity", failures=("F51",), repairs=("identity",),
        source="how-to-identity-based-service-authentication",
    ),
    _seen(
        "identity-grant", "The user-assigned identity may use the key", "grant", "fix",
        "identity", "identity_roles", "vault", failures=("F08", "F51"),
        repairs=("grant-identity",), source="how-to-identity-based-service-authentication",
        kinds=(*ML, *ACI),
    ),
    _seen(
        "caller-permissions", "You may do everything that the plan does", "caller", "fail",
        *_DEEDS, "assignments", "eligible", failures=("F40",), source="Azure RBAC: troubleshooting",
    ),
    _seen(
        "caller-condition", "No condition narrows what you may grant", "caller", "warn",
        "assignments", failures=("F40",), source="Azure RBAC: conditions",
    ),
    _seen(
        "deny-assignment", "No deny assignment stands in the way", "caller", "fail",
        *_DEEDS, "deny_assignments", failures=("F30", "F40"), source="Azure RBAC: deny assignments",
    ),
)  # fmt: skip

_GUARDS = (
    _seen(
        "lock-read-only", "No read-only lock stands in the way", "lock", "fail", "locks",
        failures=("F29",), source="Resource Manager: lock resources",
        further=("lock-read-only-container-group", "lock-read-only-cluster"),
    ),
    _seen(
        "lock-delete", "No lock keeps what is made from being deleted", "lock", "warn", "locks",
        failures=("F29",), source="Resource Manager: lock resources",
        further=("lock-delete-container-group", "lock-delete-cluster"),
    ),
    _seen(
        "policy-workspace", "Azure Policy allows the workspace", "policy", "fail",
        "policy_workspace", "policy_assignments", failures=("F23",),
        source="Azure Policy: check restrictions", kinds=ML,
    ),
    _seen(
        "policy-vault", "Azure Policy allows the vault", "policy", "fail", "policy_vault",
        "policy_assignments",
        failures=("F23",), source="Azure Policy: check restrictions",
    ),
    _seen(
        "policy-dependencies", "Azure Policy allows the workspace's own resources", "policy",
        "fail", "policy_dependencies", "policy_assignments", failures=("F23",),
        source="Azure Policy: check restrictions", kinds=ML,
    ),
    _seen(
        "policy-cosmos", "Azure Policy allows the Cosmos DB account Azure will make", "policy",
        "fail", "policy_cosmos", "policy_assignments", failures=("F23",),
        source="Azure Policy: check restrictions", kinds=ML,
    ),
    _seen(
        "policy-search", "Azure Policy allows the AI Search service Azure will make", "policy",
        "fail", "policy_search", "policy_assignments", failures=("F23",),
        source="Azure Policy: check restrictions", kinds=ML,
    ),
    _seen(
        "policy-storage", "Azure Policy allows the storage account Azure will make", "policy",
        "fail", "policy_storage", "policy_assignments", failures=("F23",),
        source="Azure Policy: check restrictions", kinds=ML,
    ),
    _seen(
        "policy-container-group", "Azure Policy allows the container group", "policy", "fail",
        "policy_container_group", "policy_assignments", failures=("F23",),
        source="Azure Policy: check restrictions", kinds=ACI,
    ),
    _seen(
        "policy-encryption-set", "Azure Policy allows the disk encryption set", "policy", "fail",
        "policy_encryption_set", "policy_assignments", failures=("F23",),
        source="Azure Policy: check restrictions", kinds=AKS,
    ),
    _seen(
        "policy-cluster", "Azure Policy allows the cluster", "policy", "fail",
        "policy_cluster", "policy_assignments", failures=("F23",),
        source="Azure Policy: check restrictions", kinds=AKS,
    ),
    _seen(
        "policy-definitions", "No built-in policy known to stop workspaces is assigned",
        "policy", "warn", "policy_assignments", failures=("F23",),
        source="Azure Policy: built-in definitions", kinds=ML,
    ),
    _seen(
        "policy-key", "No policy on keys that the key does not meet is assigned", "policy",
        "warn", "vault", "key", "policy_assignments", failures=("F23",),
        source="Azure Policy: built-in definitions for Key Vault keys",
    ),
)  # fmt: skip

_ROOM = (
    _seen(
        "cosmos-region", "The subscription may use Cosmos DB in the region", "quota", "fail",
        "cosmos_location", failures=("F24",), source="Cosmos DB: region access", kinds=ML,
    ),
    _seen(
        "cosmos-accounts", "One more Cosmos DB account fits", "quota", "unknown",
        "cosmos_accounts", "workspace", source="Cosmos DB: concepts and limits",
        without="Filling it takes 250 accounts; pages disagree whether 50 or 250 is the limit.", kinds=ML,
    ),
    _seen(
        "search-quota", "One more AI Search service fits", "quota", "fail", "search_usages",
        "workspace",
        failures=("F25",), source="AI Search: limits, quotas and capacity", kinds=ML,
    ),
    _seen(
        "search-capacity", "The region has room for one more AI Search service", "quota",
        "unknown", failures=("F25",), source="AI Search: limits, quotas and capacity", kinds=ML,
    ),
    _seen(
        "storage-quota", "The storage accounts fit", "quota", "fail", "storage_usages",
        "workspace", "present",
        source="how-to-manage-quotas", kinds=ML,
    ),
    _seen(
        "ml-quota", "One more workspace fits", "quota", "fail", "group_workspaces",
        "ml_usages", "workspace",
        source="how-to-manage-quotas", kinds=ML,
    ),
    _seen(
        "names-rules", "Every name that is made keeps the rules", "name", "fail",
        failures=("F37",), source="Resource Manager: naming rules",
        without="It judges the intent alone; an estate has no part in it.", kinds=ML,
    ),
    _seen(
        "storage-name", "The storage account's name is free", "name", "fail", "storage_name",
        "present", source="Storage: account overview", kinds=ML,
    ),
    _seen(
        "secrets-vault-name", "The name of the vault for secrets is free", "name", "fail",
        "secrets_vault_name", "present", failures=("F02",),
        source="Key Vault: common error codes", kinds=ML,
    ),
    _seen(
        "registry-name", "The container registry's name is free", "name", "fail",
        "registry_name", "present", source="Container Registry: check name availability", kinds=ML,
    ),
    _seen(
        "workspace", "No other workspace has the name", "workspace", "fail", "workspace",
        failures=("F53",), source="concept-customer-managed-keys", kinds=ML,
    ),
    _seen(
        "workspace-deleted", "No deleted workspace holds the name", "workspace", "fail",
        "workspace", "managed_groups", "workspace_deletes", failures=("F28",), source="concept-soft-delete", kinds=ML,
    ),
    _seen(
        "deployment-running", "No other deployment runs in the group", "resource group", "warn",
        "deployments", source="Resource Manager: deployment history",
    ),
    _seen(
        "workspace-validate", "Resource Manager finds the workspace's template valid",
        "workspace", "fail", "validation", failures=("F22", "F23", "F43"),
        source="Resource Manager: validate deployments", kinds=ML,
    ),
    _seen(
        "container-group-validate", "Resource Manager finds the container group's template valid",
        "container group", "fail", "validation", failures=("F22", "F23"),
        source="Resource Manager: validate deployments", kinds=ACI,
    ),
    _seen(
        "cluster-validate", "Resource Manager finds the cluster's template valid",
        "cluster", "fail", "validation", failures=("F22", "F23"),
        source="Resource Manager: validate deployments", kinds=AKS,
    ),
)  # fmt: skip

_ACI = "Container Instances: encrypt deployment data"
_DISKS = "Kubernetes Service: bring your own keys for disks"

_CONTAINERS = (
    _seen(
        "containers-principal", "Azure Container Instance Service is in the tenant", "principal",
        "fail", "containers", failures=("F17", "F18", "F47"), kinds=ACI,
        repairs=("containers-principal",), source=_ACI,
    ),
    _seen(
        "containers-grant", "Azure Container Instance Service may unwrap", "grant", "fix",
        "containers", "containers_roles", "vault", failures=("F19", "F20", "F47"), kinds=ACI,
        repairs=("grant-containers",), source=_ACI,
    ),
    _seen(
        "group-flow", "Who unwraps the key gets through to the vault", "vault", "fail", "vault",
        failures=("F21", "F47"), kinds=ACI, source=_ACI,
    ),
    _seen(
        "container-group", "No other container group has the name", "container group", "fail",
        "container_group", "vault", "key", kinds=ACI, source=_ACI,
    ),
    _seen(
        "group-quota", "Group and cores fit", "quota", "fail", "group_usages", "container_group",
        failures=("F27",), kinds=ACI, source="Container Instances: quota limits",
    ),
    _seen(
        "group-size", "The region gives a group that large", "quota", "fail", "group_limits",
        failures=("F27",), kinds=ACI, source="Container Instances: region availability",
    ),
    _seen(
        "group-secrets", "Secret values can be read here", "container group", "warn",
        "absent_secrets", kinds=ACI,
        without="It looks at this machine; an estate has no part in it.",
    ),
)  # fmt: skip

_CLUSTERS = (
    _seen(
        "encryption-set", "The disk encryption set is there for this key, or will be made",
        "disk encryption set", "fail", "encryption_set", "vault", "key", failures=("F31", "F55"),
        kinds=AKS, repairs=("encryption-set",), source=_DISKS,
    ),
    _seen(
        "disks-grant", "The disk encryption set may wrap and unwrap", "grant", "fix",
        "encryption_set", "disks_roles", "vault", failures=("F19", "F20", "F31"), kinds=AKS,
        repairs=("grant-disks",), source=_DISKS,
    ),
    _seen(
        "cluster-reader", "The cluster may read its disk encryption set", "grant", "fix",
        "identity", "encryption_set", "reader_roles", failures=("F32",), kinds=AKS,
        repairs=("grant-reader",), source=_DISKS,
    ),
    _seen(
        "cluster", "No other cluster has the name", "cluster", "fail", "cluster", kinds=AKS,
        source=_DISKS,
    ),
    _seen(
        "cluster-cores", "The cores of the nodes fit", "quota", "fail", "compute_usages",
        "vm_sizes", "cluster", failures=("F26",), kinds=AKS, source="Compute: vCPU quotas",
    ),
    _seen(
        "cluster-count", "One more cluster fits", "quota", "unknown", "clusters", "cluster",
        failures=("F26",), kinds=AKS, source="Kubernetes Service: quotas",
    ),
    _seen(
        "node-size", "The subscription may have nodes of the size", "cluster", "fail", "vm_sizes",
        failures=("F54",), kinds=AKS, source="Compute: resource SKUs",
    ),
    _seen(
        "node-zones", "Nodes of the size may be in the zones", "cluster", "fail", "vm_sizes",
        failures=("F54",), kinds=AKS, source="Kubernetes Service: availability zones",
    ),
    _seen(
        "ephemeral-disks", "A rotation reaches the nodes that run", "cluster", "warn",
        kinds=AKS, source=_DISKS,
    ),
    _seen(
        "kubernetes-version", "The version of Kubernetes is offered", "cluster", "fail",
        "kubernetes_versions", kinds=AKS, source="Kubernetes Service: supported versions",
    ),
)  # fmt: skip

CHECKS: tuple[Check, ...] = (
    *(*_PLACE, *_VAULT, *_KEY, *_ACCESS, *_GUARDS, *_ROOM),
    *(*_CONTAINERS, *_CLUSTERS),
)
"""In the order in which they are shown."""

BY_ID = {check.id: check for check in CHECKS}

TRIPS = {name: check for check in CHECKS for name in (check.scenario, *check.further) if name}
"""The check that each scenario below failures/ trips."""

_LATE = "It can only happen to a workspace that is there."


def _not(failure: str, title: str, reason: str) -> NotCovered:
    return NotCovered(failure=failure, title=title, reason=reason)


NOT_COVERED: tuple[NotCovered, ...] = (
    _not("F13", "Cosmos DB account without a default identity", "Only accounts of one's own have"
         " that choice; wrapkey does not offer to bring one."),
    _not("F33", "Kubernetes' key management without rights", "wrapkey encrypts disks; what Kubernetes"
         " keeps in etcd is encrypted by a key of its own, which wrapkey does not set up."),
    _not("F36", "Templates of Cosmos DB accounts with a key", "Only accounts of one's own are made"
         " by a template; wrapkey does not offer to bring one."),
    _not("F39", "Throttling", "Nobody tells how much of a vault's or of Resource Manager's budget"
         " is left for the next minutes; wrapkey waits as long as it is told to."),
    _not("F42", "Moving a workspace", _LATE),
    _not("F46", "Rotating to a key of another vault", _LATE),
    _not("F49", "A new principal that is not known everywhere yet", "It exists only after the"
         " principal was made; the grant names the principal's type, which avoids it."),
    _not("F50", "Role assignment id in use", "The id is made of scope, role and principal, so"
         " only the same grant has it, and that counts as granted."),
)  # fmt: skip
