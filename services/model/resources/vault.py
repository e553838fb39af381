"""Key vaults and their keys."""

from datetime import datetime

import msgspec

from services.model.resources.noun import Noun


class AccessPolicy(msgspec.Struct, frozen=True, kw_only=True):
    """One entry of a vault that uses access policies."""

    object_id: str
    tenant_id: str = ""
    keys: tuple[str, ...] = ()
    """Key permissions, lower case."""


class PrivateEndpoint(msgspec.Struct, frozen=True, kw_only=True):
    """A private endpoint's connection to a vault."""

    id: str
    """Of the connection."""
    name: str
    """Of the endpoint."""
    status: str
    """Pending, Approved, Rejected or Disconnected."""


class Vault(Noun, frozen=True, kw_only=True):
    """A key vault."""

    id: str
    name: str
    location: str
    uri: str
    """``https://name.suffix`` without a trailing slash."""
    tenant_id: str
    sku: str
    """standard or premium."""
    rbac: bool
    """True: role assignments decide; False: access policies do."""
    soft_delete: bool
    purge_protection: bool
    retention_days: int
    public_access: str = "Enabled"
    """Enabled, Disabled or SecuredByPerimeter."""
    default_action: str = "Allow"
    bypass: str = "AzureServices"
    endpoints: tuple[PrivateEndpoint, ...] = ()
    policies: tuple[AccessPolicy, ...] = ()
    state: str = "Succeeded"
    tags: dict[str, str] = msgspec.field(default_factory=dict)


class DeletedVault(Noun, frozen=True, kw_only=True):
    """A soft-deleted vault whose name is still taken."""

    name: str
    id: str
    """The id it had."""
    location: str
    deleted: datetime | None = None
    purge_at: datetime | None = None
    purge_protection: bool = False


class KeyVersion(Noun, frozen=True, kw_only=True):
    """One version of a key."""

    id: str
    """Key identifier with version, without a port where Azure has none."""
    version: str
    enabled: bool = True
    created: datetime | None = None
    updated: datetime | None = None
    not_before: datetime | None = None
    expires: datetime | None = None
    type: str = ""
    """RSA, RSA-HSM, EC, ...; empty in lists, which do not tell it."""
    bits: int = 0
    """Size of the modulus; 0 where unknown."""
    ops: tuple[str, ...] = ()
    tags: dict[str, str] = msgspec.field(default_factory=dict)
    recovery: str = ""
    """Azure's recoveryLevel."""


class RotationPolicy(Noun, frozen=True, kw_only=True):
    """When a vault makes a new version by itself."""

    rotate_after: str = ""
    """ISO 8601 duration after creation, or empty."""
    rotate_before_expiry: str = ""
    notify_before: str = ""
    expiry: str = ""
    """How long each new version lives, or empty."""


class Key(Noun, frozen=True, kw_only=True):
    """A key, described by its current version."""

    vault: str
    """Vault name."""
    name: str
    id: str
    """Identifier without version."""
    current: KeyVersion
    versions: tuple[KeyVersion, ...] = ()
    """Newest first; empty until read."""


class DeletedKey(Noun, frozen=True, kw_only=True):
    """A soft-deleted key whose name is still taken."""

    name: str
    id: str
    deleted: datetime | None = None
    purge_at: datetime | None = None
