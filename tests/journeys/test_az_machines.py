"""The real Azure CLI with container groups, disk encryption sets and clusters."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.journeys.test_az import AZ, Az, az, served, vault

__all__ = ["az", "served"]

pytestmark = pytest.mark.skipif(AZ is None, reason="no az on PATH")
PROVIDERS = ("KeyVault", "Compute", "ContainerService", "ContainerInstance", "ManagedIdentity")
USER = "Key Vault Crypto Service Encryption User"
REGION = ("-g", "rg", "-l", "westeurope")


def prepared(az: Az) -> tuple[str, dict[str, Any]]:
    """A vault with role assignments and a key; the vault's id and the key."""
    az("group", "create", "-n", "rg", "-l", "westeurope")
    for name in PROVIDERS:
        az("provider", "register", "-n", f"Microsoft.{name}")
    scope = vault(az, "kv-az")
    az("role", "assignment", "create", "--role", "Key Vault Crypto Officer", "--scope", scope,
       "--assignee", az.principal["client_id"])  # fmt: skip
    made = az.until("keyvault", "key", "create", "--vault-name", "kv-az", "-n", "cmk")
    key: dict[str, Any] = made["key"]
    return scope, key


def granted(az: Az, object_id: str, role: str, scope: str) -> None:
    az("role", "assignment", "create", "--role", role, "--scope", scope,
       "--assignee-object-id", object_id, "--assignee-principal-type", "ServicePrincipal")  # fmt: skip


def test_a_container_group_from_az_rest_to_deleted(az: Az, tmp_path: Path) -> None:
    scope, key = prepared(az)
    one = az("identity", "create", "-n", "uai", *REGION)
    granted(az, one["principalId"], USER, scope)
    at, _, version = key["kid"].rpartition("/")
    body = tmp_path / "body.json"
    container = {"image": "nginx", "resources": {"requests": {"cpu": 1, "memoryInGB": 1.5}}}
    encryption = {
        "vaultBaseUrl": at.partition("/keys/")[0],
        "keyName": "cmk",
        "keyVersion": version,
        "identity": one["id"],
    }
    properties = {
        "osType": "Linux",
        "containers": [{"name": "main", "properties": container}],
        "encryptionProperties": encryption,
    }
    identity = {"type": "UserAssigned", "userAssignedIdentities": {one["id"]: {}}}
    made = {"location": "westeurope", "identity": identity, "properties": properties}
    body.write_text(json.dumps(made))
    url = (
        f"{scope.partition('/providers/')[0]}/providers/Microsoft.ContainerInstance"
        "/containerGroups/score-1?api-version=2023-05-01"
    )
    group = ("-g", "rg", "-n", "score-1")

    def put() -> str:
        """The state it comes to; it fails as long as the grant is not there for the vault."""
        az("rest", "--method", "put", "--url", url, "--body", f"@{body}")
        for _ in range(20):
            state: str = az("container", "show", *group)["provisioningState"]
            if state in ("Succeeded", "Failed"):
                break
        return state

    assert "Succeeded" in (put(), put()), "the second comes after the grant"
    shown = az("container", "show", *group)
    assert shown["encryptionProperties"]["keyName"] == "cmk"
    assert shown["instanceView"]["state"] == "Running"
    assert [one["name"] for one in az("container", "list")] == ["score-1"]
    assert "nginx" in az.run("container", "logs", *group).stdout
    az("container", "delete", *group, "--yes")
    assert az("container", "list") == []


def test_a_cluster_with_a_disk_encryption_set(az: Az) -> None:
    scope, key = prepared(az)
    wish = ("--key-url", key["kid"], "--source-vault", scope)
    made = az("disk-encryption-set", "create", "-n", "des-1", *REGION, *wish)
    assert made["identity"]["type"] == "SystemAssigned"
    shown = az("disk-encryption-set", "show", "-n", "des-1", "-g", "rg")
    assert shown["activeKey"]["keyUrl"] == key["kid"]
    assert [one["name"] for one in az("disk-encryption-set", "list", "-g", "rg")] == ["des-1"]
    granted(az, made["identity"]["principalId"], USER, scope)
    own = az("identity", "create", "-n", "uai", *REGION)
    granted(az, own["principalId"], "Reader", made["id"])
    offered = az("aks", "get-versions", "-l", "westeurope")["values"]
    assert any(one["isDefault"] for one in offered)
    create = (
        *("aks", "create", "-n", "aks-1", *REGION, "--node-count", "1", "--no-ssh-key"),
        *("--node-vm-size", "Standard_D4s_v5", "--node-osdisk-type", "Managed"),
        *("--node-osdisk-diskencryptionset-id", made["id"], "--assign-identity", own["id"]),
    )
    assert az.until(*create)["provisioningState"] == "Succeeded"
    cluster = az("aks", "show", "-n", "aks-1", "-g", "rg")
    assert cluster["diskEncryptionSetId"].lower() == made["id"].lower()
    assert [one["name"] for one in az("aks", "list")] == ["aks-1"]
    deleted = ("disk-encryption-set", "delete", "-n", "des-1", "-g", "rg")
    assert "Traceback" not in az.refused(*deleted), "disks use it"
