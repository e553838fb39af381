"""An Intent as TOML."""

from collections.abc import Iterator
from typing import Any, get_type_hints

import msgspec

from services.intents.fields import join
from services.intents.hints import is_table
from services.intents.toml import toml
from services.model.intent import Intent, kind_of
from services.model.intent import Struct as Part


def write(intent: Intent) -> str:
    """TOML that :func:`services.intents.read` reads back as an equal intent; what is at its default is left out."""
    tops = [f"kind = {toml(kind_of(intent))}\n", *_lines(intent)]
    return "".join(tops + list(_tables(intent, "")))


def _tables(part: Part, at: str) -> Iterator[str]:
    """The tables below a part, each with its head."""
    hints = get_type_hints(type(part))
    for field in msgspec.structs.fields(type(part)):
        value = getattr(part, field.name)
        path = join(at, field.name)
        if not is_table(hints[field.name]) or not (field.required or value != _default(field)):
            continue
        head = f"[[{path}]]" if isinstance(value, list) else f"[{path}]"
        for one in value if isinstance(value, list) else [value]:
            yield f"\n{head}\n" + "".join(_lines(one))
            yield from _tables(one, path)


def _lines(part: Part) -> Iterator[str]:
    hints = get_type_hints(type(part))
    for field in msgspec.structs.fields(type(part)):
        value = getattr(part, field.name)
        if value is None or is_table(hints[field.name]):
            continue
        if field.required or value != _default(field):
            yield f"{field.name} = {toml(value)}\n"


def _default(field: Any) -> Any:
    if field.default_factory is not msgspec.NODEFAULT:
        return field.default_factory()
    return field.default
