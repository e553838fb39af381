"""What goes wrong, in words: bodies unpacked, exceptions mapped, nothing secret shown."""

import asyncio
import json
import socket
import ssl
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from azure.core.exceptions import (
    ClientAuthenticationError,
    DecodeError,
    IncompleteReadError,
    ServiceRequestError,
    ServiceRequestTimeoutError,
    ServiceResponseError,
    ServiceResponseTimeoutError,
)
from azure.identity import CredentialUnavailableError

from services.azure.errors import AzureError, ErrorKind, from_answer, translated
from services.failures import innermost
from services.text import clean

PURGE = "CMK workspaces should have purge protection enabled on their CMK keyvault."
DEPLOYMENT = {
    "status": "Failed",
    "error": {
        "code": "DeploymentFailed",
        "message": "At least one resource deployment operation failed.",
        "details": [
            {
                "code": "Conflict",
                "message": json.dumps(
                    {
                        "status": "Failed",
                        "error": {
                            "code": "ResourceDeploymentFailure",
                            "message": "The resource operation completed with terminal state.",
                            "details": [{"code": "BadRequest", "message": PURGE}],
                        },
                    }
                ),
            }
        ],
    },
}
POLICY = {
    "error": {
        "code": "RequestDisallowedByPolicy",
        "message": "Resource 'st1' was disallowed by policy.",
        "additionalInfo": [{"type": "PolicyViolation", "info": {"policyDefinitionId": "/p"}}],
    }
}
RBAC = {
    "error": {
        "code": "Forbidden",
        "message": "Caller is not authorized to perform action on resource.\r\n"
        "Action: 'Microsoft.KeyVault/vaults/keys/read'\r\nAssignment: (not found)",
        "innererror": {"code": "ForbiddenByRbac"},
    }
}
COSMOS = {
    "code": "ServiceUnavailable",
    "message": 'Message: {"Errors":["Sorry, we are currently experiencing high demand"]}\r\n'
    "ActivityId: 1",
}


@pytest.mark.parametrize(
    ("body", "code", "message", "path"),
    [
        (
            DEPLOYMENT,
            "BadRequest",
            PURGE,
            ("DeploymentFailed", "Conflict", "ResourceDeploymentFailure", "BadRequest"),
        ),
        (json.dumps(DEPLOYMENT).encode(), "BadRequest", PURGE, None),
        (RBAC, "Forbidden", None, ("Forbidden", "ForbiddenByRbac")),
        (COSMOS, "", "Sorry, we are currently experiencing high demand", ("ServiceUnavailable",)),
        ({"error": "invalid_client", "error_description": "AADSTS1"}, "", "AADSTS1", ()),
        ({"error": {"code": "A", "message": "x", "details": [None, 3, {}]}}, "A", "x", ("A",)),
        ({"error": {"code": "A", "message": '{"a": 1} is no error'}}, "A", None, ("A",)),
        ({"error": {"code": "A", "message": "{ broken"}}, "A", "{ broken", ("A",)),
        ("<html>Bad gateway</html>", "", "<html>Bad gateway</html>", ()),
        (b"\xff\xfe", "", None, ()),
        ("", "", "", ()),
        (None, "", "", ()),
        ([1, 2], "", "[1, 2]", ()),
    ],
)
def test_innermost(body: Any, code: str, message: str | None, path: Any) -> None:
    found = innermost(body)
    assert found.code == code
    assert message is None or found.message == message
    assert path is None or found.path == path


def test_innermost_ends_on_hostile_bodies() -> None:
    deep: dict[str, Any] = {"code": "end", "message": "m"}
    for _ in range(3000):
        deep = {"code": "c", "message": "m", "details": [deep]}
    assert innermost(deep).code == "c"
    loop: dict[str, Any] = {"code": "c", "message": "m"}
    loop["details"] = [loop]
    assert innermost(loop).code == "c"
    assert innermost('{"error":' * 50_000).message
    assert "\x1b" not in innermost({"error": {"code": "\x1b[2J", "message": "\x1b]52;x"}}).message


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        (401, {}, ErrorKind.SIGN_IN),
        (403, RBAC, ErrorKind.FORBIDDEN),
        (400, RBAC, ErrorKind.FORBIDDEN),
        (403, POLICY, ErrorKind.POLICY),
        (404, {}, ErrorKind.NOT_FOUND),
        (409, {"error": {"code": "ConflictError"}}, ErrorKind.CONFLICT),
        (409, {"error": {"code": "ScopeLocked"}}, ErrorKind.LOCKED),
        (409, {"error": {"code": "MissingSubscriptionRegistration"}}, ErrorKind.REGISTRATION),
        (412, {}, ErrorKind.CONFLICT),
        (422, {}, ErrorKind.INVALID),
        (429, {}, ErrorKind.THROTTLED),
        (500, {}, ErrorKind.SERVER),
        (503, COSMOS, ErrorKind.SERVER),
        (200, DEPLOYMENT, ErrorKind.INVALID),
        (200, {"status": "Failed", "error": POLICY["error"]}, ErrorKind.POLICY),
        (200, {"status": "Canceled"}, ErrorKind.UNKNOWN),
    ],
)
def test_kinds_of_answers(status: int, body: Any, kind: ErrorKind) -> None:
    assert from_answer(status, {}, body).kind is kind


