"""What was read from Azure about one intent: data, and what could not be read."""

from collections.abc import Awaitable, Callable, Iterable, Mapping
from datetime import datetime, timedelta
from typing import ParamSpec, TypeVar

import msgspec

from services.azure.access import DenyAssignment, EligibleRole
from services.azure.activitylog import ActivityEvent
from services.azure.clouds import Cloud
from services.azure.deployments import Deployment, Refused
from services.azure.errors import AzureError, ErrorKind
from services.azure.perimeters import Perimeter
from services.azure.policy import PolicyAssignment, PolicyHit
from services.azure.usages import CosmosRegion
from services.ids import ArmId
from services.model.intent import (
    ClusterSetup,
    ContainerGroupSetup,
    Create,
    Intent,
    Kind,
    WorkspaceSetup,
    identity_of,
    kind_of,
)
from services.model.resources import (
    Caller,
    ContainerGroup,
    DeletedKey,
    DeletedVault,
    DiskEncryptionSet,
    GroupLimit,
    Identity,
    KeyVersion,
    KubernetesVersion,
    Lock,
    ManagedCluster,
    NameCheck,
    Permission,
    Principal,
    ResourceGroup,
    RoleAssignment,
    RotationPolicy,
    Usage,
    Vault,
    VmSize,
    Workspace,
)

P = ParamSpec("P")
T = TypeVar("T")

HELD = timedelta(days=14)
"""How long a deleted workspace holds its name ("soft delete" page)."""

CLOSED = {"ForbiddenByFirewall", "ForbiddenByConnection"}
"""Key Vault's inner codes for a network that is not let in (F21)."""

PLAN = frozenset(
    {
        "subscription",
        "providers",
        "groups",
        "vault",
        "deleted_vault",
        "vault_name",
        "permissions",
        "key",
        "deleted_key",
        "cosmos",
        "cosmos_roles",
        "ml",
        "ml_roles",
        "identity",
        "identity_roles",
        "workspace",
        "present",
        "containers",
        "containers_roles",
        "container_group",
        "encryption_set",
        "disks_roles",
        "reader_roles",
        "cluster",
        "kubernetes_versions",
    }
)
"""Names of the facts that steps are planned from, whatever the kind of intent."""

ONLY: dict[Kind, frozenset[str]] = {
    "workspace": frozenset({"cosmos", "cosmos_roles", "ml", "ml_roles", "workspace", "present"}),
    "container-group": frozenset(
        {
            *("containers", "containers_roles", "container_group", "group_usages"),
            *("group_limits", "absent_secrets"),
        }
    ),
    "cluster": frozenset(
        {
            *("encryption_set", "disks_roles", "reader_roles", "cluster", "clusters"),
            *("compute_usages", "vm_sizes", "kubernetes_versions"),
        }
    ),
}
"""Facts that concern one kind of intent alone."""


def concerning(names: Iterable[str], intent: Intent) -> frozenset[str]:
    """Those of these facts that concern an intent of its kind."""
    own = kind_of(intent)
    others = {name for kind, facts in ONLY.items() if kind != own for name in facts}
    return frozenset(names) - others


def planned_from(intent: Intent) -> frozenset[str]:
    """Names of the facts that steps of an intent are planned from."""
    return concerning(PLAN, intent)


class Unknown(msgspec.Struct, frozen=True, tag=True):
    """Something that could not be read, and why; never a guess."""

    reason: str


class Asked(msgspec.Struct, frozen=True):
    """The request that told a fact."""

    call: str
    """Method and the last two parts of the path, for example ``GET vaults/kv-ml``."""
    request_id: str = ""


Usages = tuple[Usage, ...] | Unknown
Roles = tuple[RoleAssignment, ...] | Unknown


