"""Recorded states of Key Vault, management and data plane."""

from typing import Any

from contract import Az, Reply, case

# Key Vault, management


@case("keyvault-mgmt/01-vault-get")
def vault_get(az: Az) -> Reply:
    return az.arm("GET", az.vault("kv-contract1"))


@case("keyvault-mgmt/03-vault-get-404-resource-not-found")
def vault_absent(az: Az) -> Reply:
    az.group()
    return az.arm("GET", az.vault_id("kv-absent"))


@case("keyvault-mgmt/05-vault-get-rbac-after-create-poll")
def vault_get_rbac(az: Az) -> Reply:
    return az.arm("GET", az.vault("kv-contract1", enableRbacAuthorization=True))


@case("keyvault-mgmt/09-vault-get-purge-protected")
def vault_get_protected(az: Az) -> Reply:
    return az.arm("GET", az.vault("kv-contract1", enablePurgeProtection=True))


@case("keyvault-mgmt/11-vault-put-add-cmk-identity-policy-2026")
def vault_put_policy(az: Az) -> Reply:
    flags = {"enabledForDiskEncryption": False, "enabledForTemplateDeployment": False}
    protected = {"enablePurgeProtection": True, "enableRbacAuthorization": False, **flags}
    path = az.vault("kv-contract1", **protected)
    return az.arm("PUT", path, az.vault_body(**protected), version="2026-02-01")


@case("keyvault-mgmt/13-check-name-availability")
def vault_name(az: Az) -> Reply:
    az.vault("kv-contract1")
    body = {"name": "kv-contract1", "type": "Microsoft.KeyVault/vaults"}
    path = f"{az.root}/providers/Microsoft.KeyVault/checkNameAvailability"
    return az.arm("POST", path, body)


@case("keyvault-mgmt/15-deleted-vault-purge-202")
def vault_purge(az: Az) -> Reply:
    az.made("DELETE", az.vault("kv-contract1"))
    path = f"{az.root}/providers/Microsoft.KeyVault/locations/westus/deletedVaults/kv-contract1"
    return az.arm("POST", f"{path}/purge")


@case("keyvault-mgmt/17-vault-put-enable-purge-protection")
def vault_protect(az: Az) -> Reply:
    path = az.vault("kv-contract1")
    sent = {"enablePurgeProtection": True, "enabledForDiskEncryption": False}
    body = az.vault_body(**sent, enabledForTemplateDeployment=False)
    return az.arm("PUT", path, body, version="2019-09-01")


@case("keyvault-mgmt/19-vaults-list-last-page")
def vaults_last_page(az: Az) -> Reply:
    az.vault("kv-contract1")
    path = f"{az.group_id}/providers/Microsoft.KeyVault/vaults"
    first = az.made("GET", path, version="2019-09-01")
    return az.arm("GET", first["nextLink"])


@case("keyvault-mgmt/21-vault-put-create-minimal")
def vault_create(az: Az) -> Reply:
    az.group()
    az.register("Microsoft.KeyVault")
    body = az.vault_body(accessPolicies=[])
    return az.arm("PUT", az.vault_id("kv-contract1"), body, version="2019-09-01")


@case("keyvault-mgmt/25-deleted-vaults-list-last-page")
def deleted_vaults(az: Az) -> Reply:
    return az.arm("GET", f"{az.root}/providers/Microsoft.KeyVault/deletedVaults")


@case("keyvault-mgmt/27-vault-get-404-after-delete")
def vault_deleted(az: Az) -> Reply:
    path = az.vault("kv-contract1")
    az.made("DELETE", path)
    return az.arm("GET", path)


