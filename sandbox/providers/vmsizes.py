"""Sizes of virtual machines, and how many of their cores a subscription may use in a region.

The table is a choice from Azure's documented sizes; which of them are restricted, and how many
cores there are, is the scenario's affair.
"""

from typing import NamedTuple

from sandbox import regions
from sandbox.protocol import Answer, Refusal, Request
from sandbox.routing import Api
from sandbox.state import Json, Resource
from sandbox.world import World

api = Api("Microsoft.Compute")
"""Shared by the modules of this namespace."""

CORES = 100
"""Cores of a region, and of each family in it, where a scenario says nothing else."""
SCALE_SETS = "Microsoft.Compute/virtualMachineScaleSets"


class Size(NamedTuple):
    """One size as ``skus`` and ``usages`` tell it."""

    name: str
    family: str
    """As ``skus`` spell it: ``standardDSv5Family``."""
    label: str
    cores: int
    memory_gb: float
    ephemeral: bool
    """Whether it has room for an ephemeral OS disk."""


SIZES = {
    size.name.lower(): size
    for size in (
        Size("Standard_B2s", "standardBSFamily", "Standard BS Family vCPUs", 2, 4, False),
        Size("Standard_B4ms", "standardBSFamily", "Standard BS Family vCPUs", 4, 16, False),
        Size("Standard_DS2_v2", "standardDSv2Family", "Standard DSv2 Family vCPUs", 2, 7, True),
        Size("Standard_DS3_v2", "standardDSv2Family", "Standard DSv2 Family vCPUs", 4, 14, True),
        Size("Standard_D2s_v3", "standardDSv3Family", "Standard DSv3 Family vCPUs", 2, 8, True),
        Size("Standard_D4s_v3", "standardDSv3Family", "Standard DSv3 Family vCPUs", 4, 16, True),
        Size("Standard_D2s_v5", "standardDSv5Family", "Standard DSv5 Family vCPUs", 2, 8, False),
        Size("Standard_D4s_v5", "standardDSv5Family", "Standard DSv5 Family vCPUs", 4, 16, False),
        Size("Standard_D8s_v5", "standardDSv5Family", "Standard DSv5 Family vCPUs", 8, 32, False),
        Size("Standard_D4ds_v5", "standardDDSv5Family", "Standard DDSv5 Family vCPUs", 4, 16, True),
        Size("Standard_E4s_v5", "standardESv5Family", "Standard ESv5 Family vCPUs", 4, 32, False),
        Size("Standard_F4s_v2", "standardFSv2Family", "Standard FSv2 Family vCPUs", 4, 8, True),
    )
}


def size(name: str, location: str) -> Size:
    """A size by name; refuses one that does not exist, worded as AKS does."""
    found = SIZES.get(name.lower())
    if found is None:
        raise Refusal(
            400,
            "BadRequest",
            f"The VM size of {name} is not allowed in your subscription in location "
            f"'{regions.short(location)}'.",
        )
    return found


def restrictions(world: World, one: Size, location: str) -> list[Json]:
    """Why a subscription can't have a size; ``settings.vm_restricted.<region>`` lists names."""
    place, why = regions.short(location), "NotAvailableForSubscription"
    listed = world.state.settings.get("vm_restricted", {}).get(place, [])
    if one.name.lower() in {name.lower() for name in listed}:
        info: Json = {"locations": [place]}
        return [{"type": "Location", "values": [place], "restrictionInfo": info, "reasonCode": why}]
    if barred := barred_zones(world, one, place):
        info = {"locations": [place], "zones": barred}
        return [{"type": "Zone", "values": [place], "restrictionInfo": info, "reasonCode": why}]
    return []


def barred_zones(world: World, one: Size, location: str) -> list[str]:
    """Zones closed to a size; ``settings.vm_zones.<region>`` is a table of size to zones."""
    table = world.state.settings.get("vm_zones", {}).get(regions.short(location), {})
    return next((zones for name, zones in table.items() if name.lower() == one.name.lower()), [])


def zones_of(location: str) -> list[str]:
    """The zones of a region."""
    return ["1", "2", "3"] if regions.zoned(regions.short(location)) else []


def refuse_zones(world: World, one: Size, location: str, asked: list[str]) -> None:
    """Raise where a size can't be had in one of the zones; words as azure-aks-docs 416 has
    them."""
    barred = barred_zones(world, one, location)
    open_ = [zone for zone in zones_of(location) if zone not in barred]
    if not set(asked) <= set(open_):
        raise Refusal(
            400,
            "AvailabilityZoneNotSupported",
            f"The zone(s) '{','.join(asked)}' for resource 'agentpool' is not supported. The "
            f"supported zones for location '{regions.short(location)}' are '{','.join(open_)}'",
        )


