"""Tags in one field: ``name=value, name=value``."""

from typing import Literal

from screens.widgets.form import Rule
from services import names


def tags_of(text: str) -> dict[str, str]:
    """The tags of a field that keeps its rule."""
    pairs = (part.split("=", 1) for part in text.split(",") if part.strip())
    return {name.strip(): value.strip() for name, value in pairs}


def tags_rule(kind: Literal["resource", "storage", "key"]) -> Rule:
    """The rule of a field that holds tags or nothing."""

    def rule(text: str) -> str:
        parts = [part for part in text.split(",") if part.strip()]
        if any("=" not in part for part in parts):
            return "Tags are written name=value, separated by commas. Example: team=ml, cost=42"
        written = [part.split("=", 1)[0].strip().lower() for part in parts]
        if len(set(written)) < len(written):
            return "A tag stands there twice; case makes no difference."
        return names.tags_problem(tags_of(text), kind) or ""

    return rule
