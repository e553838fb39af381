"""What a plan wants, in short: two plans with the same digest want the same of Azure."""

import hashlib
from typing import Any

import msgspec

from services.model.plan import Plan

COSMETIC = frozenset(("tags", "description"))
"""Fields of an intent that only tell people something."""


def digest(plan: Plan) -> str:
    """SHA-256 in hex over the settled intent, or the steps of a plan without one.

    Azure's names know no case, so neither does the digest.
    """
    wanted: Any
    if plan.intent is not None:
        wanted = [plan.purpose, _bare(msgspec.to_builtins(plan.intent), plan.names)]
    else:
        wanted = [plan.purpose, plan.subject, [(one.kind, one.target) for one in plan.steps]]
    text = msgspec.json.encode(wanted, order="deterministic").decode()
    return hashlib.sha256(text.lower().encode()).hexdigest()


def _bare(value: Any, names: dict[str, str]) -> Any:
    """Without what is cosmetic, and with the names that were derived written out."""
    if not isinstance(value, dict):
        return value
    return {
        name: {"create": names[name]} if one == "new" and name in names else _bare(one, names)
        for name, one in value.items()
        if name not in COSMETIC
    }
