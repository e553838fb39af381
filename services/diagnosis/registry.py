"""Every check of diagnosis: preflight's own that hold for live objects too, and further ones.

A check that preflight has is judged by preflight's judge, on an intent that describes the
target. What differs is said here: what it means once the target is there, and which failures
of the catalogue it then explains. Those of other targets than workspaces stand in their folders.
"""

from collections.abc import Mapping

import msgspec

from services.checks.check import Check
from services.checks.registry import BY_ID as PREFLIGHT
from services.checks.registry import CHECKS
from services.diagnosis.checklist import Shared, own, shared
from services.diagnosis.clusters import registry as clusters
from services.diagnosis.containers import registry as containers
from services.model.diagnosis import TargetKind

_COSMOS = "Cosmos DB: CMK troubleshooting guide"

_GONE = (
    "Nothing that its key encrypts can be read: Cosmos DB, AI Search and Storage of the workspace"
    " can't unwrap their data keys."
)
_ANEW = (
    "delete the workspace and make it anew (what lies in its own storage account is still there)"
)
_BACKUP = (
    "Where somebody kept a backup of the key: az keyvault key restore --vault-name {vault} --file"
    " BACKUP (same subscription and geography), then give access anew; whether the services take"
    f" it up again is not documented. Else {_ANEW}."
)
_PURGED = f"What was purged does not come back by itself. {_BACKUP}"
_VAULT_LOST = f"A purged vault does not come back: make one of its name and region again. {_BACKUP}"
_EXEMPTION = (
    "Who looks after Azure Policy decides: az policy exemption create --name wrapkey"
    " --exemption-category Waiver --policy-assignment {subject} --scope"
    " /subscriptions/{subscription}. The managed group takes none, because Azure denies changes"
    " there. Or encrypt service-side, which makes no managed group. Then delete what failed and"
    " make the workspace again."
)
_REGION = (
    "Delete what failed (az ml workspace delete -n {workspace} -g {group} --permanently-delete),"
    " then make the workspace"
)
_REFUSED = "Azure refuses what is created or changed; what is there goes on as it is."

SHARED: dict[str, Shared] = dict(
    (
        shared(
            "vault-deleted", "F56", "F02", "F12", "F15",
            meaning=f"{_GONE} Role assignments do not come back with the vault.",
        ),
        shared("vault-exists", "F15", "F12", meaning=_GONE, repair=_VAULT_LOST),
        shared("vault-tenant", "F41", "F38", "F07", "F43"),
        shared("vault-address", "F12", "F11"),
        shared(
            "vault-region", "F43",
            repair=f"No vault can be moved to another region. {_REGION} with a vault of its own"
            " region. A key goes along by backup and restore within its geography; RSA keys can't"
            " be exported.",
            creation=True,
        ),
        shared(
            "vault-protection", "F01", "F34",
            meaning="A key that is deleted could be destroyed for good, and all data with it."
            " Machine Learning and Storage refuse a vault without it.",
        ),
        shared("vault-network", "F14", "F21"),
        shared("vault-network-you", "F21"),
        shared("vault-lock", "F56"),
        shared(
            "key-deleted", "F04", "F09",
            meaning=f"{_GONE} A deleted key can be recovered with all its versions until it is"
            " purged.",
        ),
        shared(
            "key-exists", "F09",
            meaning=f"{_GONE} Where the key was purged, the data is lost.",
            repair=_PURGED,
        ),
        shared("key-enabled", "F05", "F16", meaning=_GONE),
        shared("key-dates", "F06", "F16"),
        shared("key-operations", "F44", "F10", "F35"),
        shared(
            "key-type", "F44", "F10",
            repair="The type of a key can't be changed: az keyvault key create --vault-name {vault}"
            f" --name NAME --kty RSA --size 3072. {_REGION} with it.",
        ),
        shared("key-rotation", "F06"),
        shared(
            "cosmos-principal", "F17", "F07",
            meaning="Cosmos DB gets no token, so it can't reach the key (its status 4000).",
        ),
        shared(
            "grant-to-app-id", "F18",
            meaning="A grant needs the object id of your own tenant: an app id is nobody there, so"
            " this one gives nothing. In a list it looks granted and is not.",
        ),
        shared(
            "policy-on-rbac-vault", "F20", "F48",
            meaning="The vault works with role assignments, so the policy gives nothing. A vault"
            " that is switched to roles takes every policy's effect at once.",
        ),
        shared(
            "cosmos-grant", "F08", "F19", "F20",
            meaning="Cosmos DB can't unwrap its data key (its status 4002): the workspace's data"
            " can't be read.",
        ),
        shared(
            "identity-exists", "F51",
            meaning="The workspace reaches key and storage as this identity.",
        ),
        shared(
            "identity-grant", "F51", "F08",
            meaning="Storage and probably AI Search of the workspace reach the key as this"
            " identity; no page says so of AI Search.",
        ),
        shared(
            "grant-propagation", "F19",
            meaning="Azure documents up to ten minutes until a vault honours a role assignment,"
            " hours where it stands at a management group, a day through a group.",
            repair="Nothing is to be repaired: wait ten minutes, then diagnose again.",
        ),
        shared("provider-registered", "F22", meaning=_REFUSED),
        shared("ml-principal", "F52", "F17"),
        shared(
            "ml-contributor", "F52",
            meaning="Machine Learning makes and changes the managed resource group as itself; what"
            " is there goes on as it is.",
        ),
        shared("lock-read-only", "F29"),
        shared("lock-delete", "F29"),
        shared("policy-workspace", "F23", repair=_EXEMPTION, creation=True),
        shared("policy-cosmos", "F23", repair=_EXEMPTION, creation=True),
        shared("policy-search", "F23", repair=_EXEMPTION, creation=True),
        shared("policy-storage", "F23", repair=_EXEMPTION, creation=True),
        shared(
            "cosmos-region", "F24",
            repair="Ask Microsoft to open the region to the subscription"
            f" (https://aka.ms/cosmosdbquota), or take another one. {_REGION} again.",
            creation=True,
        ),
        shared(
            "search-quota", "F25",
            repair=f"Ask for more AI Search services in the region, or take another. {_REGION}"
            " again.",
            creation=True,
        ),
        shared(
            "storage-quota",
            repair=f"Ask for more storage accounts in the region, or take another. {_REGION}"
            " again.",
            creation=True,
        ),
    )
)  # fmt: skip
"""Of a workspace, by id, in the order in which they are shown: causes before consequences."""