def test_the_missing_action_is_named() -> None:
    error = from_answer(403, {"x-ms-request-id": "r-1"}, RBAC, what="Could not read key k.")
    assert error.do == "Ask for a role that includes Microsoft.KeyVault/vaults/keys/read."
    assert (error.code, error.inner, error.request_id) == ("Forbidden", "ForbiddenByRbac", "r-1")
    assert "Owner and Contributor" in error.means
    message = (
        "The client 'x' with object id 'y' does not have authorization to perform action "
        "'Microsoft.Authorization/roleAssignments/write' over scope '/s'"
    )
    error = from_answer(403, {}, {"error": {"code": "AuthorizationFailed", "message": message}})
    assert "Microsoft.Authorization/roleAssignments/write" in error.do


def test_a_vault_of_another_tenant_is_recognised() -> None:
    message = "AKV10032: Invalid issuer. Expected one of https://sts.windows.net/x/"
    error = from_answer(401, {}, {"error": {"code": "Unauthorized", "message": message}})
    assert error.kind is ErrorKind.SIGN_IN and "another tenant" in error.means


def test_a_wait_may_stand_only_in_the_text() -> None:
    message = "The request is being throttled. Please try after '17' seconds."
    error = from_answer(429, {}, {"error": {"code": "TooManyRequests", "message": message}})
    assert error.retry_after == 17 and "17 s" in error.do
    assert from_answer(429, {"Retry-After": "3"}, {}).retry_after == 3


EXAMPLES = Path(__file__).parents[4] / "shared/examples/errors/catalogue.json"


@pytest.mark.skipif(not EXAMPLES.exists(), reason="the collection of examples is not here")
def test_known_errors_of_the_collection_are_explained() -> None:
    for known in json.loads(EXAMPLES.read_text())["errors"]:
        body = {
            "error": {
                "code": known["code"],
                "message": known["message"],
                "innererror": {"code": known.get("innererror", "")},
            }
        }
        error = from_answer(known["http"] or 400, {}, body)
        assert error.kind is not ErrorKind.UNKNOWN, known["id"]
        assert error.what and error.means and error.do
        if known["id"] in ("kv_rbac", "kv_policy", "rp_missing", "policy", "lock", "principal"):
            assert error.failure, known["id"]


def request_error(inner: Exception) -> ServiceRequestError:
    return ServiceRequestError(str(inner), error=inner)


CONNECTION = aiohttp.client_reqrep.ConnectionKey("arm.test", 443, True, True, None, None, None)
REFUSED = aiohttp.ClientConnectorError(CONNECTION, ConnectionRefusedError(111, "refused"))
UNKNOWN = aiohttp.ClientConnectorDNSError(CONNECTION, socket.gaierror(-2, "unknown name"))
PROXY = aiohttp.ClientProxyConnectionError(CONNECTION, ConnectionRefusedError(111, "refused"))


@pytest.mark.parametrize(
    ("error", "kind", "sent"),
    [
        (request_error(REFUSED), ErrorKind.NETWORK, False),
        (request_error(UNKNOWN), ErrorKind.NETWORK, False),
        (request_error(PROXY), ErrorKind.NETWORK, False),
        (request_error(aiohttp.ServerDisconnectedError()), ErrorKind.NETWORK, True),
        (ServiceResponseError("x", error=aiohttp.ClientPayloadError()), ErrorKind.NETWORK, True),
        (IncompleteReadError("x", error=aiohttp.ClientPayloadError()), ErrorKind.NETWORK, True),
        (ServiceResponseTimeoutError("x", error=TimeoutError()), ErrorKind.TIMEOUT, True),
        (
            ServiceRequestTimeoutError("x", error=aiohttp.ConnectionTimeoutError()),
            ErrorKind.TIMEOUT,
            False,
        ),
        (TimeoutError(), ErrorKind.TIMEOUT, True),
        (ConnectionResetError(104, "reset"), ErrorKind.NETWORK, True),
        (OSError(101, "Network is unreachable"), ErrorKind.NETWORK, True),
        (ssl.SSLCertVerificationError(1, "self-signed"), ErrorKind.TLS, False),
        (CredentialUnavailableError("az login"), ErrorKind.SIGN_IN, False),
        (ClientAuthenticationError("AADSTS700082: expired"), ErrorKind.SIGN_IN, False),
        (DecodeError("no json"), ErrorKind.UNKNOWN, True),
        (ValueError("The challenge resource 'x' does not match"), ErrorKind.SIGN_IN, False),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Exception) else str(value),
)
def test_exceptions(error: Exception, kind: ErrorKind, sent: bool) -> None:
    with pytest.raises(AzureError) as caught, translated("read the vault kv-ml"):
        raise error
    found = caught.value
    assert (found.kind, found.sent) == (kind, sent)
    assert found.what == "Could not read the vault kv-ml."
    assert found.means and found.do and "{" not in found.means + found.do
    assert found.__cause__ is error


