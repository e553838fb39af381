"""What a workspace stands on besides the key: existing resources, or ones to create."""

from typing import Any

import msgspec

from services import names
from services.azure.resources import API_VERSIONS
from services.checks.facts import ids_of
from services.ids import ArmId
from services.model.intent import Create, Intent, WorkspaceSetup
from services.model.plan import Step

TYPES = {
    "storage": "Microsoft.Storage/storageAccounts",
    "insights": "Microsoft.Insights/components",
    "secrets_vault": "Microsoft.KeyVault/vaults",
    "registry": "Microsoft.ContainerRegistry/registries",
}
"""Field of the intent to resource type, in the order they are planned."""

LOG_ANALYTICS = "Microsoft.OperationalInsights/workspaces"

FURTHER_API = {
    "microsoft.storage/storageaccounts": "2024-01-01",
    "microsoft.keyvault/vaults": "2026-02-01",
    **API_VERSIONS,
}
"""The api-version to ask by id whether a resource exists."""


class Dependencies(msgspec.Struct, frozen=True, kw_only=True):
    """The resources of one intent."""

    targets: dict[str, str]
    """Field of the intent to ARM id; a registry only where there is one."""
    made: frozenset[str]
    """Fields whose resource the plan makes."""
    names: dict[str, str]
    """Names that were derived, by what they are for."""
    log_analytics: str
    """ARM id of the Log Analytics workspace below new Application Insights, or empty."""

    @property
    def further(self) -> dict[str, str]:
        """Ids of what may have to be made, with the api-version to ask for them."""
        ids = [self.targets[field] for field in TYPES if field in self.made]
        ids += [self.log_analytics] if self.log_analytics else []
        return {id: FURTHER_API[ArmId.parse(id).type.lower()] for id in ids}

    def steps(self, intent: Intent, tenant: str) -> list[Step]:
        """A step for each resource to be made, present or not."""
        made = []
        if self.log_analytics:
            made.append(_log_analytics(intent, self.log_analytics))
        for field in TYPES:
            if field in self.made:
                made.append(_STEPS[field](intent, self, tenant))
        return made


def dependencies_of(intent: Intent) -> Dependencies:
    """Names and ids of a workspace's dependencies, derived where the intent says new.

    Nothing else has any.
    """
    if not isinstance(intent, WorkspaceSetup):
        return Dependencies(targets={}, made=frozenset(), names={}, log_analytics="")
    ids = ids_of(intent)
    serves = str(ids.target)
    targets: dict[str, str] = {}
    given: dict[str, str] = {}
    made = set()
    for field, kind in TYPES.items():
        wish = getattr(intent.workspace, field)
        if wish == "none":
            continue
        if wish == "same":
            targets[field] = str(ids.vault)
            continue
        if isinstance(wish, Create) or wish == "new":
            name = wish.create if isinstance(wish, Create) else _derived(field, serves)
            if wish == "new":
                given[field] = name
            targets[field] = str(ids.group.child(kind, name))
            made.add(field)
        else:
            targets[field] = str(ArmId.parse(wish))
    log = ""
    if "insights" in made:
        given["log_analytics"] = names.derived("log_analytics", serves)
        log = str(ids.group.child(LOG_ANALYTICS, given["log_analytics"]))
    return Dependencies(targets=targets, made=frozenset(made), names=given, log_analytics=log)


def _derived(field: str, serves: str) -> str:
    return names.derived("vault" if field == "secrets_vault" else field, serves)


def _resource(step: str, title: str, id: str, body: dict[str, Any], **rest: Any) -> Step:
    return Step(
        id=step,
        kind="resource",
        title=title,
        action="create",
        target=id,
        params={"body": body, "api_version": FURTHER_API[ArmId.parse(id).type.lower()]},
        **rest,
    )


def _log_analytics(intent: Intent, id: str) -> Step:
    body = {
        "location": intent.region,
        "tags": intent.tags,
        "properties": {"sku": {"name": "PerGB2018"}, "retentionInDays": 30},
    }
    return _resource(
        "log-analytics",
        f"Log Analytics workspace {ArmId.parse(id).name}",
        id,
        body,
        needs=("group", "register-operationalinsights"),
        expected_s=30,
    )


def _insights(intent: Intent, needed: Dependencies, tenant: str) -> Step:
    body = {
        "location": intent.region,
        "kind": "web",
        "tags": intent.tags,
        "properties": {
            "Application_Type": "web",
            "WorkspaceResourceId": needed.log_analytics,
        },
    }
    return _resource(
        "insights",
        f"Application Insights {ArmId.parse(needed.targets['insights']).name}",
        needed.targets["insights"],
        body,
        needs=("group", "log-analytics", "register-insights"),
        expected_s=10,
    )


def _registry(intent: Intent, needed: Dependencies, tenant: str) -> Step:
    # Machine Learning needs the registry's admin user ("Manage workspaces").
    body = {
        "location": intent.region,
        "sku": {"name": "Standard"},
        "tags": intent.tags,
        "properties": {"adminUserEnabled": True},
    }
    return _resource(
        "registry",
        f"container registry {ArmId.parse(needed.targets['registry']).name}",
        needed.targets["registry"],
        body,
        needs=("group", "register-containerregistry"),
        expected_s=20,
    )


def _storage(intent: Intent, needed: Dependencies, tenant: str) -> Step:
    id = needed.targets["storage"]
    return Step(
        id="storage",
        kind="storage",
        title=f"storage account {ArmId.parse(id).name}",
        action="create",
        target=id,
        params={"location": intent.region, "tags": intent.tags},
        needs=("group", "register-storage"),
        expected_s=25,
    )


def _secrets_vault(intent: Intent, needed: Dependencies, tenant: str) -> Step:
    id = needed.targets["secrets_vault"]
    name = ArmId.parse(id).name
    return Step(
        id="secrets-vault",
        kind="vault",
        title=f"vault {name} for the workspace's secrets",
        action="create",
        target=id,
        params={
            "location": intent.region,
            "tenant_id": tenant,
            "sku": "standard",
            "rbac": True,
            "retention_days": 90,
            "network": "public",
            "tags": intent.tags,
        },
        needs=("group", "register-keyvault"),
        irreversible="Purge protection stays on for good, and the name stays taken for 90 days"
        " after a delete.",
        expected_s=30,
        vault=name,
    )


_STEPS = {
    "storage": _storage,
    "insights": _insights,
    "secrets_vault": _secrets_vault,
    "registry": _registry,
}
