"""export: what it reads is what it writes out, and it changes nothing."""

import ast
from pathlib import Path

import pytest
import yaml
from carrying import writes
from sandboxed import RunningSandbox

from services.exports import aci
from tests.tui.conftest import Call
from tui.exits import Exit

SNIPPET = ("export", "aci-snippet")
CLASS = ("export", "storage-class")
ETCD = ("export", "etcd-kms")


def key_url(sandbox: RunningSandbox, name: str = "cmk-ml") -> str:
    return f"https://kv-ml-prod.{sandbox.ready['key_vault_suffix']}/keys/{name}"


@pytest.mark.parametrize(
    ("scenario", "first"),
    [("healthy-policies", "Only SDK v1"), ("healthy", "kv-ml-prod uses role assignments")],
)
def test_the_snippet_of_a_workspace(
    sandbox: RunningSandbox, call: Call, connected: tuple[str, str], scenario: str, first: str
) -> None:
    sandbox.reset(f"broken/{scenario}")
    said = call(*SNIPPET, "mlw-prod", *connected)
    assert said.code == Exit.DONE, said.err
    compile(said.out, "snippet", "exec")
    assert key_url(sandbox).rpartition("/keys/")[0] in said.out
    assert said.err.startswith(first)
    assert f"az ad sp create --id {aci.APP}" in said.err
    other = call(*SNIPPET, "mlw-prod", "--key", key_url(sandbox), "--json", *connected)
    assert other.json["kind"] == "aci-snippet"
    assert ast.dump(ast.parse(other.json["text"])) == ast.dump(ast.parse(said.out))
    assert writes(sandbox) == []


def test_the_class_and_the_etcd_lines_of_a_cluster(
    sandbox: RunningSandbox, call: Call, connected: tuple[str, str], tmp_path: Path
) -> None:
    sandbox.reset("broken/cluster-healthy")
    file = tmp_path / "class.yaml"
    said = call(*CLASS, "aks-prod", "--name", "gold", "--output", str(file), *connected)
    assert (said.code, said.out) == (Exit.DONE, ""), said.err
    kind, _ = yaml.safe_load_all(file.read_text())
    assert kind["parameters"]["diskEncryptionSetID"].endswith("/diskEncryptionSets/des-prod")
    assert "az aks get-credentials --name aks-prod" in said.err
    alone = call(*CLASS, "des-prod", "--name", "gold", *connected)
    assert alone.out == file.read_text() and "az aks" not in alone.err
    etcd = call(*ETCD, "aks-prod", "--key", key_url(sandbox), *connected)
    assert etcd.code == Exit.DONE, etcd.err
    assert etcd.out.splitlines()[-1].startswith("kubectl get secrets")
    assert "--enable-azure-keyvault-kms" in etcd.out
    assert writes(sandbox) == []


@pytest.mark.parametrize(
    ("words", "why"),
    [
        ((*CLASS, "aks-none"), "aks-none"),
        ((*CLASS, "aks-prod", "--name", "Gold"), "lower-case"),
        ((*CLASS, "aks-prod", "--output", "/proc/none/file"), "/proc/none/file"),
        ((*ETCD, "aks-prod", "--key", "cmk"), "https://"),
        ((*SNIPPET, "aks-prod"), "workspace"),
    ],
)
def test_what_can_not_be_exported_is_a_sentence(
    sandbox: RunningSandbox,
    call: Call,
    connected: tuple[str, str],
    words: tuple[str, ...],
    why: str,
) -> None:
    sandbox.reset("broken/cluster-healthy")
    said = call(*words, *connected)
    assert (said.code, said.out) == (Exit.BAD_INPUT, ""), said.err
    assert why in said.err and "Traceback" not in said.err
