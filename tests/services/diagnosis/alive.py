"""A workspace in order, as it was read, to change one thing at a time."""

from datetime import UTC, datetime
from typing import Any

import msgspec

from services.azure.clouds import AZURE_PUBLIC
from services.checks.facts import Asked, Facts
from services.diagnosis.facts import Live, described
from services.diagnosis.readers import READERS
from services.model.diagnosis import Target
from services.model.resources import (
    Caller,
    CosmosAccount,
    Encryption,
    KeyVersion,
    ResourceGroup,
    SearchService,
    StorageAccount,
    Vault,
    Workspace,
)

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
SUB = "00000000-0000-0000-0000-000000000001"
GROUP = f"/subscriptions/{SUB}/resourceGroups/rg-ml"
VAULT = f"{GROUP}/providers/Microsoft.KeyVault/vaults/kv-ml"
WORKSPACE = f"{GROUP}/providers/Microsoft.MachineLearningServices/workspaces/mlw"
MANAGED = "azureml-rg-mlw"
URI = "https://kv-ml.vault.azure.net"
VERSION = "0f" * 16
KEY = f"{URI}/keys/cmk/{VERSION}"
CONFIRMED = "Access to the configured customer managed key confirmed."


def workspace(**parts: Any) -> Workspace:
    told = {
        "encryption": Encryption(vault_id=VAULT, key_id=KEY),
        "managed_group": MANAGED,
        "state": "Succeeded",
    }
    return Workspace(id=WORKSPACE, name="mlw", location="westeurope", **{**told, **parts})


def key(**parts: Any) -> KeyVersion:
    told = {"id": KEY, "version": VERSION, "type": "RSA", "bits": 3072}
    return KeyVersion(**{**told, "ops": ("wrapKey", "unwrapKey", "encrypt", "decrypt"), **parts})


def vault(**parts: Any) -> Vault:
    told = {
        "id": VAULT,
        "name": "kv-ml",
        "location": "westeurope",
        "uri": URI,
        "tenant_id": SUB,
        "sku": "standard",
        "rbac": True,
        "soft_delete": True,
        "purge_protection": True,
        "retention_days": 90,
    }
    return Vault(**{**told, **parts})


def cosmos(**parts: Any) -> CosmosAccount:
    told = {"key_id": f"{URI}/keys/cmk", "key_status": CONFIRMED, "state": "Succeeded"}
    return CosmosAccount(id="cosmos", name="acc", location="westeurope", **{**told, **parts})


def search(**parts: Any) -> SearchService:
    told = {"compliance": "Compliant", "status": "running", "state": "Succeeded"}
    return SearchService(id="search", name="srch", location="westeurope", **{**told, **parts})


def storage(**parts: Any) -> StorageAccount:
    told = {"key_source": "Microsoft.Keyvault", "key_id": KEY, "state": "Succeeded"}
    return StorageAccount(id="storage", name="st", location="westeurope", **{**told, **parts})


def facts(**parts: Any) -> Facts:
    told: dict[str, Any] = {"vault": vault(), "key": key()}
    asked = {name: Asked(f"GET {name}", "r-1") for name in (*READERS, "vault", "key")}
    return Facts(
        cloud=AZURE_PUBLIC,
        caller=Caller(object_id=SUB, tenant_id=SUB, name="ada", kind="User"),
        tenant=SUB,
        now=NOW,
        asked=asked,
        **{**told, **parts},
    )


def live(**parts: Any) -> Live:
    """Everything was read and is in order, but for ``parts``."""
    there = parts.pop("workspace", workspace())
    told: dict[str, Any] = {
        "facts": facts(),
        "group": ResourceGroup(id="managed", name=MANAGED, location="westeurope"),
        "cosmos": (cosmos(),),
        "search": (search(),),
        "storage": (storage(),),
    }
    target = Target(id=WORKSPACE, name="mlw")
    return Live(target=target, workspace=there, intent=described(there), **{**told, **parts})


def named(key_id: str, **parts: Any) -> Workspace:
    """A workspace that names another key."""
    there = workspace(**parts)
    assert there.encryption is not None
    used = msgspec.structs.replace(there.encryption, key_id=key_id)
    return msgspec.structs.replace(there, encryption=used)
