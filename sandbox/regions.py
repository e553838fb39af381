"""Regions that the sandbox knows: short name, display name, availability zones."""

from typing import NamedTuple


class Region(NamedTuple):
    """One region as ``GET /subscriptions/{s}/locations`` describes it."""

    name: str
    """Short name, as in ids: ``eastus2``."""
    display: str
    """As people read it: ``East US 2``."""
    zones: bool
    """Whether it has availability zones."""


REGIONS = {
    region.name: region
    for region in (
        Region("eastus", "East US", True),
        Region("eastus2", "East US 2", True),
        Region("centralus", "Central US", True),
        Region("southcentralus", "South Central US", True),
        Region("westus", "West US", False),
        Region("westus2", "West US 2", True),
        Region("westus3", "West US 3", True),
        Region("canadacentral", "Canada Central", True),
        Region("brazilsouth", "Brazil South", True),
        Region("northeurope", "North Europe", True),
        Region("westeurope", "West Europe", True),
        Region("uksouth", "UK South", True),
        Region("francecentral", "France Central", True),
        Region("germanywestcentral", "Germany West Central", True),
        Region("switzerlandnorth", "Switzerland North", True),
        Region("swedencentral", "Sweden Central", True),
        Region("norwayeast", "Norway East", True),
        Region("southeastasia", "Southeast Asia", True),
        Region("eastasia", "East Asia", True),
        Region("japaneast", "Japan East", True),
        Region("koreacentral", "Korea Central", True),
        Region("australiaeast", "Australia East", True),
        Region("centralindia", "Central India", True),
        Region("southafricanorth", "South Africa North", True),
    )
}


def short(location: str) -> str:
    """``East US 2`` and ``eastus2`` both as ``eastus2``; unknown ones lower-cased too."""
    return location.replace(" ", "").lower()


def display(location: str) -> str:
    """The display name; an unknown region comes back as given."""
    region = REGIONS.get(short(location))
    return region.display if region else location


def known(location: str) -> bool:
    """Whether there is such a region."""
    return short(location) in REGIONS


def zoned(location: str) -> bool:
    """Whether a region has availability zones."""
    region = REGIONS.get(short(location))
    return region is not None and region.zones


def names() -> list[str]:
    """All short names."""
    return list(REGIONS)
