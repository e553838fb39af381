"""Requests as no SDK of ours sends them: az's own, other people's, broken ones."""

import socket
import ssl
import uuid

import pytest
from sandboxed import RunningSandbox

VERSION = "api-version=2022-12-01"


@pytest.fixture
def group(sandbox: RunningSandbox) -> str:
    path = f"/subscriptions/{sandbox.subscription}/resourceGroups/rg1"
    assert sandbox.call("PUT", path, {"location": "westeurope"}).status_code == 201
    return path


def send(sandbox: RunningSandbox, method: str, path: str, data: bytes = b""):
    headers = {"Authorization": f"Bearer {sandbox.token()}"}
    url = f"{sandbox.arm}{path}?{VERSION}"
    return sandbox.http().request(method, url, data=data, headers=headers, timeout=20)


def code(response) -> str:
    return response.json()["error"]["code"]


# What az asks


def test_az_keyvault_check_name_asks_for_an_hsm(sandbox: RunningSandbox) -> None:
    path = (
        f"/subscriptions/{sandbox.subscription}/providers/Microsoft.KeyVault"
        "/checkMhsmNameAvailability"
    )
    answer = sandbox.call("POST", path, {"name": "kv-one"}, principal="reader")
    assert answer.json() == {"nameAvailable": True}
    refused = sandbox.call("POST", path, {"name": "no good"}).json()
    assert (refused["nameAvailable"], refused["reason"]) == (False, "AccountNameInvalid")


def test_az_finds_a_person_by_the_client_id_they_signed_in_with(sandbox: RunningSandbox) -> None:
    admin, app = sandbox.principal("admin"), sandbox.principal("app")
    asked = {"ids": [admin["client_id"], app["client_id"], str(uuid.uuid4())]}
    found = sandbox.graph("POST", "/v1.0/directoryObjects/getByIds", asked).json()["value"]
    assert [(one["id"], one["@odata.type"]) for one in found] == [
        (admin["object_id"], "#microsoft.graph.user")
    ]


def test_a_template_deployment_is_refused_by_name(sandbox: RunningSandbox, group: str) -> None:
    path = f"{group}/providers/Microsoft.Resources/deployments"
    template = {"properties": {"mode": "Incremental", "template": {"resources": []}}}
    for method, tail in (("PUT", "/d1"), ("POST", "/d1/whatIf")):
        answer = sandbox.call(method, path + tail, template)
        assert (answer.status_code, code(answer)) == (501, "DeploymentsNotSimulated")
        assert "'d1'" in answer.json()["error"]["message"]
    assert sandbox.call("PUT", f"{path}/d1", template, principal="reader").status_code == 403
    assert sandbox.call("GET", path).json() == {"value": []}
    missing = sandbox.call("GET", f"{path}/d1")
    assert (missing.status_code, code(missing)) == (404, "DeploymentNotFound")


def test_a_fast_sandbox_asks_to_be_polled_sooner(sandbox: RunningSandbox, group: str) -> None:
    assert sandbox.call("DELETE", group).headers["Retry-After"] == "1"


def test_az_tag_reads_and_writes_tags_alone(sandbox: RunningSandbox, group: str) -> None:
    path = f"{group}/providers/Microsoft.Resources/tags/default"

    def after(method: str, tags: dict[str, str], **more: str) -> dict[str, str]:
        answer = sandbox.call(method, path, {"properties": {"tags": tags}, **more})
        assert answer.status_code == 200, answer.text
        kept = sandbox.call("GET", path).json()["properties"]["tags"]
        assert sandbox.call("GET", group).json().get("tags") == kept
        return kept

    assert after("PUT", {"a": "1", "b": "2"}) == {"a": "1", "b": "2"}
    assert after("PATCH", {"b": "3", "c": "4"}, operation="Merge") == {"a": "1", "b": "3", "c": "4"}
    assert after("PATCH", {"b": "x", "c": "4"}, operation="Delete") == {"a": "1", "b": "3"}
    assert after("PATCH", {"d": "5"}, operation="Replace") == {"d": "5"}
    assert after("DELETE", {}) == {}
    bad = sandbox.call("PUT", path, {"properties": {"tags": {"a": 1}}})
    assert (bad.status_code, code(bad)) == (400, "InvalidRequestContent")
    assert sandbox.call("PUT", path, {}, principal="reader").status_code == 403
    assert sandbox.call("GET", path.replace("rg1", "rg2")).status_code == 404
    top = f"/subscriptions/{sandbox.subscription}/providers/Microsoft.Resources/tags/default"
    assert sandbox.call("PUT", top, {"properties": {"tags": {"e": "f"}}}).status_code == 200
    assert sandbox.call("GET", top).json()["properties"]["tags"] == {"e": "f"}


