"""The failure catalogue: each entry with a sign is found by it, and by nothing less."""

import json
from pathlib import Path
from typing import Any

import pytest

from services.azure.errors import from_answer
from services.failures import BY_NUMBER, CATALOGUE, Cause, classify, classify_cause, innermost

EXAMPLES = Path(__file__).parents[3] / "shared/examples/errors/catalogue.json"
TRAFFIC = Path(__file__).parents[3] / "shared/traffic"


def revoked(reason: str, number: str) -> str:
    return (
        f"Access to your account is currently revoked because {reason}; for more details about "
        f"this error and how to restore access to your account please visit https://x ({number})."
    )


SIGNED: list[tuple[str, str, str]] = [
    ("F01", "BadRequest", "CMK workspaces should have purge protection enabled on their CMK"
     " keyvault."),
    ("F02", "VaultAlreadyExists", "The vault name 'kv' is already in use."),
    ("F02", "ConflictError", "A vault with the same name already exists in deleted state."),
    ("F03", "BadRequest", 'The property "softDeleteRetentionInDays" has been set already and it'
     " can't be modified."),
    ("F03", "BadRequest", 'The property "enablePurgeProtection" cannot be set to false.'),
    ("F04", "ObjectIsDeletedButRecoverable", ""),
    ("F04", "ObjectIsBeingDeleted", ""),
    ("F05", "KeyDisabled", "Operation unwrapKey is not allowed on a disabled key."),
    ("F05", "Forbidden", "Operation unwrapKey is not allowed on a disabled key."),
    ("F06", "KeyNotYetValidOrExpired", ""),
    ("F07", "Forbidden", "... default identity ... substatus code 4000"),
    ("F08", "Forbidden", revoked("the current default identity no longer has permission", "4002")),
    ("F09", "", revoked("the correspondent key is not found", "4003")),
    ("F10", "", revoked("the service is unable to wrap or unwrap the key", "4005")),
    ("F11", "", revoked("the key URI does not follow the expected format", "4006")),
    ("F12", "", "The Key Vault DNS name could not be resolved. Sub-status 4009"),
    ("F13", "", revoked("the account has an undefined default identity", "4015")),
    ("F14", "", revoked("the access rules are blocking outbound requests", "4016")),
    ("F15", "", revoked("the correspondent Azure Key Vault was not found", "4017")),
    ("F16", "Forbidden", "Sub-status 4018: correspondent key is either disabled or expired."),
    ("F16", "", "the correspondent key is either disabled or expired"),
    ("F17", "", "Cannot find user or service principal in graph database for 'a232010e'."),
    ("F19", "ForbiddenByRbac", ""),
    ("F20", "ForbiddenByPolicy", ""),
    ("F20", "Forbidden", "The user 'appid=a;oid=b' does not have keys get permission on kv"),
    ("F21", "ForbiddenByFirewall", ""),
    ("F21", "ForbiddenByConnection", ""),
    ("F21", "Forbidden", "Connection is not an approved private link and caller was ignored"
     " because bypass is set to 'None'."),
    ("F22", "MissingSubscriptionRegistration", ""),
    ("F22", "SubscriptionNotRegistered", ""),
    ("F22", "NoRegisteredProviderFound", ""),
    ("F23", "RequestDisallowedByPolicy", "Resource 'st1' was disallowed by policy."),
    ("F24", "ServiceUnavailable", "Sorry, we are currently experiencing high demand in this"
     " region. https://aka.ms/cosmosdbquota"),
    ("F24", "BadRequest", "DatabaseAccount x is in a failed provisioning state because the"
     " previous attempt to create it was not successful."),
    ("F25", "ServiceQuotaExceeded", ""),
    ("F25", "InsufficientResourcesAvailable", ""),
    ("F26", "QuotaExceeded", "exceeding approved standardBSFamily Cores quota"),
    ("F26", "OperationNotAllowed", "exceeding approved Total Regional Cores quota"),
    ("F26", "ManagedClusterCountExceedsQuotaLimit", ""),
    ("F27", "ContainerGroupQuotaReached", ""),
    ("F27", "", "The requested resource is not available in the location 'eastus' at this moment."),
    ("F28", "BadRequest", "Soft-deleted workspace exists. Please purge or recover it."),
    ("F29", "ScopeLocked", ""),
    ("F29", "UnauthorizedApplicationId", ""),
    ("F30", "DenyAssignmentAuthorizationFailed", ""),
    ("F31", "KeyVaultAccessForbidden", ""),
    ("F32", "LinkedAuthorizationFailed", "action 'Microsoft.Compute/diskEncryptionSets/read'"),
    ("F33", "AzureKeyVaultKmsValidateIdentityPermissionCustomerError", ""),
    ("F34", "BadRequest", "Missing pre-requisites to enable EncryptionAtRest/Customer Managed Key"),
    ("F34", "KeyVaultPolicyError", "Keyvault policy recoverable is not set"),
    ("F34", "", "The operation failed because of authentication issue on the keyvault."),
    ("F35", "Forbidden", "Access forbidden. The query key used might have been revoked - please"
     " retry."),
    ("F37", "VaultNameNotValid", ""),
    ("F38", "Unauthorized", "AKV10032: Invalid issuer."),
    ("F38", "Unauthorized", "AKV10022: Invalid audience."),
    ("F38", "Unauthorized", "AKV10000: Request is missing a Bearer or PoP token."),
    ("F39", "Throttled", ""),
    ("F39", "", "429 Too many requests"),
    ("F40", "AuthorizationFailed", "to perform action 'Microsoft.Authorization/roleAssignments/"
     "write' over scope '/s'"),
    ("F44", "KeyOperationForbidden", ""),
    ("F44", "Forbidden", "Operation decrypt is not permitted on this key."),
    ("F49", "PrincipalNotFound", ""),
    ("F50", "RoleAssignmentUpdateNotPermitted", ""),
    ("F50", "RoleAssignmentExists", ""),
    ("F52", "AuthorizationFailed", "The client '0736f41a-0425-4b46-bdb5-1563eff02385' does not have"
     " authorization to perform action 'Microsoft.Resources/subscriptions/resourceGroups/write'"),
    ("F54", "BadRequest", "The VM size of Standard_B2s is not allowed in your subscription in"
     " location 'westus2'."),
    ("F54", "SkuNotAvailable", ""),
    ("F55", "ManagedServiceIdentityNotFound", ""),
    # Nothing of the catalogue: nearly the same words or codes.
    ("", "ConflictError", "The vault changed. This can happen if parallel operations are being"
     " performed."),
    ("", "QuotaExceeded", "Public IP addresses"),
    ("", "LinkedAuthorizationFailed", "action 'Microsoft.Network/virtualNetworks/join/action'"),
    ("", "AuthorizationFailed", "action 'Microsoft.Resources/subscriptions/resourcegroups/read'"),
    ("", "ServiceUnavailable", "The service is unavailable."),
]  # fmt: skip


