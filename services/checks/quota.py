"""What a plan needs of each quota, and what is left: pure."""

import math
from collections.abc import Iterator

from services.checks import needed
from services.checks.facts import Facts, Unknown, Usages, ids_of
from services.model.intent import ClusterSetup, ContainerGroupSetup, Create, Intent, WorkspaceSetup
from services.model.quota import QuotaLine
from services.model.resources import Usage, VmSize

SEARCH_SKU = "standard"
"""Sku of the service Azure makes; no source names it, S1 is assumed."""
GROUP_WORKSPACES = 800
"""Workspaces of a resource group (how-to-manage-quotas); no usage counts them."""
CLUSTER_LIMITS = "each subscription has a limit a region, which the portal tells (Quotas)"
"""Since autumn 2025 (Kubernetes Service: quotas, SKU and region availability)."""
COSMOS_LIMIT = 250
"""Newer pages say 250 accounts a subscription, older ones 50."""


def quota_lines(intent: Intent, facts: Facts) -> tuple[QuotaLine, ...]:
    """The quotas that a plan draws on, of those facts that were read."""
    lines: list[QuotaLine] = []
    own = needed.own_resources(intent)
    if "search_usages" in facts.had and own:
        lines.append(search(intent, facts))
    if "storage_usages" in facts.had and isinstance(intent, WorkspaceSetup):
        lines.append(storage(intent, facts))
    if "cosmos_accounts" in facts.had and own:
        lines.append(cosmos(intent, facts))
    if "group_workspaces" in facts.had and isinstance(intent, WorkspaceSetup):
        lines.append(workspaces(intent, facts))
    if "ml_usages" in facts.had and isinstance(intent, WorkspaceSetup):
        lines += machine_learning(intent, facts)
    if isinstance(intent, ContainerGroupSetup) and "group_usages" in facts.had:
        lines += containers(intent, facts)
    if isinstance(intent, ClusterSetup) and {"compute_usages", "vm_sizes"} <= facts.had:
        lines += compute(intent, facts)
    if isinstance(intent, ClusterSetup) and "clusters" in facts.had:
        lines.append(clusters(intent, facts))
    return tuple(lines)


def containers(intent: ContainerGroupSetup, facts: Facts) -> Iterator[QuotaLine]:
    """Groups and cores of Container Instances; stopped and failed groups count too."""
    made = facts.container_group is None
    cores = math.ceil(sum(one.cpu for one in intent.container_group.containers))
    for service, name, count in (
        ("Container groups", "ContainerGroups", 1),
        ("Container Instances: cores", "StandardCores", cores),
    ):
        note = "groups that failed or are stopped count too"
        usages = facts.group_usages
        yield _line(
            facts, "group_usages", service, usages, name, count=count if made else 0, note=note
        )


def compute(intent: ClusterSetup, facts: Facts) -> Iterator[QuotaLine]:
    """Cores of the region and of the size's family; one node more while nodes are upgraded."""
    size = size_of(intent, facts)
    if isinstance(size, Unknown) or size is None or not size.cores:
        why = size if isinstance(size, Unknown) else Unknown("Azure does not list the size here.")
        yield _unknown(facts, "compute_usages", "Cores of Compute", why, 0)
        return
    count = size.cores * intent.cluster.node_count if facts.cluster is None else 0
    note = f"an upgrade takes {size.cores} more for a while"
    for service, name in (
        ("Compute: cores of the region", "cores"),
        (f"Compute: {size.family}", size.family),
    ):
        yield _line(
            facts,
            "compute_usages",
            service,
            facts.compute_usages,
            name,
            count=count,
            note=note,
        )


def clusters(intent: ClusterSetup, facts: Facts) -> QuotaLine:
    """Kubernetes Service has no usages API: clusters are counted, no limit is told."""
    used = None if isinstance(facts.clusters, Unknown) else facts.clusters
    return QuotaLine(
        service=f"Clusters in {intent.region}",
        limit=None,
        used=used,
        needed=1 if facts.cluster is None else 0,
        left=None,
        source=_source(facts, "clusters"),
        note=CLUSTER_LIMITS + ("" if used is not None else "; clusters could not be counted"),
    )


def size_of(intent: ClusterSetup, facts: Facts) -> VmSize | Unknown | None:
    """The size of the nodes, as the region lists it; None where it does not."""
    if isinstance(facts.vm_sizes, Unknown):
        return facts.vm_sizes
    wanted = intent.cluster.node_size.lower()
    return next((one for one in facts.vm_sizes if one.name.lower() == wanted), None)


def _to_make(intent: Intent, facts: Facts) -> bool:
    return facts.workspace is None


