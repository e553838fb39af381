"""Which amounts of which meters an intent leads to: one function for each kind of thing."""

import re
from collections.abc import Iterator, Mapping

from services.cost import machines
from services.cost.want import Want
from services.ids import ArmId
from services.model.cost import HOURS, KEPT_DAYS, Assumptions, Found
from services.model.intent import ClusterSetup, ContainerGroupSetup, Create, Intent, WorkspaceSetup

DAYS = HOURS / 24
"""Days of a month."""


def wants(
    intent: Intent, given: Assumptions, found: Found, names: Mapping[str, str]
) -> tuple[Want, ...]:
    """Everything with a price, what Azure makes first."""
    match intent:
        case ContainerGroupSetup():
            return (*machines.group(intent, given), *_key(intent, given))
        case ClusterSetup():
            return (*machines.cluster(intent, given, found), *_key(intent, given))
        case WorkspaceSetup():
            pass
    own = intent.workspace.encryption == "own-resources"
    made = [*_managed(intent, given, found)] if own else [_search(given, found, own=False)]
    return (*made, *_key(intent, given), *_dependencies(intent, given, names))


def _managed(intent: WorkspaceSetup, given: Assumptions, found: Found) -> Iterator[Want]:
    """Cosmos DB, AI Search and Storage in the group that Azure makes and manages."""
    yield Want(
        id="cosmos-throughput",
        what="Cosmos DB throughput",
        resource="Cosmos DB account",
        made_by="azure",
        amount=given.cosmos_rus / 10,
        amount_high=given.cosmos_rus,
        unit="RU/s",
        meter="cosmos-throughput",
        per=HOURS / 100,
        assumption=f"Autoscale bills between a tenth and all of {given.cosmos_rus:,} RU/s, each"
        " hour. Azure sets the maxima and documents none; a key of your own takes 5 to 15 % more.",
        assumes=("cosmos_rus",),
        after_delete=True,
    )
    yield Want(
        id="cosmos-storage",
        what="Cosmos DB data",
        resource="Cosmos DB account",
        made_by="azure",
        amount=given.cosmos_gb,
        unit="GB",
        meter="cosmos-storage",
        per=1,
        assumption=f"{given.cosmos_gb:g} GB of metadata: runs, models, datasets.",
        assumes=("cosmos_gb",),
        after_delete=True,
    )
    yield _search(given, found, own=True)
    yield Want(
        id="managed-storage",
        what="Storage made by Azure",
        resource="storage account",
        made_by="azure",
        amount=given.managed_storage_gb,
        unit="GB",
        meter=_storage_meter(found.storage_sku),
        per=1,
        assumption=f"{given.managed_storage_gb:g} GB, hot,"
        f" {found.storage_sku or 'locally redundant'}; operations are not counted.",
        assumes=("managed_storage_gb",),
        after_delete=True,
    )
    if not intent.workspace.public_network:
        yield Want(
            id="private-endpoint",
            what="Private endpoint",
            resource="Cosmos DB account",
            made_by="azure",
            amount=1,
            unit="endpoint",
            meter="private-endpoint",
            per=HOURS,
            assumption="Azure adds one for Cosmos DB where the workspace is private; its traffic"
            " is not counted.",
            after_delete=True,
        )


def _storage_meter(sku: str) -> str:
    known = {"": "storage-lrs", "Standard_LRS": "storage-lrs", "Standard_GRS": "storage-grs"}
    return known.get(sku, f"storage {sku}")


def _search(given: Assumptions, found: Found, *, own: bool) -> Want:
    replicas = found.replicas or given.search_replicas
    partitions = found.partitions or given.search_partitions
    sku = found.search_sku.lower()
    said = f"SKU {sku}, as it was made" if sku else "Azure chooses the SKU: Basic to Standard S1"
    billed = "" if own else " It is billed through the workspace."
    return Want(
        id="search",
        what="AI Search",
        resource="AI Search service",
        made_by="azure",
        amount=replicas * partitions,
        unit="unit",
        meter=f"search-{sku or 'basic'}",
        meter_high=f"search-{sku or 'standard'}",
        per=HOURS,
        assumption=f"{said}; {replicas} x {partitions} (replicas x partitions) are billed all"
        f" day.{billed}",
        assumes=("search_replicas", "search_partitions"),
        after_delete=True,
    )