@case("keyvault-mgmt/29-vault-put-createmode-recover")
def vault_recover(az: Az) -> Reply:
    acls = {
        "bypass": "AzureServices",
        "defaultAction": "Allow",
        "ipRules": [{"value": "1.2.3.4/32"}],
        "virtualNetworkRules": [],
    }
    flags = {"enabledForDiskEncryption": True, "enabledForTemplateDeployment": True}
    path = az.vault("kv-contract1", enableRbacAuthorization=False, networkAcls=acls, **flags)
    az.made("DELETE", path)
    return az.arm("PUT", path, az.vault_body(createMode="recover"), version="2021-04-01-preview")


@case("keyvault-mgmt/31-vault-put-400-enablepurgeprotection-false")
def vault_unprotect(az: Az) -> Reply:
    az.group()
    az.register("Microsoft.KeyVault")
    return az.arm("PUT", az.vault_id("kv-new"), az.vault_body(enablePurgeProtection=False))


@case("keyvault-mgmt/32-vault-put-409-conflicterror-soft-deleted-name")
def vault_name_deleted(az: Az) -> Reply:
    path = az.vault("kv-contract1")
    az.made("DELETE", path)
    return az.arm("PUT", path, az.vault_body())


@case("keyvault-mgmt/33-vault-put-409-vaultalreadyexists")
def vault_name_taken(az: Az) -> Reply:
    path = az.vault("kv-contract1")
    az.group("rg-other")
    return az.arm("PUT", path.replace("rg-contract", "rg-other"), az.vault_body())


# Key Vault, data


@case("keyvault-data/01-create-key-401-challenge", "keyvault-data/21-create-key-401-challenge-2026")
@case("keyvault-data/17-create-key-401-with-request-ids")
def challenge(az: Az) -> Reply:
    az.vault("kv-contract1")
    return az.key_vault("POST", "kv-contract1", "/keys/k/create", {}, who="")


POLICY = {
    "lifetimeActions": [
        {"trigger": {"timeAfterCreate": "P15D"}, "action": {"type": "Rotate"}},
        {"trigger": {"timeBeforeExpiry": "P7D"}, "action": {"type": "Notify"}},
    ],
    "attributes": {"expiryTime": "P30D"},
}


def _vault_with_key(az: Az, name: str = "k", **body: Any) -> Any:
    az.vault("kv-contract1")
    return az.key("kv-contract1", name, **body)


@case("keyvault-data/03-rotationpolicy-put")
def rotation_policy(az: Az) -> Reply:
    _vault_with_key(az)
    return az.key_vault(
        "PUT", "kv-contract1", "/keys/k/rotationpolicy", POLICY, version="7.5-preview.1"
    )


@case("keyvault-data/05-rotate-key")
def rotate(az: Az) -> Reply:
    assert rotation_policy(az).status == 200
    return az.key_vault("POST", "kv-contract1", "/keys/k/rotate", version="7.5-preview.1")


@case("keyvault-data/07-get-key-latest")
def key_get(az: Az) -> Reply:
    _vault_with_key(az)
    return az.key_vault("GET", "kv-contract1", "/keys/k/", version="7.3")


@case("keyvault-data/09-list-keys-empty")
def keys_empty(az: Az) -> Reply:
    az.vault("kv-contract1")
    return az.key_vault("GET", "kv-contract1", "/keys", version="7.3")


@case("keyvault-data/11-list-deleted-keys")
def keys_deleted(az: Az) -> Reply:
    _delete_key(az)
    return az.key_vault("GET", "kv-contract1", "/deletedkeys", version="7.3")


def _delete_key(az: Az, wait: float = 60.0) -> None:
    _vault_with_key(az)
    assert az.key_vault("DELETE", "kv-contract1", "/keys/k").status == 200
    az.jump(wait)


@case("keyvault-data/13-recover-deleted-key")
def key_recover(az: Az) -> Reply:
    _delete_key(az)
    return az.key_vault("POST", "kv-contract1", "/deletedkeys/k/recover", version="7.3")