SHARED_BY: Mapping[TargetKind, Mapping[str, Shared]] = {
    "workspace": SHARED,
    "container-group": containers.SHARED,
    "cluster": clusters.SHARED,
    "disk-encryption-set": clusters.SHARED,
}
"""Preflight's checks that hold for each kind of target too."""


OWN: tuple[Check, ...] = (
    own(
        "target-there", "What is diagnosed is there", "target", "fail",
        source="Resource Manager: async operations",
        without="Nothing is left of what was deleted; its own tests ask for what is not there.",
    ),
    own(
        "workspace-there", "The workspace is there", "workspace", "fail", "workspace",
        failures=("F28",), source="concept-soft-delete",
        scenario="broken/f28-workspace-soft-deleted",
    ),
    own(
        "key-address", "The workspace names a key of its vault", "key", "fail", "workspace",
        "vault", failures=("F11", "F43", "F46"), source=_COSMOS,
        scenario="broken/f11-creation-malformed-key",
    ),
    own(
        "newest-version", "The newest version of the key can be used", "key", "fail", "key",
        "newest_key", failures=("F05", "F16", "F06", "F45"),
        source="Cosmos DB: how to set up customer-managed keys",
        scenario="broken/healthy-rotated",
    ),
    own(
        "identity-assigned", "The identity for the key is the workspace's own", "identity",
        "fail", "workspace", failures=("F51",),
        source="how-to-identity-based-service-authentication",
        scenario="broken/f51-identity-unassigned",
    ),
    own(
        "creation-error", "Azure has refused nothing of the workspace", "workspace", "fail",
        "workspace", "activity", failures=("F24", "F25"),
        source="Azure Monitor: activity log",
        scenario="broken/f25-creation-search-capacity",
    ),
    own(
        "managed-group", "The managed resource group is there", "managed group", "fail",
        "workspace", "managed_group", failures=("F30",), source="concept-customer-managed-keys",
        scenario="broken/f30-managed-group-deleted",
    ),
    own(
        "managed-resources", "Cosmos DB, AI Search and Storage are there", "managed group",
        "fail", "managed_group", "managed_cosmos", "managed_search", "managed_storage",
        failures=("F30",), source="concept-customer-managed-keys",
        scenario="broken/f30-search-deleted",
    ),
    own(
        "cosmos-identity", "Cosmos DB has a default identity", "managed group", "fail",
        "managed_cosmos", failures=("F13",), source=_COSMOS,
        scenario="broken/f13-default-identity",
    ),
    own(
        "cosmos-status", "Cosmos DB can use the key", "managed group", "fail", "managed_cosmos",
        failures=("F07", "F08", "F09", "F10", "F11", "F12", "F13", "F14", "F15", "F16"),
        source=_COSMOS,
        scenario="broken/f05-key-version-disabled",
    ),
    own(
        "cosmos-key", "Cosmos DB uses the workspace's key", "managed group", "fail",
        "workspace", "managed_cosmos", failures=("F45", "F11"), source=_COSMOS,
        without="Nobody but Machine Learning can change the account; its own tests judge it.",
    ),
    own(
        "search-compliance", "AI Search can use its key", "managed group", "fail",
        "managed_search", failures=("F35",), source="AI Search: manage encryption keys",
        scenario="broken/f05-key-version-disabled",
    ),
    own(
        "storage-key", "Storage uses the workspace's version of the key", "managed group",
        "fail", "workspace", "key", "managed_storage", failures=("F34", "F45"),
        source="Storage: customer-managed keys overview",
        scenario="broken/f05-key-version-disabled",
    ),
    own(
        "own-resources", "What the workspace brought itself is there", "workspace", "fail", "own",
        failures=("F56",), source="how-to-manage-workspace",
        scenario="broken/f56-secrets-vault-deleted",
    ),
    own(
        "own-storage-key", "The workspace's own storage can use its key", "workspace", "fail",
        "own", "own_keys", failures=("F34",), source="Storage: customer-managed keys overview",
        scenario="broken/f34-own-storage-key-disabled",
    ),
    own(
        "attached-clusters", "Every cluster that is attached to the workspace is there",
        "workspace", "warn", "computes",
        source="Machine Learning REST reference: Compute",
        scenario="broken/healthy-attached",
    ),
    own(
        "azure-diagnose", "Azure's own diagnosis finds nothing", "workspace", "fail", "remarks",
        source="how-to-workspace-diagnostic-api",
        without="Its own tests delete what a workspace brought.",
    ),
    own(
        "key-probe", "The key wraps and unwraps for you", "key", "fail", "key", "probe",
        failures=("F10",), source="Key Vault: wrap key and unwrap key",
        without="It is asked with --probe only; its own tests ask.",
    ),
    own(
        "grants-nobody", "Every grant on the vault is for somebody", "grant", "warn", "grants",
        "principals", "vault", failures=("F18",), source="Key Vault: troubleshooting access issues",
        scenario="broken/f17-cosmos-principal-gone",
    ),
    own(
        "workspace-state", "The workspace's last change succeeded", "workspace", "fail",
        "workspace", source="how-to-manage-workspace",
        scenario="broken/f01-creation-purge-protection",
    ),
    *clusters.OWN,
    *containers.OWN,
)  # fmt: skip

