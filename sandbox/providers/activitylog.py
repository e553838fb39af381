"""The activity log as Azure Monitor lists it."""

import re

from sandbox import activity, armid
from sandbox.protocol import Answer, Refusal, Request
from sandbox.routing import Api
from sandbox.state import Json
from sandbox.world import World

api = Api("Microsoft.Insights")

_PAGE = 200
_CLAUSE = re.compile(r"(\w+)\s+(eq|ge|le)\s+'?([^'\s]+)'?", re.IGNORECASE)
"""Azure documents quotes around values; az leaves them away around times."""


@api.route(
    "GET",
    "/subscriptions/{subscription}/providers/Microsoft.Insights/eventtypes/management/values",
    action="Microsoft.Insights/eventtypes/values/Read",
)
def values(world: World, request: Request) -> Answer:
    """Newest first. The filter must begin with ``eventTimestamp ge``."""
    clauses = _CLAUSE.findall(request.query.get("$filter", ""))
    if not any(name.lower() == "eventtimestamp" for name, _, _ in clauses):
        raise Refusal(
            400, "BadRequest", "The '$filter' query parameter needs a start time: eventTimestamp ge"
        )
    skip = request.query.get("$skiptoken", "0")
    start = int(skip) if skip.isdigit() else 0
    subscription = armid.subscription(request.path)
    found = []
    for event in reversed(world.state.activity):
        scope = event["resourceId"]
        if armid.subscription(scope) != subscription:
            continue
        if all(_matches(event, *clause) for clause in clauses):
            found.append(event)
    page = found[start : start + _PAGE]
    body: Json = {"value": [activity.render(event) for event in page]}
    if start + _PAGE < len(found):
        query = "&".join(f"{name}={value}" for name, value in request.query.items())
        rest = re.sub(r"&?\$skiptoken=[^&]*", "", query)
        body["nextLink"] = f"{world.addresses.arm}{request.path}?{rest}&$skiptoken={start + _PAGE}"
    return Answer(200, body)


def _matches(event: Json, name: str, operator: str, value: str) -> bool:
    at: str = event["eventTimestamp"]
    scope: str = event["resourceId"]
    low = name.lower()
    if low == "eventtimestamp":
        wanted = value.replace("+00:00", "").rstrip("Z")
        return at.rstrip("Z") >= wanted if operator.lower() == "ge" else at.rstrip("Z") <= wanted
    if low == "resourcegroupname":
        return armid.group(scope).lower() == value.lower()
    if low in ("resourceuri", "resourceid"):
        return scope.lower() == value.lower().rstrip("/")
    if low == "correlationid":
        return str(event["correlationId"]).lower() == value.lower()
    if low == "resourceprovider":
        return activity.provider(event).lower() == value.lower()
    raise Refusal(400, "BadRequest", f"The field '{name}' can't be used in this filter.")
