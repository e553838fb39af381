"""The real Azure CLI, where there is one, with nothing but what ``sandbox env`` prints."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.journeys.conftest import Sandbox, environment

AZ = shutil.which("az")
WRAPKEY = Path(sys.executable).with_name("wrapkey")
COSMOS_DB = "a232010e-820c-4083-83bb-3ace5fc29d0b"
MACHINE_LEARNING = "0736f41a-0425-4b46-bdb5-1563eff02385"

pytestmark = pytest.mark.skipif(AZ is None, reason="no az on PATH")


class Az:
    """az in the environment of one principal."""

    def __init__(self, sandbox: Sandbox, home: Path, principal: str) -> None:
        told = subprocess.run(
            [
                str(WRAPKEY),
                *("--connect", str(sandbox.ready_file), "--principal", principal),
                *("sandbox", "env"),
            ],
            check=True,
            capture_output=True,
            text=True,
            env=environment(home),
        )
        dump = f"{told.stdout}\n{sys.executable} -c 'import json, os; print(json.dumps(dict(os.environ)))'"
        taken = subprocess.run(
            ["/bin/sh", "-c", dump],
            check=True,
            capture_output=True,
            text=True,
            env=environment(home),
        )
        assert taken.stderr == ""
        self.env: dict[str, str] = json.loads(taken.stdout)
        self.principal = next(
            one for one in sandbox.ready["principals"] if one["name"] == principal
        )

    def run(self, *words: str) -> "subprocess.CompletedProcess[str]":
        assert AZ is not None
        return subprocess.run(
            [AZ, *words, "--output", "json"],
            check=False,
            capture_output=True,
            text=True,
            env={**self.env, "PATH": os.environ["PATH"]},
        )

    def __call__(self, *words: str) -> Any:
        """What az prints; it has to succeed."""
        ran = self.run(*words)
        assert ran.returncode == 0, ran.stderr
        return json.loads(ran.stdout) if ran.stdout.strip() else None

    def refused(self, *words: str, code: int = 1) -> str:
        """What az complains about; never a traceback."""
        ran = self.run(*words)
        assert ran.returncode == code, (ran.stdout, ran.stderr)
        assert "Traceback" not in ran.stderr
        return ran.stderr

    def until(self, *words: str) -> Any:
        """What az prints once it succeeds: grants take their time to propagate."""
        for _ in range(20):
            ran = self.run(*words)
            if ran.returncode == 0:
                break
        assert ran.returncode == 0, ran.stderr
        return json.loads(ran.stdout) if ran.stdout.strip() else None


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Sandbox]:
    sandbox = Sandbox(tmp_path, "empty", 200)
    yield sandbox
    sandbox.close()


@pytest.fixture
def az(served: Sandbox, tmp_path: Path) -> Az:
    return Az(served, tmp_path, "admin")


def vault(az: Az, name: str) -> str:
    """A vault; az would wait 30 seconds for its name to resolve, so it does not wait."""
    az("keyvault", "create", "-n", name, "-g", "rg", "-l", "westeurope", "--no-wait",
       "--enable-purge-protection", "true", "--retention-days", "7")  # fmt: skip
    found: str = az("keyvault", "show", "-n", name)["id"]
    return found


def test_a_vault_and_a_key_from_nothing_to_deleted(az: Az, served: Sandbox, tmp_path: Path) -> None:
    assert [one["name"] for one in az("account", "list")] == ["Contoso-ML"]
    az("group", "create", "-n", "rg", "-l", "westeurope")
    assert "MissingSubscriptionRegistration" in az.refused(
        *("keyvault", "create", "-n", "kv-az", "-g", "rg", "-l", "westeurope", "--no-wait")
    )
    az("provider", "register", "-n", "Microsoft.KeyVault", "--wait")
    assert az("keyvault", "check-name", "-n", "kv-az")["nameAvailable"]
    scope = vault(az, "kv-az")
    key = ("--vault-name", "kv-az", "-n", "cmk")
    assert "ForbiddenByRbac" in az.refused("keyvault", "key", "list", "--vault-name", "kv-az")
    client_id = az.principal["client_id"]
    role = ("--role", "Key Vault Crypto Officer", "--scope", scope)
    given = az("role", "assignment", "create", "--assignee", client_id, *role)
    assert given["principalId"] == az.principal["object_id"]
    made = az.until("keyvault", "key", "create", *key, "--kty", "RSA", "--size", "3072")
    assert az("keyvault", "key", "rotate", *key)["key"]["kid"] != made["key"]["kid"]
    versions = az("keyvault", "key", "list-versions", *key)
    assert len(versions) == 2
    text = ("--algorithm", "RSA-OAEP-256", "--value")
    secret = az("keyvault", "key", "encrypt", *key, *text, "aGVsbG8=")["result"]
    assert az("keyvault", "key", "decrypt", *key, *text, secret)["result"] == "aGVsbG8="
    assert "KeyNotFound" in az.refused(
        *("keyvault", "key", "show", "--vault-name", "kv-az", "-n", "nope"), code=3
    )
    az("lock", "create", "-n", "keep", "-g", "rg", "--lock-type", "CanNotDelete")
    assert "ScopeLocked" in az.refused("keyvault", "delete", "-n", "kv-az")
    az("lock", "delete", "-n", "keep", "-g", "rg")
    az("keyvault", "delete", "-n", "kv-az")
    assert [one["name"] for one in az("keyvault", "list-deleted")] == ["kv-az"]
    assert "ConflictError" in az.refused(
        *("keyvault", "create", "-n", "kv-az", "-g", "rg", "-l", "westeurope", "--no-wait")
    )
    assert "purge" in az.refused("keyvault", "purge", "-n", "kv-az").lower()
    reader = Az(served, tmp_path, "reader")
    told = reader.refused("group", "create", "-n", "rg2", "-l", "westeurope")
    assert "AuthorizationFailed" in told and "rhea@contoso.test" in told
    assert len(az("account", "list")) == 1, "each principal keeps its own sign-in"


def test_a_workspace_with_a_key_of_ones_own_by_az_rest(az: Az, tmp_path: Path) -> None:
    subscription = az("account", "show")["id"]
    group = f"/subscriptions/{subscription}/resourceGroups/rg"
    az("group", "create", "-n", "rg", "-l", "westeurope")
    providers = ("KeyVault", "MachineLearningServices", "DocumentDB", "Search", "Storage")
    for name in (*providers, "Insights", "OperationalInsights"):
        az("provider", "register", "-n", f"Microsoft.{name}")
    scope = vault(az, "kv-az")
    grants = (
        (az.principal["client_id"], "Key Vault Crypto Officer", scope),
        (COSMOS_DB, "Key Vault Crypto Service Encryption User", scope),
        (MACHINE_LEARNING, "Contributor", f"/subscriptions/{subscription}"),
    )
    for who, role, at in grants:
        az("role", "assignment", "create", "--assignee", who, "--role", role, "--scope", at)
    key = az.until(
        *("keyvault", "key", "create", "--vault-name", "kv-az", "-n", "cmk", "--size", "3072")
    )

    def put(of: str, name: str, version: str, properties: Any, **more: Any) -> str:
        """PUT a resource with az rest; returns its address with the api-version."""
        url = f"{group}/providers/{of}/{name}?api-version={version}"
        body = tmp_path / "body.json"
        body.write_text(json.dumps({"location": "westeurope", "properties": properties, **more}))
        az("rest", "--method", "put", "--url", url, "--body", f"@{body}")
        return url

    sku = {"kind": "StorageV2", "sku": {"name": "Standard_LRS"}}
    storage = put("Microsoft.Storage/storageAccounts", "staz", "2023-01-01", {}, **sku)
    insights = put(
        "Microsoft.Insights/components",
        "appi",
        "2020-02-02",
        {"Application_Type": "web"},
        kind="web",
    )
    url = put(
        "Microsoft.MachineLearningServices/workspaces",
        "mlw",
        "2025-12-01",
        {
            "keyVault": scope,
            "storageAccount": storage.partition("?")[0],
            "applicationInsights": insights.partition("?")[0],
            "encryption": {
                "status": "Enabled",
                "keyVaultProperties": {"keyVaultArmId": scope, "keyIdentifier": key["key"]["kid"]},
            },
        },
        identity={"type": "SystemAssigned"},
    )
    for _ in range(60):
        seen = az("rest", "--method", "get", "--url", url)["properties"]
        if seen["provisioningState"] != "Creating":
            break
    assert seen["provisioningState"] == "Succeeded"
    managed = seen["serviceProvisionedResourceGroup"].rpartition("/")[2]
    kinds = {one["type"] for one in az("resource", "list", "-g", managed)}
    assert "Microsoft.DocumentDB/databaseAccounts" in kinds
    assert "DenyAssignmentAuthorizationFailed" in az.refused(
        "group", "delete", "-n", managed, "--yes"
    )
    az("rest", "--method", "delete", "--url", url)
    az("group", "delete", "-n", "rg", "--yes", "--no-wait")
