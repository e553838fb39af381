"""The nouns of Azure, as wrapkey reads them.

Every noun keeps ``raw``, the JSON as received, for inspection only. Every text in the
other fields has passed :func:`services.text.plain` once.
"""

from datetime import datetime
from typing import Any

import msgspec

Raw = dict[str, Any]


class Noun(msgspec.Struct, frozen=True, kw_only=True):
    """What every noun of Azure has."""

    raw: Raw = msgspec.field(default_factory=dict)
    """The JSON as received; never a rule's input."""


class Tenant(Noun, frozen=True, kw_only=True):
    """A Microsoft Entra tenant."""

    id: str
    name: str = ""
    domain: str = ""


class Subscription(Noun, frozen=True, kw_only=True):
    """An Azure subscription."""

    id: str
    """The GUID, lower case."""
    name: str
    tenant_id: str = ""
    state: str = "Enabled"


class Location(Noun, frozen=True, kw_only=True):
    """An Azure region."""

    name: str
    """Short name, for example westeurope."""
    display_name: str


class ResourceType(msgspec.Struct, frozen=True, kw_only=True):
    """One resource type of a provider and where it is offered."""

    name: str
    locations: tuple[str, ...] = ()
    """Short names."""


class Provider(Noun, frozen=True, kw_only=True):
    """A resource provider as a subscription sees it."""

    namespace: str
    state: str
    """NotRegistered, Registering, Registered or Unregistering."""
    types: tuple[ResourceType, ...] = ()


class ResourceGroup(Noun, frozen=True, kw_only=True):
    """A resource group."""

    id: str
    name: str
    location: str
    managed_by: str = ""
    tags: dict[str, str] = msgspec.field(default_factory=dict)
    state: str = ""


class AccessPolicy(msgspec.Struct, frozen=True, kw_only=True):
    """One entry of a vault that uses access policies."""

    object_id: str
    tenant_id: str = ""
    keys: tuple[str, ...] = ()
    """Key permissions, lower case."""


class PrivateEndpoint(msgspec.Struct, frozen=True, kw_only=True):
    """A private endpoint's connection to a vault."""

    id: str
    """Of the connection."""
    name: str
    """Of the endpoint."""
    status: str
    """Pending, Approved, Rejected or Disconnected."""


class Vault(Noun, frozen=True, kw_only=True):
    """A key vault."""

    id: str
    name: str
    location: str
    uri: str
    """``https://name.suffix`` without a trailing slash."""
    tenant_id: str
    sku: str
    """standard or premium."""
    rbac: bool
    """True: role assignments decide; False: access policies do."""
    soft_delete: bool
    purge_protection: bool
    retention_days: int
    public_access: str = "Enabled"
    """Enabled, Disabled or SecuredByPerimeter."""
    default_action: str = "Allow"
    bypass: str = "AzureServices"
    endpoints: tuple[PrivateEndpoint, ...] = ()
    policies: tuple[AccessPolicy, ...] = ()
    state: str = "Succeeded"
    tags: dict[str, str] = msgspec.field(default_factory=dict)


class DeletedVault(Noun, frozen=True, kw_only=True):
    """A soft-deleted vault whose name is still taken."""

    name: str
    id: str
    """The id it had."""
    location: str
    deleted: datetime | None = None
    purge_at: datetime | None = None
    purge_protection: bool = False


class NameCheck(Noun, frozen=True, kw_only=True):
    """Azure's answer to whether a name is free."""

    available: bool
    reason: str = ""
    message: str = ""


class KeyVersion(Noun, frozen=True, kw_only=True):
    """One version of a key."""

    id: str
    """Key identifier with version, without a port where Azure has none."""
    version: str
    enabled: bool = True
    created: datetime | None = None
    updated: datetime | None = None
    not_before: datetime | None = None
    expires: datetime | None = None
    type: str = ""
    """RSA, RSA-HSM, EC, ...; empty in lists, which do not tell it."""
    bits: int = 0
    """Size of the modulus; 0 where unknown."""
    ops: tuple[str, ...] = ()
    tags: dict[str, str] = msgspec.field(default_factory=dict)
    recovery: str = ""
    """Azure's recoveryLevel."""


class RotationPolicy(Noun, frozen=True, kw_only=True):
    """When a vault makes a new version by itself."""

    rotate_after: str = ""
    """ISO 8601 duration after creation, or empty."""
    rotate_before_expiry: str = ""
    notify_before: str = ""
    expiry: str = ""
    """How long each new version lives, or empty."""


