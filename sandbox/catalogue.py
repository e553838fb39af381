"""Which resource types there are, where they are offered, and their API versions.

Azure offers not everything everywhere. The sandbox's gaps are its own (no list of them is
taken from Azure), so that choosing a region means something.
"""

from dataclasses import dataclass

from sandbox import regions


@dataclass(frozen=True, slots=True)
class ResourceType:
    """One resource type of a provider."""

    name: str
    versions: tuple[str, ...]
    missing: frozenset[str] = frozenset()
    """Regions that do not offer it."""
    everywhere: bool = True
    """False for types without a location (operations, name checks)."""

    def locations(self) -> list[str]:
        """Display names of the regions that offer it."""
        if not self.everywhere:
            return []
        return [
            region.display for region in regions.REGIONS.values() if region.name not in self.missing
        ]


def _kind(name: str, *versions: str, missing: str = "", everywhere: bool = True) -> ResourceType:
    return ResourceType(name, versions, frozenset(missing.split()), everywhere)


_NO_ML = "southafricanorth"
_NO_COSMOS = "brazilsouth"
_NO_SEARCH = "norwayeast"
_NO_STORAGE = "eastasia"

_KV = ("2026-05-15", "2026-02-01", "2024-11-01", "2023-07-01", "2023-02-01", "2022-07-01")
_ML = ("2025-12-01", "2025-09-01", "2025-06-01", "2024-10-01", "2024-04-01", "2023-10-01")
_COSMOS = ("2025-10-15", "2025-04-15", "2024-08-15", "2023-11-15", "2021-10-15")
_SEARCH = ("2025-05-01", "2023-11-01", "2022-09-01", "2020-08-01")
_STORAGE = ("2025-06-01", "2024-01-01", "2023-05-01", "2023-01-01", "2021-09-01")
_ACI = ("2025-09-01", "2023-05-01", "2022-09-01", "2021-10-01")
_AKS = ("2025-10-01", "2025-03-01", "2024-09-01", "2023-10-01")
_COMPUTE = ("2025-04-01", "2024-07-01", "2024-03-02", "2023-10-02")

CATALOGUE: dict[str, tuple[ResourceType, ...]] = {
    "Microsoft.Authorization": (
        _kind("roleAssignments", "2022-04-01", "2020-10-01-preview", everywhere=False),
        _kind("roleDefinitions", "2022-05-01-preview", "2022-04-01", everywhere=False),
        _kind("denyAssignments", "2022-04-01", everywhere=False),
        _kind("locks", "2020-05-01", "2016-09-01", everywhere=False),
        _kind("permissions", "2022-04-01", everywhere=False),
        _kind("policyAssignments", "2024-04-01", everywhere=False),
    ),
    "Microsoft.Compute": (
        _kind("diskEncryptionSets", *_COMPUTE),
        _kind("disks", *_COMPUTE),
        _kind("virtualMachines", *_COMPUTE),
        _kind("locations", *_COMPUTE, everywhere=False),
        _kind("locations/usages", *_COMPUTE),
        _kind("skus", "2021-07-01", everywhere=False),
    ),
    "Microsoft.ContainerInstance": (
        _kind("containerGroups", *_ACI),
        _kind("locations/usages", *_ACI),
        _kind("locations/capabilities", *_ACI),
    ),
    "Microsoft.ContainerRegistry": (_kind("registries", "2025-11-01", "2023-07-01"),),
    "Microsoft.ContainerService": (
        _kind("managedClusters", *_AKS),
        _kind("locations/kubernetesVersions", *_AKS),
    ),
    "Microsoft.DocumentDB": (
        _kind("databaseAccounts", *_COSMOS, missing=_NO_COSMOS),
        _kind("locations", *_COSMOS, everywhere=False),
    ),
    "Microsoft.Insights": (
        _kind("components", "2020-02-02", "2015-05-01"),
        _kind("diagnosticSettings", "2021-05-01-preview", everywhere=False),
        _kind("eventtypes", "2015-04-01", everywhere=False),
    ),
    "Microsoft.KeyVault": (
        _kind("vaults", *_KV),
        _kind("vaults/accessPolicies", *_KV),
        _kind("vaults/keys", *_KV),
        _kind("deletedVaults", *_KV, everywhere=False),
        _kind("locations", *_KV, everywhere=False),
        _kind("checkNameAvailability", *_KV, everywhere=False),
        _kind("checkMhsmNameAvailability", *_KV, everywhere=False),
    ),
    "Microsoft.MachineLearningServices": (
        _kind("workspaces", *_ML, missing=_NO_ML),
        _kind("workspaces/computes", *_ML, missing=_NO_ML),
        _kind("locations", *_ML, everywhere=False),
        _kind("locations/usages", *_ML, missing=_NO_ML),
        _kind("locations/quotas", *_ML, missing=_NO_ML),
    ),
    "Microsoft.ManagedIdentity": (
        _kind("userAssignedIdentities", "2024-11-30", "2023-01-31", "2018-11-30"),
    ),
    "Microsoft.Network": (
        _kind("virtualNetworks", "2024-05-01", "2023-11-01"),
        _kind("privateEndpoints", "2024-05-01", "2023-11-01"),
    ),
    "Microsoft.OperationalInsights": (_kind("workspaces", "2025-02-01", "2023-09-01"),),
    "Microsoft.PolicyInsights": (
        _kind("checkPolicyRestrictions", "2024-10-01", "2020-07-01", everywhere=False),
    ),
    "Microsoft.Quota": (_kind("usages", "2025-09-01", everywhere=False),),
    "Microsoft.ResourceGraph": (_kind("resources", "2024-04-01", "2021-03-01", everywhere=False),),
    "Microsoft.Resources": (
        _kind("deployments", "2025-04-01", "2024-11-01", "2020-06-01", everywhere=False),
        _kind("resourceGroups", "2025-04-01", "2024-11-01", "2020-06-01", everywhere=False),
        _kind("subscriptions", "2022-12-01", "2020-01-01", everywhere=False),
        _kind("tags", "2024-11-01", "2021-04-01", everywhere=False),
    ),
    "Microsoft.Search": (
        _kind("searchServices", *_SEARCH, missing=_NO_SEARCH),
        _kind("locations/usages", *_SEARCH, missing=_NO_SEARCH),
        _kind("checkNameAvailability", *_SEARCH, everywhere=False),
    ),
    "Microsoft.Storage": (
        _kind("storageAccounts", *_STORAGE, missing=_NO_STORAGE),
        _kind("locations/usages", *_STORAGE, missing=_NO_STORAGE),
        _kind("checkNameAvailability", *_STORAGE, everywhere=False),
    ),
}
"""By namespace, in the order of the alphabet as ARM lists them."""

_BY_NAME = {name.lower(): name for name in CATALOGUE}


def namespace(name: str) -> str:
    """A namespace as Azure spells it; an empty string for one that does not exist here."""
    return _BY_NAME.get(name.lower(), "")


def offered(kind: str, region: str) -> bool:
    """Whether a type (``Microsoft.Search/searchServices``) is offered in a region.

    Types that are not in the catalogue count as offered everywhere.
    """
    provider, _, name = kind.partition("/")
    for item in CATALOGUE.get(namespace(provider), ()):
        if item.name.lower() == name.lower():
            return regions.short(region) not in item.missing
    return True