@pytest.mark.parametrize(("number", "code", "message"), SIGNED)
def test_every_sign_finds_its_entry(number: str, code: str, message: str) -> None:
    found = classify((code,), message)
    assert found is not None and found.number == number
    upper = classify((code.upper(),), message.upper())
    assert upper is not None and upper.number == number


def test_every_entry_with_a_sign_is_in_the_table() -> None:
    assert {one.number for one in CATALOGUE if one.signs} == {one[0] for one in SIGNED} - {""}


@pytest.mark.parametrize(
    ("codes", "message"),
    [
        ((), ""),
        (("BadRequest",), "The request is bad."),
        (("Conflict",), "4018 items"),
        (("",), "port 4018"),
        (("ResourceNotFound",), "The Resource 'x' was not found."),
    ],
)
def test_what_is_not_known_is_not_guessed(codes: tuple[str, ...], message: str) -> None:
    assert classify(codes, message) is None


def test_the_innermost_code_decides() -> None:
    found = classify(("AuthorizationFailed", "RequestDisallowedByPolicy"), "")
    assert found is not None and found.number == "F23"
    outer = classify(("RequestDisallowedByPolicy", "SomethingUnknown"), "")
    assert outer is not None and outer.number == "F23"


def test_a_sign_speaks_for_itself_where_it_knows_more() -> None:
    quota, capacity = (
        classify(("ServiceQuotaExceeded",)),
        classify(("InsufficientResourcesAvailable",)),
    )
    assert quota and capacity and quota.number == capacity.number == "F25"
    assert "quota" in quota.means and "your quota is not the reason" in capacity.means


