"""What is read from answers: the fields, and that no answer can break or harm the reader."""

import copy
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest

from services.azure import (
    authorization,
    calls,
    cosmos,
    graph,
    groups,
    identities,
    keys,
    locks,
    providers,
    resources,
    search,
    storage,
    subscriptions,
    tenants,
    vaults,
    workspaces,
)
from services.model.resources import AccessPolicy, Encryption, ResourceType
from services.text import plain

SUB = "/subscriptions/00000000-0000-0000-0000-0000000000aa"
GROUP = f"{SUB}/resourceGroups/rg-1"
KEY = "https://kv-1.vault.azure.net/keys/cmk"
VERSION = "0123456789abcdef0123456789abcdef"

VAULT = {
    "id": GROUP.replace("resourceGroups", "resourcegroups")
    + "/providers/Microsoft.KeyVault/vaults/kv-1",
    "name": "kv-1",
    "type": "Microsoft.KeyVault/vaults",
    "location": "West Europe",
    "tags": {"team": "ml"},
    "properties": {
        "vaultUri": "https://kv-1.vault.azure.net/",
        "tenantId": "AAAAAAAA-0000-0000-0000-000000000000",
        "sku": {"family": "A", "name": "Premium"},
        "enableSoftDelete": True,
        "enablePurgeProtection": True,
        "softDeleteRetentionInDays": 7,
        "publicNetworkAccess": "Disabled",
        "networkAcls": {"bypass": "None", "defaultAction": "Deny"},
        "accessPolicies": [
            {"tenantId": "T", "objectId": "O", "permissions": {"keys": ["Get", "WrapKey"]}}
        ],
        "provisioningState": "RegisteringDns",
    },
}
DELETED_VAULT = {
    "name": "kv-1",
    "properties": {
        "vaultId": VAULT["id"],
        "location": "westeurope",
        "deletionDate": "2026-11-01T10:00:00Z",
        "scheduledPurgeDate": "2027-01-30T10:00:00.1234567Z",
        "purgeProtectionEnabled": True,
    },
}
BUNDLE = {
    "key": {
        "kid": f"https://kv-1.vault.azure.net:443/keys/cmk/{VERSION}",
        "kty": "RSA",
        "key_ops": ["wrapKey", "unwrapKey"],
        "n": keys._encode((1 << 3071 | 1).to_bytes(384)),
        "e": "AQAB",
    },
    "attributes": {
        "enabled": False,
        "nbf": 1800000000,
        "exp": 1900000000,
        "created": 1790000000,
        "updated": 1790000001,
        "recoveryLevel": "Recoverable",
    },
    "tags": {"a": "b"},
}
ROTATION = {
    "lifetimeActions": [
        {"trigger": {"timeAfterCreate": "P1Y"}, "action": {"type": "rotate"}},
        {"trigger": {"timeBeforeExpiry": "P30D"}, "action": {"type": "Notify"}},
    ],
    "attributes": {"expiryTime": "P2Y"},
}
WORKSPACE = {
    "id": f"{GROUP}/providers/Microsoft.MachineLearningServices/workspaces/mlw",
    "name": "mlw",
    "location": "westeurope",
    "tags": {"a": "b"},
    "identity": {
        "type": "SystemAssigned,UserAssigned",
        "principalId": "P",
        "userAssignedIdentities": {f"{GROUP}/providers/Microsoft.ManagedIdentity/x/u": {}},
    },
    "properties": {
        "provisioningState": "Succeeded",
        "description": "d",
        "hbiWorkspace": True,
        "publicNetworkAccess": "Enabled",
        "serviceProvisionedResourceGroup": "mlw_1",
        "storageAccount": f"{GROUP}/providers/Microsoft.Storage/storageAccounts/st",
        "keyVault": VAULT["id"],
        "applicationInsights": f"{GROUP}/providers/microsoft.insights/components/appi",
        "containerRegistry": None,
        "enableServiceSideCMKEncryption": True,
        "encryption": {
            "status": "Enabled",
            "identity": {"userAssignedIdentity": f"{GROUP}/providers/M.MI/x/u"},
            "keyVaultProperties": {
                "keyVaultArmId": VAULT["id"],
                "keyIdentifier": f"{KEY}/{VERSION}",
            },
        },
    },
}
ASSIGNMENT = {
    "id": f"{GROUP}/providers/Microsoft.Authorization/roleAssignments/1",
    "properties": {
        "roleDefinitionId": f"{SUB}/providers/Microsoft.Authorization/roleDefinitions/R-1",
        "principalId": "P",
        "principalType": "ServicePrincipal",
        "scope": GROUP,
        "createdOn": "2026-11-01T10:00:00Z",
        "condition": None,
    },
}
STORAGE = {
    "id": f"{GROUP}/providers/Microsoft.Storage/storageAccounts/st",
    "name": "st",
    "location": "westeurope",
    "kind": "StorageV2",
    "sku": {"name": "Standard_LRS"},
    "properties": {
        "provisioningState": "Succeeded",
        "isHnsEnabled": True,
        "encryption": {
            "keySource": "Microsoft.Keyvault",
            "keyvaultproperties": {"currentVersionedKeyIdentifier": f"{KEY}/{VERSION}"},
        },
    },
}
PROVIDER = {
    "namespace": "Microsoft.Search",
    "registrationState": "Registered",
    "resourceTypes": [{"resourceType": "searchServices", "locations": ["West Europe"]}],
}

