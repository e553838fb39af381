"""wrapkey rotate, delete and dependents, as scripts and people call them."""

import json

import pytest
from sandboxed import RunningSandbox

SUB = "/subscriptions/5b000000-0000-4000-8000-0000000000d1"
WORKSPACE = (
    f"{SUB}/resourceGroups/rg-ml/providers/Microsoft.MachineLearningServices/workspaces/mlw-prod"
)
OLD = "0d1ab1ed000040008000000000000001"


@pytest.fixture(autouse=True)
def prod(sandbox: RunningSandbox) -> None:
    sandbox.reset("broken/healthy")


def writes(sandbox: RunningSandbox) -> list[str]:
    return [
        f"{one['method']} {one['path'].rpartition('/')[2]}"
        for one in sandbox.requests()
        if one["method"] in ("PUT", "PATCH", "DELETE") or one["path"].endswith("/create")
    ]


def test_dependents_are_told_with_their_versions_and_with_what_is_not_shown(call, connected):
    said = call("dependents", WORKSPACE, *connected)
    assert said.code == 0
    first = said.out.splitlines()
    assert any(line.startswith("Storage") and line.endswith(OLD) for line in first)
    assert any(line.startswith("AI Search") and line.endswith("??") for line in first)
    assert "what you may read, as of 20" in said.err and "Not shown here:" in said.err


def test_dependents_as_a_document(call, connected):
    found = call("dependents", WORKSPACE, "--json", *connected).json
    assert {"schema", "subject", "at", "dependents", "unseen"} == set(found)
    assert found["subject"].endswith("/keys/cmk-ml")
    assert {one["kind"]: one["version"] for one in found["dependents"]} == {
        "Cosmos DB": "", "AI Search": "", "Storage": OLD, "workspace": OLD
    }  # fmt: skip
    by_address = call("dependents", found["subject"], "--json", *connected).json
    assert by_address["dependents"] == found["dependents"]


def test_what_is_no_key_is_bad_input(call, connected):
    said = call("dependents", "kv-ml-prod", *connected)
    assert said.code == 2 and "name a vault or a key" in said.err


def test_a_rotation_is_shown_and_changes_nothing(call, connected, sandbox):
    found = call("rotate", "mlw-prod", "--preview", "--json", *connected).json
    assert [one["id"] for one in found["steps"]] == [
        "key", "workspace-key", "taken", "verify", "kept"
    ]  # fmt: skip
    assert found["workspaces"][0]["id"] == WORKSPACE and found["to"] is None
    assert found["worst"] in ("ok", "warn", "skipped")
    said = call("rotate", "mlw-prod", "--preview", *connected)
    assert said.code == 0
    assert f"{OLD}" in said.err and "Terraform" in said.err and "Nothing was changed." in said.err
    assert writes(sandbox) == []


def test_a_rotation_tells_until_when_the_old_version_is_kept(call, connected, sandbox):
    said = call("rotate", "mlw-prod", "--yes", *connected)
    assert said.code == 0, said.err
    assert "24 h for Cosmos DB" in said.out and "AI Search neither" in said.out
    assert writes(sandbox) == ["POST create", "PATCH mlw-prod"]
    (run,) = call("runs", "--json").json["runs"]
    assert (run["purpose"], run["status"]) == ("rotate", "succeeded")


def test_nobody_can_be_asked(call, connected, sandbox):
    for name in ("rotate", "delete"):
        said = call(name, "mlw-prod", *connected)
        assert said.code == 2 and "add --yes" in said.err
    assert writes(sandbox) == []


@pytest.mark.parametrize(
    ("words", "code", "told"),
    [
        (("--key", "https://kv-b.vault.localhost/keys/k"), 2, "of the vault it was made with"),
        (("--version", "1"), 2, "32 hex digits"),
        (("--version", OLD, "--new-version"), 2, "exclude each other"),
        (("--version", "f" * 32), 3, "has no such version"),
    ],
)
def test_what_can_not_be_gone_to_is_said_before(call, connected, sandbox, words, code, told):
    said = call("rotate", "mlw-prod", "--yes", *words, *connected)
    assert (said.code, told in said.err) == (code, True), said.err
    assert writes(sandbox) == []


def test_service_side_is_refused_before(call, connected, sandbox):
    sandbox.reset("broken/healthy-service-side")
    said = call("rotate", "mlw-prod", "--yes", *connected)
    assert said.code == 3 and "can't be rotated" in said.err
    assert writes(sandbox) == []


def test_a_delete_is_shown_with_what_stays_and_what_it_costs(call, connected, sandbox):
    found = call("delete", "mlw-prod", "--preview", "--json", *connected).json
    assert [one["kind"] for one in found["stays"]][:2] == ["vault", "key"]
    assert found["cost"]["days"] == 14 and found["cost"]["kept"]["low"] > 0
    said = call("delete", "mlw-prod", "--preview", *connected)
    assert "STAYS   key " in said.err and "A purge ends that at once." in said.err
    assert writes(sandbox) == []


def test_a_delete_asks_for_the_name(call, connected, sandbox, monkeypatch):
    monkeypatch.setattr("sys.stdin.isatty", lambda: True)
    for typed, sent in (("yes", []), ("", []), ("mlw-prod", ["DELETE mlw-prod"])):
        monkeypatch.setattr("click.prompt", lambda *_, typed=typed, **__: typed)
        said = call("delete", "mlw-prod", *connected)
        assert said.code == 0, said.err
        assert writes(sandbox) == sent
        assert ("Nothing was changed." in said.err) is (not sent)


def test_a_lock_refuses_a_delete(call, connected, sandbox):
    path = f"{WORKSPACE}/providers/Microsoft.Authorization/locks/keep"
    sandbox.call("PUT", path, {"properties": {"level": "CanNotDelete"}}, version="2016-09-01")
    said = call("delete", "mlw-prod", "--yes", "--purge", *connected)
    assert said.code == 3 and "Lock keep" in said.err and "az lock delete --ids" in said.err
    assert json.dumps(writes(sandbox)) == '["PUT keep"]'


def test_read_only_sends_nothing(call, connected, sandbox):
    for words in (("rotate", "mlw-prod", "--yes"), ("delete", "mlw-prod", "--yes")):
        assert call(*words, "--read-only", *connected).code != 0
    assert writes(sandbox) == []


def test_hostile_names_are_plain(call, connected, sandbox):
    def poison() -> None:
        for key, one in sandbox.world.state.resources.items():
            if "/databaseaccounts/" in key:
                one.doc["name"] = "\x1b[31m[red]co\u202esmos"

    sandbox.on_loop(poison)
    said = call("dependents", WORKSPACE, *connected)
    assert "\x1b" not in said.out and "\u202e" not in said.out and "[red]co" in said.out
