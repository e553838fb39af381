"""What the plan does, as Azure's names of actions: pure."""

from collections.abc import Iterator

import msgspec

from services.azure.authorization import CONTRIBUTOR
from services.checks import needed
from services.checks.facts import (
    CLUSTERS,
    CONTAINER_GROUPS,
    ENCRYPTION_SETS,
    Facts,
    Ids,
    Unknown,
    groups_of,
    ids_of,
)
from services.checks.repairs import KEY, chosen, taken
from services.checks.rights import (
    ASSIGN,
    CREATE_KEY,
    MANAGE,
    allows,
    granted,
    has_permissions,
)
from services.checks.users import key_users, may_use, reads_set
from services.ids import ArmId
from services.model.intent import (
    ClusterSetup,
    ContainerGroupSetup,
    Create,
    Intent,
    WorkspaceSetup,
    identity_of,
)
from services.model.resources import KeyVersion, ResourceGroup, Vault

POLICY = "Microsoft.KeyVault/vaults/accessPolicies/write"
GROUP = "Microsoft.Resources/subscriptions/resourceGroups/write"
WORKSPACE = "Microsoft.MachineLearningServices/workspaces/write"
ASSIGN_IDENTITY = "Microsoft.ManagedIdentity/userAssignedIdentities/assign/action"


class Deed(msgspec.Struct, frozen=True, kw_only=True):
    """One action somewhere."""

    action: str
    scope: str
    why: str
    """What for, to follow "to"."""
    by_others: bool = False
    """Whether the run can wait for somebody else to do it."""
    data: bool = False


def deeds(intent: Intent, facts: Facts) -> Iterator[Deed]:
    """Everything the plan writes, as far as facts tell what is missing."""
    ids = ids_of(intent)
    whole = str(ArmId(ids.group.subscription))
    if not isinstance(facts.providers, Unknown) and chosen(intent, "provider-registered"):
        for namespace in needed.namespaces(intent):
            if facts.providers.get(namespace.lower()) != "Registered":
                action = f"{namespace}/register/action"
                yield Deed(action=action, scope=whole, why=f"register {namespace}", by_others=True)
    place = _place(facts, ids.group)
    for group in groups_of(ids):
        if facts.groups.get(group.group.lower()) is None:
            yield Deed(action=GROUP, scope=whole, why=f"make resource group {group.group}")
    yield from _vault_and_key(intent, facts, ids)
    yield from _grants(intent, facts, ids, whole)
    made = isinstance(identity_of(intent), Create)
    if made and facts.identity is None:
        kind = "Microsoft.ManagedIdentity/userAssignedIdentities"
        yield Deed(action=f"{kind}/write", scope=place, why="make the identity")
    if ids.identity is not None:
        own = place if made else str(ArmId(ids.identity.subscription, ids.identity.group))
        yield Deed(action=ASSIGN_IDENTITY, scope=own, why="assign the identity")
    match intent:
        case WorkspaceSetup():
            if ids.identity is not None:
                why = "give the identity its roles"
                yield Deed(action=ASSIGN, scope=place, why=why, by_others=True)
            yield from _workspace(intent, facts, place)
        case ContainerGroupSetup():
            if facts.container_group is None:
                yield Deed(action=f"{CONTAINER_GROUPS}/write", scope=place, why="make the group")
        case ClusterSetup():
            yield from _cluster(intent, facts, ids, place)


def _place(facts: Facts, group: ArmId) -> str:
    """Where rights on what is in a group are asked: above it as long as it is not there."""
    found = facts.groups.get(group.group.lower())
    return str(group if isinstance(found, ResourceGroup) else ArmId(group.subscription))


def _cluster(intent: ClusterSetup, facts: Facts, ids: Ids, place: str) -> Iterator[Deed]:
    """The set may be in a group of its own: whoever is asked is asked there."""
    if ids.encryption_set is not None:
        beside = _place(facts, ArmId(ids.group.subscription, ids.encryption_set.group))
        if facts.encryption_set is None and intent.cluster.disk_encryption_set.create:
            why = "make the disk encryption set"
            yield Deed(action=f"{ENCRYPTION_SETS}/write", scope=beside, why=why)
        why = "give the set to the cluster"
        yield Deed(action=f"{ENCRYPTION_SETS}/read", scope=beside, why=why)
        if not reads_set(ids, facts):
            why = "let the cluster read its disk encryption set"
            yield Deed(action=ASSIGN, scope=beside, why=why, by_others=True)
    if facts.cluster is None:
        yield Deed(action=f"{CLUSTERS}/write", scope=place, why="make the cluster")


