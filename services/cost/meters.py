"""Which meters of the Azure Retail Prices API an estimate asks for, as data.

Names are case-sensitive there. Service names, products and units follow the API's documented
example and public cost tools; those that no answer of the API was seen for are UNVERIFIED and
end as a price that is not known where Azure spells them otherwise.
"""

from typing import NamedTuple

from services.azure.prices import MACHINES
from services.model.cost import Meter, Prices


class Wanted(NamedTuple):
    """A meter by the names that find it."""

    service: str
    product: str
    sku: str
    meter: str
    unit: str
    """``unitOfMeasure``; another one makes the price unknown, because quantities would be wrong."""
    verified: bool = True


COSMOS = "Azure Cosmos DB"
SEARCH = "Azure Cognitive Search"
VAULT = "Key Vault"
REGISTRY = "Container Registry"
BLOCKS = "General Block Blob v2"


def _vault(sku: str, meter: str, unit: str) -> Wanted:
    return Wanted(VAULT, "Key Vault", sku, meter, unit)


def _search(sku: str, *, verified: bool = True) -> Wanted:
    return Wanted(SEARCH, "Azure AI Search", sku, f"{sku} Unit", "1 Hour", verified)


def _registry(tier: str, *, verified: bool = True) -> Wanted:
    meter = f"{tier} Registry Unit"
    return Wanted(REGISTRY, "Container Registry", tier, meter, "1/Day", verified)


def _disk(tier: str, *, verified: bool = True) -> Wanted:
    product, meter = "Premium SSD Managed Disks", f"{tier} LRS Disk"
    return Wanted("Storage", product, f"{tier} LRS", meter, "1/Month", verified)


def _aci(meter: str, unit: str) -> Wanted:
    return Wanted("Container Instances", "Container Instances", "Standard", meter, unit)


METERS: dict[str, Wanted] = {
    "cosmos-throughput": Wanted(COSMOS, f"{COSMOS} autoscale", "AP1", "AP1 100 RUs", "1/Hour"),
    "cosmos-storage": Wanted(COSMOS, COSMOS, "RUs", "Data Stored", "1 GB/Month"),
    "search-basic": _search("Basic"),
    "search-standard": _search("Standard S1"),
    "search-standard2": _search("Standard S2"),
    "search-standard3": _search("Standard S3", verified=False),
    "storage-lrs": Wanted(
        "Storage", BLOCKS, "Hot LRS", "Hot LRS Data Stored", "1 GB/Month", verified=False
    ),
    "storage-grs": Wanted(
        "Storage", BLOCKS, "Hot GRS", "Hot GRS Data Stored", "1 GB/Month", verified=False
    ),
    "private-endpoint": Wanted(
        "Virtual Network",
        "Virtual Network Private Link",
        "Standard",
        "Standard Private Endpoint",
        "1 Hour",
        verified=False,
    ),
    "vault-standard": _vault("Standard", "Operations", "10K"),
    "vault-premium": _vault("Premium", "Operations", "10K"),
    "vault-standard-advanced": _vault("Standard", "Advanced Key Operations", "10K"),
    "vault-premium-advanced": _vault("Premium", "Advanced Key Operations", "10K"),
    "vault-standard-rotation": _vault("Standard", "Automated Key Rotation", "1"),
    "vault-premium-rotation": _vault("Premium", "Automated Key Rotation", "1"),
    "hsm-2048": _vault("Premium", "Premium HSM-protected RSA 2048-bit key", "1/Month"),
    "hsm-advanced": _vault("Premium", "Premium HSM-protected Advanced Key", "1/Month"),
    "registry-basic": _registry("Basic"),
    "registry-standard": _registry("Standard", verified=False),
    "registry-premium": _registry("Premium"),
    "aci-cpu": _aci("Standard vCPU Duration", "1 Hour"),
    "aci-memory": _aci("Standard Memory Duration", "1 GB Hour"),
    "aks-standard": Wanted(
        "Azure Kubernetes Service",
        "Azure Kubernetes Service",
        "Standard",
        "Standard Uptime SLA",
        "1 Hour",
    ),
    "disk-p4": _disk("P4"),
    "disk-p6": _disk("P6", verified=False),
    "disk-p10": _disk("P10"),
    "disk-p15": _disk("P15", verified=False),
    "disk-p20": _disk("P20", verified=False),
    "disk-p30": _disk("P30", verified=False),
    "disk-p40": _disk("P40", verified=False),
    "log-analytics": Wanted(
        "Log Analytics", "Log Analytics", "Analytics Logs", "Analytics Logs Data Ingestion", "1 GB"
    ),
}
"""By the id that lines use. "Standard S1 CC" is confidential computing and another price."""


NODE = "node "
"""Before the name of a size: the id of its meter, which no list of names can hold."""

_OTHER = ("windows", "spot", "low priority", "cloudservices", "cloud services")
"""Words of the meters that a size has besides the one of a Linux machine by the hour."""


def wanted_of(id: str) -> Wanted | None:
    """What the meter of this id is asked for by; None where no meter is known for it."""
    if id.startswith(NODE):
        size = id.removeprefix(NODE)
        return Wanted(MACHINES, "", size, size, "1 Hour", verified=False)
    return METERS.get(id)


def find(prices: Prices, id: str) -> tuple[Meter | None, str]:
    """The meter of this id, or None and why there is none."""
    if id.startswith(NODE):
        return _of_size(prices, id.removeprefix(NODE))
    wanted = METERS[id]
    names = (wanted.service, wanted.product, wanted.sku, wanted.meter)
    named = [
        one for one in prices.meters if (one.service, one.product, one.sku, one.meter) == names
    ]
    fitting = [one for one in named if one.unit == wanted.unit]
    if fitting:
        return fitting[0], ""
    if named:
        return None, f"{wanted.meter} is priced by {named[0].unit} now, not by {wanted.unit}"
    if prices.problem and not prices.meters:
        return None, "the prices could not be read"
    doubt = "" if wanted.verified else "; its name there is not verified"
    return None, f"the price list of {prices.region} has no {wanted.meter}{doubt}"


def _of_size(prices: Prices, size: str) -> tuple[Meter | None, str]:
    """A Linux machine of a size by the hour; of several, the one that costs most."""
    mine = [one for one in prices.meters if one.size.lower() == size.lower()]
    linux = [one for one in mine if one.unit == "1 Hour" and not _other(one)]
    if linux:
        return max(linux, key=lambda one: one.price), ""
    if prices.problem and not mine:
        return None, "the prices could not be read"
    kinds = f", only {', '.join(sorted({one.meter for one in mine}))}" if mine else ""
    return None, f"the price list of {prices.region} has no Linux machine {size} by the hour{kinds}"


def _other(one: Meter) -> bool:
    named = f"{one.product} {one.sku} {one.meter}".lower()
    return any(word in named for word in _OTHER)