def os_disk_gb(one: Size) -> int:
    """Of a managed OS disk that nobody gave a size ("Storage options" of AKS)."""
    return next((gb for least, gb in ((64, 1024), (16, 512), (8, 256)) if one.cores >= least), 128)


def _closed(world: World, one: Size, location: str) -> bool:
    return any(limit["type"] == "Location" for limit in restrictions(world, one, location))


def refuse_restricted(world: World, name: str, location: str) -> Size:
    """The size, unless the subscription may not have it there; worded as AKS does."""
    one = size(name, location)
    if _closed(world, one, location):
        place = regions.short(location)
        allowed = [
            other.name.lower() for other in SIZES.values() if not _closed(world, other, location)
        ]
        raise Refusal(
            400,
            "BadRequest",
            f"The VM size of {one.name} is not allowed in your subscription in location '{place}'."
            f" The available VM sizes are '{','.join(allowed)}'. For more details, please visit "
            "https://aka.ms/aks/quotas-skus-regions",
        )
    return one


def limit(world: World, location: str, name: str) -> int:
    """Cores of a region (``cores``) or family; ``settings.quota.compute.<region>`` changes it.

    The setting is a number for all of them or a table by name.
    """
    here = world.state.settings.get("quota", {}).get("compute", {}).get(regions.short(location))
    if isinstance(here, dict):
        here = here.get(name)
    return CORES if here is None else int(here)


def used(world: World, subscription: str, location: str, family: str = "") -> int:
    """Cores of all scale sets in a region, or of one family."""
    return sum(
        _cores(resource, family)
        for resource in world.state.resources.values()
        if resource.doc["type"] == SCALE_SETS
        and resource.doc["id"].split("/")[2].lower() == subscription.lower()
        and regions.short(resource.doc["location"]) == regions.short(location)
    )


def _cores(resource: Resource, family: str) -> int:
    sku = resource.doc["sku"]
    one = SIZES[sku["name"].lower()]
    return one.cores * int(sku["capacity"]) if family in ("", one.family) else 0


def refuse_full(world: World, subscription: str, location: str, one: Size, count: int) -> None:
    """Raise what AKS' preflight says when the family's or the region's cores do not suffice."""
    need = one.cores * count
    for name, text in ((one.family, f"{one.family} Cores"), ("cores", "Total Regional Cores")):
        most = limit(world, location, name)
        now = used(world, subscription, location, "" if name == "cores" else name)
        if now + need > most:
            raise Refusal(
                400,
                "QuotaExceeded",
                "Preflight validation check for resource(s) for container service in resource "
                "group failed. Message: Operation could not be completed as it results in "
                f"exceeding approved {text} quota. Additional details - Deployment Model: Resource "
                f"Manager, Location: {regions.short(location)}, Current Limit: {most}, Current "
                f"Usage: {now}, Additional Required: {need}, (Minimum) New Limit Required: "
                f"{now + need}.",
            )


@api.route("GET", "/subscriptions/{s}/providers/Microsoft.Compute/locations/{location}/usages")
def list_usages(world: World, request: Request) -> Answer:
    """Cores used and allowed in a region: all, and by family."""
    subscription, location = request.params["s"], request.params["location"]
    families = {one.family: one.label for one in SIZES.values()}
    rows = [("cores", "Total Regional vCPUs", ""), *((k, v, k) for k, v in families.items())]
    value = [
        {
            "limit": limit(world, location, name),
            "unit": "Count",
            "currentValue": used(world, subscription, location, family),
            "name": {"value": name, "localizedValue": label},
        }
        for name, label, family in rows
    ]
    return Answer(200, {"value": value})


@api.route("GET", "/subscriptions/{s}/providers/Microsoft.Compute/skus")
def list_skus(world: World, request: Request) -> Answer:
    """Sizes by region with capabilities and restrictions; ``$filter=location eq 'x'``."""
    asked = request.query.get("$filter", "")
    only = asked.partition("'")[2].rstrip("'")
    places = [regions.short(only)] if only else regions.names()
    value = [_sku(world, one, place) for place in places for one in SIZES.values()]
    return Answer(200, {"value": value})


def _sku(world: World, one: Size, place: str) -> Json:
    zones = zones_of(place)
    capabilities = {
        "vCPUs": str(one.cores),
        "MemoryGB": f"{one.memory_gb:g}",
        "PremiumIO": "True",
        "EphemeralOSDiskSupported": str(one.ephemeral),
        "HyperVGenerations": "V1,V2",
        "CpuArchitectureType": "x64",
    }
    return {
        "resourceType": "virtualMachines",
        "name": one.name,
        "tier": "Standard",
        "size": one.name.removeprefix("Standard_"),
        "family": one.family,
        "locations": [place],
        "locationInfo": [{"location": place, "zones": zones, "zoneDetails": []}],
        "capabilities": [{"name": name, "value": text} for name, text in capabilities.items()],
        "restrictions": restrictions(world, one, place),
    }
