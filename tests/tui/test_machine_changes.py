"""wrapkey rotate and delete of sets, clusters and container groups, as scripts call them."""

import pytest
from keyusers import GROUP, SET, VERSION, machines
from sandboxed import RunningSandbox

from sandbox import registrations

CLUSTER = f"{GROUP}/Microsoft.ContainerService/managedClusters/aks-prod"
SCORE = f"{GROUP}/Microsoft.ContainerInstance/containerGroups/score-1"
SUBSCRIPTION = "5b000000-0000-4000-8000-0000000000d1"


@pytest.fixture(autouse=True)
def prod(sandbox: RunningSandbox) -> None:
    sandbox.reset("broken/healthy")
    machines(sandbox, f"kv-ml-prod.{sandbox.ready['key_vault_suffix'].lstrip('.')}")

    def more() -> None:
        from sandbox import rbac

        for name in ("Compute", "ContainerService", "ContainerInstance"):
            registrations.put(sandbox.world, SUBSCRIPTION, f"Microsoft.{name}", "Registered")
        des = sandbox.world.resource(SET)
        assert des is not None
        who = des.doc["identity"]["principalId"]
        group = GROUP.replace("rg-ml", "rg-sec").removesuffix("/providers")
        role = "Key Vault Crypto Service Encryption User"
        rbac.grant(sandbox.world, group, role, who, created=sandbox.world.epoch() - 10_000)

    sandbox.on_loop(more)


def writes(sandbox: RunningSandbox) -> list[str]:
    return [
        f"{one['method']} {one['path'].rpartition('/')[2]}"
        for one in sandbox.requests()
        if one["method"] in ("PUT", "PATCH", "DELETE") or one["path"].endswith("/create")
    ]


@pytest.mark.parametrize("named", ["aks-prod", SET])
def test_a_set_is_shown_and_rotated(call, connected, sandbox, named):
    found = call("rotate", named, "--preview", "--json", *connected).json
    assert found["subject"] == SET and found["workspaces"] == []
    assert [(one["kind"], one["name"]) for one in found["places"]] == [
        ("disk-encryption-set", "des-prod")
    ]
    assert [one["id"] for one in found["steps"]] == ["key", "set-key", "verify", "kept"]
    assert writes(sandbox) == []
    said = call("rotate", named, "--yes", *connected)
    assert said.code == 0, said.err
    assert f"keep version {VERSION[:8]}" in said.out and "Cosmos" not in said.out
    assert writes(sandbox) == ["POST create", "PATCH des-prod"]


def test_a_group_wants_its_name_and_its_secrets(call, connected, sandbox, monkeypatch):
    found = call("rotate", "score-1", "--preview", "--json", *connected).json
    assert [one["kind"] for one in found["places"]] == ["container-group"]
    assert any(step["irreversible"] for step in found["steps"])
    said = call("rotate", "score-1", "--yes", "--secret", "variable/main/X=env:X", *connected)
    assert said.code == 2 and "has no secret variable/main/X" in said.err
    for wrong in ("X", "X=plain-text", "=env:X", "X=env:"):
        said = call("rotate", "score-1", "--yes", "--secret", wrong, *connected)
        assert said.code == 2 and "NAME=env:VARIABLE" in said.err
    monkeypatch.setattr("sys.stdin.isatty", lambda: True)
    monkeypatch.setattr("click.prompt", lambda *_, **__: "y")
    said = call("rotate", "score-1", *connected)
    assert "deleted and made again" in said.err and "Nothing was changed." in said.err
    assert writes(sandbox) == []


def test_a_cluster_and_its_set_are_deleted(call, connected, sandbox, monkeypatch):
    said = call("delete", "des-prod", "--yes", *connected)
    assert said.code == 3 and "aks-prod uses disk encryption set des-prod" in said.err
    said = call("delete", "aks-prod", "--yes", "--purge", *connected)
    assert said.code == 2 and "there is no purge" in said.err
    found = call("delete", "aks-prod", "--preview", "--json", *connected).json
    assert found["kind"] == "cluster" and found["managed_group"]
    assert "ends" in found["cost"]
    assert writes(sandbox) == []
    monkeypatch.setattr("sys.stdin.isatty", lambda: True)
    monkeypatch.setattr("click.prompt", lambda *_, **__: "aks-prod")
    said = call("delete", "aks-prod", *connected)
    assert said.code == 0, said.err
    assert "DELETE  node group" in said.err and "STAYS   disk encryption set" in said.err
    assert call("delete", "des-prod", "--yes", *connected).code == 0
    assert call("delete", SCORE, "--yes", *connected).code == 0
    assert writes(sandbox) == ["DELETE aks-prod", "DELETE des-prod", "DELETE score-1"]


def test_read_only_sends_nothing(call, connected, sandbox):
    for words in (("rotate", SET), ("rotate", SCORE), ("delete", SCORE), ("delete", CLUSTER)):
        said = call(*words, "--yes", "--read-only", *connected)
        assert said.code != 0, said.err
    assert writes(sandbox) == []
