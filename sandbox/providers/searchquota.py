"""AI Search quota: services of each sku that a subscription may have in a region."""

from sandbox import regions, tracked
from sandbox.protocol import Refusal
from sandbox.world import World

MANAGED_SKU = "standard"
"""Sku of a workspace's managed service; no source names it, S1 is assumed."""

KIND = "Microsoft.Search/searchServices"
SKUS = {
    "free": ("F - Free", 1),
    "basic": ("B - Basic", 16),
    "standard": ("S - Standard", 16),
    "standard2": ("S2 - Standard2", 8),
    "standard3": ("S3 - Standard3", 6),
    "storageOptimizedL1": ("L1 - Storage Optimized", 6),
    "storageOptimizedL2": ("L2 - Storage Optimized", 6),
}
"""Localized name and default limit per subscription and region (service limits page)."""


def limit(world: World, location: str, sku: str) -> int:
    """The quota of a sku in a region; ``settings.quota.search.<region>`` changes it.

    The setting is a number for all skus or a table by sku.
    """
    quota = world.state.settings.get("quota", {}).get("search", {})
    here = quota.get(regions.short(location))
    if isinstance(here, dict):
        here = here.get(sku)
    return SKUS[sku][1] if here is None else int(here)


def used(world: World, subscription: str, location: str, sku: str) -> int:
    """How many services of a sku a subscription has in a region."""
    return sum(
        1
        for service in tracked.below(world, f"/subscriptions/{subscription}", KIND)
        if service.doc["sku"]["name"].lower() == sku.lower()
        and regions.short(service.doc["location"]) == regions.short(location)
    )


def refuse_full(world: World, subscription: str, location: str, sku: str = MANAGED_SKU) -> None:
    """Raise what the service says when quota or, by a scenario, capacity is missing."""
    exhausted = world.state.settings.get("search_exhausted_regions", [])
    if regions.short(location) in {regions.short(name) for name in exhausted}:
        raise Refusal(
            400,
            "InsufficientResourcesAvailable",
            f"The region '{regions.short(location)}' is currently out of the resources required "
            "to provision new services. Please try creating the service in another region or "
            "select another SKU.",
        )
    most, now = limit(world, location, sku), used(world, subscription, location, sku)
    if now >= most:
        raise Refusal(
            400,
            "ServiceQuotaExceeded",
            f"Operation would exceed '{sku}' tier service quota. "
            f"You are using {now} out of {most} '{sku}' tier service quota.",
        )
