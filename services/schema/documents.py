"""Every document that is made from types and checks, and whether the files are as fresh."""

from pathlib import Path

from services.schema.failurespage import failures_page
from services.schema.intentpage import intent_page
from services.schema.intentschema import intent_schema
from services.schema.jsonpage import json_page


def documents() -> dict[str, str]:
    """Every generated file: path below the project to text."""
    return {
        "docs/intent.md": intent_page(),
        "docs/failures.md": failures_page(),
        "docs/json.md": json_page(),
        "docs/intent.schema.json": intent_schema(),
    }


def stale(root: Path) -> dict[str, str]:
    """Those that are missing below ``root`` or say something else there, with what to write."""
    return {
        path: text
        for path, text in documents().items()
        if not (root / path).is_file() or (root / path).read_text(encoding="utf-8") != text
    }