@pytest.mark.parametrize(
    ("number", "words"),
    [
        ("50076", "second factor"),
        ("65001", "consented"),
        ("700082", "expired"),
        ("7000215", "secret is wrong"),
        ("90002", "no such tenant"),
        ("50173", "revoked"),
    ],
)
def test_codes_of_entra_are_explained(number: str, words: str) -> None:
    with pytest.raises(AzureError) as caught, translated("sign in"):
        raise ClientAuthenticationError(f"Authentication failed: AADSTS{number}: text")
    assert caught.value.code == f"AADSTS{number}" and words in caught.value.means


def test_our_own_mistakes_and_cancellation_pass() -> None:
    for error in (
        OSError(28, "disk full"),
        KeyError("x"),
        TypeError("x"),
        ValueError("x"),
        asyncio.CancelledError(),
    ):
        with pytest.raises(type(error)), translated("x"):
            raise error


def test_an_error_names_what_was_done_only_once() -> None:
    with pytest.raises(AzureError) as caught, translated("outer"), translated("inner"):
        raise ConnectionResetError
    assert caught.value.what == "Could not inner."


@pytest.mark.parametrize(
    "text",
    [
        "token eyJhbGciOiJSUzI1NiJ9.eyJhdWQiOiJodHRwczovL3ZhdWx0In0.c2lnbmF0dXJl end",
        "Authorization: Bearer abcdefghijklmnop0123",
        "body client_id=x&client_secret=hunter2hunter2&scope=y",
        "proxy http://user:hunter2hunter2@proxy:8080 refused",
    ],
)
def test_secrets_are_hidden(text: str) -> None:
    said = clean(text)
    assert "[hidden]" in said
    for secret in ("eyJ", "c2lnbmF0", "abcdefghijklmnop", "hunter2"):
        assert secret not in said
    error = AzureError(ErrorKind.UNKNOWN, message=text)
    assert "[hidden]" in str(error) and "hunter2" not in repr(error) + str(error)


def test_hostile_texts_are_inert() -> None:
    body = {"error": {"code": "\x1b[2J\u202e", "message": "[red]\x1b]0;x\x07" + "a" * 10_000}}
    error = from_answer(400, {"x-ms-request-id": "\x1b[1m"}, body)
    said = f"{error}{error!r}{error.code}{error.request_id}{error.message}"
    assert "\x1b" not in said and "\u202e" not in said and len(error.message) <= 2000


@pytest.mark.parametrize(
    "earlier", [AzureError(ErrorKind.NOT_FOUND, code="Earlier"), TimeoutError(), ssl.SSLError()]
)
async def test_what_was_handled_before_is_no_cause(earlier: Exception) -> None:
    async def fails(error: Exception) -> None:
        with translated("look again"):
            raise error

    for error, kind in (
        (ConnectionResetError(104, "reset"), ErrorKind.NETWORK),
        (DecodeError("no json"), ErrorKind.UNKNOWN),
        (ClientAuthenticationError("AADSTS700082: expired"), ErrorKind.SIGN_IN),
    ):
        try:
            raise earlier
        except Exception:
            with pytest.raises(AzureError) as caught:
                await fails(error)
        assert (caught.value.kind, caught.value.what) == (kind, "Could not look again.")
    try:
        raise earlier
    except Exception:
        with pytest.raises(KeyError):
            await fails(KeyError("our own mistake"))


def test_what_went_wrong_inside_stays_a_cause() -> None:
    def fails() -> None:
        try:
            raise ConnectionResetError
        except ConnectionResetError:
            raise DecodeError("no json")  # noqa: B904 - as libraries do

    with pytest.raises(AzureError) as caught, translated("look"):
        fails()
    assert caught.value.kind is ErrorKind.NETWORK
