"""Long-running operations: the rhythm, the end, the address."""

import json
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from azure.mgmt.keyvault.aio import KeyVaultManagementClient
from azure.mgmt.machinelearningservices.aio import MachineLearningServicesMgmtClient

from services.azure import operations, workspaces
from services.azure.connection import Connection
from services.azure.errors import AzureError, ErrorKind
from services.azure.operations import Polling, delay
from tests.services.connection.wire import SUB, Answer, Wire

Connect = Callable[..., Awaitable[Connection]]
SOON = {"retry-after-ms": "1"}
WORKSPACES = "Microsoft.MachineLearningServices/workspaces"
PURGE = "CMK workspaces should have purge protection enabled on their CMK keyvault."


@pytest.mark.parametrize(
    ("age", "asked", "expected"),
    [(0, None, 0.2), (4, None, 0.2), (60, None, 3.0), (3600, None, 10.0), (0, 15.0, 15.0)],
)
def test_delay(age: float, asked: float | None, expected: float) -> None:
    assert delay(age, asked) == pytest.approx(expected)


def raw(response: Any, *_: Any) -> Any:
    return json.loads(response.http_response.text())


async def create(conn: Connection) -> operations.Operation:
    sdk = conn.arm(MachineLearningServicesMgmtClient, SUB)
    poller = await sdk.workspaces.begin_create_or_update(
        "rg", "ml", b'{"location":"x"}', polling=Polling(), cls=raw
    )
    return operations.started(poller)


async def test_a_workspace_is_followed_to_its_end(wire: Wire, connect: Connect) -> None:
    conn = await connect()
    address = f"{wire.cloud.arm}/op/1?t=1&c=signed"
    wire.script += [
        Answer(202, b"", {"Azure-AsyncOperation": address, "Location": f"{address}&l", **SOON}),
        Answer(200, {"status": "InProgress"}, SOON),
        Answer(500, {}, SOON),
        Answer(200, {"status": "Succeeded"}, SOON),
        Answer(200, {"id": "ml", "new": "field"}),
    ]
    operation = await create(conn)
    assert operation.address == address
    assert await operations.wait(conn, operation) == {"id": "ml", "new": "field"}
    assert [seen.method for seen in wire.requests] == ["PUT", "GET", "GET", "GET", "GET"]
    assert "api-version=2025-12-01" in wire.requests[0].path


@pytest.mark.parametrize("status", [200, 201, 202])
@pytest.mark.parametrize("told", ["address", "body"])
async def test_every_way_to_say_that_a_workspace_is_begun(
    wire: Wire, connect: Connect, status: int, told: str
) -> None:
    conn = await connect()
    id = f"/subscriptions/{SUB}/resourceGroups/rg/providers/{WORKSPACES}/ml"
    address = f"{wire.cloud.arm}/op/1"
    made = {"id": id, "properties": {"provisioningState": "Succeeded"}}
    if told == "address":
        begun = Answer(status, made, {"Azure-AsyncOperation": address, **SOON})
        wire.script += [begun, Answer(200, {"status": "Succeeded"}, SOON), Answer(200, made)]
    else:
        headers = {"Location": address} if status == 202 else {}
        making = {"id": id, "properties": {"provisioningState": "Creating"}}
        wire.script += [Answer(status, making, {**headers, **SOON}), Answer(200, made)]
    operation = await workspaces.begin_create(conn, id, {"location": "x"})
    assert operation.address == (address if told == "address" or status == 202 else "")
    result = await operations.wait(conn, operation)
    assert result == made
    assert [seen.method for seen in wire.requests].count("PUT") == 1


@pytest.mark.parametrize("status", [204, 206, 400])
async def test_no_other_answer_begins_a_workspace(
    wire: Wire, connect: Connect, status: int
) -> None:
    conn = await connect()
    wire.script.append(Answer(status, b"" if status == 204 else {"error": {"code": "No"}}))
    id = f"/subscriptions/{SUB}/resourceGroups/rg/providers/{WORKSPACES}/ml"
    with pytest.raises(AzureError) as caught:
        await workspaces.begin_create(conn, id, {"location": "x"})
    assert caught.value.status == status
    assert len(wire.requests) == 1


FAILED = {
    "status": "Failed",
    "error": {
        "code": "ResourceDeploymentFailure",
        "message": "failed",
        "details": [{"code": "BadRequest", "message": PURGE}],
    },
}


async def test_a_late_failure_tells_its_innermost_cause(wire: Wire, connect: Connect) -> None:
    conn = await connect()
    address = f"{wire.cloud.arm}/op/1"
    wire.script += [
        Answer(202, b"", {"Azure-AsyncOperation": address, **SOON}),
        Answer(200, FAILED, {"x-ms-request-id": "r-9"}),
    ]
    operation = await create(conn)
    with pytest.raises(AzureError) as caught:
        await operations.wait(conn, operation, "create workspace ml")
    error = caught.value
    assert (error.code, error.message, error.request_id) == ("BadRequest", PURGE, "r-9")
    assert error.what == "Could not create workspace ml."


async def test_a_vault_without_an_address_is_polled_itself(wire: Wire, connect: Connect) -> None:
    conn = await connect()
    wire.script += [
        Answer(200, {"properties": {"provisioningState": "RegisteringDns"}}, SOON),
        Answer(200, {"properties": {"provisioningState": "RegisteringDns"}}, SOON),
        Answer(200, {"properties": {"provisioningState": "Succeeded"}, "id": "kv"}),
    ]
    sdk = conn.arm(KeyVaultManagementClient, SUB)
    poller = await sdk.vaults.begin_create_or_update(
        "rg", "kv", b'{"location":"x"}', polling=Polling(), cls=raw
    )
    operation = operations.started(poller)
    assert operation.address == ""
    assert (await operations.wait(conn, operation))["id"] == "kv"


async def test_another_process_follows_by_the_address(wire: Wire, connect: Connect) -> None:
    conn = await connect()
    here = f"{wire.cloud.arm}/op/1"
    heard: list[str] = []
    wire.script += [
        Answer(200, {"status": "InProgress"}, SOON),
        Answer(200, {"status": "Succeeded", "percentComplete": 100.0}),
    ]
    done = await operations.follow(conn, here, listener=heard.append)
    assert done["percentComplete"] == 100.0 and heard == ["InProgress", "Succeeded"]
    wire.script += [
        Answer(202, b"", {"Location": f"{here}/2", **SOON}),
        Answer(200, {"checks": []}),
    ]
    assert await operations.follow(conn, here) == {"checks": []}
    assert wire.requests[-1].path == "/op/1/2"
    wire.script.append(Answer(200, FAILED))
    with pytest.raises(AzureError) as caught:
        await operations.follow(conn, here, what="create workspace ml")
    assert (caught.value.message, caught.value.kind) == (PURGE, ErrorKind.INVALID)


async def test_an_operation_elsewhere_gets_no_token(wire: Wire, connect: Connect) -> None:
    conn = await connect()
    wire.script.append(
        Answer(202, b"", {"Azure-AsyncOperation": f"https://evil.test:{wire.port}/op", **SOON})
    )
    operation = await create(conn)
    with pytest.raises(AzureError) as caught:
        await operations.wait(conn, operation)
    assert caught.value.code == "ForeignAddress" and "evil.test" in caught.value.message