def search(intent: Intent, facts: Facts) -> QuotaLine:
    """AI Search by sku."""
    count = 1 if _to_make(intent, facts) else 0
    note = f"sku {SEARCH_SKU} assumed; room in the region can't be asked"
    service = f"AI Search, {SEARCH_SKU}"
    return _line(
        facts, "search_usages", service, facts.search_usages, SEARCH_SKU, count=count, note=note
    )


def storage(intent: Intent, facts: Facts) -> QuotaLine:
    """Storage accounts of a region: Azure's, and the workspace's own where it is made."""
    count = 1 if needed.own_resources(intent) and _to_make(intent, facts) else 0
    if makes_storage(intent, facts):
        count += 1
    usages = facts.storage_usages
    return _line(
        facts, "storage_usages", "Storage accounts", usages, "StorageAccounts", count=count
    )


def makes_storage(intent: Intent, facts: Facts) -> bool:
    """Whether the plan makes the workspace's storage account."""
    if not isinstance(intent, WorkspaceSetup):
        return False
    wish = intent.workspace.storage
    there = any("/storageaccounts/" in id for id in facts.present)
    return (wish == "new" or isinstance(wish, Create)) and not there


def cosmos(intent: Intent, facts: Facts) -> QuotaLine:
    """Cosmos DB has no usages API: accounts are counted, the limit is a documented one."""
    count = 1 if _to_make(intent, facts) else 0
    used = None if isinstance(facts.cosmos_accounts, Unknown) else facts.cosmos_accounts
    return QuotaLine(
        service="Cosmos DB accounts",
        limit=None,
        used=used,
        needed=count,
        left=None,
        source=_source(facts, "cosmos_accounts"),
        note=f"Azure tells no limit: pages say {COSMOS_LIMIT}, older ones 50"
        + ("" if used is not None else "; accounts could not be counted"),
    )


def workspaces(intent: Intent, facts: Facts) -> QuotaLine:
    """Those of the resource group, counted; the limit is a documented one."""
    service = f"Workspaces in {intent.resource_group}"
    count = 1 if _to_make(intent, facts) else 0
    if isinstance(facts.group_workspaces, Unknown):
        return _unknown(facts, "group_workspaces", service, facts.group_workspaces, count)
    one = Usage(name=service, used=facts.group_workspaces, limit=GROUP_WORKSPACES)
    note = "counted; the limit is the documentation's"
    return _known(facts, "group_workspaces", service, one, count=count, note=note)


def machine_learning(intent: Intent, facts: Facts) -> Iterator[QuotaLine]:
    """Cores; a workspace needs none. What a usage of type workspaces counts are cores too."""
    usages = facts.ml_usages
    if isinstance(usages, Unknown):
        yield _unknown(facts, "ml_usages", "Machine Learning cores", usages, 0)
        return
    for one in usages:
        if one.kind in ("totalCores", "dedicatedCores"):
            note = "the workspace itself needs none; its compute will"
            yield _known(
                facts, "ml_usages", f"Machine Learning: {one.name}", one, count=0, note=note
            )


def _line(
    facts: Facts, fact: str, service: str, usages: Usages, name: str, *, count: int, note: str = ""
) -> QuotaLine:
    if isinstance(usages, Unknown):
        return _unknown(facts, fact, service, usages, count)
    one = next((usage for usage in usages if usage.name.lower() == name.lower()), None)
    if one is None:
        return _unknown(facts, fact, service, Unknown("Azure does not list it here."), count)
    return _known(facts, fact, service, one, count=count, note=note)


def _known(
    facts: Facts, fact: str, service: str, one: Usage, *, count: int, note: str
) -> QuotaLine:
    left = one.limit - one.used - count
    return QuotaLine(
        service=service,
        limit=one.limit,
        used=one.used,
        needed=count,
        left=left,
        source=_source(facts, fact),
        note="unlimited" if one.limit == -1 else note,
    )


def _unknown(facts: Facts, fact: str, service: str, why: Unknown, count: int) -> QuotaLine:
    return QuotaLine(
        service=service,
        limit=None,
        used=None,
        needed=count,
        left=None,
        source=_source(facts, fact),
        note=why.reason,
    )


def _source(facts: Facts, fact: str) -> str:
    asked = facts.asked.get(fact)
    return asked.call if asked else fact.replace("_", " ")


def more(intent: Intent, facts: Facts) -> str:
    """How to ask for more, with the portal's page where the cloud has a portal."""
    page = f"{facts.cloud.portal}/#view/Microsoft_Azure_Capacity/QuotaMenuBlade/~/myQuotas"
    where = f": {page}" if facts.cloud.portal else ""
    return f"Ask for a higher quota in {ids_of(intent).group.subscription}{where}, or choose another region."