def _workspace(intent: WorkspaceSetup, facts: Facts, place: str) -> Iterator[Deed]:
    for field, kind in OWN.items():
        wish = getattr(intent.workspace, field)
        if wish == "new" or isinstance(wish, Create):
            yield Deed(action=f"{kind}/write", scope=place, why=f"make the {field} resource")
    if facts.workspace is None:
        yield Deed(action=WORKSPACE, scope=place, why="make the workspace")


OWN = {
    "storage": "Microsoft.Storage/storageAccounts",
    "insights": "Microsoft.Insights/components",
    "secrets_vault": "Microsoft.KeyVault/vaults",
    "registry": "Microsoft.ContainerRegistry/registries",
}
"""Field of the intent to the type that is made."""


def _vault_and_key(intent: Intent, facts: Facts, ids: Ids) -> Iterator[Deed]:
    vault = facts.vault
    place = str(ids.vault) if isinstance(vault, Vault) else _place(facts, ids.vault_group)
    for why in _vault_changes(intent, facts):
        yield Deed(action="Microsoft.KeyVault/vaults/write", scope=place, why=why)
    mended = [check for check in KEY if taken(intent, facts, check)]
    comes_back = taken(intent, facts, "vault-deleted")
    makes = intent.key.create and not isinstance(facts.key, KeyVersion)
    if not (makes or mended or comes_back):
        return
    rbac = vault.rbac if isinstance(vault, Vault) else intent.vault.access == "rbac"
    if not facts.reachable or (vault is None and intent.vault.network != "public"):
        if makes:
            what = "Microsoft.KeyVault/vaults/keys/write"
            yield Deed(action=what, scope=place, why="make the key")
    elif not rbac and not _has_policy(facts):
        yield Deed(action=POLICY, scope=place, why="give yourself rights on keys", by_others=True)
    elif rbac and not _may_make_keys(facts):
        yield Deed(action=ASSIGN, scope=place, why="give yourself rights on keys", by_others=True)
    elif rbac:
        for check in mended:
            action, why = ON_KEY[check]
            yield Deed(action=action, scope=place, why=why, by_others=True, data=True)


ON_KEY = {
    "key-deleted": ("Microsoft.KeyVault/vaults/keys/recover/action", "recover the key"),
    "key-enabled": ("Microsoft.KeyVault/vaults/keys/update/action", "enable the key"),
    "key-operations": (
        "Microsoft.KeyVault/vaults/keys/update/action",
        "allow the key what the services need",
    ),
}
"""Check to what its repair does with the key, where roles decide (data actions)."""


def _vault_changes(intent: Intent, facts: Facts) -> Iterator[str]:
    """What the plan writes of the vault; all of it is one action of Azure's."""
    vault, name = facts.vault, intent.vault.name
    if taken(intent, facts, "vault-deleted"):
        yield f"recover vault {name}"
    elif vault is None and intent.vault.create:
        yield f"make vault {name}"
    elif isinstance(vault, Vault):
        if not vault.purge_protection and intent.vault.repair:
            yield "turn on purge protection"
        if taken(intent, facts, "vault-network"):
            yield f"let trusted services pass the firewall of vault {name}"


def _has_policy(facts: Facts) -> bool:
    vault = facts.vault
    return isinstance(vault, Vault) and has_permissions(vault, facts.caller.object_id, MANAGE)


def _may_make_keys(facts: Facts) -> bool:
    return not isinstance(facts.rights, Unknown) and allows(facts.rights, CREATE_KEY, data=True)


def _grants(intent: Intent, facts: Facts, ids: Ids, whole: str) -> Iterator[Deed]:
    vault = facts.vault
    scope = str(ids.vault) if isinstance(vault, Vault) else _place(facts, ids.vault_group)
    rbac = vault.rbac if isinstance(vault, Vault) else intent.vault.access == "rbac"
    for one in key_users(intent, facts):
        if chosen(intent, f"{one.short}-grant") and not may_use(intent, facts, one):
            action, why = ASSIGN if rbac else POLICY, f"let {one.name} use the key"
            yield Deed(action=action, scope=scope, why=why, by_others=True)
    ml = facts.ml
    if not isinstance(intent, WorkspaceSetup) or not chosen(intent, "ml-contributor"):
        return
    if isinstance(ml, Unknown) or isinstance(facts.ml_roles, Unknown):
        return
    if ml is None or granted(facts.ml_roles, whole, ml.object_id, CONTRIBUTOR) is None:
        why = "make Azure Machine Learning Contributor"
        yield Deed(action=ASSIGN, scope=whole, why=why, by_others=True)
