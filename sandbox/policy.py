"""Azure Policy as far as it can refuse a PUT: assignments whose effect is deny.

A rule's ``if`` is evaluated over the request's body with ``field`` conditions (``equals``,
``notEquals``, ``in``, ``notIn``, ``exists``, ``like``) and ``allOf``, ``anyOf``, ``not``.
Functions, ``count`` and aliases other than the property's own path are not evaluated;
docs/limits says so.
"""

import fnmatch
from collections.abc import Iterator
from typing import Any

from sandbox import armid
from sandbox.protocol import GatewayRefusal, Refusal, Request
from sandbox.state import Json
from sandbox.world import World

TABLE = "policies"
"""The state's table: assignment id in lower case to {id, name, scope, definition}."""
_MISSING = object()


def denials(world: World, scope: str, resource: Json) -> Iterator[Json]:
    """The policy assignments that deny a resource (with its id and type) at a scope."""
    for assignment in world.state.tables.get(TABLE, {}).values():
        rule = assignment["rule"]
        if rule["then"]["effect"].lower() != "deny":
            continue
        excluded = assignment.get("notScopes", [])
        if not armid.within(scope, assignment["scope"]):
            continue
        if any(armid.within(scope, other) for other in excluded):
            continue
        if holds(rule["if"], resource):
            yield assignment


def check(world: World, request: Request) -> None:
    """Refuse with 403 RequestDisallowedByPolicy what a policy denies (recorded: errors/12)."""
    if not world.state.tables.get(TABLE):
        return
    try:
        body = request.json()
    except Refusal:
        return  # the provider refuses a body that is none, in its own words
    kind = armid.resource_type(request.scope)
    refuse(world, request.scope, {**body, "type": kind, "name": armid.name(request.scope)})


def refuse(world: World, scope: str, resource: Json) -> None:
    """Raise the refusal of the policies that deny a resource; pass if there is none."""
    found = list(denials(world, scope, resource))
    if not found:
        return
    name = armid.name(scope)
    raise GatewayRefusal(
        403,
        "RequestDisallowedByPolicy",
        f"Resource '{name}' was disallowed by policy. Policy identifiers: "
        + "'["
        + ",".join(str(_identifier(assignment)) for assignment in found).replace("'", '"')
        + "]'.",
        target=name,
        additionalInfo=[{"type": "PolicyViolation", "info": _info(item)} for item in found],
    )


def _identifier(assignment: Json) -> Json:
    return {
        "policyAssignment": {"name": assignment["displayName"], "id": assignment["id"]},
        "policyDefinition": {
            "name": assignment["displayName"],
            "id": assignment["policyDefinitionId"],
        },
    }


def _info(assignment: Json) -> Json:
    return {
        "policyDefinitionDisplayName": assignment["displayName"],
        "policyDefinitionId": assignment["policyDefinitionId"],
        "policyDefinitionName": armid.name(assignment["policyDefinitionId"]),
        "policyDefinitionEffect": "deny",
        "policyAssignmentId": assignment["id"],
        "policyAssignmentName": assignment["name"],
        "policyAssignmentDisplayName": assignment["displayName"],
        "policyAssignmentScope": assignment["scope"],
    }


def holds(condition: Json, resource: Json) -> bool:
    """Whether a policy's condition is true of a resource."""
    if "allOf" in condition:
        return all(holds(part, resource) for part in condition["allOf"])
    if "anyOf" in condition:
        return any(holds(part, resource) for part in condition["anyOf"])
    if "not" in condition:
        return not holds(condition["not"], resource)
    value = _field(resource, condition["field"])
    if "exists" in condition:
        return (value is not _MISSING) == (str(condition["exists"]).lower() == "true")
    text = "" if value is _MISSING or value is None else str(value).lower()
    if "equals" in condition:
        return text == str(condition["equals"]).lower()
    if "notEquals" in condition:
        return text != str(condition["notEquals"]).lower()
    if "in" in condition:
        return text in [str(item).lower() for item in condition["in"]]
    if "notIn" in condition:
        return text not in [str(item).lower() for item in condition["notIn"]]
    if "like" in condition:
        return fnmatch.fnmatchcase(text, str(condition["like"]).lower())
    raise ValueError(f"this policy condition is not evaluated here: {condition}")


def looks_at(condition: Json, field: str) -> bool:
    """Whether a condition asks for a field."""
    parts = [*condition.get("allOf", []), *condition.get("anyOf", [])]
    if "not" in condition:
        parts.append(condition["not"])
    if parts:
        return any(looks_at(part, field) for part in parts)
    return str(condition["field"]).lower() == field.lower()


def _field(resource: Json, name: str) -> Any:
    """A field by policy's name for it: ``location``, ``tags['x']`` or ``TYPE/property.path``."""
    if name.lower().startswith("tags[") or name.lower().startswith("tags."):
        tag = name[5:].strip("[]'\"")
        return resource.get("tags", {}).get(tag, _MISSING)
    kind = str(resource.get("type", "")).lower()
    path = name
    if name.lower().startswith(kind + "/"):
        path = "properties." + name[len(kind) + 1 :]
    value: Any = resource
    for part in path.split("."):
        if not isinstance(value, dict):
            return _MISSING
        found = next((key for key in value if key.lower() == part.lower()), None)
        if found is None:
            return _MISSING
        value = value[found]
    return value
