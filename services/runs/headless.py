"""What headless commands print: plans and events as JSON documents with ``schema: 1``."""

from typing import Any

import msgspec

from services.checks.check import Check
from services.model.cost import Estimate
from services.model.plan import Event, Finding, Plan, Status, Step
from services.model.quota import QuotaLine

SCHEMA = 1
NO_COST = "what it costs was not asked"

_WORST: tuple[Status, ...] = ("fail", "unknown", "warn", "fix", "ok", "skipped")


def plan_document(plan: Plan, cost: Estimate | None = None) -> dict[str, Any]:
    """A plan as ``wrapkey plan`` prints it; JSON types only."""
    return {
        "schema": SCHEMA,
        "intent": msgspec.to_builtins(plan.intent),
        "steps": [step_document(step) for step in plan.steps],
        "findings": [finding_document(one) for one in plan.findings],
        "names": plan.names,
        "cost": None if cost is None else cost_document(cost),
        "cost_reason": NO_COST if cost is None else "",
        "quota": [quota_document(one) for one in plan.quota],
    }


def findings_document(plan: Plan) -> dict[str, Any]:
    """What ``wrapkey check`` prints, without its schema."""
    return {
        "findings": [finding_document(one) for one in plan.findings],
        "worst": worst(plan),
        "quota": [quota_document(one) for one in plan.quota],
    }


def check_document(check: Check) -> dict[str, Any]:
    """A check of the registry as scripts see it."""
    names = ("id", "title", "subject", "phases", "severity", "reads", "scenario", "failures")
    document: dict[str, Any] = msgspec.to_builtins(check)
    return {name: document[name] for name in names} | {"source": check.source}


def quota_document(line: QuotaLine) -> dict[str, Any]:
    """A quota as scripts see it; ``left`` is after the plan, null where nobody knows."""
    return {**msgspec.to_builtins(line), "fits": line.fits}


def cost_document(cost: Estimate) -> dict[str, Any]:
    """An estimate as scripts see it: eight digits that count, null where a price is not known."""
    document: dict[str, Any] = _rounded(msgspec.to_builtins(cost))
    return document


def _rounded(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _rounded(one) for name, one in value.items()}
    if isinstance(value, (list, tuple)):
        return [_rounded(one) for one in value]
    # Digits that count, not decimals: nothing that costs a little becomes 0.
    return float(f"{value:.8g}") if isinstance(value, float) else value


def step_document(step: Step) -> dict[str, Any]:
    """A step as scripts see it; what it is made of stays inside."""
    return {
        "id": step.id,
        "title": step.title,
        "action": step.action,
        "target": step.target,
        "needs": list(step.needs),
        "irreversible": step.irreversible,
        "expected_s": step.expected_s,
    }


def finding_document(finding: Finding) -> dict[str, Any]:
    """A finding as scripts see it."""
    document: dict[str, Any] = msgspec.to_builtins(finding)
    repair = finding.repair
    if repair is not None:
        document["repair"] = {
            "steps": [step_document(step) for step in repair.steps],
            "text": repair.text,
            "irreversible": repair.irreversible,
            "blocked": [msgspec.to_builtins(one) for one in repair.blocked],
        }
    return document


def event_document(event: Event) -> dict[str, Any]:
    """An event as one line of ``wrapkey apply``."""
    return {"schema": SCHEMA, **msgspec.to_builtins(event)}


def json_line(document: dict[str, Any]) -> str:
    """A document in one line, without a newline at its end."""
    return msgspec.json.encode(document).decode()


def worst(plan: Plan) -> Status:
    """The gravest status among a plan's findings; ok where there are none."""
    found = {finding.status for finding in plan.findings}
    return next((status for status in _WORST if status in found), "ok")


def refusals(plan: Plan, accepted: frozenset[str] = frozenset()) -> tuple[Finding, ...]:
    """The failing findings that keep a plan from being applied, but for accepted checks."""
    return tuple(one for one in plan.findings if one.status == "fail" and one.check not in accepted)
