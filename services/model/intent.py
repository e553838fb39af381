"""What the user wants. Written as TOML, read by every headless command.

The types are strict: unknown fields are errors, and every default stands here.
"""

from datetime import datetime
from typing import Literal

import msgspec

Kind = Literal["workspace", "container-group", "cluster"]


class Struct(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Base of all parts of an intent."""


class Create(Struct, frozen=True, kw_only=True):
    """Something to be created under this name."""

    create: str


class VaultIntent(Struct, frozen=True, kw_only=True):
    """The vault that holds the key."""

    name: str
    resource_group: str = ""
    """Empty: the intent's own resource group."""
    create: bool = False
    """False: it must exist; True: it is made when absent."""
    repair: bool = True
    """Whether the plan may repair it, for example turn on purge protection."""
    sku: Literal["standard", "premium"] = "standard"
    access: Literal["rbac", "policies"] = "rbac"
    retention_days: int = 90
    network: Literal["public", "trusted-services"] = "public"


class KeyIntent(Struct, frozen=True, kw_only=True):
    """The key that encrypts the workspace."""

    name: str
    create: bool = False
    version: str = "latest"
    """latest, or 32 hex digits."""
    type: Literal["RSA", "RSA-HSM"] = "RSA"
    bits: Literal[2048, 3072, 4096] = 3072
    not_before: datetime | None = None
    expires: datetime | None = None
    rotate_every: str = ""
    """ISO 8601 duration, or empty for no rotation policy."""
    notify_before: str = ""
    tags: dict[str, str] = {}


class WorkspaceIntent(Struct, frozen=True, kw_only=True):
    """The Machine Learning workspace."""

    name: str
    encryption: Literal["own-resources", "service-side"] = "own-resources"
    identity: str | Create = "system"
    """system, the ARM id of a user-assigned identity, or one to create."""
    hbi: bool = False
    public_network: bool = True
    storage: str | Create = "new"
    """new, one to create under a given name, or an ARM id."""
    insights: str | Create = "new"
    secrets_vault: str | Create = "new"
    """new, same (the key's vault), one to create, or an ARM id."""
    registry: str | Create = "none"
    """none, new, one to create, or an ARM id."""
    description: str = ""


class ContainerIntent(Struct, frozen=True, kw_only=True):
    """One container of a group."""

    name: str
    image: str
    cpu: float = 1.0
    """Cores."""
    memory_gb: float = 1.5
    ports: list[int] = []
    """TCP; a group with ports gets a public address."""
    command: list[str] = []
    """Empty: the image's own."""
    env: dict[str, str] = {}
    secure_env: dict[str, str] = {}
    """Where each value is found when the group is made: env:NAME or file:PATH."""


class ContainerGroupIntent(Struct, frozen=True, kw_only=True):
    """The container group."""

    name: str
    flow: Literal["identity", "first-party"] = "identity"
    """Who unwraps the key: a user-assigned identity, or the service's own app."""
    identity: str | Create = ""
    """ARM id of a user-assigned identity, or one to create; empty in the first-party flow."""
    os: Literal["Linux", "Windows"] = "Linux"
    restart: Literal["Always", "OnFailure", "Never"] = "OnFailure"
    containers: list[ContainerIntent]


class DiskEncryptionSetIntent(Struct, frozen=True, kw_only=True):
    """The disk encryption set between key and disks."""

    name: str
    resource_group: str = ""
    """Of one that exists; empty: the intent's own resource group."""
    create: bool = True
    """False: it must exist; True: it is made when absent."""
    encryption: Literal["customer-key", "double"] = "customer-key"
    rotate_to_latest: bool = True


class ClusterIntent(Struct, frozen=True, kw_only=True):
    """The Kubernetes cluster."""

    name: str
    kubernetes: str = "default"
    """A version, or default: the service's own from its live list."""
    tier: Literal["free", "standard"] = "free"
    node_size: str = "Standard_D4s_v5"
    node_count: int = 3
    zones: list[str] = []
    """Availability zones to spread the nodes over; empty: none is asked for."""
    os_disk: Literal["managed", "ephemeral"] = "managed"
    identity: str | Create
    """ARM id of a user-assigned identity, or one to create."""
    disk_encryption_set: DiskEncryptionSetIntent


class PrincipalsIntent(Struct, frozen=True, kw_only=True):
    """Object ids of Azure's own apps, for a caller whom Microsoft Graph tells nothing."""

    cosmos_db: str = ""
    """GUID, or empty: Microsoft Graph is asked."""
    machine_learning: str = ""
    container_instances: str = ""


class RepairsIntent(Struct, frozen=True, kw_only=True):
    """Which findings the plan repairs; each field is named after its check.

    The vault's protection has a field of its own, vault.repair.
    """

    provider_registered: bool = True
    cosmos_grant: bool = True
    ml_contributor: bool = True
    identity_grant: bool = True
    containers_grant: bool = True
    disks_grant: bool = True
    cluster_reader: bool = True
    vault_deleted: bool = False
    vault_network: bool = False
    key_deleted: bool = False
    key_enabled: bool = False
    key_operations: bool = False


class Wish(Struct, frozen=True, kw_only=True, tag_field="kind"):
    """What the user decided, whatever it is for."""

    subscription: str
    """GUID."""
    region: str
    """Short name, for example westeurope."""
    resource_group: str
    """Made when absent."""
    vault: VaultIntent
    key: KeyIntent
    principals: PrincipalsIntent = PrincipalsIntent()
    repairs: RepairsIntent = RepairsIntent()
    tags: dict[str, str] = {}
    cloud: str = ""
    tenant: str = ""


class WorkspaceSetup(Wish, frozen=True, kw_only=True, tag="workspace"):
    """A Machine Learning workspace."""

    workspace: WorkspaceIntent


class ContainerGroupSetup(Wish, frozen=True, kw_only=True, tag="container-group"):
    """A group of Container Instances."""

    container_group: ContainerGroupIntent


class ClusterSetup(Wish, frozen=True, kw_only=True, tag="cluster"):
    """A Kubernetes cluster with its disk encryption set."""

    cluster: ClusterIntent


Intent = WorkspaceSetup | ContainerGroupSetup | ClusterSetup
"""Everything the user decided. Code that needs one kind says so in its signature."""

SETUPS: dict[Kind, type[WorkspaceSetup] | type[ContainerGroupSetup] | type[ClusterSetup]] = {
    "workspace": WorkspaceSetup,
    "container-group": ContainerGroupSetup,
    "cluster": ClusterSetup,
}


def kind_of(intent: Intent) -> Kind:
    """The word of its kind, as in the file."""
    return next(kind for kind, setup in SETUPS.items() if isinstance(intent, setup))


def named(intent: Intent) -> str:
    """The name of what is set up."""
    match intent:
        case WorkspaceSetup():
            return intent.workspace.name
        case ContainerGroupSetup():
            return intent.container_group.name
        case ClusterSetup():
            return intent.cluster.name


def identity_of(intent: Intent) -> str | Create:
    """The identity that what is set up has: system, an ARM id, or one to create."""
    match intent:
        case WorkspaceSetup():
            return intent.workspace.identity
        case ContainerGroupSetup():
            return intent.container_group.identity or "system"
        case ClusterSetup():
            return intent.cluster.identity


def noun(intent: Intent) -> str:
    """What is set up, in words."""
    return kind_of(intent).replace("-", " ")
