import msgspec
import pytest

from services import portal
from services.azure.clouds import AZURE_CHINA, AZURE_PUBLIC

SUB = "/subscriptions/00000000-0000-4000-8000-000000000001"
VAULT = f"{SUB}/resourceGroups/rg-sec/providers/Microsoft.KeyVault/vaults/kv-ml"


def test_a_resource_of_a_tenant():
    assert portal.resource(AZURE_PUBLIC, VAULT, "contoso.test") == (
        f"https://portal.azure.com/#@contoso.test/resource{VAULT}"
    )


def test_another_cloud_has_another_portal():
    assert portal.resource(AZURE_CHINA, SUB) == f"https://portal.azure.cn/#resource{SUB}"


def test_a_key_and_its_version():
    id = "https://kv-ml.vault.azure.net/keys/cmk/" + "a" * 32
    assert portal.key(AZURE_PUBLIC, id, "t") == (
        f"https://portal.azure.com/#@t/asset/Microsoft_Azure_KeyVault/Key/{id}"
    )


@pytest.mark.parametrize("id", ["", "kv-ml", "javascript:alert(1)"])
def test_what_is_no_id_has_no_page(id):
    assert portal.resource(AZURE_PUBLIC, id) == ""
    assert portal.key(AZURE_PUBLIC, id) == ""


def test_a_cloud_without_a_portal_has_no_pages():
    cloud = msgspec.structs.replace(AZURE_PUBLIC, portal="")
    assert portal.resource(cloud, VAULT) == ""


def test_names_cannot_leave_their_place_in_the_address():
    found = portal.resource(AZURE_PUBLIC, f"{SUB}/resourceGroups/a b#?%[", "t/@x")
    assert found.count("#") == 1
    assert found.endswith("/resourceGroups/a%20b%23%3F%25%5B")
    assert "#@t%2F%40x/" in found
