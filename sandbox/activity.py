"""The activity log: control-plane writes, never what happens inside a service."""

from sandbox import armid
from sandbox.protocol import Request
from sandbox.state import Json
from sandbox.world import World

_KEPT = 5000


def note(world: World, request: Request, action: str, status: int) -> None:
    """Log one write that reached a provider."""
    at = world.iso()
    log = world.state.activity
    log.append(
        {
            "eventTimestamp": at,
            "resourceId": request.scope,
            "operation": action,
            "status": status,
            "caller": request.caller.upn or request.caller.app_id or request.caller.object_id,
            "objectId": request.caller.object_id,
            "correlationId": request.headers.get("x-ms-correlation-request-id", request.id),
            "tenantId": request.caller.tenant_id,
            "id": world.state.new_id(),
        }
    )
    if len(log) > _KEPT:
        del log[: len(log) - _KEPT]


def render(event: Json) -> Json:
    """An event as Azure Monitor's activity log lists it."""
    scope: str = event["resourceId"]
    good = event["status"] < 400
    kind = armid.resource_type(scope)
    sub = "Accepted" if event["status"] == 202 else "Succeeded" if good else "Failed"
    return {
        "authorization": {"action": event["operation"], "scope": scope},
        "caller": event["caller"],
        "channels": "Operation",
        "claims": {
            "http://schemas.microsoft.com/identity/claims/objectidentifier": event["objectId"]
        },
        "correlationId": event["correlationId"],
        "description": "",
        "eventDataId": event["id"],
        "eventName": {"value": "EndRequest", "localizedValue": "End request"},
        "category": {"value": "Administrative", "localizedValue": "Administrative"},
        "eventTimestamp": event["eventTimestamp"],
        "id": f"{scope}/events/{event['id']}/ticks/0",
        "level": "Informational" if good else "Error",
        "operationId": event["correlationId"],
        "operationName": {"value": event["operation"], "localizedValue": event["operation"]},
        "resourceGroupName": armid.group(scope),
        "resourceProviderName": {"value": kind.partition("/")[0]},
        "resourceType": {"value": kind, "localizedValue": kind},
        "resourceId": scope,
        "status": {"value": sub, "localizedValue": sub},
        "subStatus": {"value": str(event["status"])},
        "submissionTimestamp": event["eventTimestamp"],
        "subscriptionId": armid.subscription(scope),
        "tenantId": event["tenantId"],
    }