class Facts(msgspec.Struct, frozen=True, kw_only=True):
    """None means "read, and not there"; Unknown means "could not be read".

    ``had`` names what was read at all: a fact that is not among them is not to be judged.
    """

    cloud: Cloud
    caller: Caller
    tenant: str
    """Of the subscription; the caller's where Azure does not tell."""
    now: datetime
    """By the vault's own clock, which is the one that judges keys; else by ARM's."""
    had: frozenset[str] = PLAN
    """Names of the facts that were read; see services/checks/reading.py."""
    asked: Mapping[str, Asked] = msgspec.field(default_factory=dict)
    """By name of fact: the last request made for it."""
    visible: bool = True
    """Whether the caller sees the subscription at all."""
    providers: dict[str, str] | Unknown = msgspec.field(default_factory=dict)
    """Namespace in lower case to its registration state."""
    offers: dict[str, tuple[str, ...]] = msgspec.field(default_factory=dict)
    """Namespace/type in lower case to the short names of regions; empty where unknown."""
    groups: dict[str, ResourceGroup | Unknown | None] = msgspec.field(default_factory=dict)
    """By name in lower case."""
    vault: Vault | Unknown | None = None
    deleted_vault: DeletedVault | Unknown | None = None
    perimeters: tuple[Perimeter, ...] | Unknown = ()
    """Network security perimeters of a vault that is there."""
    vault_name: NameCheck | Unknown | None = None
    """Whether the name is free; only read where the vault is not there."""
    rights: tuple[Permission, ...] | Unknown = ()
    """The caller's own, at the vault (or where it will be)."""
    permissions: Mapping[str, tuple[Permission, ...] | Unknown] = msgspec.field(
        default_factory=dict
    )
    """The caller's own by scope in lower case: subscription, groups and vault that are there."""
    key: KeyVersion | Unknown | None = None
    deleted_key: DeletedKey | Unknown | None = None
    newest_key: KeyVersion | Unknown | None = None
    """Only read where the intent names a version."""
    rotation: RotationPolicy | Unknown | None = None
    """Only read of a key that expires."""
    reachable: bool = True
    """Whether the vault's own network lets us in; its management is reached in any case."""
    key_from_arm: bool = False
    """Whether only Resource Manager told of the key: the data plane refuses the caller."""
    cosmos: Principal | Unknown | None = None
    ml: Principal | Unknown | None = None
    cosmos_roles: Roles = ()
    """Of Azure Cosmos DB, at the vault."""
    ml_roles: Roles = ()
    """Of Azure Machine Learning, at the subscription."""
    vault_roles: Roles = ()
    """Of the app id of Azure Cosmos DB, which is nobody's object id, at the vault."""
    identity: Identity | Unknown | None = None
    identity_roles: Roles = ()
    assignments: Roles = ()
    """Of the caller and its groups, anywhere in the subscription."""
    eligible: tuple[EligibleRole, ...] | Unknown = ()
    """Roles the caller may activate."""
    deny_assignments: tuple[DenyAssignment, ...] | Unknown = ()
    locks: tuple[Lock, ...] | Unknown = ()
    """At subscription, both groups and the vault."""
    policies: Mapping[str, tuple[PolicyHit, ...] | Unknown | None] = msgspec.field(
        default_factory=dict
    )
    """By name of fact (policy_cosmos, ...); None where there is nothing to ask about."""
    policy_assignments: tuple[PolicyAssignment, ...] | Unknown = ()
    cosmos_location: CosmosRegion | Unknown | None = None
    cosmos_accounts: int | Unknown = 0
    search_usages: Usages = ()
    storage_usages: Usages = ()
    ml_usages: Usages = ()
    group_workspaces: int | Unknown = 0
    """How many workspaces the resource group has."""
    names: Mapping[str, NameCheck | Unknown | None] = msgspec.field(default_factory=dict)
    """By name of fact (storage_name, ...); None where nothing of the kind is made."""
    managed_groups: tuple[ResourceGroup, ...] | Unknown = ()
    """Resource groups that something else manages."""
    workspace_deletes: tuple[ActivityEvent, ...] | Unknown = ()
    """Deletes of a workspace of this name in the last 14 days, newest first; only read where
    there is none of the name now."""
    deployments: tuple[Deployment, ...] | Unknown = ()
    """Running in the workspace's group."""
    validation: Refused | Unknown | None = None
    """Resource Manager's refusal of the workspace; None where it is valid or was not asked."""
    workspace: Workspace | Unknown | None = None
    containers: Principal | Unknown | None = None
    """The app of Container Instances; only read in the first-party flow."""
    containers_roles: Roles = ()
    """Its, at the vault."""
    container_group: ContainerGroup | Unknown | None = None
    group_usages: Usages = ()
    group_limits: tuple[GroupLimit, ...] | Unknown = ()
    """The largest container group, by operating system."""
    absent_secrets: tuple[str, ...] = ()
    """Sources of secret values that can't be read on this machine."""
    encryption_set: DiskEncryptionSet | Unknown | None = None
    disks_roles: Roles = ()
    """Of the disk encryption set, at the vault."""
    reader_roles: Roles = ()
    """Of the cluster's identity, at the disk encryption set."""
    cluster: ManagedCluster | Unknown | None = None
    clusters: int | Unknown = 0
    """How many clusters the subscription has in the region."""
    compute_usages: Usages = ()
    vm_sizes: tuple[VmSize, ...] | Unknown = ()
    kubernetes_versions: tuple[KubernetesVersion, ...] | Unknown = ()
    present: frozenset[str] = frozenset()
    """Ids, in lower case, of further resources of the plan that exist."""


