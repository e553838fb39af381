"""What is written out for other tools is what they take."""

import ast
import importlib.util
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from services.exports import aci, etcd, storageclass
from services.exports.model import BadExport
from services.ids import ArmId, KeyId
from services.model.resources import DiskEncryptionSet, ManagedCluster, Vault

SUBSCRIPTION = "11111111-1111-1111-1111-111111111111"
GROUP = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/rg ml"
VERSION = "0123456789abcdef0123456789abcdef"
KEY = KeyId.parse(f"https://kv-one.vault.azure.net/keys/cmk/{VERSION}")
WORKSPACE = ArmId.parse(f"{GROUP}/providers/Microsoft.MachineLearningServices/workspaces/mlw-one")
HOSTILE = 'a"\\\'""" + __import__("os").system("touch owned") #\n{x}'
IDENTITY = f"{GROUP}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/uai"
SDK_V1 = os.environ.get("AZUREML_PYTHON", "")
"""A Python that has azureml-core, where this one has not: it needs an older one."""
RUN = """\
import json, sys
import deploy_to_aci
config = deploy_to_aci.deployment_config
config.validate_configuration()
from azureml.core.webservice.aci import AciServiceDeploymentConfiguration as Own
from azureml.core.webservice.webservice import WebserviceDeploymentConfiguration as Base
Base._build_base_create_payload = lambda self, name, image: {"name": name}
print(json.dumps(Own._build_create_payload(config, "score", None)))
"""


def vault(**more: Any) -> Vault:
    made: dict[str, Any] = {
        "id": f"{GROUP}/providers/Microsoft.KeyVault/vaults/kv-one",
        "name": "kv-one",
        "location": "westeurope",
        "uri": "https://kv-one.vault.azure.net",
        "tenant_id": SUBSCRIPTION,
        "sku": "standard",
        "rbac": False,
        "soft_delete": True,
        "purge_protection": True,
        "retention_days": 90,
    }
    return Vault(**{**made, **more})


def cluster(**more: Any) -> ManagedCluster:
    made: dict[str, Any] = {
        "id": f"{GROUP}/providers/Microsoft.ContainerService/managedClusters/aks-1",
        "name": "aks-1",
        "location": "westeurope",
        "state": "Succeeded",
        "identities": (IDENTITY,),
    }
    return ManagedCluster(**{**made, **more})


def encryption_set(**more: Any) -> DiskEncryptionSet:
    made: dict[str, Any] = {
        "id": f"{GROUP}/providers/Microsoft.Compute/diskEncryptionSets/des-1",
        "name": "des-1",
        "location": "westeurope",
        "state": "Succeeded",
    }
    return DiskEncryptionSet(**{**made, **more})


def given(text: str) -> dict[str, Any]:
    """The literals that a snippet passes, by name; it is compiled for the oldest Python that
    azureml-core runs on."""
    compile(text, "deploy_to_aci.py", "exec")
    tree = ast.parse(text, feature_version=(3, 7))
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call)]
    return {
        one.arg: one.value.value
        for call in calls
        for one in call.keywords
        if one.arg and isinstance(one.value, ast.Constant)
    }


def test_the_snippet_names_the_key_as_the_sdk_takes_it() -> None:
    made = aci.snippet(WORKSPACE, KEY)
    told = given(made.text)
    assert told["cmk_vault_base_url"] == "https://kv-one.vault.azure.net"
    assert (told["cmk_key_name"], told["cmk_key_version"]) == ("cmk", VERSION)
    assert (told["name"], told["resource_group"]) == ("mlw-one", "rg ml")
    assert told["subscription_id"] == SUBSCRIPTION
    said = " ".join(made.says)
    for word in ("SDK v2", "2026-06-30", "access policy", "own app"):
        assert word in said


def test_no_name_gets_out_of_its_literal() -> None:
    hostile = ArmId(SUBSCRIPTION, HOSTILE, WORKSPACE.type, (HOSTILE,))
    told = given(aci.snippet(hostile, KEY).text)
    assert (told["name"], told["resource_group"]) == (HOSTILE, HOSTILE)
    calls = ast.dump(ast.parse(aci.snippet(hostile, KEY).text))
    assert "__import__" not in calls.replace(repr(HOSTILE), "")


def test_a_vault_that_the_first_party_app_can_not_use_is_said_first() -> None:
    assert aci.snippet(WORKSPACE, KEY, vault()).says[0] == aci.SAYS[0]
    assert "role assignments" in aci.snippet(WORKSPACE, KEY, vault(rbac=True)).says[0]
    closed = aci.snippet(WORKSPACE, KEY, vault(default_action="Deny"))
    assert "firewall" in closed.says[0]
    with pytest.raises(BadExport, match="names no version"):
        aci.snippet(WORKSPACE, KeyId(KEY.host, KEY.name))