READERS: list[tuple[Callable[[Any], Any], dict[str, Any]]] = [
    (vaults.vault, VAULT),
    (vaults.deleted_vault, DELETED_VAULT),
    (keys.version, BUNDLE),
    (keys.rotation_policy, ROTATION),
    (workspaces.workspace, WORKSPACE),
    (authorization.assignment, ASSIGNMENT),
    (storage.account, STORAGE),
    (providers.provider, PROVIDER),
    (calls.name_check, {"nameAvailable": False, "reason": "AlreadyExists", "message": "m"}),
    (groups.group, {"id": GROUP, "name": "rg-1", "location": "x", "managedBy": GROUP}),
    (
        resources.resource,
        {"id": GROUP, "name": "n", "type": "T/t", "sku": {"name": "s"}, "provisioningState": "Ok"},
    ),
    (
        identities.identity,
        {"id": GROUP, "name": "u", "properties": {"principalId": "P", "clientId": "C"}},
    ),
    (
        cosmos.account,
        {
            "id": GROUP,
            "name": "c",
            "location": "East US",
            "properties": {"keyVaultKeyUri": KEY, "customerManagedKeyStatus": "ok"},
        },
    ),
    (
        search.service,
        {
            "name": "s",
            "properties": {"encryptionWithCmk": {"encryptionComplianceStatus": "Compliant"}},
        },
    ),
    (
        locks.lock,
        {
            "id": f"{GROUP}/providers/Microsoft.Authorization/locks/l",
            "name": "l",
            "properties": {"level": "CanNotDelete", "notes": "n"},
        },
    ),
    (graph.principal, {"id": "O", "appId": "A", "displayName": "d", "accountEnabled": False}),
    (subscriptions.subscription, {"subscriptionId": "S", "displayName": "d", "tenantId": "T"}),
    (subscriptions.location, {"name": "westeurope", "displayName": "West Europe"}),
    (tenants.tenant, {"tenantId": "T", "displayName": "d", "defaultDomain": "x"}),
]
HOSTILE = [None, [], {}, 7, True, [None, 7, "x", {}], "\x1b[2J\u202eevil\n" + "x" * 10_000, 10**30]


