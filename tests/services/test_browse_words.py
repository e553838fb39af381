from datetime import UTC, datetime, timedelta

import pytest

from services import browse
from services.azure.errors import AzureError, ErrorKind, from_answer
from services.azure.storage import account
from services.azure.vaults import vault
from services.azure.workspaces import workspace
from services.model.resources import CosmosAccount, KeyVersion, RotationPolicy, SearchService

NOW = datetime(2027, 1, 1, tzinfo=UTC)
SUB = "/subscriptions/00000000-0000-4000-8000-000000000001/resourceGroups/rg"
KEY = "https://kv-ml.vault.azure.net/keys/cmk/" + "a" * 32
OTHER = "https://kv-ml.vault.azure.net/keys/cmk/" + "b" * 32
CONFIRMED = "Access to the configured customer managed key confirmed."


def a_vault(*, rbac: bool):
    id = f"{SUB}/providers/Microsoft.KeyVault/vaults/kv-ml"
    return vault({"id": id, "name": "kv-ml", "properties": {"enableRbacAuthorization": rbac}})


def refused(inner: str) -> AzureError:
    error = {"code": "Forbidden", "message": "no", "innererror": {"code": inner}}
    return from_answer(403, {}, {"error": error}, what="Could not list keys.")


@pytest.mark.parametrize(
    ("inner", "rbac", "said"),
    [
        ("ForbiddenByRbac", True, "Microsoft.KeyVault/vaults/keys/read"),
        ("ForbiddenByPolicy", False, "key permissions list and get"),
        ("ForbiddenByFirewall", True, "No right is missing: The vault's firewall"),
        ("ForbiddenByConnection", False, "No right is missing: The vault takes no calls"),
    ],
)
def test_a_refusal_names_the_right_that_is_missing(inner, rbac, said):
    assert said in browse.key_refusal(refused(inner), a_vault(rbac=rbac))


def test_other_errors_miss_no_right():
    assert browse.key_refusal(AzureError(ErrorKind.NETWORK), a_vault(rbac=True)) == ""


@pytest.mark.parametrize(
    ("version", "state"),
    [
        (KeyVersion(id="", version=""), "enabled"),
        (KeyVersion(id="", version="", enabled=False, expires=NOW), "disabled"),
        (KeyVersion(id="", version="", expires=NOW), "expired"),
        (KeyVersion(id="", version="", not_before=NOW + timedelta(days=1)), "not yet"),
    ],
)
def test_the_state_of_a_key(version, state):
    assert browse.key_state(version, NOW) == state


def test_rotation_says_when_nothing_rotates():
    assert "Nothing rotates by itself" in browse.rotation_line(RotationPolicy())
    assert browse.rotation_line(RotationPolicy(notify_before="P30D")) == (
        "Rotation: a warning P30D before expiry. Nothing rotates by itself."
    )
    assert "Nothing" not in browse.rotation_line(RotationPolicy(rotate_after="P1Y"))


def test_search_never_proves_a_key():
    good = browse.search_told(SearchService(id="", name="", location="", compliance="Compliant"))
    assert good.word == "??"
    bad = browse.search_told(SearchService(id="", name="", location="", compliance="NonCompliant"))
    assert bad.word == "FAIL"
    assert browse.search_told(SearchService(id="", name="", location="")).says.endswith("??")


@pytest.mark.parametrize(("key", "word"), [(KEY, "OK"), (OTHER, "FAIL")])
def test_storage_is_held_to_the_version(key, word):
    raw = {
        "properties": {
            "encryption": {
                "keySource": "Microsoft.Keyvault",
                "keyvaultproperties": {"currentVersionedKeyIdentifier": key},
            }
        }
    }
    assert browse.storage_told(account(raw), KEY).word == word


def test_cosmos_is_held_to_the_key_and_to_what_it_says_of_it():
    def told(key: str, status: str) -> str:
        found = CosmosAccount(id="", name="", location="", key_id=key, key_status=status)
        return browse.cosmos_told(found, KEY).word

    versionless = KEY.rsplit("/", 1)[0]
    assert told(versionless, CONFIRMED) == "OK"
    assert told(versionless, "") == "??"
    assert told(versionless, "Access to your account is currently revoked (4002)") == "FAIL"
    assert told("", CONFIRMED) == "FAIL"


def test_a_workspace_tells_its_facts_and_what_nobody_tells():
    raw = {
        "id": f"{SUB}/providers/Microsoft.MachineLearningServices/workspaces/mlw",
        "name": "mlw",
        "identity": {"type": "SystemAssigned", "principalId": "ABC"},
        "properties": {
            "provisioningState": "Succeeded",
            "serviceProvisionedResourceGroup": "rg-managed",
            "encryption": {
                "status": "Enabled",
                "keyVaultProperties": {
                    "keyVaultArmId": f"{SUB}/providers/Microsoft.KeyVault/vaults/kv-ml",
                    "keyIdentifier": KEY,
                },
            },
        },
    }
    found = workspace(raw)
    facts = dict(browse.workspace_facts(found))
    assert facts["Encrypted"] == "with your own key, in the managed group rg-managed"
    assert facts["Vault"] == "kv-ml"
    assert facts["Key"] == f"cmk, version {'a' * 32}"
    assert facts["Identity"] == "SystemAssigned, object id abc"
    assert "AI Search" in browse.untold(found)
    plain = workspace({**raw, "properties": {}})
    assert dict(browse.workspace_facts(plain))["Encrypted"] == "with Microsoft's keys"
    assert "Microsoft's keys" in browse.untold(plain)


def test_a_key_identifier_that_is_none_is_shown_as_it_is():
    assert browse.named("what?").key == "what?"
