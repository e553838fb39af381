from datetime import UTC, datetime, timedelta

import pytest

from services.checks.fit import deleted_fit, key_fit, vault_fit
from services.checks.regions import NEEDED, offered
from services.model.resources import (
    DeletedVault,
    KeyVersion,
    Location,
    Provider,
    ResourceType,
    Vault,
)

NOW = datetime(2026, 11, 23, tzinfo=UTC)
TENANT = "11111111-1111-1111-1111-111111111111"


def vault(**change: object) -> Vault:
    fields: dict[str, object] = {
        "id": "/subscriptions/s/resourceGroups/g/providers/Microsoft.KeyVault/vaults/kv",
        "name": "kv",
        "location": "westeurope",
        "uri": "https://kv.vault.azure.net",
        "tenant_id": TENANT,
        "sku": "standard",
        "rbac": True,
        "soft_delete": True,
        "purge_protection": True,
        "retention_days": 90,
    }
    return Vault(**{**fields, **change})


@pytest.mark.parametrize(
    ("change", "mode", "word", "because"),
    [
        ({}, "own-resources", "ok", ""),
        ({"location": "West Europe"}, "own-resources", "ok", ""),
        ({"location": "northeurope"}, "own-resources", "no", "northeurope"),
        ({"tenant_id": "22222222"}, "own-resources", "no", "another tenant"),
        ({"purge_protection": False}, "own-resources", "fix", "purge protection is off"),
        ({"soft_delete": False}, "own-resources", "fix", "soft delete is off"),
        ({"default_action": "Deny"}, "own-resources", "warn", "only trusted services"),
        ({"default_action": "Deny", "bypass": "None"}, "own-resources", "no", "closed"),
        ({"public_access": "Disabled"}, "own-resources", "warn", "only trusted services"),
        ({"public_access": "Disabled"}, "service-side", "no", "public access"),
        ({"public_access": "SecuredByPerimeter"}, "own-resources", "no", "perimeter"),
        (
            {"purge_protection": False, "default_action": "Deny", "bypass": "None"},
            "own-resources",
            "no",
            "closed",
        ),
    ],
)
def test_a_vault_is_judged_with_its_reason(change, mode, word, because):
    fit = vault_fit(vault(**change), "westeurope", TENANT, mode=mode)
    assert fit.word == word
    assert because in fit.because
    assert bool(fit.irreversible) == (word == "fix")


@pytest.mark.parametrize(
    ("change", "word", "because"),
    [
        ({}, "ok", ""),
        ({"bits": 2048}, "warn", "3072 recommended"),
        ({"type": "EC"}, "no", "EC keys can't wrap"),
        ({"enabled": False}, "no", "disabled"),
        ({"expires": NOW - timedelta(days=1)}, "no", "expired on 22 Nov 2026"),
        ({"expires": NOW}, "no", "expired"),
        ({"expires": NOW + timedelta(days=12)}, "warn", "12 days"),
        ({"expires": NOW + timedelta(days=91)}, "ok", ""),
        ({"not_before": NOW + timedelta(days=2)}, "no", "not valid before 25 Nov 2026"),
        ({"ops": ("encrypt", "wrapKey")}, "no", "unwrapKey not allowed"),
    ],
)
def test_a_key_is_judged_with_its_reason(change, word, because):
    fields = {"id": "https://kv.vault.azure.net/keys/k", "version": "0" * 32, "type": "RSA"}
    fields |= {"bits": 3072, "ops": ("wrapKey", "unwrapKey")}
    fit = key_fit(KeyVersion(**{**fields, **change}), NOW)
    assert fit.word == word
    assert because in fit.because


def test_a_deleted_vault_says_until_when_its_name_is_taken():
    gone = DeletedVault(name="kv", id="", location="", purge_at=datetime(2027, 2, 10, tzinfo=UTC))
    assert deleted_fit(gone).because == "deleted until 10 Feb 2027"


def test_a_region_names_the_services_it_lacks():
    locations = [Location(name=name, display_name=name) for name in ("westeurope", "norwaywest")]
    providers = [
        Provider(
            namespace=namespace,
            state="Registered",
            types=(
                ResourceType(
                    name=kind,
                    locations=("westeurope",)
                    if namespace == "Microsoft.Search"
                    else ("westeurope", "norwaywest"),
                ),
            ),
        )
        for namespace, (kind, _) in NEEDED.items()
    ]
    first, second = offered(locations, providers)
    assert (first.name, first.because) == ("westeurope", "")
    assert (second.name, second.because) == ("norwaywest", "no Azure AI Search")