def test_the_catalogue_is_whole_and_says_everything_once() -> None:
    assert [one.number for one in CATALOGUE] == [f"F{number:02d}" for number in range(1, 57)]
    assert set(BY_NUMBER) == {one.number for one in CATALOGUE}
    titles = [one.title for one in CATALOGUE]
    assert len(set(titles)) == len(titles)
    signs = [(sign.code, sign.says) for one in CATALOGUE for sign in one.signs]
    assert len(set(signs)) == len(signs) and ("", "") not in signs
    for one in CATALOGUE:
        assert one.means.endswith(".") and one.repair.endswith(".") and one.source, one.number
        assert not one.title.endswith("."), one.number
        assert "UNVERIFIED" not in one.means + one.repair + one.unsure, one.number


def test_an_error_carries_its_number() -> None:
    body = {"error": {"code": "Forbidden", "message": "no", "innererror": {"code": "KeyDisabled"}}}
    error = from_answer(403, {}, body)
    assert error.failure == "F05" and error.means == BY_NUMBER["F05"].means
    assert from_answer(500, {}, {}).failure == ""


NAMED = {
    "purge_protection_off": "F01", "vault_soft_deleted": "F02", "vault_exists": "F02",
    "kv_rbac": "F19", "kv_policy": "F20", "kv_keyop": "F44", "kv_firewall": "F21",
    "kv_private": "F21", "rp_missing": "F22", "policy": "F23", "cosmos_region": "F24",
    "search_quota": "F25", "search_capacity": "F25", "ws_soft_deleted": "F28", "des_kv": "F31",
    "des_reader": "F32", "aks_quota": "F26", "aks_vmsize": "F54", "aci_quota": "F27",
    "aci_capacity": "F27", "lock": "F29", "deny": "F30", "storage_cmk": "F34",
    "mhsm_purge": "F34", "principal": "F49",
}  # fmt: skip


@pytest.mark.skipif(not EXAMPLES.exists(), reason="the collection of examples is not here")
def test_collected_errors_are_named() -> None:
    known = json.loads(EXAMPLES.read_text())["errors"]
    found = {
        one["id"]: classify((one["code"] or "", one.get("innererror", "")), one["message"])
        for one in known
    }
    assert {id: entry.number if entry else "" for id, entry in found.items()} == NAMED


RECORDED = {
    "aml/14-cmk-vault-without-purge-protection-badrequest": "F01",
    "authorization/09-role-assignment-exists-409": "F50",
    "errors/01-resource-group-not-found-404": "",
    "errors/03-no-registered-provider-found-400": "F22",
    "errors/07-authorization-failed-403": "",
    "errors/11-scope-locked-409": "F29",
    "errors/12-request-disallowed-by-policy-403": "F23",
    "errors/13-subscription-requests-throttled-429": "F39",
    "errors/16-missing-subscription-registration-409-unregistered-state": "F22",
    "keyvault-data/21-create-key-401-challenge-2026": "F38",
    "keyvault-data/29-create-key-409-deleted-but-recoverable": "F04",
    "keyvault-data/35-403-forbiddenbyrbac-headers": "F19",
    "keyvault-data/36-403-forbiddenbyrbac-key-read-message": "F19",
    "keyvault-data/37-403-forbiddenbyfirewall": "F21",
    "keyvault-data/38-403-forbiddenbypolicy": "F20",
    "keyvault-data/40-429-throttled": "F39",
    "keyvault-mgmt/31-vault-put-400-enablepurgeprotection-false": "F03",
    "keyvault-mgmt/32-vault-put-409-conflicterror-soft-deleted-name": "F02",
    "keyvault-mgmt/33-vault-put-409-vaultalreadyexists": "F02",
    "keyvault-mgmt/34-mgmt-key-get-400-forbiddenbyrbac": "F19",
    "keyvault-mgmt/35-vault-409-conflicterror-parallel-operations": "",
}


@pytest.mark.skipif(not TRAFFIC.exists(), reason="the recorded traffic is not here")
@pytest.mark.parametrize("name", RECORDED)
def test_recorded_answers_are_named(name: str) -> None:
    body: Any = json.loads((TRAFFIC / f"{name}.json").read_text())["response"]["body"]
    found = classify_cause(innermost(body))
    assert found is not None and found.number == RECORDED[name]


def test_a_policy_that_denies_the_managed_group_is_found_inside() -> None:
    inner = {"error": {"code": "RequestDisallowedByPolicy", "message": "Resource 'c' was ..."}}
    outer = {"code": "BadRequest", "message": f"Could not make it: {json.dumps(inner)}"}
    cause = innermost({"status": "Failed", "error": outer})
    assert isinstance(cause, Cause)
    found = classify_cause(cause)
    assert found is not None and found.number == "F23"
