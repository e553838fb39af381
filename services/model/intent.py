"""What the user wants. Written as TOML, read by every headless command.

The types are strict: unknown fields are errors, and every default stands here.
"""

from datetime import datetime
from typing import Literal

import msgspec


class Struct(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Base of all parts of an intent."""


class Create(Struct, frozen=True, kw_only=True):
    """Something to be created under this name."""

    create: str


class VaultIntent(Struct, frozen=True, kw_only=True):
    """The vault that holds the key."""

    name: str
    resource_group: str = ""
    """Empty: the intent's own resource group."""
    create: bool = False
    """False: it must exist; True: it is made when absent."""
    repair: bool = True
    """Whether the plan may repair it, for example turn on purge protection."""
    sku: Literal["standard", "premium"] = "standard"
    access: Literal["rbac", "policies"] = "rbac"
    retention_days: int = 90
    network: Literal["public", "trusted-services"] = "public"


class KeyIntent(Struct, frozen=True, kw_only=True):
    """The key that encrypts the workspace."""

    name: str
    create: bool = False
    version: str = "latest"
    """latest, or 32 hex digits."""
    type: Literal["RSA", "RSA-HSM"] = "RSA"
    bits: Literal[2048, 3072, 4096] = 3072
    not_before: datetime | None = None
    expires: datetime | None = None
    rotate_every: str = ""
    """ISO 8601 duration, or empty for no rotation policy."""
    notify_before: str = ""
    tags: dict[str, str] = {}


class WorkspaceIntent(Struct, frozen=True, kw_only=True):
    """The Machine Learning workspace."""

    name: str
    encryption: Literal["own-resources", "service-side"] = "own-resources"
    identity: str | Create = "system"
    """system, the ARM id of a user-assigned identity, or one to create."""
    hbi: bool = False
    public_network: bool = True
    storage: str | Create = "new"
    """new, one to create under a given name, or an ARM id."""
    insights: str | Create = "new"
    secrets_vault: str | Create = "new"
    """new, same (the key's vault), one to create, or an ARM id."""
    registry: str | Create = "none"
    """none, new, one to create, or an ARM id."""
    description: str = ""


class PrincipalsIntent(Struct, frozen=True, kw_only=True):
    """Object ids of Azure's own apps, for a caller whom Microsoft Graph tells nothing."""

    cosmos_db: str = ""
    """GUID, or empty: Microsoft Graph is asked."""
    machine_learning: str = ""


class RepairsIntent(Struct, frozen=True, kw_only=True):
    """Which findings the plan repairs; each field is named after its check.

    The vault's protection has a field of its own, vault.repair.
    """

    provider_registered: bool = True
    cosmos_grant: bool = True
    ml_contributor: bool = True
    identity_grant: bool = True
    vault_deleted: bool = False
    vault_network: bool = False
    key_deleted: bool = False
    key_enabled: bool = False
    key_operations: bool = False


class Intent(Struct, frozen=True, kw_only=True):
    """Everything the user decided."""

    kind: Literal["workspace"]
    subscription: str
    """GUID."""
    region: str
    """Short name, for example westeurope."""
    resource_group: str
    """Made when absent."""
    vault: VaultIntent
    key: KeyIntent
    workspace: WorkspaceIntent
    principals: PrincipalsIntent = PrincipalsIntent()
    repairs: RepairsIntent = RepairsIntent()
    tags: dict[str, str] = {}
    cloud: str = ""
    tenant: str = ""
