"""Which keys a resource's document names."""

import pytest

from services.fleet.dependents import dependent
from services.fleet.named import keys_named, names_vault
from services.model.fleet import Subject

HOST = "kv-ml-prod.vault.azure.net"
OLD, NEW = "0" * 31 + "1", "0" * 31 + "2"
SUB = "/subscriptions/5b000000-0000-4000-8000-0000000000d1/resourceGroups/rg"


@pytest.mark.parametrize(
    ("properties", "named"),
    [
        ({"keyVaultKeyUri": f"https://{HOST}/keys/cmk"}, [f"https://{HOST}/keys/cmk"]),
        ({"a": [{"b": f"https://{HOST}:443/keys/cmk/{OLD}"}]}, [f"https://{HOST}/keys/cmk/{OLD}"]),
        (
            {"vaultBaseUrl": f"https://{HOST}/", "keyName": "cmk", "keyVersion": OLD},
            [f"https://{HOST}/keys/cmk/{OLD}"],
        ),
        (
            # Storage that follows: no version of its own, and the one it uses now
            {
                "keyvaultproperties": {
                    "keyname": "cmk",
                    "keyvaulturi": f"https://{HOST}",
                    "keyversion": "",
                    "currentVersionedKeyIdentifier": f"https://{HOST}/keys/cmk/{NEW}",
                }
            },
            [f"https://{HOST}/keys/cmk/{NEW}"],
        ),
        (
            {
                "previousKeys": [{"keyUrl": f"https://{HOST}/keys/cmk/{OLD}"}],
                "activeKey": {"keyUrl": f"https://{HOST}/keys/cmk/{NEW}"},
            },
            [f"https://{HOST}/keys/cmk/{NEW}", f"https://{HOST}/keys/cmk/{OLD}"],
        ),
        ({"a": f"https://other-{HOST}/keys/cmk"}, []),
        ({"a": f"https://{HOST}/secrets/cmk", "b": 7, "c": None}, []),
    ],
)
def test_keys_are_read_from_any_shape(properties: object, named: list[str]) -> None:
    assert list(keys_named(properties, HOST)) == named


def test_a_host_is_not_found_in_a_longer_one() -> None:
    assert names_vault(f'"HTTPS://{HOST.upper()}/"', HOST)
    assert names_vault(f"https://{HOST}:443/", HOST)
    assert not names_vault(f"https://my-{HOST}/", HOST)
    assert not names_vault(f"https://{HOST}.evil.example/", HOST)


def row(type: str, properties: object) -> dict[str, object]:
    return {"id": f"{SUB}/providers/{type}/x", "name": "x", "type": type, "properties": properties}


def test_who_names_another_key_or_version_is_no_dependent() -> None:
    versioned = row("microsoft.search/any", {"k": f"https://{HOST}/keys/cmk/{OLD}"})
    versionless = row("microsoft.documentdb/databaseaccounts", {"k": f"https://{HOST}/keys/cmk"})
    key = Subject(host=HOST, key="CMK")
    for one in (versioned, versionless):
        found = dependent(one, key)
        assert found is not None and found.how == "key"
    assert dependent(versioned, Subject(host=HOST, key="other")) is None
    assert dependent(versioned, Subject(host=HOST, key="cmk", version=NEW)) is None
    assert dependent(versionless, Subject(host=HOST, key="cmk", version=NEW)) is not None
    assert dependent(versioned, Subject(host=HOST)) is not None


def test_who_names_only_the_vault_is_marked_so_and_the_vault_itself_is_none() -> None:
    subject = Subject(host=HOST, key="cmk")
    by_id = f"{SUB}/providers/Microsoft.KeyVault/vaults/kv-ml-prod"
    found = dependent(row("microsoft.machinelearningservices/workspaces", {"v": by_id}), subject)
    assert found is not None
    assert found.how == "vault" and found.keys == () and found.version == ""
    assert dependent(row("microsoft.any/any", {"v": f"{by_id}-2"}), subject) is None
    vault = {
        **row("microsoft.keyvault/vaults", {"vaultUri": f"https://{HOST}/"}),
        "name": "kv-ml-prod",
    }
    assert dependent(vault, subject) is None
