"""Which regions can hold what is set up.

The managed resource group of a workspace holds Cosmos DB, AI Search and Storage in the
workspace's own region, so a region serves only where all four are offered. What a
provider lists says "offered", not "has capacity" (Azure tells no capacity in advance).
"""

import msgspec

from services.model.intent import Intent, Kind, kind_of
from services.model.resources import Location, Provider

NEEDED = {
    "Microsoft.MachineLearningServices": ("workspaces", "Azure Machine Learning"),
    "Microsoft.DocumentDB": ("databaseAccounts", "Azure Cosmos DB"),
    "Microsoft.Search": ("searchServices", "Azure AI Search"),
    "Microsoft.Storage": ("storageAccounts", "Azure Storage"),
}
"""Provider namespace to the resource type that must be offered and its plain name."""

_OTHERS: dict[Kind, dict[str, tuple[str, str]]] = {
    "container-group": {"Microsoft.ContainerInstance": ("containerGroups", "Container Instances")},
    "cluster": {
        "Microsoft.Compute": ("diskEncryptionSets", "disk encryption sets"),
        "Microsoft.ContainerService": ("managedClusters", "Kubernetes Service"),
    },
}


def needed_by(kind: Kind) -> dict[str, tuple[str, str]]:
    """What a region must offer for this kind, as in ``NEEDED``."""
    return NEEDED if kind == "workspace" else _OTHERS[kind]


def needed_of(intent: Intent) -> dict[str, tuple[str, str]]:
    """What a region must offer for an intent, as in ``NEEDED``."""
    return needed_by(kind_of(intent))


class Region(msgspec.Struct, frozen=True):
    """A region and what is missing there."""

    name: str
    display_name: str
    missing: tuple[str, ...] = ()
    """Plain names of the services that are not offered there."""

    @property
    def because(self) -> str:
        """Why it can't serve; empty where it can."""
        return f"no {', no '.join(self.missing)}" if self.missing else ""


def offered(
    locations: list[Location], providers: list[Provider], kind: Kind = "workspace"
) -> list[Region]:
    """Every region of the subscription, those that can serve first, then by name.

    A provider that could not be read counts as missing everywhere; callers pass what
    they have and say so.
    """
    found = {provider.namespace.lower(): provider for provider in providers}
    regions = []
    for location in locations:
        missing = tuple(
            service
            for namespace, (type_, service) in needed_by(kind).items()
            if not _offers(found.get(namespace.lower()), type_, location.name)
        )
        regions.append(Region(location.name, location.display_name, missing))
    return sorted(regions, key=lambda region: (bool(region.missing), region.name))


def _offers(provider: Provider | None, kind: str, location: str) -> bool:
    if provider is None:
        return False
    return any(
        location in item.locations for item in provider.types if item.name.lower() == kind.lower()
    )
