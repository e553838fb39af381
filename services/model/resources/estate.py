"""Where everything lies: tenants, subscriptions, regions, providers, groups, and what any resource has."""

import msgspec

from services.model.resources.noun import Noun


class Tenant(Noun, frozen=True, kw_only=True):
    """A Microsoft Entra tenant."""

    id: str
    name: str = ""
    domain: str = ""


class Subscription(Noun, frozen=True, kw_only=True):
    """An Azure subscription."""

    id: str
    """The GUID, lower case."""
    name: str
    tenant_id: str = ""
    state: str = "Enabled"


class Location(Noun, frozen=True, kw_only=True):
    """An Azure region."""

    name: str
    """Short name, for example westeurope."""
    display_name: str


class ResourceType(msgspec.Struct, frozen=True, kw_only=True):
    """One resource type of a provider and where it is offered."""

    name: str
    locations: tuple[str, ...] = ()
    """Short names."""


class Provider(Noun, frozen=True, kw_only=True):
    """A resource provider as a subscription sees it."""

    namespace: str
    state: str
    """NotRegistered, Registering, Registered or Unregistering."""
    types: tuple[ResourceType, ...] = ()


class ResourceGroup(Noun, frozen=True, kw_only=True):
    """A resource group."""

    id: str
    name: str
    location: str
    managed_by: str = ""
    tags: dict[str, str] = msgspec.field(default_factory=dict)
    state: str = ""


class Resource(Noun, frozen=True, kw_only=True):
    """Any ARM resource, as far as the generic lists tell."""

    id: str
    name: str
    type: str
    location: str = ""
    kind: str = ""
    sku: str = ""
    state: str = ""
    """provisioningState where it was told."""


class Lock(Noun, frozen=True, kw_only=True):
    """A management lock."""

    id: str
    name: str
    level: str
    scope: str
    notes: str = ""


class Usage(Noun, frozen=True, kw_only=True):
    """How much of a quota is used; ``limit`` -1 means unlimited."""

    name: str
    used: int
    limit: int
    unit: str = "Count"
    kind: str = ""
    """What is counted, where a service tells it by type: workspaces, totalCores, ..."""


class NameCheck(Noun, frozen=True, kw_only=True):
    """Azure's answer to whether a name is free."""

    available: bool
    reason: str = ""
    message: str = ""