class Key(Noun, frozen=True, kw_only=True):
    """A key, described by its current version."""

    vault: str
    """Vault name."""
    name: str
    id: str
    """Identifier without version."""
    current: KeyVersion
    versions: tuple[KeyVersion, ...] = ()
    """Newest first; empty until read."""


class DeletedKey(Noun, frozen=True, kw_only=True):
    """A soft-deleted key whose name is still taken."""

    name: str
    id: str
    deleted: datetime | None = None
    purge_at: datetime | None = None


class RoleAssignment(Noun, frozen=True, kw_only=True):
    """Who may do what where."""

    id: str
    scope: str
    principal_id: str
    principal_type: str
    role_id: str
    """GUID of the role definition."""
    created: datetime | None = None
    condition: str = ""


class Permission(msgspec.Struct, frozen=True, kw_only=True):
    """One block of what the caller may do at a scope, as Azure computed it."""

    actions: tuple[str, ...] = ()
    not_actions: tuple[str, ...] = ()
    data_actions: tuple[str, ...] = ()
    not_data_actions: tuple[str, ...] = ()


class Principal(Noun, frozen=True, kw_only=True):
    """Somebody in a tenant; ``object_id`` is what grants need."""

    object_id: str
    name: str
    kind: str
    """User, ServicePrincipal or Group."""
    app_id: str = ""
    """Of a service principal; never usable in a grant."""
    enabled: bool = True


class Caller(msgspec.Struct, frozen=True, kw_only=True):
    """The signed-in principal, read from its own access token."""

    object_id: str
    tenant_id: str
    name: str
    kind: str
    app_id: str = ""


class Identity(Noun, frozen=True, kw_only=True):
    """A user-assigned managed identity."""

    id: str
    name: str
    location: str
    principal_id: str
    client_id: str


class Resource(Noun, frozen=True, kw_only=True):
    """Any ARM resource, as far as the generic lists tell."""

    id: str
    name: str
    type: str
    location: str = ""
    kind: str = ""
    sku: str = ""
    state: str = ""
    """provisioningState where it was told."""


class StorageAccount(Noun, frozen=True, kw_only=True):
    """A storage account and the key it says it uses."""

    id: str
    name: str
    location: str
    sku: str = ""
    kind: str = ""
    hierarchical: bool = False
    state: str = ""
    key_source: str = ""
    """Microsoft.Storage or Microsoft.Keyvault."""
    key_id: str = ""
    """Versioned key identifier, or empty."""


class CosmosAccount(Noun, frozen=True, kw_only=True):
    """A Cosmos DB account and the key it says it uses (no version)."""

    id: str
    name: str
    location: str
    state: str = ""
    key_id: str = ""
    key_status: str = ""
    """customerManagedKeyStatus, free text."""
    identity: str = ""
    """defaultIdentity: FirstPartyIdentity, SystemAssignedIdentity or UserAssignedIdentity=ID."""


class SearchService(Noun, frozen=True, kw_only=True):
    """An AI Search service; it tells its compliance, never its key."""

    id: str
    name: str
    location: str
    sku: str = ""
    state: str = ""
    status: str = ""
    enforcement: str = ""
    compliance: str = ""


class Encryption(msgspec.Struct, frozen=True, kw_only=True):
    """The customer-managed key of a workspace."""

    vault_id: str
    key_id: str
    identity: str = ""
    """User-assigned identity that reaches the key, or empty."""
    service_side: bool = False


class Workspace(Noun, frozen=True, kw_only=True):
    """An Azure Machine Learning workspace."""

    id: str
    name: str
    location: str
    state: str = ""
    encryption: Encryption | None = None
    """None: encrypted with Microsoft's keys."""
    managed_group: str = ""
    """Name of the managed resource group; empty where there is none."""
    hbi: bool = False
    public_access: str = ""
    identity_type: str = ""
    principal_id: str = ""
    identities: tuple[str, ...] = ()
    storage: str = ""
    vault: str = ""
    insights: str = ""
    registry: str = ""
    description: str = ""
    tags: dict[str, str] = msgspec.field(default_factory=dict)


class Lock(Noun, frozen=True, kw_only=True):
    """A management lock."""

    id: str
    name: str
    level: str
    scope: str
    notes: str = ""


class Usage(Noun, frozen=True, kw_only=True):
    """How much of a quota is used; ``limit`` -1 means unlimited."""

    name: str
    used: int
    limit: int
    unit: str = "Count"
    kind: str = ""
    """What is counted, where a service tells it by type: workspaces, totalCores, ..."""


