"""Errors as people paste them: read, named, and survived whatever they are."""

import json
import time
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from services.failures.explained import explain_text
from services.failures.pasted import LIMIT
from services.text import plain

SUB = "00000000-0000-0000-0000-000000000000"
VAULT = f"/subscriptions/{SUB}/resourceGroups/rg-sec/providers/Microsoft.KeyVault/vaults/kv-ml"
WORKSPACE = (
    f"/subscriptions/{SUB}/resourceGroups/rg-ml/providers"
    "/Microsoft.MachineLearningServices/workspaces/mlw-prod"
)
REQUEST = "8d1c2f0e-0000-4000-8000-00000000000a"
CORRELATION = "361761ad-d830-46c9-9f1a-9cf001653d41"

AZ = f"""\x1b[31mERROR: (Forbidden) Caller is not authorized to perform action on resource.
If role assignments, deny assignments or role definitions were changed recently, please observe \
propagation time.
Caller: appid=04b07795-8ddb-461a-bbee-02f9e1bf7b46;oid={SUB};iss=https://sts.windows.net/{SUB}/
Action: 'Microsoft.KeyVault/vaults/keys/read'
Resource: '{VAULT.lower()}/keys/cmk'
Assignment: (not found)
Code: Forbidden
Message: Caller is not authorized to perform action on resource.
Inner error: {{
    "code": "ForbiddenByRbac"
}}\x1b[0m
"""
SDK = f"""azure.core.exceptions.HttpResponseError: (BadRequest) At least one resource failed.
Code: BadRequest
Message: At least one resource failed.
Content: {{"status":"Failed","error":{{"code":"DeploymentFailed","message":"At least one resource \
deployment operation failed. x-ms-correlation-request-id: {CORRELATION}","details":[{{"code":\
"Conflict","message":"{{\\r\\n  \\"status\\": \\"Failed\\",\\r\\n  \\"error\\": {{\\"code\\": \
\\"ResourceDeploymentFailure\\", \\"message\\": \\"It ended badly.\\", \\"details\\": [{{\\"code\\":\
 \\"BadRequest\\", \\"message\\": \\"CMK workspaces should have purge protection enabled on their \
CMK keyvault.\\"}}]}}}}"}}]}}}}
"""
PORTAL = json.dumps(
    {
        "code": "DeploymentFailed",
        "target": f"{WORKSPACE}/deployments/x",
        "message": "At least one resource deployment operation failed.",
        "details": [
            {
                "code": "RequestDisallowedByPolicy",
                "message": "Resource 'cosmos1' was disallowed by policy.",
                "additionalInfo": [{"type": "PolicyViolation", "info": {}}],
            }
        ],
    },
    indent=2,
)
TERRAFORM = f"""
│ Error: creating/updating Key Vault (Subscription: "{SUB}"
│ Resource Group Name: "rg-sec"
│ Key Vault Name: "kv-ml"): performing CreateOrUpdate: unexpected status 409 (409 Conflict) with \
error: ConflictError: A vault with the same name already exists in deleted state. You need to \
either recover or purge existing key vault.
│
│   with azurerm_key_vault.this,
"""
TERRAFORM_OLD = f"""Error: keyvault.BaseClient#GetKey: Failure responding to request: StatusCode=403 \
-- Original Error: autorest/azure: Service returned an error. Status=403 Code="Forbidden" \
Message="Client address is not authorized and caller is not a trusted service.\\r\\nClient address: \
203.0.113.10" InnerError={{"code":"ForbiddenByFirewall"}} on https://kv-ml.vault.azure.net/keys/cmk
  RequestId: {REQUEST}
"""
COSMOS = (
    f'{{"id": "{WORKSPACE}", "customerManagedKeyStatus": "Access to your account is currently'
    " revoked because the correspondent key is either disabled or expired; for more details about"
    ' this error visit https://aka.ms (4018)."}'
)
ACTIVITY = json.dumps(
    {
        "correlationId": CORRELATION,
        "properties": {
            "statusCode": "Forbidden",
            "statusMessage": json.dumps(
                {"error": {"code": "ScopeLocked", "message": "The scope is locked."}}
            ),
        },
    }
)
CUT = '{"error": {"code": "Forbidden", "innererror": {"code": "KeyDisabled"}, "message": "Operat'


@pytest.mark.parametrize(
    ("pasted", "failure", "code"),
    [
        (AZ, "F19", "ForbiddenByRbac"),
        (SDK, "F01", "BadRequest"),
        (PORTAL, "F23", "RequestDisallowedByPolicy"),
        (TERRAFORM, "F02", "ConflictError"),
        (TERRAFORM_OLD, "F21", "ForbiddenByFirewall"),
        (COSMOS, "F16", ""),
        (ACTIVITY, "F29", "ScopeLocked"),
        (CUT, "F05", "KeyDisabled"),
        (AZ.replace("\n", "\r\n"), "F19", "ForbiddenByRbac"),
        (AZ.encode("utf-16"), "F19", "ForbiddenByRbac"),
        ("x" * 5000 + "\n" + AZ, "F19", "ForbiddenByRbac"),
        ("pod pending: rpc error: KeyVaultAccessForbidden at 14:02", "F31", ""),
        ("AKV10032: Invalid issuer. Expected one of https://sts.windows.net/x/", "F38", ""),
    ],
    ids=lambda value: value if isinstance(value, str) and len(value) < 30 else "text",
)
def test_every_form_is_read(pasted: str | bytes, failure: str, code: str) -> None:
    found = explain_text(pasted)
    assert (found.failure, found.code) == (failure, code), found
    assert found.title and found.means and found.repair and found.source and found.message
    assert "\x1b" not in found.message and "[31m" not in found.message


