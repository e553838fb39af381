"""What the pipeline sends, repeats, waits for and writes down; seen on the wire."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Any

import aiohttp
import msgspec
import pytest
from azure.mgmt.authorization.aio import AuthorizationManagementClient
from azure.mgmt.keyvault.aio import KeyVaultManagementClient
from azure.mgmt.msi.aio import ManagedServiceIdentityClient

from services.azure import policies
from services.azure.connection import Connection, Timeouts
from services.azure.errors import AzureError, ErrorKind, translated
from services.azure.events import RequestDone, Throttled
from services.azure.policies import Outcome, Write, recorder
from services.azure.transport import Transport
from tests.services.connection.wire import HANG, RESET, SUB, Answer, Sesame, Wire, challenge

Connect = Callable[..., Awaitable[Connection]]
VAULT = f"/subscriptions/{SUB}/resourceGroups/rg/providers/Microsoft.KeyVault/vaults/kv"
PUT_VAULT = {"location": "westeurope", "properties": {"tenantId": SUB, "sku": {}}}


def refusal(status: int, code: str = "X", **headers: str) -> Answer:
    return Answer(status, {"error": {"code": code, "message": "m"}}, headers)


class Notes:
    """A recorder that remembers, and what had reached the wire by then."""

    def __init__(self, wire: Wire) -> None:
        self.wire = wire
        self.said: list[tuple[str, Any, int]] = []

    async def before(self, write: Write) -> None:
        self.said.append(("before", write, len(self.wire.requests)))

    async def after(self, write: Write, outcome: Outcome) -> None:
        self.said.append(("after", outcome, len(self.wire.requests)))

    async def ended(self, address: str, outcome: str) -> None:
        self.said.append(("ended", address, outcome))


@pytest.fixture
def notes(wire: Wire) -> Any:
    made = Notes(wire)
    token = recorder.set(made)
    yield made
    recorder.reset(token)


@pytest.mark.parametrize("status", [408, 429, 500, 502, 503, 504])
async def test_reads_are_repeated(wire: Wire, connect: Connect, status: int) -> None:
    wire.script += [refusal(status, **{"retry-after-ms": "1"})] * 2 + [Answer(200, {"ok": 1})]
    conn = await connect()
    answer = await conn.call("arm", "GET", "/x")
    assert (answer.body, len(wire.requests)) == ({"ok": 1}, 3)


async def test_a_read_gives_up_after_its_tries(wire: Wire, connect: Connect) -> None:
    wire.script += [refusal(500)] * 9
    conn = await connect()
    with pytest.raises(AzureError) as caught:
        await conn.call("arm", "GET", "/x")
    assert (caught.value.kind, len(wire.requests)) == (ErrorKind.SERVER, 4)


@pytest.mark.parametrize("status", [408, 429, 500, 503])
@pytest.mark.parametrize("method", ["PUT", "POST", "PATCH", "DELETE"])
async def test_writes_are_sent_once(wire: Wire, connect: Connect, method: str, status: int) -> None:
    wire.script += [refusal(status, **{"Retry-After": "0"})] * 5
    conn = await connect()
    with pytest.raises(AzureError):
        await conn.call("arm", method, "/x", json={})
    assert [seen.method for seen in wire.requests] == [method]


async def test_a_key_is_created_once_when_the_vault_answers_500(
    wire: Wire, connect: Connect
) -> None:
    wire.script += [challenge(wire)] + [refusal(500)] * 5
    conn = await connect()
    with pytest.raises(AzureError) as caught, translated("create key k"):
        await conn.keys(f"https://kv500.{wire.cloud.vault_suffix}").create_rsa_key("k")
    assert caught.value.kind is ErrorKind.SERVER
    asked, sent = wire.requests
    assert (asked.body, "authorization" in asked.headers) == (b"", False)
    assert b"RSA" in sent.body and "authorization" in sent.headers


async def test_a_provider_is_not_registered_behind_the_engine(wire: Wire, connect: Connect) -> None:
    message = (
        "The subscription is not registered to use namespace 'Microsoft.ManagedIdentity'. "
        "See https://aka.ms/rps-not-found"
    )
    wire.script.append(
        Answer(409, {"error": {"code": "MissingSubscriptionRegistration", "message": message}})
    )
    conn = await connect()
    sdk = conn.arm(ManagedServiceIdentityClient, SUB)
    with pytest.raises(AzureError) as caught, translated("create identity"):
        await sdk.user_assigned_identities.create_or_update("rg", "id", b'{"location":"x"}')
    assert caught.value.kind is ErrorKind.REGISTRATION
    assert [seen.method for seen in wire.requests] == ["PUT"]


async def test_redirects_are_not_followed(wire: Wire, connect: Connect) -> None:
    wire.script.append(Answer(307, {}, {"Location": "https://localhost:1/elsewhere"}))
    conn = await connect()
    with pytest.raises(AzureError) as caught:
        await conn.call("arm", "PUT", "/x", json={})
    assert (caught.value.status, len(wire.requests)) == (307, 1)


@pytest.mark.parametrize("method", ["PUT", "DELETE", "POST"])
async def test_a_write_on_a_broken_connection_is_not_resent(
    wire: Wire, connect: Connect, method: str
) -> None:
    conn = await connect()
    await conn.call("arm", "GET", "/warm")
    wire.script += [RESET] * 5
    with pytest.raises(AzureError) as caught:
        await conn.call("arm", method, "/x", json={})
    assert (caught.value.kind, caught.value.sent) == (ErrorKind.NETWORK, True)
    assert len(wire.said(method)) == 1


async def test_aiohttp_alone_does_resend(wire: Wire) -> None:
    """The reason for the middleware: should aiohttp change, it can go."""
    transport = Transport(Timeouts(), wire.ca_file)
    wire.script += [RESET] * 5
    with pytest.raises(aiohttp.ClientError):
        await transport.session.put(f"{wire.cloud.arm}/x", data=b"{}")
    assert len(wire.said("PUT")) == 2
    await transport.shut()


async def test_a_read_on_a_broken_connection_is_repeated(wire: Wire, connect: Connect) -> None:
    wire.script += [RESET, RESET, RESET, Answer(200, {"ok": 1})]
    conn = await connect()
    assert (await conn.call("arm", "GET", "/x")).body == {"ok": 1}


async def test_reads_share_a_connection_and_each_write_has_its_own(
    wire: Wire, connect: Connect
) -> None:
    conn = await connect()
    for method in ("GET", "PUT", "GET", "PUT", "POST", "GET"):
        await conn.call("arm", method, "/x", json=None if method == "GET" else {})
    assert len({seen.connection for seen in wire.said("GET")}) == 1
    writes = {seen.connection for seen in wire.requests if seen.method != "GET"}
    assert len(writes) == 3 and not writes & {wire.said("GET")[0].connection}


async def test_nothing_is_sent_before_the_time_the_service_named(
    wire: Wire, connect: Connect
) -> None:
    wire.script.append(refusal(429, **{"Retry-After": "1"}))
    conn = await connect()
    events: list[Any] = []
    conn.subscribe(events.append)
    other = f"/subscriptions/{SUB[:-1]}b/x"
    first = asyncio.create_task(conn.call("arm", "GET", f"/subscriptions/{SUB}/a"))
    while not wire.requests or not any(isinstance(e, RequestDone) for e in events):
        await wire.arrived.wait()
        await asyncio.sleep(0)
    refused = wire.requests[0].at
    second = asyncio.create_task(conn.call("arm", "GET", f"/subscriptions/{SUB.upper()}/b"))
    await conn.call("arm", "GET", other)
    await conn.call("arm", "PUT", f"/subscriptions/{SUB}/c", json={})
    assert [seen.method for seen in wire.requests] == ["GET", "GET", "PUT"]
    assert wire.requests[-1].at - refused < 0.9
    await asyncio.gather(first, second)
    late = [seen.at - refused for seen in wire.requests[3:]]
    assert len(late) == 2 and min(late) >= 0.99
    waits = [event for event in events if isinstance(event, Throttled)]
    assert {event.scope for event in waits} == {f"{SUB} reads"}
    assert 0 < waits[0].seconds <= 1 and waits[0].until.tzinfo is not None


async def test_a_wait_beyond_patience_is_an_error_that_says_how_long(
    wire: Wire, connect: Connect
) -> None:
    wire.script.append(refusal(429, **{"Retry-After": "600"}))
    conn = await connect()
    for _ in range(2):
        with pytest.raises(AzureError) as caught:
            await conn.call("arm", "GET", f"/subscriptions/{SUB}/a")
        assert caught.value.kind is ErrorKind.THROTTLED
        assert 590 < (caught.value.retry_after or 0) <= 600
        assert "600 s" in caught.value.do or "599 s" in caught.value.do
    assert len(wire.requests) == 1


async def test_the_journal_knows_a_write_before_its_first_byte(
    wire: Wire, connect: Connect, notes: Notes
) -> None:
    where = "https://localhost/op/1"
    wire.script.append(Answer(201, {}, {"x-ms-request-id": "r-1", "Azure-AsyncOperation": where}))
    conn = await connect()
    await conn.call("arm", "PUT", "/x?api-version=1", json={"a": 1})
    (_, write, sent_before), (_, outcome, sent_after) = notes.said
    assert (sent_before, sent_after) == (0, 1)
    assert (write.method, write.path) == ("PUT", "/x")
    assert write.body_sha256 == "015abd7f5cc57a2dd94b7590f04ad8084273905ee33ec5cebeae62276a97f862"
    assert write.client_request_id == wire.requests[0].headers["x-ms-client-request-id"]
    assert outcome == Outcome(status=201, request_id="r-1", operation=where)


async def test_a_key_write_is_journalled_once_with_its_real_body(
    wire: Wire, connect: Connect, notes: Notes
) -> None:
    key = {"key": {"kid": f"https://k.{wire.cloud.vault_suffix}/keys/k/{'0' * 32}", "kty": "RSA"}}
    wire.script += [challenge(wire), Answer(200, key)]
    conn = await connect()
    await conn.keys(f"https://kvnote.{wire.cloud.vault_suffix}").create_rsa_key("k", size=3072)
    assert [name for name, *_ in notes.said] == ["before", "after"]
    empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    assert notes.said[0][1].body_sha256 != empty
    assert notes.said[1][1].status == 200


async def test_what_the_journal_refuses_is_not_sent(wire: Wire, connect: Connect) -> None:
    class Full(Notes):
        async def before(self, write: Write) -> None:
            raise OSError(28, "No space left on device")

    conn = await connect()
    token = recorder.set(Full(wire))
    try:
        with pytest.raises(OSError, match="No space"):
            await conn.call("arm", "PUT", "/x", json={})
    finally:
        recorder.reset(token)
    assert wire.requests == []


async def test_unknown_outcomes_are_told_from_unsent_writes(
    wire: Wire, connect: Connect, notes: Notes
) -> None:
    conn = await connect()
    wire.script.append(RESET)
    with pytest.raises(AzureError):
        await conn.call("arm", "PUT", "/x", json={})
    closed = await connect(cloud=msgspec.structs.replace(wire.cloud, arm="https://localhost:1"))
    with pytest.raises(AzureError):
        await closed.call("arm", "PUT", "/x", json={})
    outcomes = [item for name, item, _ in notes.said if name == "after"]
    assert [(o.status, o.sent) for o in outcomes] == [(None, True), (None, False)]


async def test_a_cancelled_write_is_on_record(wire: Wire, connect: Connect, notes: Notes) -> None:
    wire.script.append(HANG)
    conn = await connect()
    task = asyncio.create_task(conn.call("arm", "PUT", "/x", json={}))
    await wire.arrived.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert notes.said[-1][1].sent and "Cancelled" in notes.said[-1][1].error


async def test_reads_are_not_journalled(wire: Wire, connect: Connect, notes: Notes) -> None:
    conn = await connect()
    await conn.call("arm", "GET", "/x")
    check = f"/subscriptions/{SUB}/providers/Microsoft.KeyVault/checkNameAvailability"
    await conn.call("arm", "POST", check, json={})
    assert notes.said == []


async def test_silence_ends_in_a_timeout(wire: Wire, connect: Connect, notes: Notes) -> None:
    wire.script += [HANG] * 4
    conn = await connect(settings=Timeouts(read=0.1, total=5, backoff=0.01))
    for method in ("GET", "PUT"):
        with pytest.raises(AzureError) as caught:
            await conn.call("arm", method, "/x", json={})
        assert (caught.value.kind, caught.value.sent) == (ErrorKind.TIMEOUT, True)
    assert len(wire.requests) == 2
    assert notes.said[-1][1].sent


async def test_a_slow_drip_ends_in_a_timeout_too(wire: Wire, connect: Connect) -> None:
    wire.script += [HANG]
    conn = await connect(settings=Timeouts(read=30, total=0.2))
    started = time.monotonic()
    with pytest.raises(AzureError) as caught:
        await conn.call("arm", "GET", "/x")
    assert caught.value.kind is ErrorKind.TIMEOUT and time.monotonic() - started < 2


async def test_the_log_holds_no_query_header_or_body(wire: Wire, connect: Connect) -> None:
    wire.script.append(Answer(200, {"s": "hidden-body"}, {"x-ms-request-id": "r-7"}))
    conn = await connect()
    await conn.call("arm", "GET", "/x?token=hidden-query", headers={"X-Y": "hidden-header"})
    (done,) = conn.recent
    assert (done.method, done.path, done.status, done.request_id) == ("GET", "/x", 200, "r-7")
    assert "hidden" not in repr(done) and "opaque" not in repr(done) and done.ms > 0


async def test_one_token_serves_all_clients(wire: Wire, connect: Connect) -> None:
    credential = Sesame()
    conn = await connect(credential=credential)
    await asyncio.gather(
        conn.arm(KeyVaultManagementClient, SUB).vaults.get("rg", "kv"),
        conn.arm(ManagedServiceIdentityClient, SUB).user_assigned_identities.get("rg", "i"),
        conn.call("arm", "GET", "/x"),
    )
    assert credential.asked == [(f"{wire.cloud.arm}/.default",)]


async def test_a_refused_token_is_replaced(wire: Wire, connect: Connect) -> None:
    refused = Answer(401, {"error": {"code": "ExpiredAuthenticationToken"}})
    wire.script += [refused, Answer(200), refused, Answer(200)]
    conn = await connect()
    await conn.call("arm", "GET", "/x")
    with pytest.raises(AzureError) as caught:
        await conn.call("arm", "PUT", "/x", json={})
    assert caught.value.kind is ErrorKind.SIGN_IN
    await conn.call("arm", "PUT", "/x", json={})
    tokens = [seen.headers["authorization"] for seen in wire.requests]
    assert tokens[1] == tokens[2] and len(set(tokens)) == 3


async def test_a_token_that_stays_refused_ends_in_an_error(wire: Wire, connect: Connect) -> None:
    wire.script += [Answer(401, {"error": {"code": "InvalidAuthenticationToken"}})] * 9
    conn = await connect()
    with pytest.raises(AzureError) as caught:
        await conn.call("arm", "GET", "/x")
    assert (caught.value.kind, len(wire.requests)) == (ErrorKind.SIGN_IN, 2)


async def test_clients_are_made_once_and_pinned(wire: Wire, connect: Connect) -> None:
    conn = await connect()
    first = conn.arm(KeyVaultManagementClient, SUB)
    assert conn.arm(KeyVaultManagementClient, SUB) is first
    assert conn.arm(KeyVaultManagementClient, SUB[:-1] + "b") is not first
    await first.vaults.get("rg", "kv")
    assert wire.requests[0].path.endswith("?api-version=2026-02-01")
    await conn.arm(ManagedServiceIdentityClient, SUB).user_assigned_identities.get("rg", "i")
    assert wire.requests[1].path.endswith("?api-version=2024-11-30")
    await conn.arm(AuthorizationManagementClient, SUB).role_assignments.get("s", "n")
    assert wire.requests[2].path.endswith("?api-version=2022-04-01")
    uri = f"https://KV1.{wire.cloud.vault_suffix}/"
    assert conn.keys(uri) is conn.keys(uri.lower().rstrip("/"))


@pytest.mark.parametrize(
    ("address", "inside"),
    [
        ("https://localhost:{port}/next?$skiptoken=x", True),
        ("https://westeurope.localhost:{port}/op/1", True),
        ("https://evil.test:{port}/next", False),
        ("https://evillocalhost:{port}/next", False),
        ("https://localhost:{port}@evil.test/next", False),
        ("https://localhost:1/next", False),
        ("https://localhost:99999/next", False),
        ("http://localhost:{port}/next", False),
    ],
)
async def test_a_token_stays_within_its_service(
    wire: Wire, connect: Connect, address: str, inside: bool
) -> None:
    conn = await connect(credential=(credential := Sesame()))
    url = address.format(port=wire.port)
    if inside and "westeurope" not in url:
        await conn.call("arm", "GET", url)
        return
    with pytest.raises(AzureError) as caught:
        await conn.call("arm", "GET", url)
    refused = (caught.value.code, credential.asked) == ("ForeignAddress", [])
    assert refused is not inside


def test_the_usual_port_may_be_written() -> None:
    usual = policies._place("https://Management.azure.com/x")
    assert policies._place("https://management.azure.com:443/y") == usual


async def test_prices_are_asked_without_a_token(wire: Wire, connect: Connect) -> None:
    conn = await connect()
    await conn.call("prices", "GET", "/api/retail/prices")
    assert "authorization" not in wire.requests[0].headers
