"""What vaults log of their data plane, and the query API that reads it."""

from typing import Any

import requests
from sandboxed import RunningSandbox

VAULT = (
    "/subscriptions/5b000000-0000-4000-8000-0000000000d1/resourceGroups/rg-sec"
    "/providers/Microsoft.KeyVault/vaults/kv-ml-prod"
)
LOGS = (
    VAULT.partition("/providers/")[0]
    + "/providers/Microsoft.OperationalInsights/workspaces/log-sec"
)
SETTINGS = f"{VAULT}/providers/Microsoft.Insights/diagnosticSettings"
QUERY = """AzureDiagnostics
| where ResourceProvider == "MICROSOFT.KEYVAULT" and TimeGenerated > ago(7d)
| where OperationName in ("KeyUpdate", "KeyDelete")
| where id_s contains "/keys/cmk-ml"
| order by TimeGenerated desc
| project TimeGenerated, OperationName, identity_claim_oid_g, CallerIPAddress, httpStatusCode_d
"""


def asked(
    sandbox: RunningSandbox, query: str, *, principal: str = "admin", audience: str = ""
) -> requests.Response:
    """A query as a client of the API sends it; its host is found on loopback."""
    customer = sandbox.call("GET", LOGS).json()["properties"]["customerId"]
    host = sandbox.ready["log_analytics"].removeprefix("https://")
    found = next(one for one in sandbox.world.state.principals.values() if one.name == principal)
    assert sandbox.world.issuer is not None
    token = sandbox.world.issuer.access_token(found, audience or f"https://{host}", 3600)
    return sandbox.http().post(
        f"{sandbox.arm}/v1/workspaces/{customer}/query",
        json={"query": query, "timespan": "P90D"},
        headers={"Host": host, "Authorization": f"Bearer {token}"},
        timeout=10,
    )


def rows(answer: requests.Response) -> list[dict[str, Any]]:
    assert answer.status_code == 200, answer.text
    (table,) = answer.json()["tables"]
    names = [column["name"] for column in table["columns"]]
    return [dict(zip(names, row, strict=True)) for row in table["rows"]]


def test_the_log_knows_who_disabled_a_key_version(sandbox: RunningSandbox) -> None:
    sandbox.reset("broken/f05-key-version-disabled-logged")
    (one,) = rows(asked(sandbox, QUERY))
    assert one["OperationName"] == "KeyUpdate"
    assert one["identity_claim_oid_g"] == sandbox.principal("key-officer")["object_id"]
    assert (one["CallerIPAddress"], one["httpStatusCode_d"]) == ("203.0.113.7", 200)


def test_the_services_own_calls_are_logged_with_their_refusals(sandbox: RunningSandbox) -> None:
    sandbox.reset("broken/f05-key-version-disabled-logged")
    found = rows(asked(sandbox, 'AzureDiagnostics | where OperationName == "KeyUnwrap"'))
    assert {one["ResultSignature"] for one in found} == {"OK", "Forbidden"}
    latest = max(found, key=lambda one: one["TimeGenerated"])
    assert latest["ResultSignature"] == "Forbidden"
    assert "not allowed on a disabled key" in latest["ResultDescription"]
    assert latest["identity_claim_appid_g"] == "a232010e-820c-4083-83bb-3ace5fc29d0b"


def test_a_vault_without_a_setting_logs_nothing(sandbox: RunningSandbox) -> None:
    sandbox.reset("broken/f05-key-version-disabled-logged")
    before = len(rows(asked(sandbox, "AzureDiagnostics")))
    (setting,) = sandbox.call("GET", SETTINGS).json()["value"]
    assert setting["properties"]["logs"][0]["category"] == "AuditEvent"
    assert sandbox.call("DELETE", f"{SETTINGS}/audit").status_code == 200
    sandbox.advance(7200)
    assert len(rows(asked(sandbox, "AzureDiagnostics"))) == before
    body = {
        "properties": {
            "workspaceId": LOGS,
            "logs": [{"categoryGroup": "audit", "enabled": True}],
        }
    }
    assert sandbox.call("PUT", f"{SETTINGS}/mine", body).status_code == 200
    sandbox.advance(7200)
    assert len(rows(asked(sandbox, "AzureDiagnostics"))) > before


def test_a_setting_needs_somewhere_to_send_to(sandbox: RunningSandbox) -> None:
    sandbox.reset("broken/healthy")
    assert sandbox.call("PUT", f"{SETTINGS}/x", {"properties": {"logs": []}}).status_code == 400
    nowhere = {"properties": {"workspaceId": LOGS + "x", "logs": []}}
    assert sandbox.call("PUT", f"{SETTINGS}/x", nowhere).status_code == 404
    assert sandbox.call("GET", SETTINGS).json() == {"value": []}


def test_only_who_may_read_the_workspace_may_ask_it(sandbox: RunningSandbox) -> None:
    sandbox.reset("broken/f05-key-version-disabled-logged")
    sandbox.on_loop(
        lambda: [
            sandbox.world.state.assignments.pop(key)
            for key, one in list(sandbox.world.state.assignments.items())
            if one.doc["properties"]["principalId"] == sandbox.principal("app")["object_id"]
        ]
    )
    refused = asked(sandbox, "AzureDiagnostics", principal="app")
    assert (refused.status_code, refused.json()["error"]["code"]) == (
        403,
        "InsufficientAccessError",
    )
    wrong = asked(sandbox, "AzureDiagnostics", audience=sandbox.arm)
    assert (wrong.status_code, wrong.json()["error"]["code"]) == (401, "InvalidTokenError")
    assert asked(sandbox, "AzureDiagnostics", principal="reader").status_code == 200


async def test_the_host_of_the_ready_document_is_trusted(sandbox: RunningSandbox) -> None:
    async with (
        sandbox.session() as session,
        session.post(f"{sandbox.ready['log_analytics']}/v1/workspaces/x/query", json={}) as answer,
    ):
        assert answer.status == 401
        assert (await answer.json())["error"]["code"] == "AuthorizationRequiredError"


def test_a_query_outside_the_subset_is_refused(sandbox: RunningSandbox) -> None:
    sandbox.reset("broken/f05-key-version-disabled-logged")
    for query in ("AzureActivity", "AzureDiagnostics | where", "AzureDiagnostics | render x"):
        error = asked(sandbox, query).json()["error"]
        assert error["code"] == "BadArgumentError"
        assert error["innererror"]["code"] in ("SyntaxError", "SemanticError")
