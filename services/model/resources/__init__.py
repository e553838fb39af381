"""The nouns of Azure, as wrapkey reads them.

Every noun keeps ``raw``, the JSON as received, for inspection only. Every text in the
other fields has passed :func:`services.text.plain` once.
"""

from services.model.resources.access import Caller, Identity, Permission, Principal, RoleAssignment
from services.model.resources.clusters import (
    DiskEncryptionSet,
    KubernetesVersion,
    ManagedCluster,
    NodePool,
    VmSize,
)
from services.model.resources.containers import (
    ContainerGroup,
    ContainerState,
    GroupEvent,
    GroupLimit,
)
from services.model.resources.estate import (
    Location,
    Lock,
    NameCheck,
    Provider,
    Resource,
    ResourceGroup,
    ResourceType,
    Subscription,
    Tenant,
    Usage,
)
from services.model.resources.nodes import Disk, NodeSet
from services.model.resources.noun import Noun, Raw
from services.model.resources.vault import (
    AccessPolicy,
    DeletedKey,
    DeletedVault,
    Key,
    KeyVersion,
    PrivateEndpoint,
    RotationPolicy,
    Vault,
)
from services.model.resources.workspace import (
    AttachedCompute,
    CosmosAccount,
    Encryption,
    SearchService,
    StorageAccount,
    Workspace,
)

__all__ = [
    "AccessPolicy",
    "AttachedCompute",
    "Caller",
    "ContainerGroup",
    "ContainerState",
    "CosmosAccount",
    "DeletedKey",
    "DeletedVault",
    "Disk",
    "DiskEncryptionSet",
    "Encryption",
    "GroupEvent",
    "GroupLimit",
    "Identity",
    "Key",
    "KeyVersion",
    "KubernetesVersion",
    "Location",
    "Lock",
    "ManagedCluster",
    "NameCheck",
    "NodePool",
    "NodeSet",
    "Noun",
    "Permission",
    "Principal",
    "PrivateEndpoint",
    "Provider",
    "Raw",
    "Resource",
    "ResourceGroup",
    "ResourceType",
    "RoleAssignment",
    "RotationPolicy",
    "SearchService",
    "StorageAccount",
    "Subscription",
    "Tenant",
    "Usage",
    "Vault",
    "VmSize",
    "Workspace",
]