BY_ID: dict[str, Check] = {one.id: one for one in OWN}

_FIRST = ("target-there", "workspace-there", "key-address")
_SHARED = dict.fromkeys(check for of_kind in SHARED_BY.values() for check in of_kind)

ORDER: tuple[str, ...] = (*_FIRST, *_SHARED, *(one.id for one in OWN if one.id not in _FIRST))
"""Ids of all checks of diagnosis, causes before consequences."""


def reads_of(check: str) -> frozenset[str]:
    """Names of the facts that a check is judged from."""
    return frozenset((PREFLIGHT[check] if check in _SHARED else BY_ID[check]).reads)


def listed() -> tuple[Check, ...]:
    """Every check of wrapkey with the phases it is asked in."""
    both = tuple(
        msgspec.structs.replace(
            one,
            phases=("preflight", "diagnosis"),
            failures=tuple(dict.fromkeys((*one.failures, *_failures(one.id)))),
        )
        if one.id in _SHARED
        else one
        for one in CHECKS
    )
    return (*both, *OWN)


def _failures(check: str) -> tuple[str, ...]:
    """What a check of preflight explains of targets that are there, of whichever kind."""
    told = (of_kind[check] for of_kind in SHARED_BY.values() if check in of_kind)
    return tuple(failure for one in told for failure in one.failures)