class GroupEvent(msgspec.Struct, frozen=True, kw_only=True):
    """One event of a container group or of one of its containers."""

    name: str
    message: str
    type: str
    """Normal or Warning."""
    count: int = 1
    container: str = ""


class ContainerState(msgspec.Struct, frozen=True, kw_only=True):
    """A container of a group as its instance view tells it."""

    name: str
    state: str = ""
    """Waiting, Running or Terminated; empty before the group has a host."""
    detail: str = ""
    """For example Completed, Error or CrashLoopBackOff."""


class ContainerGroup(Noun, frozen=True, kw_only=True):
    """A group of Container Instances. Values of secure variables are never told."""

    id: str
    name: str
    location: str
    state: str
    """provisioningState."""
    view: str = ""
    """State of its instance view: Pending, Running, Succeeded, Failed, Stopped."""
    events: tuple[GroupEvent, ...] = ()
    containers: tuple[ContainerState, ...] = ()
    os: str = ""
    vault_uri: str = ""
    """Base URL of the key's vault; empty where Microsoft's keys encrypt."""
    key: str = ""
    key_version: str = ""
    identity: str = ""
    """ARM id of the identity that unwraps the key; empty: the service's own app does."""
    identities: tuple[str, ...] = ()
    principals: dict[str, str] = msgspec.field(default_factory=dict)
    """Object id that it works as, by the id of an identity of its own, both in lower case."""
    address: str = ""
    cores: float = 0.0
    tags: dict[str, str] = msgspec.field(default_factory=dict)


class DiskEncryptionSet(Noun, frozen=True, kw_only=True):
    """What stands between a key and the disks it encrypts."""

    id: str
    name: str
    location: str
    state: str
    key_url: str = ""
    vault_id: str = ""
    """Empty where the set does not name its vault."""
    encryption: str = ""
    rotates: bool = False
    principal_id: str = ""
    """Object id of its system-assigned identity; empty where it has none."""
    identities: tuple[str, ...] = ()
    rotated: datetime | None = None
    rotation_error: str = ""
    """Code of autoKeyRotationError, which leaves provisioningState as it was."""
    tags: dict[str, str] = msgspec.field(default_factory=dict)


class NodePool(msgspec.Struct, frozen=True, kw_only=True):
    """A pool of nodes."""

    name: str
    size: str
    count: int
    os_disk: str
    """Managed or Ephemeral."""
    state: str = ""
    os_disk_gb: int = 0
    """0 where it is not told."""
    zones: tuple[str, ...] = ()
    mode: str = ""
    """System (at least one node, always) or User; empty where it is not told."""


class ManagedCluster(Noun, frozen=True, kw_only=True):
    """A Kubernetes cluster."""

    id: str
    name: str
    location: str
    state: str
    version: str = ""
    encryption_set: str = ""
    """ARM id; empty where the platform's keys encrypt its disks."""
    identities: tuple[str, ...] = ()
    principal_id: str = ""
    node_group: str = ""
    pools: tuple[NodePool, ...] = ()
    kms_key: str = ""
    """Key that encrypts etcd; another thing than the disks."""
    tier: str = ""
    """Free, Standard or Premium."""
    tags: dict[str, str] = msgspec.field(default_factory=dict)


class AttachedCompute(Noun, frozen=True, kw_only=True):
    """A cluster of one's own that a workspace has attached."""

    id: str
    name: str
    """In the workspace; the cluster has its own."""
    kind: str
    """AKS, or Kubernetes where it was attached with the extension."""
    state: str
    cluster: str
    """ARM id of the cluster, which may be gone."""


class GroupLimit(msgspec.Struct, frozen=True, kw_only=True):
    """The largest container group that a region gives an operating system."""

    os: str
    cores: float
    memory_gb: float


class VmSize(Noun, frozen=True, kw_only=True):
    """A size of virtual machines in a region."""

    name: str
    family: str
    cores: int
    ephemeral: bool
    zones: tuple[str, ...] = ()
    restricted: str = ""
    """Reason code where the subscription may not have it in the region."""
    barred_zones: tuple[str, ...] = ()
    """Of ``zones``, those in which the subscription may not have it."""
    memory_gb: float = 0
    """0 where it is not told."""


class KubernetesVersion(msgspec.Struct, frozen=True, kw_only=True):
    """A version that new clusters may have."""

    version: str
    """Major and minor."""
    default: bool = False
    preview: bool = False
    patches: tuple[str, ...] = ()
