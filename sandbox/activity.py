"""The activity log: control-plane writes, never what happens inside a service.

A write is one entry, with the error where it was refused. A long-running one has a second
entry when it ends, and services that write in its name (Machine Learning in the managed group)
have theirs, all with its correlation id.
"""

from http import HTTPStatus
from typing import TYPE_CHECKING

import msgspec

from sandbox import armid
from sandbox.protocol import Request
from sandbox.state import Json, Operation, Principal

if TYPE_CHECKING:
    from sandbox.world import World

_KEPT = 5000
_BY = "by"
"""Where an operation keeps the entry of the write that started it."""


def note(
    world: "World", request: Request, action: str, status: int, error: Json | None = None
) -> Json:
    """Log one write that reached a provider, or was refused with ``error``; its entry."""
    correlation = request.headers.get("x-ms-correlation-request-id", request.id)
    made = entry(
        world, request.caller, action, request.scope, status, error=error, correlation=correlation
    )
    if request.logged:
        made["logged"] = request.logged
    return made


def entry(
    world: "World",
    caller: Principal,
    action: str,
    scope: str,
    status: int,
    *,
    error: Json | None = None,
    correlation: str = "",
    at: float | None = None,
) -> Json:
    """Log a write of a principal; ``at`` (epoch) is now unless given. Returns the entry."""
    made = {
        "eventTimestamp": world.iso() if at is None else world.clock.iso(at),
        "resourceId": scope,
        "operation": action,
        "status": status,
        "caller": caller.upn or caller.app_id or caller.object_id,
        "objectId": caller.object_id,
        "correlationId": correlation or world.state.new_id(),
        "tenantId": caller.tenant_id,
        "id": world.state.new_id(),
        "error": error,
    }
    _add(world, made)
    return made


def started(operation: Operation, made: Json) -> None:
    """Remember who started an operation that still runs, for the entry of its end."""
    if operation.status == "InProgress":
        operation.inner.setdefault(_BY, made)


def ended(world: "World", operation: Operation) -> None:
    """Log the end of an operation that somebody started: Succeeded, or Failed with its error."""
    made = operation.inner.get(_BY)
    if made is None:
        return
    status = operation.inner.get("http", 409) if operation.error else 200
    _again(world, made, status=int(status), error=operation.error)


def within(world: "World", of: Operation, **changed: object) -> None:
    """Log what a service wrote to carry out an operation that somebody started.

    ``changed`` are ``caller`` (its app id), ``objectId``, ``operation`` (the action),
    ``resourceId``, ``status`` and ``error``.
    """
    made = of.inner.get(_BY)
    if made is not None:
        _again(world, made, **changed)


def _again(world: "World", made: Json, **changed: object) -> None:
    now = {"eventTimestamp": world.iso(), "id": world.state.new_id()}
    _add(world, {**made, **now, **changed})


def _add(world: "World", made: Json) -> None:
    log = world.state.activity
    log.append(made)
    if len(log) > _KEPT:
        del log[: len(log) - _KEPT]


def provider(event: Json) -> str:
    """The namespace an entry belongs to: of its resource; at a subscription of its operation."""
    scope: str = event["resourceId"]
    kind: str = armid.resource_type(scope) if "/providers/" in scope else event["operation"]
    return kind.partition("/")[0]


def render(event: Json) -> Json:
    """An event as Azure Monitor's activity log lists it."""
    scope: str = event["resourceId"]
    good = event["status"] < 400
    kind = armid.resource_type(scope)
    status = "Accepted" if event["status"] == 202 else "Succeeded" if good else "Failed"
    phrase = HTTPStatus(event["status"]).phrase
    code = phrase.replace(" ", "")
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
        "resourceProviderName": {"value": provider(event)},
        "resourceType": {"value": kind, "localizedValue": kind},
        "resourceId": scope,
        "status": {"value": status, "localizedValue": status},
        "subStatus": {
            "value": code,
            "localizedValue": f"{phrase} (HTTP Status Code: {event['status']})",
        },
        "properties": _properties(event, code),
        "submissionTimestamp": event["eventTimestamp"],
        "subscriptionId": armid.subscription(scope),
        "tenantId": event["tenantId"],
    }


def _properties(event: Json, code: str) -> Json:
    """``statusMessage`` holds the refusal's body as text (RequestDisallowedByPolicy page)."""
    told: Json = {
        "statusCode": code,
        "serviceRequestId": None,
        "eventCategory": "Administrative",
        "entity": event["resourceId"],
        "message": event["operation"],
    }
    if event.get("error"):
        told["statusMessage"] = msgspec.json.encode({"error": event["error"]}).decode()
    told.update(event.get("logged", {}))
    return told
