"""Azure Policy: what is assigned, and asking beforehand what it would refuse."""

from collections.abc import Mapping
from typing import Any

import msgspec

from services.azure import calls
from services.azure.connection import Connection
from services.model.resources import Raw
from services.text import plain

CHECK_API = "2022-03-01"
"""Of Microsoft.PolicyInsights checkPolicyRestrictions."""
ASSIGNMENTS_API = "2022-06-01"


class PolicyHit(msgspec.Struct, frozen=True, kw_only=True):
    """A policy that a resource would not satisfy."""

    assignment: str
    """ARM id of the assignment."""
    definition: str
    """Id of the definition."""
    effect: str
    """Deny, Audit, ...; empty where Azure does not tell it."""
    field: str = ""
    """The field it restricts; empty where the content as a whole was judged."""


class PolicyAssignment(msgspec.Struct, frozen=True, kw_only=True):
    """A policy, or a set of policies, assigned somewhere."""

    id: str
    name: str
    scope: str
    definition: str
    """Id of the definition or of the set."""
    effect: str = ""
    """The assignment's own ``effect`` parameter; empty where the definition's default counts."""
    enforced: bool = True
    parameters: Mapping[str, Any] = {}


async def check_restrictions(
    conn: Connection, scope: str, content: Raw, api_version: str
) -> tuple[PolicyHit, ...]:
    """Policies that a resource at a subscription or group would not satisfy.

    ``content`` is the resource with type, name, location and properties; it need not exist.
    Policies on data planes (Microsoft.KeyVault.Data) are not seen. Raises AzureError.
    """
    answer = await conn.call(
        "arm",
        "POST",
        f"{scope}/providers/Microsoft.PolicyInsights/checkPolicyRestrictions",
        params={"api-version": CHECK_API},
        json={
            "resourceDetails": {"resourceContent": content, "apiVersion": api_version},
            "pendingFields": [],
        },
        what="ask Azure Policy",
    )
    raw = answer.body if isinstance(answer.body, dict) else {}
    return tuple(_hits(raw))


def _hits(raw: Raw) -> list[PolicyHit]:
    evaluations = calls.objects(calls.part(raw, "contentEvaluationResult"), "policyEvaluations")
    found = [
        _hit(one, plain(calls.part(one, "effectDetails").get("policyEffect")))
        for one in evaluations
        if one.get("evaluationResult") == "NonCompliant"
    ]
    for field in calls.objects(raw, "fieldRestrictions"):
        for one in calls.objects(field, "restrictions"):
            found.append(_hit(one, plain(one.get("result")), plain(field.get("field"))))
    return found


def _hit(raw: Raw, effect: str, field: str = "") -> PolicyHit:
    info = calls.part(raw, "policyInfo") or calls.part(raw, "policy")
    return PolicyHit(
        assignment=plain(info.get("policyAssignmentId")),
        definition=plain(info.get("policyDefinitionId")),
        effect=effect,
        field=field,
    )


async def list_assignments(conn: Connection, scope: str) -> tuple[PolicyAssignment, ...]:
    """The assignments that hold at a scope: its own and those above it; raises AzureError."""
    path = f"{scope}/providers/Microsoft.Authorization/policyAssignments"
    query = {"api-version": ASSIGNMENTS_API, "$filter": "atScope()"}
    found: list[PolicyAssignment] = []
    while path:
        answer = await conn.call("arm", "GET", path, params=query, what="list policy assignments")
        raw = answer.body if isinstance(answer.body, dict) else {}
        found += map(_assignment, calls.objects(raw, "value"))
        path, query = raw.get("nextLink") or "", {}
    return tuple(found)


def _assignment(raw: Raw) -> PolicyAssignment:
    properties = calls.part(raw, "properties")
    parameters = calls.part(properties, "parameters")
    return PolicyAssignment(
        id=plain(raw.get("id")),
        name=plain(properties.get("displayName") or raw.get("name")),
        scope=calls.arm_id(properties.get("scope")),
        definition=plain(properties.get("policyDefinitionId")),
        effect=plain(calls.part(parameters, "effect").get("value")),
        enforced=properties.get("enforcementMode") != "DoNotEnforce",
        parameters={
            plain(name): value["value"]
            for name, value in parameters.items()
            if isinstance(value, dict) and "value" in value
        },
    )
