"""An intent and facts in which nothing is wrong, to change one thing at a time."""

from datetime import UTC, datetime
from typing import Any

import msgspec

from services.azure.authorization import CONTRIBUTOR, CRYPTO_USER
from services.azure.clouds import AZURE_PUBLIC
from services.azure.usages import CosmosRegion
from services.checks.facts import Asked, Facts
from services.checks.needed import namespaces
from services.checks.preflight import EVERYTHING
from services.model.intent import Intent, KeyIntent, VaultIntent, WorkspaceIntent, WorkspaceSetup
from services.model.resources import (
    Caller,
    KeyVersion,
    Lock,
    NameCheck,
    Permission,
    Principal,
    ResourceGroup,
    RoleAssignment,
    Usage,
    Vault,
)

NOW = datetime(2026, 11, 23, tzinfo=UTC)
SUB = "00000000-0000-0000-0000-000000000001"
TENANT = "00000000-0000-0000-0000-00000000000a"
ME = "00000000-0000-0000-0000-0000000000e1"
COSMOS = "00000000-0000-0000-0000-0000000000c1"
ML = "00000000-0000-0000-0000-0000000000d1"
WHOLE = f"/subscriptions/{SUB}"
GROUP = f"{WHOLE}/resourceGroups/rg-ml"
VAULT = f"{GROUP}/providers/Microsoft.KeyVault/vaults/kv-ml"
WORKSPACE = f"{GROUP}/providers/Microsoft.MachineLearningServices/workspaces/mlw"
URI = "https://kv-ml.vault.azure.net"
APP = AZURE_PUBLIC.cosmos_app_id
ALL = (Permission(actions=("*",), data_actions=("*",)),)
OPS = ("encrypt", "decrypt", "wrapKey", "unwrapKey")


def wish(**parts: Any) -> Intent:
    vault = {"name": "kv-ml", **parts.pop("vault", {})}
    key = {"name": "cmk", **parts.pop("key", {})}
    workspace = {"name": "mlw", **parts.pop("workspace", {})}
    return WorkspaceSetup(
        subscription=SUB,
        region="westeurope",
        resource_group="rg-ml",
        vault=VaultIntent(**vault),
        key=KeyIntent(**key),
        workspace=WorkspaceIntent(**workspace),
        **parts,
    )


def vault(**parts: Any) -> Vault:
    told = {
        "id": VAULT,
        "name": "kv-ml",
        "location": "westeurope",
        "uri": URI,
        "tenant_id": TENANT,
        "sku": "standard",
        "rbac": True,
        "soft_delete": True,
        "purge_protection": True,
        "retention_days": 90,
    }
    return Vault(**{**told, **parts})


def key(**parts: Any) -> KeyVersion:
    told = {"version": "0f" * 16, "type": "RSA", "bits": 3072, "ops": OPS}
    return KeyVersion(id=f"{URI}/keys/cmk/{'0f' * 16}", **{**told, **parts})


def role(role_id: str, who: str, scope: str, **parts: Any) -> RoleAssignment:
    kind = "ServicePrincipal"
    return RoleAssignment(
        id="x", scope=scope, principal_id=who, principal_type=kind, role_id=role_id, **parts
    )


def lock(level: str, scope: str) -> Lock:
    name = "hold"
    return Lock(id=f"{scope}/locks/{name}", name=name, level=level, scope=scope)


def usage(name: str, used: int, limit: int, kind: str = "") -> Usage:
    return Usage(name=name, used=used, limit=limit, kind=kind)


def facts(**parts: Any) -> Facts:
    """Everything was read; ``parts`` is what differs from a world without fault."""
    free = NameCheck(available=True)
    permissions = {one.lower(): ALL for one in (WHOLE, GROUP, VAULT)}
    told: dict[str, Any] = {
        "had": EVERYTHING,
        "asked": {name: Asked(f"GET {name}", "r-1") for name in EVERYTHING},
        "providers": {one.lower(): "Registered" for one in namespaces(wish())},
        "groups": {"rg-ml": ResourceGroup(id=GROUP, name="rg-ml", location="westeurope")},
        "vault": vault(),
        "key": key(),
        "permissions": permissions,
        "rights": ALL,
        "cosmos": Principal(object_id=COSMOS, name="Azure Cosmos DB", kind="ServicePrincipal"),
        "ml": Principal(object_id=ML, name="Azure Machine Learning", kind="ServicePrincipal"),
        "cosmos_roles": (role(CRYPTO_USER, COSMOS, f"{VAULT}/keys/cmk"),),
        "ml_roles": (role(CONTRIBUTOR, ML, WHOLE),),
        "locks": (lock("CanNotDelete", VAULT),),
        "policies": {
            f"policy_{name}": ()
            for name in ("workspace", "vault", "dependencies", "cosmos", "search", "storage")
        },
        "names": dict.fromkeys(("storage_name", "secrets_vault_name", "registry_name"), free),
        "cosmos_location": CosmosRegion(
            name="westeurope", regular=True, zones=True, status="Online"
        ),
        "search_usages": (usage("standard", 3, 16),),
        "storage_usages": (usage("StorageAccounts", 10, 250),),
        "ml_usages": (usage("Clusters", 0, 200, "totalCores"),),
    }
    caller = Caller(object_id=ME, tenant_id=TENANT, name="ada", kind="User")
    return Facts(
        **{"cloud": AZURE_PUBLIC, "caller": caller, "tenant": TENANT, "now": NOW, **told, **parts}
    )


def without(told: Facts, *fields: str) -> Facts:
    """The same, as if these facts had not been read."""
    return msgspec.structs.replace(told, had=told.had - set(fields))
