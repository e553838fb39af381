"""A diagnosis as scripts see it."""

from typing import Any

import msgspec

from services.diagnosis.causes import roots
from services.model.diagnosis import Diagnosis
from services.runs.headless import finding_document


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
