"""A value as TOML writes it."""

import re
from datetime import datetime
from typing import Any

import msgspec

from services.model.intent import Struct as Part


def toml(value: Any) -> str:
    """A value on one line; raises TypeError for what TOML has no word for."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return str(value)
    if isinstance(value, list):
        return f"[{', '.join(map(toml, value))}]"
    if isinstance(value, str):
        return _quoted(value)
    if isinstance(value, datetime):
        return value.isoformat().replace("+00:00", "Z")
    if isinstance(value, Part):
        value = msgspec.structs.asdict(value)
    if isinstance(value, dict):
        inside = ", ".join(f"{_key(name)} = {toml(item)}" for name, item in value.items())
        return f"{{ {inside} }}" if inside else "{}"
    raise TypeError(f"no TOML for {type(value).__name__}")


def _key(name: str) -> str:
    return name if re.fullmatch(r"[A-Za-z0-9_-]+", name) else _quoted(name)


def _quoted(text: str) -> str:
    """A basic string: quotes, backslashes and all control characters escaped."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return '"' + re.sub(r"[\x00-\x1f\x7f]", lambda one: f"\\u{ord(one[0]):04X}", escaped) + '"'
