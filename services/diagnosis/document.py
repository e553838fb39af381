"""A diagnosis as scripts see it."""

from typing import Any

import msgspec

from services.diagnosis.causes import roots
from services.diagnosis.repair import taken_back
from services.model.diagnosis import Diagnosis
from services.model.plan import Plan, Step
from services.runs.headless import finding_document, step_document


def diagnosis_document(diagnosis: Diagnosis) -> dict[str, Any]:
    """What ``wrapkey diagnose`` prints, without its schema; JSON types only."""
    return {
        "target": msgspec.to_builtins(diagnosis.target),
        "at": msgspec.to_builtins(diagnosis.at),
        "by": diagnosis.by,
        "cloud": diagnosis.cloud,
        "masked": diagnosis.masked,
        "tree": msgspec.to_builtins(diagnosis.tree),
        "root_causes": [one.id for one in roots(diagnosis)],
        "findings": [finding_document(one) for one in diagnosis.findings],
        "timeline": [msgspec.to_builtins(one) for one in diagnosis.timeline],
        "unread": [msgspec.to_builtins(one) for one in diagnosis.unread],
    }


def repair_document(plan: Plan) -> dict[str, Any]:
    """What ``wrapkey repair --plan`` prints, without its schema; JSON types only."""
    return {
        "subject": plan.subject,
        "steps": [_step(step) for step in plan.steps],
        "findings": [finding_document(one) for one in plan.findings],
    }


def _step(step: Step) -> dict[str, Any]:
    return {**step_document(step), "undo": taken_back(step)}
