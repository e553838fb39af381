"""What is read back, compared: pure."""

import pytest

from services.model.resources import (
    CosmosAccount,
    DiskEncryptionSet,
    Encryption,
    SearchService,
    StorageAccount,
    Workspace,
)
from services.setup.steps.verify import (
    judge_cosmos,
    judge_search,
    judge_storage,
    judge_workspace,
)
from services.setup.steps.verify_cluster import LOOKS_S, judge_following

OLD, NEW = "0" * 32, "f" * 32
KEY = f"https://kv.vault.azure.net/keys/cmk/{NEW}"
BARE = "https://kv.vault.azure.net/keys/cmk"
CONFIRMED = "Access to the configured customer managed key confirmed."
VAULT = "/subscriptions/0/resourceGroups/g/providers/Microsoft.KeyVault/vaults/kv"


def statuses(lines: list) -> dict[str, str]:
    return {line.field: line.status for line in lines}


@pytest.mark.parametrize(
    ("key", "status", "words"),
    [
        (BARE, CONFIRMED, ["ok", "ok"]),
        (KEY, CONFIRMED, ["ok", "ok"]),
        (BARE, "", ["ok", "unknown"]),
        (BARE, "Substatus 4018: the key is either disabled or expired", ["ok", "fail"]),
        ("https://other.vault.azure.net/keys/cmk", CONFIRMED, ["fail", "ok"]),
        ("", CONFIRMED, ["fail", "ok"]),
    ],
)
def test_cosmos_names_the_key_without_version(key: str, status: str, words: list[str]) -> None:
    account = CosmosAccount(id="c", name="c", location="w", key_id=key, key_status=status)
    assert [line.status for line in judge_cosmos([account], KEY)] == words


@pytest.mark.parametrize(
    ("source", "key", "words"),
    [
        ("Microsoft.Keyvault", KEY, ["ok", "ok"]),
        ("Microsoft.Keyvault", f"{BARE}/{OLD}", ["ok", "fail"]),
        ("Microsoft.Storage", "", ["fail", "fail"]),
    ],
)
def test_storage_names_the_version(source: str, key: str, words: list[str]) -> None:
    account = StorageAccount(id="s", name="s", location="w", key_source=source, key_id=key)
    assert [line.status for line in judge_storage([account], KEY)] == words


@pytest.mark.parametrize(
    ("told", "word"), [("Compliant", "ok"), ("NonCompliant", "fail"), ("", "unknown")]
)
def test_search_never_tells_its_key(told: str, word: str) -> None:
    service = SearchService(id="s", name="s", location="w", compliance=told)
    lines = judge_search([service], KEY)
    assert [line.status for line in lines] == [word, "unknown"]
    assert lines[1].found == "??"


def test_a_missing_account_is_a_failure() -> None:
    for judge in (judge_cosmos, judge_search, judge_storage):
        assert [line.status for line in judge([], KEY)] == ["fail"]


@pytest.mark.parametrize("service_side", [True, False])
def test_each_mode_has_its_own_rule_for_the_managed_group(service_side: bool) -> None:
    wish = {"vault_id": VAULT, "service_side": service_side}
    used = Encryption(vault_id=VAULT.upper(), key_id=KEY, service_side=service_side)
    for group in ("", "azureml-rg-x"):
        found = Workspace(id="w", name="w", location="w", encryption=used, managed_group=group)
        lines = statuses(judge_workspace(found, wish, KEY))
        expected = "ok" if bool(group) is not service_side else "fail"
        assert lines.pop("serviceProvisionedResourceGroup") == expected
        assert set(lines.values()) == {"ok"}


def test_a_workspace_without_encryption_fails() -> None:
    found = Workspace(id="w", name="w", location="w")
    wish = {"vault_id": VAULT, "service_side": False}
    assert statuses(judge_workspace(found, wish, KEY)) == {"encryption.status": "fail"}


@pytest.mark.parametrize(
    ("error", "granted_s", "word"),
    [
        ("", None, "ok"),
        ("", 60.0, "ok"),
        ("KeyVaultAccessForbidden", 60.0, "unknown"),
        ("KeyVaultAccessForbidden", LOOKS_S, "fail"),
        ("KeyVaultAccessForbidden", None, "fail"),
        ("ManagedServiceIdentityNotFound", 60.0, "fail"),
    ],
)
def test_a_set_keeps_for_an_hour_what_it_found_before_its_grant(
    error: str, granted_s: float | None, word: str
) -> None:
    des = DiskEncryptionSet(
        id="d", name="des", location="w", state="Succeeded", rotation_error=error
    )
    assert judge_following(des, granted_s).status == word