def _key(intent: Intent, given: Assumptions) -> Iterator[Want]:
    """The use of the key, the key itself in hardware, and its automated rotation."""
    key = intent.key
    hardware = key.type == "RSA-HSM"
    tier = "premium" if hardware else intent.vault.sku
    # The size of a key that exists is not part of an intent: it may have either price.
    small, large = not key.create or key.bits == 2048, not key.create or key.bits != 2048
    size = f"{key.bits} bits" if key.create else "the key exists, its size decides"
    yield Want(
        id="key-operations",
        what="Key operations",
        resource=f"key {key.name}",
        made_by="use",
        amount=given.key_operations,
        unit="calls",
        meter=f"vault-{tier}" if small else f"vault-{tier}-advanced",
        meter_high=f"vault-{tier}-advanced" if large else f"vault-{tier}",
        per=1 / 10_000,
        assumption=f"{given.key_operations:,} wraps and unwraps a month; {size}. 3072 and 4096"
        " bits have the price of advanced operations.",
        assumes=("key_operations",),
        instead=f"vault-{tier}-advanced" if small else f"vault-{tier}",
        instead_if=f"with a key of {'3072 or 4096' if small else '2048'} bits",
    )
    if hardware:
        yield Want(
            id="hsm-keys",
            what="Key in hardware",
            resource=f"key {key.name}",
            made_by="use",
            amount=given.hsm_keys,
            unit="versions",
            meter="hsm-2048" if small else "hsm-advanced",
            meter_high="hsm-advanced" if large else "hsm-2048",
            per=1,
            assumption="Each version that was used in the last 30 days is billed as a key.",
            assumes=("hsm_keys",),
        )
    if key.create and key.rotate_every and (times := rotations(key.rotate_every)):
        yield Want(
            id="rotation",
            what="Automated rotation",
            resource=f"key {key.name}",
            made_by="use",
            amount=times,
            unit="times",
            meter=f"vault-{tier}-rotation",
            per=1,
            assumption=f"Every {key.rotate_every}; the average of a month.",
        )


def rotations(period: str) -> float:
    """How often a month an ISO 8601 period passes; 0 for one that is none."""
    parts = re.findall(r"(\d+)([YMWD])", period.upper().partition("T")[0])
    months = {"Y": 12.0, "M": 1.0, "W": 7 / DAYS, "D": 1 / DAYS}
    length = sum(int(number) * months[unit] for number, unit in parts)
    return 1 / length if length else 0.0


def _dependencies(
    intent: WorkspaceSetup, given: Assumptions, names: Mapping[str, str]
) -> Iterator[Want]:
    """What the plan makes for the workspace; what exists is on the bill already."""
    wish = intent.workspace
    if made(wish.storage):
        yield Want(
            id="storage",
            what="Workspace storage",
            resource=_name(wish.storage, names, "storage"),
            made_by="plan",
            amount=given.storage_gb,
            unit="GB",
            meter="storage-lrs",
            per=1,
            assumption=f"{given.storage_gb:g} GB, hot, locally redundant; operations are not"
            " counted.",
            assumes=("storage_gb",),
        )
    tier = intent.vault.sku if wish.secrets_vault == "same" else "standard"
    yield Want(
        id="secret-operations",
        what="Secret operations",
        resource=_secrets(intent, names),
        made_by="use",
        amount=given.secret_operations,
        unit="calls",
        meter=f"vault-{tier}",
        per=1 / 10_000,
        assumption=f"{given.secret_operations:,} a month; a vault costs nothing by itself.",
        assumes=("secret_operations",),
    )
    if made(wish.registry):
        note = "" if given.registry_tier == "Standard" else ", although the plan makes Standard"
        yield Want(
            id="registry",
            what="Container registry",
            resource=_name(wish.registry, names, "registry"),
            made_by="plan",
            amount=1,
            unit="registry",
            meter=f"registry-{given.registry_tier.lower()}",
            per=DAYS,
            assumption=f"Tier {given.registry_tier}{note}; images beyond what it includes are not"
            " counted.",
            assumes=("registry_tier",),
        )
    if made(wish.insights):
        yield Want(
            id="log-analytics",
            what="Log Analytics",
            resource=names.get("log_analytics", "new"),
            made_by="plan",
            amount=given.log_gb,
            unit="GB",
            meter="log-analytics",
            per=1,
            assumption=f"{given.log_gb:g} GB taken in; Application Insights writes there, and"
            " keeps it for 30 days.",
            assumes=("log_gb",),
        )


def made(wish: str | Create) -> bool:
    """Whether the plan makes it."""
    return wish == "new" or isinstance(wish, Create)


def _name(wish: str | Create, names: Mapping[str, str], field: str) -> str:
    if isinstance(wish, Create):
        return wish.create
    return names.get(field, "new")


def _secrets(intent: WorkspaceSetup, names: Mapping[str, str]) -> str:
    wish = intent.workspace.secrets_vault
    if wish == "same":
        return f"vault {intent.vault.name}"
    if made(wish):
        return f"vault {_name(wish, names, 'secrets_vault')}"
    return f"vault {ArmId.parse(str(wish)).name}"


_FIELDS = {
    "storage": "storage account",
    "insights": "Application Insights",
    "secrets_vault": "secrets vault",
    "registry": "container registry",
}


def free(intent: Intent) -> tuple[str, ...]:
    """What no line stands for, and why, as sentences."""
    if not isinstance(intent, WorkspaceSetup):
        return machines.free(intent)
    told = [
        "The workspace, its groups, identities and role assignments have no price of their own.",
        "Compute that you start in the workspace is not part of the plan and not counted.",
        f"A deleted workspace is kept for {KEPT_DAYS} days; what Azure made for it costs on until"
        " it is purged, and what the plan made costs on until you delete it.",
    ]
    for field, words in _FIELDS.items():
        wish = getattr(intent.workspace, field)
        if isinstance(wish, str) and wish.startswith("/"):
            name = ArmId.parse(wish).name
            told.append(f"{words} {name} exists: it is on the bill already and not counted.")
    return tuple(told)
