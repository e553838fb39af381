"""The query API of Log Analytics: what vaults logged, in the query subset of the sandbox.

A workspace is addressed by its customer id. Reading takes ``query/read`` on the workspace, as
Reader has; one that the caller may not read is refused without saying whether it is there.
"""

import re
import time
from datetime import UTC, datetime, timedelta

from sandbox import audit, kql, rbac
from sandbox.protocol import Answer, Refusal, Request
from sandbox.routing import LOGS, Api
from sandbox.state import Json, Resource
from sandbox.world import World

api = Api(plane=LOGS)

TABLE = "AzureDiagnostics"
_ACTION = "Microsoft.OperationalInsights/workspaces/query/read"
_SPAN = re.compile(r"P(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)S)?)?")
_TYPES = {bool: "bool", int: "long", float: "real"}
_ENDINGS = {"_b": "bool", "_d": "real", "_g": "guid"}


@api.route("POST", "/v1/workspaces/{id}/query")
def query(world: World, request: Request) -> Answer:
    """Run a query over the time asked for (``timespan``, all unless given)."""
    _sign_in(world, request)
    workspace = _workspace(world, request)
    body = request.json()
    rows = list(world.state.table(audit.ROWS).get(str(workspace.doc["id"]).lower(), []))
    since = _since(world, str(body.get("timespan") or ""))
    try:
        parsed = kql.parse(str(body.get("query") or ""), (TABLE,), now=world.epoch())
    except kql.ParserFailure as failure:
        raise _bad("SyntaxError", "SYN0002", f"A recognition error occurred: {failure}") from None
    except kql.Unsupported as outside:
        raise _bad("SemanticError", "NotSupported", f"The sandbox does not run {outside}") from None
    found = parsed.run([row for row in rows if row["TimeGenerated"] >= since])
    return Answer(200, {"tables": [_table(found)]})


def _sign_in(world: World, request: Request) -> None:
    claims = request.claims
    if request.principal is None or claims.get("exp", 0) <= time.time():
        raise Refusal(401, "AuthorizationRequiredError", "Valid authentication was not provided")
    if str(claims.get("aud", "")).rstrip("/") != world.addresses.log_analytics:
        raise Refusal(
            401,
            "InvalidTokenError",
            "The provided authentication is not valid for this resource",
            innererror={
                "code": "SignatureVerificationFailed",
                "message": "Could not validate the request",
            },
        )


def _workspace(world: World, request: Request) -> Resource:
    wanted = request.params["id"].lower()
    for resource in world.state.resources.values():
        doc = resource.doc
        if doc["type"].lower() != "microsoft.operationalinsights/workspaces":
            continue
        if str(doc["properties"]["customerId"]).lower() == wanted:
            if rbac.allows(world, request.caller.object_id, _ACTION, doc["id"]):
                return resource
            break
    raise Refusal(
        403,
        "InsufficientAccessError",
        "The provided credentials have insufficient access to perform the requested operation",
        correlationId=request.id,
    )


def _bad(code: str, inner: str, message: str) -> Refusal:
    """400 in the service's envelope: the telling part is innererror."""
    return Refusal(
        400,
        "BadArgumentError",
        "The request had some invalid properties",
        innererror={"code": code, "message": message, "innererror": {"code": inner}},
    )


def _since(world: World, span: str) -> str:
    """The instant a timespan begins at: ``P7D``, or ``start/end``; empty for all."""
    if not span:
        return ""
    if "/" in span:
        return span.partition("/")[0]
    match = _SPAN.fullmatch(span)
    if match is None:
        raise _bad("InvalidTimespan", "InvalidTimespan", f"'{span}' is no ISO 8601 duration")
    days, hours, minutes, seconds = (int(part or 0) for part in match.groups())
    length = timedelta(days=days, hours=hours, minutes=minutes, seconds=seconds)
    return (datetime.fromtimestamp(world.epoch(), UTC) - length).strftime("%Y-%m-%dT%H:%M:%S")


def _table(rows: list[Json]) -> Json:
    names = list(dict.fromkeys(name for row in rows for name in row))
    columns = [{"name": name, "type": _type(name, rows)} for name in names]
    return {
        "name": "PrimaryResult",
        "columns": columns,
        "rows": [[row.get(name) for name in names] for row in rows],
    }


def _type(name: str, rows: list[Json]) -> str:
    if name == "TimeGenerated":
        return "datetime"
    value = next((row[name] for row in rows if row.get(name) is not None), "")
    return _ENDINGS.get(name[-2:], _TYPES.get(type(value), "string"))
