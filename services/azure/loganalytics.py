"""What a vault logs of its keys: where it sends its audit log, and what that says.

A vault sends AuditEvent only where a diagnostic setting says so. Read here is the table
AzureDiagnostics (Key Vault logging page); a setting may send to AZKVAuditLogs instead.
"""

from datetime import datetime, timedelta
from typing import Any

import msgspec

from services.azure import calls, resources
from services.azure.connection import Connection
from services.azure.errors import AzureError, ErrorKind
from services.model.resources import Raw
from services.text import plain

SETTINGS_API = "2021-05-01-preview"
CHANGES = (
    *("KeyCreate", "KeyImport", "KeyUpdate", "KeyDelete", "KeyRecover", "KeyPurge"),
    *("KeyRestore", "KeyRotate", "KeyRotationPolicySet"),
)
"""Operations that change a key (Key Vault logging page)."""
_UPN = "identity_claim_http_schemas_xmlsoap_org_ws_2005_05_identity_claims_upn_s"


class AuditEntry(msgspec.Struct, frozen=True, kw_only=True):
    """One operation on a vault's data plane."""

    at: datetime
    """UTC."""
    operation: str
    """For example KeyUpdate."""
    caller: str
    """Sign-in name of a person; else app id or object id."""
    path: str
    """Address of what it was done to."""
    succeeded: bool
    correlation_id: str = ""


async def destinations(conn: Connection, resource_id: str) -> tuple[str, ...]:
    """ARM ids of the Log Analytics workspaces a vault's audit log goes to; raises AzureError."""
    path = f"{resource_id}/providers/Microsoft.Insights/diagnosticSettings"
    query = {"api-version": SETTINGS_API}
    answer = await conn.call("arm", "GET", path, params=query, what="read diagnostic settings")
    raw = answer.body if isinstance(answer.body, dict) else {}
    told = [calls.part(one, "properties") for one in calls.objects(raw, "value")]
    found = (calls.arm_id(one.get("workspaceId")) for one in told if _audits(one))
    return tuple(dict.fromkeys(one for one in found if one))


def _audits(properties: Raw) -> bool:
    return any(
        one.get("enabled") is True
        and (
            one.get("category") == "AuditEvent" or one.get("categoryGroup") in ("audit", "allLogs")
        )
        for one in calls.objects(properties, "logs")
    )


async def key_changes(
    conn: Connection, workspace_id: str, vault: str, since: timedelta
) -> tuple[AuditEntry, ...]:
    """What was done to the keys of a vault, newest first, at most 500; raises AzureError."""
    if not conn.cloud.logs:
        raise AzureError(
            ErrorKind.NOT_FOUND,
            code="NoLogAnalytics",
            message=conn.cloud.name,
            what="Could not read the vault's audit log.",
            means="This cloud does not tell where Log Analytics is asked.",
            do="Look into the workspace in the portal.",
        )
    version = resources.api_version(workspace_id)
    there = await resources.get_resource(conn, workspace_id, version)
    customer = plain(calls.part(there.raw if there else {}, "properties").get("customerId"))
    if not customer:
        raise AzureError(
            ErrorKind.NOT_FOUND,
            code="WorkspaceNotFound",
            message=workspace_id,
            what="Could not read the vault's audit log.",
            means="The Log Analytics workspace it goes to is not there.",
        )
    operations = ", ".join(f"'{one}'" for one in CHANGES)
    kql = (
        f"AzureDiagnostics | where Category == 'AuditEvent' and Resource =~ '{vault.upper()}'"
        f" and OperationName in ({operations}) | order by TimeGenerated desc | limit 500"
    )
    answer = await conn.call(
        "logs",
        "POST",
        f"/v1/workspaces/{customer}/query",
        json={"query": kql, "timespan": f"P{max(1, since.days)}D"},
        what="read the vault's audit log",
    )
    raw = answer.body if isinstance(answer.body, dict) else {}
    made = (_entry(row) for table in calls.objects(raw, "tables") for row in _rows(table))
    return tuple(one for one in made if one is not None)


def _rows(table: Raw) -> list[dict[str, Any]]:
    names = [plain(one.get("name")) for one in calls.objects(table, "columns")]
    rows = table.get("rows")
    return [
        dict(zip(names, row, strict=False))
        for row in (rows if isinstance(rows, list) else [])
        if isinstance(row, list)
    ]


def _entry(row: dict[str, Any]) -> AuditEntry | None:
    at = calls.moment(row.get("TimeGenerated"))
    if at is None:
        return None
    who = row.get(_UPN) or row.get("identity_claim_appid_g") or row.get("identity_claim_oid_g")
    return AuditEntry(
        at=at,
        operation=plain(row.get("OperationName")),
        caller=plain(who),
        path=plain(row.get("id_s") or row.get("requestUri_s")),
        succeeded=row.get("ResultType") == "Success",
        correlation_id=plain(row.get("CorrelationId")),
    )
