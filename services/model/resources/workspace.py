"""Machine Learning workspaces, and what Azure makes for them."""

import msgspec

from services.model.resources.noun import Noun


class Encryption(msgspec.Struct, frozen=True, kw_only=True):
    """The customer-managed key of a workspace."""

    vault_id: str
    key_id: str
    identity: str = ""
    """User-assigned identity that reaches the key, or empty."""
    service_side: bool = False


class Workspace(Noun, frozen=True, kw_only=True):
    """An Azure Machine Learning workspace."""

    id: str
    name: str
    location: str
    state: str = ""
    encryption: Encryption | None = None
    """None: encrypted with Microsoft's keys."""
    managed_group: str = ""
    """Name of the managed resource group; empty where there is none."""
    hbi: bool = False
    public_access: str = ""
    identity_type: str = ""
    principal_id: str = ""
    identities: tuple[str, ...] = ()
    storage: str = ""
    vault: str = ""
    insights: str = ""
    registry: str = ""
    description: str = ""
    tags: dict[str, str] = msgspec.field(default_factory=dict)


class AttachedCompute(Noun, frozen=True, kw_only=True):
    """A cluster of one's own that a workspace has attached."""

    id: str
    name: str
    """In the workspace; the cluster has its own."""
    kind: str
    """AKS, or Kubernetes where it was attached with the extension."""
    state: str
    cluster: str
    """ARM id of the cluster, which may be gone."""


class StorageAccount(Noun, frozen=True, kw_only=True):
    """A storage account and the key it says it uses."""

    id: str
    name: str
    location: str
    sku: str = ""
    kind: str = ""
    hierarchical: bool = False
    state: str = ""
    key_source: str = ""
    """Microsoft.Storage or Microsoft.Keyvault."""
    key_id: str = ""
    """Versioned key identifier, or empty."""


class CosmosAccount(Noun, frozen=True, kw_only=True):
    """A Cosmos DB account and the key it says it uses (no version)."""

    id: str
    name: str
    location: str
    state: str = ""
    key_id: str = ""
    key_status: str = ""
    """customerManagedKeyStatus, free text."""
    identity: str = ""
    """defaultIdentity: FirstPartyIdentity, SystemAssignedIdentity or UserAssignedIdentity=ID."""


class SearchService(Noun, frozen=True, kw_only=True):
    """An AI Search service; it tells its compliance, never its key."""

    id: str
    name: str
    location: str
    sku: str = ""
    state: str = ""
    status: str = ""
    enforcement: str = ""
    compliance: str = ""