@case("keyvault-data/15-create-rsa-key-on-rbac-vault")
def key_create_rbac(az: Az) -> Reply:
    az.vault("kv-contract1", enableRbacAuthorization=True)
    az.world.state.settings["propagation_s"] = 0
    body = {"kty": "RSA"}
    return az.key_vault(
        "POST", "kv-contract1", "/keys/k/create", body, version="7.3", who="key-officer"
    )


@case("keyvault-data/19-list-keys-paged-with-nextlink")
def keys_paged(az: Az) -> Reply:
    az.vault("kv-contract1")
    for name in ("k1", "k2"):
        dates = {"nbf": 1600000000, "exp": 4100000000}
        az.key("kv-contract1", name, tags={"a": "b"}, attributes=dates)
    return az.key_vault("GET", "kv-contract1", "/keys?maxresults=1", version="7.2-preview")


@case("keyvault-data/23-create-rsa-key-purge-protected-7-days")
def key_create_protected(az: Az) -> Reply:
    az.vault("kv-contract1", enablePurgeProtection=True, softDeleteRetentionInDays=7)
    body = {"kty": "RSA", "attributes": {"enabled": True}}
    return az.key_vault("POST", "kv-contract1", "/keys/k/create", body, version="7.3")


@case("keyvault-data/25-list-key-versions")
def key_versions(az: Az) -> Reply:
    _vault_with_key(az, tags={"a": "b"})
    return az.key_vault("GET", "kv-contract1", "/keys/k/versions", version="7.0")


@case("keyvault-data/27-deletedkey-get-404-while-deleting")
def key_being_deleted(az: Az) -> Reply:
    az.vault("kv-contract1")
    return az.key_vault("GET", "kv-contract1", "/deletedkeys/k", version="7.3")


@case("keyvault-data/29-create-key-409-deleted-but-recoverable")
def key_name_deleted(az: Az) -> Reply:
    _delete_key(az)
    body = {"kty": "EC", "attributes": None}
    return az.key_vault("POST", "kv-contract1", "/keys/k/create", body, version="7.3")


@case("keyvault-data/31-create-rsa-key-default-size")
def key_create(az: Az) -> Reply:
    az.vault("kv-contract1")
    body = {"kty": "RSA", "attributes": None}
    return az.key_vault("POST", "kv-contract1", "/keys/k/create", body, version="7.3")


@case("keyvault-data/33-unwrapkey-of-32")
def unwrap(az: Az) -> Reply:
    key = _vault_with_key(az)["key"]["kid"]
    path = "/" + key.partition("/")[2].partition("/")[2].partition("/")[2]
    wrapped = az.key_vault(
        "POST",
        "kv-contract1",
        f"{path}/wrapKey",
        {"alg": "RSA-OAEP-256", "value": "QSBzaW5nbGUgYmxvY2s"},
    )
    body = {"alg": "RSA-OAEP-256", "value": wrapped.body["value"]}
    return az.key_vault("POST", "kv-contract1", f"{path}/unwrapKey", body, version="7.3")


@case("keyvault-data/35-403-forbiddenbyrbac-headers")
@case("keyvault-data/36-403-forbiddenbyrbac-key-read-message")
def forbidden_by_rbac(az: Az) -> Reply:
    az.vault("kv-contract1", enableRbacAuthorization=True)
    return az.key_vault("GET", "kv-contract1", "/keys/k/")


@case("keyvault-data/37-403-forbiddenbyfirewall")
def forbidden_by_firewall(az: Az) -> Reply:
    closed = {"bypass": "None", "defaultAction": "Deny", "ipRules": [], "virtualNetworkRules": []}
    az.vault("kv-contract1", networkAcls=closed)
    return az.key_vault("GET", "kv-contract1", "/keys/k/")


@case("keyvault-data/38-403-forbiddenbypolicy")
def forbidden_by_policy(az: Az) -> Reply:
    az.vault("kv-contract1", accessPolicies=[])
    return az.key_vault("GET", "kv-contract1", "/keys/k/")