class Ids(msgspec.Struct, frozen=True, kw_only=True):
    """The ids an intent speaks of."""

    group: ArmId
    vault_group: ArmId
    vault: ArmId
    target: ArmId
    """What is set up: the workspace, the container group, the cluster."""
    identity: ArmId | None
    """User-assigned identity, to create or existing; None for the system's."""
    encryption_set: ArmId | None = None
    """The disk encryption set of a cluster."""


def ids_of(intent: Intent) -> Ids:
    """The ARM ids of what the intent names."""
    group = ArmId(intent.subscription.lower(), intent.resource_group)
    vault_group = ArmId(group.subscription, intent.vault.resource_group or group.group)
    identity = identity_of(intent)
    kind = "Microsoft.ManagedIdentity/userAssignedIdentities"
    return Ids(
        group=group,
        vault_group=vault_group,
        vault=vault_group.child("Microsoft.KeyVault/vaults", intent.vault.name),
        target=_target(intent, group),
        identity=group.child(kind, identity.create)
        if isinstance(identity, Create)
        else (None if identity == "system" else ArmId.parse(identity)),
        encryption_set=_encryption_set(intent, group),
    )


def groups_of(ids: Ids) -> tuple[ArmId, ...]:
    """The resource groups that an intent speaks of, each once; its own is the first."""
    found = {ids.group.group.lower(): ids.group}
    found.setdefault(ids.vault_group.group.lower(), ids.vault_group)
    if ids.encryption_set is not None:
        place = ArmId(ids.group.subscription, ids.encryption_set.group)
        found.setdefault(place.group.lower(), place)
    return tuple(found.values())


def _encryption_set(intent: Intent, group: ArmId) -> ArmId | None:
    if not isinstance(intent, ClusterSetup):
        return None
    wish = intent.cluster.disk_encryption_set
    place = ArmId(group.subscription, wish.resource_group or group.group)
    return place.child(ENCRYPTION_SETS, wish.name)


def _target(intent: Intent, group: ArmId) -> ArmId:
    match intent:
        case WorkspaceSetup():
            return group.child(WORKSPACES, intent.workspace.name)
        case ContainerGroupSetup():
            return group.child(CONTAINER_GROUPS, intent.container_group.name)
        case ClusterSetup():
            return group.child(CLUSTERS, intent.cluster.name)


WORKSPACES = "Microsoft.MachineLearningServices/workspaces"
CONTAINER_GROUPS = "Microsoft.ContainerInstance/containerGroups"
CLUSTERS = "Microsoft.ContainerService/managedClusters"
ENCRYPTION_SETS = "Microsoft.Compute/diskEncryptionSets"


async def known(call: Awaitable[T]) -> T | Unknown:
    """The call's answer, or why there is none; raises AzureError for a lost sign-in."""
    try:
        return await call
    except AzureError as error:
        if error.kind is ErrorKind.SIGN_IN:
            raise
        return unread(error)


def unread(error: AzureError) -> Unknown:
    """Why something could not be read; with the right that is missing where Azure names it."""
    ask = f" {error.do}" if error.kind is ErrorKind.FORBIDDEN and error.do else ""
    return Unknown(f"{error.what} {error.means}{ask}")


async def known_from(
    call: Callable[P, Awaitable[T]], *args: P.args, **named: P.kwargs
) -> T | Unknown:
    """:func:`known` of a call that is only made once this is awaited.

    For several at once: what a closing pass cancels before it began has made nothing.
    """
    return await known(call(*args, **named))