def test_what_the_error_names_is_offered_the_fitting_ones_first() -> None:
    found = explain_text(AZ)
    assert found.subject == "vault"
    assert found.resources == (
        f"/subscriptions/{SUB}/resourceGroups/rg-sec/providers/microsoft.keyvault/vaults/kv-ml"
        "/keys/cmk",
    )
    mixed = explain_text(f"{WORKSPACE} https://kv-ml.vault.azure.net:443/keys/cmk ForbiddenByRbac")
    assert mixed.resources == ("https://kv-ml.vault.azure.net/keys/cmk", WORKSPACE)
    scope = f"{VAULT}/providers/Microsoft.Authorization/roleAssignments/{SUB}"
    message = (
        "does not have authorization to perform action"
        f" 'Microsoft.Authorization/roleAssignments/write' over scope '{scope}'."
    )
    denied = explain_text(
        json.dumps({"error": {"code": "AuthorizationFailed", "message": message}})
    )
    assert (denied.failure, denied.resources) == ("F40", (VAULT,))
    assert explain_text("see https://aka.ms/x and https://example.com/keys").resources == ()


def test_ids_for_a_ticket_are_kept() -> None:
    assert explain_text(SDK).correlation_id == CORRELATION
    old = explain_text(TERRAFORM_OLD)
    assert (old.request_id, old.status) == (REQUEST, 403)


@pytest.mark.parametrize(
    ("pasted", "code", "message"),
    [
        (f'{{"error": {{"code": "Strange", "message": "Odd. Request id: {REQUEST}"}}}}', "Strange",
         f"Odd. Request id: {REQUEST}"),
        ("ERROR: (Strange) It is odd.\nCode: Strange\nMessage: It is odd.", "Strange",
         "It is odd."),
        ("hello\nworld", "", "hello"),
    ],
)  # fmt: skip
def test_an_unknown_error_is_not_guessed(pasted: str, code: str, message: str) -> None:
    found = explain_text(pasted)
    assert (found.failure, found.title, found.means, found.repair) == ("", "", "", "")
    assert (found.code, found.message) == (code, message)
    assert found.request_id == (REQUEST if REQUEST in pasted else "")


def test_no_token_is_shown_again() -> None:
    token = "eyJhbGciOiJSUzI1NiJ9.eyJhdWQiOiJodHRwczovL3ZhdWx0In0.c2lnbmF0dXJl"
    for pasted in (
        f"Authorization: Bearer {token} was refused",
        json.dumps({"error": {"code": "Strange", "message": f"token {token}"}}),
    ):
        assert token not in repr(explain_text(pasted))


def nested(depth: int) -> str:
    return '{"error":{"details":[' * depth


HOSTILE: dict[str, Any] = {
    "huge": "a" * 5_000_000,
    "deep": nested(30_000),
    "deep and closed": '{"a":' * 50_000 + "1" + "}" * 50_000,
    "braces": "{" * 200_000,
    "quotes": '{"' * 100_000,
    "unclosed text": '{"message":"' + "\\" * 190_000,
    "many messages": 'message="' * 20_000,
    "many codes": 'code="Abc" ' * 20_000,
    "revoked": "revoked because " * 12_000,
    "newlines": "\n" * 200_000,
    "blanks": " " * 200_000,
    "escapes": "\x1b[" * 100_000,
    "titles": "\x1b]0;" * 50_000,
    "number": '{"code":' + "9" * 150_000 + "}",
    "ids": WORKSPACE * 1500,
    "slashes": f"/subscriptions/{SUB}" + "/a" * 90_000,
    "addresses": "https://a." + "b." * 90_000,
    "many objects": '{"code":"A","message":"b"}' * 7000,
    "json in json": json.dumps({"message": json.dumps({"message": json.dumps({"code": "x"})})}),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_input_is_survived_in_time(name: str) -> None:
    began = time.process_time()
    found = explain_text(HOSTILE[name])
    assert time.process_time() - began < 3
    assert found.cut is (len(HOSTILE[name]) > LIMIT)
    assert len(repr(found)) < 60_000


PIECES = st.sampled_from(
    [
        *('{"error":', '{"code":', '"KeyDisabled"', '"message":', "Code: ", "Message: ", "}", "]"),
        *("ERROR: (", ") ", '\\"', "\r\n", "\x1b[31m", "\u202e", "\x00", "\ud800", "(4018)"),
        *(VAULT, "https://kv.vault.azure.net/keys/k", "with error: A: ", "Inner error: {", "["),
    ]
)


@settings(max_examples=150, deadline=None)
@given(st.one_of(st.text(), st.binary(), st.lists(PIECES | st.text(max_size=5)).map("".join)))
@example("\ud800")
@example(b"\xff\xfe\x00")
def test_anything_is_explained_in_harmless_words(pasted: str | bytes) -> None:
    found = explain_text(pasted)
    for text in (found.code, found.message, *found.codes, *found.resources):
        assert plain(text, 10_000) == text
    json.dumps(found.message).encode()


@settings(max_examples=60, deadline=None)
@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=8),
        lambda inner: (
            st.lists(inner, max_size=4)
            | st.dictionaries(
                st.sampled_from(
                    ["error", "code", "message", "details", "innererror", "properties"]
                ),
                inner,
                max_size=4,
            )
        ),
        max_leaves=15,
    )
)
def test_any_json_is_explained(value: Any) -> None:
    assert explain_text(json.dumps(value)).failure == ""