# What breaks others


def test_a_body_nested_too_deep_is_the_clients_mistake(sandbox: RunningSandbox, group: str) -> None:
    for body in (b"[" * 100_000, b'{"a":' * 100_000):
        answer = send(sandbox, "PUT", group, body)
        assert (answer.status_code, code(answer)) == (400, "InvalidRequestContent")


def test_a_body_may_have_four_megabytes(sandbox: RunningSandbox, group: str) -> None:
    room = 4 * 1024 * 1024 - len(b'{"location":"westeurope","x":""}')
    body = b'{"location":"westeurope","x":"%s"}'
    assert send(sandbox, "PUT", group, body % (b"a" * room)).status_code == 200
    answer = send(sandbox, "PUT", group, body % (b"a" * (room + 1)))
    assert (answer.status_code, code(answer)) == (413, "RequestContentTooLarge")
    assert answer.headers["x-ms-failure-cause"] == "gateway"
    assert sandbox.requests()[-1]["status"] == 413


@pytest.mark.parametrize("tags", [[1], "a", {"a": {"b": 1}}, {"a": 1}, {"a": None}])
def test_tags_are_strings(sandbox: RunningSandbox, group: str, tags: object) -> None:
    answer = sandbox.call("PUT", group, {"location": "westeurope", "tags": tags})
    assert (answer.status_code, code(answer)) == (400, "InvalidRequestContent")


@pytest.mark.parametrize("method", ["POST", "DELETE", "OPTIONS", "TRACE"])
def test_a_method_that_an_address_does_not_have(sandbox: RunningSandbox, method: str) -> None:
    answer = send(sandbox, method, f"/subscriptions/{sandbox.subscription}/resourceGroups")
    assert (answer.status_code, answer.headers["Allow"]) == (405, "GET, HEAD")
    assert answer.json() == {
        "Message": f"The requested resource does not support http method '{method}'."
    }
    assert send(sandbox, method, "/nothing/here").status_code == 404


def test_a_method_that_a_provider_does_not_have(sandbox: RunningSandbox) -> None:
    roles = f"/subscriptions/{sandbox.subscription}/providers/Microsoft.Authorization"
    answer = sandbox.call("PUT", f"{roles}/roleDefinitions/{uuid.uuid4()}", {"properties": {}})
    assert (answer.status_code, code(answer)) == (405, "MethodNotAllowed")
    assert "'PUT'" in answer.json()["error"]["message"]


@pytest.mark.parametrize("version", ["2022-13-01", "2022-00-10", "2022-12-32", "banana", "2022"])
def test_an_api_version_is_a_date(sandbox: RunningSandbox, version: str) -> None:
    assert code(sandbox.call("GET", "/subscriptions", version=version)) == (
        "InvalidApiVersionParameter"
    )


def connect(sandbox: RunningSandbox) -> ssl.SSLSocket:
    port = int(sandbox.arm.rpartition(":")[2])
    context = ssl.create_default_context(cafile=sandbox.ca_file)
    plain = socket.create_connection(("127.0.0.1", port), timeout=10)
    return context.wrap_socket(plain, server_hostname="localhost")


def test_pipelined_requests_are_answered_in_order(sandbox: RunningSandbox, group: str) -> None:
    head = f"Host: localhost\r\nAuthorization: Bearer {sandbox.token()}\r\n"
    one = f"GET {group}?{VERSION} HTTP/1.1\r\n{head}\r\n"
    last = f"GET {group}x?{VERSION} HTTP/1.1\r\n{head}Connection: close\r\n\r\n"
    with connect(sandbox) as wire:
        wire.sendall((one * 9 + last).encode())
        heard = b"".join(iter(lambda: wire.recv(65536), b""))
    assert [part[:3] for part in heard.split(b"HTTP/1.1 ")[1:]] == [b"200"] * 9 + [b"404"]


def test_a_client_that_leaves_in_its_body_is_no_failure(
    sandbox: RunningSandbox, group: str, caplog: pytest.LogCaptureFixture
) -> None:
    with connect(sandbox) as wire:
        head = f"PUT {group}?{VERSION} HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n"
        wire.sendall(f"{head}\r\n{{".encode())
    assert sandbox.call("GET", group).status_code == 200
    assert not caplog.records
