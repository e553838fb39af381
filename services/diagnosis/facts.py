"""What diagnosis knows of a target: an intent that describes it, and what was read."""

import msgspec

from services.azure.activitylog import ActivityEvent
from services.azure.loganalytics import AuditEntry
from services.azure.workspaces import Remark
from services.checks.facts import Facts, Ids, Unknown
from services.ids import ArmId, BadId, KeyId
from services.model.diagnosis import Target
from services.model.intent import Intent, KeyIntent, VaultIntent, WorkspaceIntent, WorkspaceSetup
from services.model.resources import (
    AttachedCompute,
    CosmosAccount,
    KeyVersion,
    ManagedCluster,
    Principal,
    Resource,
    ResourceGroup,
    RoleAssignment,
    SearchService,
    StorageAccount,
    Workspace,
)


class Probe(msgspec.Struct, frozen=True, kw_only=True):
    """How wrapping and unwrapping random bytes as the caller ended."""

    code: str = ""
    """Azure's innermost code; empty where it worked."""
    message: str = ""
    request_id: str = ""
    refused: bool = False
    """The caller may not: it tells nothing of the key."""


class OwnKey(msgspec.Struct, frozen=True, kw_only=True):
    """The key of a storage account that the workspace brought, where it has one of its own."""

    account: str
    """ARM id."""
    key_id: str
    """As the account names it, perhaps without a version."""
    key: KeyVersion | Unknown | None = None
    """As its vault tells of it; None: it is not there."""


class Attached(msgspec.Struct, frozen=True, kw_only=True):
    """A cluster that is attached to the workspace, with what encrypts its disks."""

    compute: AttachedCompute
    cluster: ManagedCluster | Unknown | None = None
    """None: it is not there any more."""


class Examined(msgspec.Struct, frozen=True, kw_only=True):
    """What is read about a target of any kind that is there. None: read, and not there."""

    target: Target
    intent: Intent
    """What somebody would have asked for to get this target: what the checks judge by."""
    facts: Facts
    """What preflight reads too."""
    versions: tuple[KeyVersion, ...] | Unknown = ()
    """Of the key, newest first."""
    grants: tuple[RoleAssignment, ...] | Unknown = ()
    """At the vault and above."""
    principals: dict[str, Principal] | Unknown = {}
    """Who the grants and access policies are for, by object id; unknown ids are missing."""
    probe: Probe | None = None
    """None: it was not asked for, or there is no key to try."""
    audit: tuple[AuditEntry, ...] | Unknown | None = None
    """What the vault logged of the key, newest first; None: it sends its audit log nowhere."""
    activity: tuple[ActivityEvent, ...] | Unknown = ()
    """Of the vault, the groups and the target, newest first."""


class Live(Examined, frozen=True, kw_only=True):
    """What was read about a workspace that is there."""

    workspace: Workspace
    group: ResourceGroup | Unknown | None = None
    """The managed resource group."""
    cosmos: tuple[CosmosAccount, ...] | Unknown = ()
    search: tuple[SearchService, ...] | Unknown = ()
    storage: tuple[StorageAccount, ...] | Unknown = ()
    own: dict[str, Resource | Unknown | None] = {}
    """What the workspace brought itself, by id."""
    own_keys: tuple[OwnKey, ...] = ()
    """Of its storage, where that is encrypted with another key than the workspace."""
    computes: tuple[Attached, ...] | Unknown = ()
    """Clusters that are attached to it."""
    remarks: tuple[Remark, ...] | Unknown = ()
    """Of Azure's own diagnose operation."""


def key_of(workspace: Workspace) -> KeyId | None:
    """The key a workspace says it uses; None where it uses none or names no key (F11)."""
    if workspace.encryption is None:
        return None
    try:
        return KeyId.parse(workspace.encryption.key_id)
    except BadId:
        return None


def described(workspace: Workspace) -> Intent:
    """The intent that this workspace is the answer to; raises ValueError without a vault."""
    used = workspace.encryption
    if used is None:
        raise ValueError(f"{workspace.name} is not encrypted with a key of the customer")
    id, vault, key = ArmId.parse(workspace.id), ArmId.parse(used.vault_id), key_of(workspace)
    return WorkspaceSetup(
        subscription=id.subscription,
        region=workspace.location,
        resource_group=id.group,
        tags=workspace.tags,
        vault=VaultIntent(name=vault.name, resource_group=vault.group, create=False),
        key=KeyIntent(
            name=key.name if key else "",
            create=False,
            version=key.version if key and key.version else "latest",
        ),
        workspace=WorkspaceIntent(
            name=id.name,
            encryption="service-side" if used.service_side else "own-resources",
            identity=used.identity or "system",
            hbi=workspace.hbi,
            public_network=workspace.public_access.lower() != "disabled",
            storage=workspace.storage or "new",
            insights=workspace.insights or "new",
            secrets_vault=workspace.vault or "new",
            registry=workspace.registry or "none",
        ),
    )


def ids_in(workspace: Workspace, ids: Ids) -> Ids:
    """The ids of the live objects: a vault may lie in another subscription (F43)."""
    if workspace.encryption is None:
        return ids
    vault = ArmId.parse(workspace.encryption.vault_id)
    group = ArmId(vault.subscription, vault.group)
    return msgspec.structs.replace(ids, vault=vault, vault_group=group)


def own_ids(workspace: Workspace) -> tuple[str, ...]:
    """What the workspace brought itself: storage, vault for secrets, insights, registry."""
    given = (workspace.storage, workspace.vault, workspace.insights, workspace.registry)
    return tuple(one for one in given if one)
