"""What vaults log of their data plane: AuditEvent, as a Log Analytics workspace keeps it.

Only where a diagnostic setting of the vault sends AuditEvent to a workspace. Rows have the
columns of the table AzureDiagnostics (Key Vault logging reference, and the columns that Azure
Monitor makes of an event's members: ``_s``, ``_d``, ``_b`` and ``_g`` at the end tell the type).
"""

from collections.abc import Iterator
from contextlib import contextmanager
from http import HTTPStatus

from sandbox import armid
from sandbox.keyvault import names
from sandbox.keyvault.access import Caller
from sandbox.protocol import Refusal, Request
from sandbox.state import Json, Resource
from sandbox.world import World

SETTINGS = "diagnostic_settings"
"""Table: lower-case scope to its diagnostic settings by lower-case name."""
ROWS = "audit_events"
"""Table: lower-case ARM id of a Log Analytics workspace to its rows, the oldest first."""
_KEPT = 5000
_GROUPS = ("audit", "allLogs")
_UPN = "identity_claim_http_schemas_xmlsoap_org_ws_2005_05_identity_claims_upn_s"
_NAMES = {
    "get": "KeyGet",
    "list": "KeyList",
    "create": "KeyCreate",
    "import": "KeyImport",
    "update": "KeyUpdate",
    "delete": "KeyDelete",
    "recover": "KeyRecover",
    "purge": "KeyPurge",
    "backup": "KeyBackup",
    "restore": "KeyRestore",
    "rotate": "KeyRotate",
    "getrotationpolicy": "KeyRotationPolicyGet",
    "setrotationpolicy": "KeyRotationPolicySet",
    "encrypt": "KeyEncrypt",
    "decrypt": "KeyDecrypt",
    "sign": "KeySign",
    "verify": "KeyVerify",
    "wrapKey": "KeyWrap",
    "unwrapKey": "KeyUnwrap",
}
"""Permission to operationName (Key Vault logging page; names of the rotation policy's two are
not in it and follow its pattern)."""


def operation_name(permission: str, path: str) -> str:
    """What an event calls an operation on a path."""
    name = _NAMES[permission]
    if path.lower().startswith("/deletedkeys") and name in ("KeyGet", "KeyList"):
        return f"{name}Deleted"
    return "KeyListVersions" if path.lower().endswith("/versions") else name


def destinations(world: World, vault: Resource) -> list[str]:
    """Lower-case ids of the Log Analytics workspaces that a vault sends AuditEvent to."""
    kept = world.state.tables.get(SETTINGS, {}).get(str(vault.doc["id"]).lower(), {})
    found = []
    for setting in kept.values():
        properties = setting["properties"]
        wanted = any(
            log.get("enabled")
            and (log.get("category") == "AuditEvent" or log.get("categoryGroup") in _GROUPS)
            for log in properties["logs"]
        )
        if wanted and properties.get("workspaceId"):
            found.append(str(properties["workspaceId"]).lower())
    return found


def note(
    world: World,
    vault: Resource,
    caller: Caller,
    operation: str,
    *,
    url: str,
    request: Request | None = None,
    status: int = 200,
    refusal: Refusal | None = None,
) -> None:
    """Log one operation of a caller, refused or done, wherever the vault sends its events."""
    places = destinations(world, vault)
    if not places:
        return
    row = _row(world, vault, caller, operation, refusal.status if refusal else status)
    claims = request.claims if request else {}
    row |= {
        "ResultDescription": refusal.message if refusal else "",
        "CorrelationId": request.id if request else world.state.new_id(),
        "id_s": url.partition("?")[0],
        "requestUri_s": url,
        "clientInfo_s": request.headers.get("user-agent", "") if request else "",
        _UPN: str(claims.get("upn", "")),
    }
    for place in places:
        rows = world.state.table(ROWS).setdefault(place, [])
        rows.append(row)
        del rows[: max(0, len(rows) - _KEPT)]
    world.changed = True


def _row(world: World, vault: Resource, caller: Caller, operation: str, status: int) -> Json:
    vault_id = str(vault.doc["id"])
    # Azure Monitor writes ids of resources in capitals into this table.
    return {
        "TimeGenerated": world.iso(),
        "ResourceId": vault_id.upper(),
        "Category": "AuditEvent",
        "ResourceGroup": armid.group(vault_id).upper(),
        "SubscriptionId": armid.subscription(vault_id),
        "ResourceProvider": "MICROSOFT.KEYVAULT",
        "Resource": str(vault.doc["name"]).upper(),
        "ResourceType": "VAULTS",
        "OperationName": operation,
        "ResultType": "Success" if status < 400 else "Failure",
        "ResultSignature": "OK" if status < 400 else HTTPStatus(status).phrase,
        "CallerIPAddress": caller.address,
        "httpStatusCode_d": status,
        "identity_claim_oid_g": caller.object_id,
        "identity_claim_appid_g": caller.app_id,
        "isRbacAuthorized_b": bool(vault.doc["properties"].get("enableRbacAuthorization"))
        and status < 400,
        "Type": "AzureDiagnostics",
    }


@contextmanager
def by_service(world: World, kid: str, object_id: str, permission: str) -> Iterator[None]:
    """Log what an Azure service does with a key as a principal; a refusal passes through."""
    vault = names.find(world, kid.removeprefix("https://").partition(".")[0])
    principal = world.principal(object_id)
    refusal: Refusal | None = None
    try:
        yield
    except Refusal as error:
        refusal = error
        raise
    finally:
        if vault and principal:
            caller = Caller(principal.object_id, principal.app_id, "", "")
            verb = {"wrapKey": "/wrapkey", "unwrapKey": "/unwrapkey"}.get(permission, "")
            note(world, vault, caller, _NAMES[permission], url=f"{kid}{verb}", refusal=refusal)