def paths(data: Any, here: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The address of every value below ``data``."""
    for key in data if isinstance(data, dict) else range(len(data)):
        yield (*here, key)
        if isinstance(data[key], dict | list):
            yield from paths(data[key], (*here, key))


def strings(value: Any) -> Iterator[str]:
    """Every text that a noun shows; ``raw`` is what was received and is not shown."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for key, item in value.items():
            yield from (*strings(key), *strings(item))
    elif isinstance(value, tuple | list):
        for item in value:
            yield from strings(item)
    elif isinstance(value, msgspec.Struct):
        for name in value.__struct_fields__:
            if name != "raw":
                yield from strings(getattr(value, name))


@pytest.mark.parametrize(
    ("read", "data"), READERS, ids=lambda value: getattr(value, "__name__", "")
)
def test_no_value_of_an_answer_breaks_or_harms_a_reader(
    read: Callable[[Any], Any], data: dict[str, Any]
) -> None:
    assert read({}).raw == {}
    for path in paths(data):
        for poison in HOSTILE:
            damaged = copy.deepcopy(data)
            spot: Any = damaged
            for key in path[:-1]:
                spot = spot[key]
            spot[path[-1]] = poison
            noun = read(damaged)
            assert noun.raw is damaged
            assert all(text == plain(text) for text in strings(noun)), path


def test_a_vault() -> None:
    read = vaults.vault(VAULT)
    assert read.id == f"{GROUP}/providers/Microsoft.KeyVault/vaults/kv-1"
    assert (read.location, read.uri) == ("westeurope", "https://kv-1.vault.azure.net")
    assert (read.sku, read.tenant_id[:8], read.state) == ("premium", "aaaaaaaa", "RegisteringDns")
    assert (read.rbac, read.soft_delete, read.purge_protection) == (False, True, True)
    assert (read.retention_days, read.public_access) == (7, "Disabled")
    assert (read.default_action, read.bypass, read.tags) == ("Deny", "None", {"team": "ml"})
    assert read.policies == (AccessPolicy(object_id="o", tenant_id="t", keys=("get", "wrapkey")),)


def test_a_vault_that_tells_little_is_read_as_azure_means_it() -> None:
    bare = vaults.vault({"name": "kv", "properties": {"vaultUri": "https://kv.vault.azure.net"}})
    assert (bare.rbac, bare.purge_protection, bare.soft_delete) == (False, False, True)
    assert (bare.public_access, bare.default_action, bare.retention_days) == (
        "Enabled",
        "Allow",
        90,
    )


def test_a_deleted_vault() -> None:
    read = vaults.deleted_vault(DELETED_VAULT)
    assert read.id == vaults.vault(VAULT).id
    assert read.deleted == datetime(2026, 11, 1, 10, tzinfo=UTC)
    assert read.purge_at == datetime(2027, 1, 30, 10, 0, 0, 123456, tzinfo=UTC)
    assert read.purge_protection


def test_a_key_version() -> None:
    read = keys.version(BUNDLE)
    assert (read.id, read.version) == (f"{KEY}/{VERSION}", VERSION)
    assert (read.type, read.bits, read.ops) == ("RSA", 3072, ("wrapKey", "unwrapKey"))
    assert (read.enabled, read.recovery, read.tags) == (False, "Recoverable", {"a": "b"})
    assert read.not_before == datetime.fromtimestamp(1800000000, UTC)
    assert read.expires == datetime.fromtimestamp(1900000000, UTC)


def test_a_rotation_policy() -> None:
    read = keys.rotation_policy(ROTATION)
    assert (read.rotate_after, read.rotate_before_expiry) == ("P1Y", "")
    assert (read.notify_before, read.expiry) == ("P30D", "P2Y")


def test_a_workspace() -> None:
    read = workspaces.workspace(WORKSPACE)
    assert read.encryption == Encryption(
        vault_id=f"{GROUP}/providers/Microsoft.KeyVault/vaults/kv-1",
        key_id=f"{KEY}/{VERSION}",
        identity=f"{GROUP}/providers/M.MI/x/u",
        service_side=True,
    )
    assert (read.managed_group, read.hbi, read.registry) == ("mlw_1", True, "")
    assert (read.identity_type, read.principal_id) == ("SystemAssigned,UserAssigned", "p")
    assert read.vault == read.encryption.vault_id
    assert workspaces.workspace({"properties": {}}).encryption is None
    off = {"properties": {"encryption": {"status": "Disabled"}}}
    assert workspaces.workspace(off).encryption is None


def test_other_nouns() -> None:
    grant = authorization.assignment(ASSIGNMENT)
    assert (grant.role_id, grant.principal_id, grant.scope) == ("r-1", "p", GROUP)
    account = storage.account(STORAGE)
    assert (account.key_id, account.hierarchical) == (f"{KEY}/{VERSION}", True)
    assert providers.provider(PROVIDER).types == (
        ResourceType(name="searchServices", locations=("westeurope",)),
    )
    assert locks.lock({"id": f"{GROUP}/providers/Microsoft.Authorization/locks/l"}).scope == GROUP
    told = {"@odata.type": "#microsoft.graph.servicePrincipal", "id": "O"}
    assert graph.principal(told).kind == "ServicePrincipal"


@pytest.mark.parametrize(
    ("value", "when"),
    [
        (0, datetime(1970, 1, 1, tzinfo=UTC)),
        ("2026-11-01T10:00:00", datetime(2026, 11, 1, 10, tzinfo=UTC)),
        ("2026-11-01T10:00:00+02:00", datetime(2026, 11, 1, 8, tzinfo=UTC)),
        ("yesterday", None),
        (True, None),
        (10**30, None),
        (float("nan"), None),
        (None, None),
    ],
)
def test_times_are_utc_or_unknown(value: object, when: datetime | None) -> None:
    assert calls.moment(value) == when


@pytest.mark.parametrize(("bits", "modulus"), [(2048, 2048), (4096, 4096), (2047, 2047)])
def test_the_size_of_a_key_is_the_size_of_its_modulus(bits: int, modulus: int) -> None:
    number = (1 << modulus - 1 | 1).to_bytes(modulus // 8 + 1)
    assert keys._bits(keys._encode(number)) == bits


def test_one_name_for_one_grant() -> None:
    names = {
        authorization.assignment_name(GROUP, "role", "who"),
        authorization.assignment_name(GROUP.upper() + "/", "ROLE", "WHO"),
    }
    assert len(names) == 1
    assert authorization.assignment_name(GROUP, "role", "other") not in names
    assert authorization.assignment_name(SUB, "role", "who") not in names


def test_names_of_roles() -> None:
    assert authorization.role_name(authorization.CRYPTO_USER.upper()).endswith("Encryption User")
    assert authorization.role_name("x/roleDefinitions/own-role") == "own-role"


def test_a_geography_is_no_region() -> None:
    assert not subscriptions.holds_resources({"metadata": {"regionType": "Logical"}})
    assert subscriptions.holds_resources({"metadata": {"regionType": "Physical"}})
    assert subscriptions.holds_resources({})