@pytest.mark.skipif(
    not SDK_V1 and importlib.util.find_spec("azureml") is None,
    reason="no azureml-core; AZUREML_PYTHON may name a Python that has it",
)
def test_the_real_sdk_makes_the_payload_of_the_snippet(tmp_path: Path) -> None:
    (tmp_path / "deploy_to_aci.py").write_text(aci.snippet(WORKSPACE, KEY).text)
    (tmp_path / "run.py").write_text(RUN)
    ran = subprocess.run(
        [SDK_V1 or sys.executable, "run.py"],
        cwd=tmp_path,
        check=False,
        capture_output=True,
        text=True,
    )
    assert ran.returncode == 0, ran.stderr
    payload = json.loads(ran.stdout.splitlines()[-1])
    assert payload["encryptionProperties"] == {
        "vaultBaseUrl": "https://kv-one.vault.azure.net",
        "keyName": "cmk",
        "keyVersion": VERSION,
    }


def test_the_class_and_its_claim_are_what_kubernetes_reads() -> None:
    used = encryption_set()
    made = storageclass.manifest(used, cluster(encryption_set=used.id), name="gold")
    kind, claim = yaml.safe_load_all(made.text)
    assert (kind["kind"], kind["apiVersion"]) == ("StorageClass", "storage.k8s.io/v1")
    assert kind["provisioner"] == "disk.csi.azure.com"
    assert kind["parameters"] == {
        "skuName": "StandardSSD_LRS",
        "kind": "managed",
        "diskEncryptionSetID": used.id,
    }
    assert claim["spec"]["storageClassName"] == kind["metadata"]["name"] == "gold"
    assert "by default" in made.says[0]
    reader, credentials, apply = made.commands[:3]
    assert "--role Reader" in reader and f"--ids '{IDENTITY}'" in reader
    assert "--resource-group 'rg ml'" in credentials
    assert apply == "kubectl apply -f gold.yaml"
    alone = storageclass.manifest(used)
    assert all(one.startswith("kubectl") for one in alone.commands)


@pytest.mark.skipif(shutil.which("kubectl") is None, reason="no kubectl on PATH")
def test_kubectl_reads_the_manifest(tmp_path: Path) -> None:
    """As far as it does without a cluster: it wants the server's list of kinds for more."""
    file = tmp_path / "manifest.yaml"
    file.write_text(storageclass.manifest(encryption_set()).text)
    (tmp_path / "kustomization.yaml").write_text("resources: [manifest.yaml]\n")
    ran = subprocess.run(
        ["kubectl", "kustomize", str(tmp_path)], check=False, capture_output=True, text=True
    )
    assert ran.returncode == 0, ran.stderr
    kinds = {one["kind"] for one in yaml.safe_load_all(ran.stdout)}
    assert kinds == {"StorageClass", "PersistentVolumeClaim"}


@pytest.mark.parametrize(
    ("wish", "why"),
    [
        ({"name": "Gold"}, "lower-case"),
        ({"name": "a: b"}, "lower-case"),
        ({"name": "gold\n"}, "lower-case"),
        ({"sku": "UltraSSD_LRS"}, "StandardSSD_LRS"),
        ({"of": {"location": "northeurope"}}, "own region"),
        ({"of": {"id": "/subscriptions/22222222-2222-2222-2222-222222222222"}}, "subscription"),
    ],
)
def test_what_can_not_work_is_no_manifest(wish: dict[str, Any], why: str) -> None:
    of, asked = wish.get("of", {}), {k: v for k, v in wish.items() if k != "of"}
    with pytest.raises(BadExport, match=why):
        storageclass.manifest(encryption_set(**of), cluster(), **asked)


def test_etcd_takes_its_own_grant_by_the_model_of_the_vault() -> None:
    policy = etcd.lines(cluster(), KEY, vault())
    assert "--key-permissions encrypt decrypt" in policy.commands[0]
    role = etcd.lines(cluster(), KEY, vault(rbac=True))
    assert "'Key Vault Crypto User'" in role.commands[0]
    update = role.commands[1]
    assert f"--azure-keyvault-kms-key-id {KEY}" in update
    assert update.endswith("--azure-keyvault-kms-key-vault-network-access Public")
    closed = etcd.lines(cluster(), KEY, vault(rbac=True, public_access="Disabled"))
    assert "'Key Vault Contributor'" in closed.commands[1]
    assert "Private --azure-keyvault-kms-key-vault-resource-id" in closed.commands[2]
    assert "platform" in role.says[0]
    assert "already" in etcd.lines(cluster(kms_key=str(KEY)), KEY, vault()).says[0]


@pytest.mark.parametrize(
    ("of", "key", "why"),
    [
        ({"identities": ()}, KEY, "user-assigned"),
        ({}, KeyId(KEY.host, KEY.name), "names no version"),
        ({}, KeyId("kv-two.vault.azure.net", "cmk", VERSION), "is not a key of kv-one"),
    ],
)
def test_etcd_that_can_not_be_encrypted_is_said(of: dict[str, Any], key: KeyId, why: str) -> None:
    with pytest.raises(BadExport, match=why):
        etcd.lines(cluster(**of), key, vault())
