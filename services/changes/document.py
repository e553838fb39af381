"""Changes as scripts see them before they are carried out."""

from typing import Any

import msgspec

from services.changes.model import (
    AnyPlace,
    Deletion,
    GroupPlace,
    Rotation,
    left_behind,
    workspaces_of,
)
from services.checks.facts import Unknown
from services.model.cost import KEPT_DAYS
from services.model.fleet import Dependent
from services.model.plan import Plan
from services.model.resources import KeyVersion
from services.runs.headless import finding_document, step_document, worst


def rotation_document(rotation: Rotation, plan: Plan) -> dict[str, Any]:
    """What ``wrapkey rotate --preview`` prints, without its schema; JSON types only."""
    users = rotation.dependents
    return {
        "subject": rotation.subject,
        "at": msgspec.to_builtins(rotation.at),
        "workspaces": [
            {"id": one.of.id, "name": one.of.name, "key": str(one.key)}
            for one in workspaces_of(rotation)
        ],
        "places": [_place(one) for one in rotation.places],
        "key": rotation.name,
        "to": rotation.wanted.id if isinstance(rotation.wanted, KeyVersion) else None,
        "dependents": None
        if isinstance(users, Unknown)
        else [dependent_document(one) for one in users],
        "left_behind": []
        if isinstance(users, Unknown)
        else [one.id for one in left_behind(rotation, users)],
        **_plan(plan),
    }


def _place(one: AnyPlace) -> dict[str, Any]:
    names = [hole.name for hole in one.holes] if isinstance(one, GroupPlace) else []
    told = {"kind": one.kind, "id": one.of.id, "name": one.of.name, "key": str(one.key)}
    return {**told, "secrets": names}


def dependent_document(one: Dependent) -> dict[str, Any]:
    """A dependent; ``version`` is empty where it tells none."""
    told: dict[str, Any] = msgspec.to_builtins(one)
    return {**told, "version": one.version}


def _plan(plan: Plan) -> dict[str, Any]:
    return {
        "steps": [step_document(step) for step in plan.steps],
        "findings": [finding_document(one) for one in plan.findings],
        "worst": worst(plan),
    }


def deletion_document(deletion: Deletion, plan: Plan) -> dict[str, Any]:
    """What ``wrapkey delete --preview`` prints, without its schema; JSON types only."""
    told: dict[str, Any] = msgspec.to_builtins(deletion)
    fields = (
        "id",
        "kind",
        "name",
        "at",
        "purge",
        "there",
        "managed_group",
        "goes",
        "stays",
        "unread",
    )
    kept = {"days": KEPT_DAYS, "currency": deletion.currency, "problem": deletion.cost_problem}
    return {
        **{name: told[name] for name in fields},
        "cost": {**kept, "kept": told["kept"], "ends": told["ends"]},
        **_plan(plan),
    }
