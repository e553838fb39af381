"""Whether data from TOML has the tables, fields and types of an intent, and each value is right."""

import difflib
from collections.abc import Iterator
from datetime import date, datetime, time
from typing import Any, get_args, get_origin, get_type_hints

import msgspec

from services.intents.fields import Told, example, join, rule_of
from services.intents.hints import choices_of, item_of, kinds, struct_in
from services.intents.toml import toml
from services.intents.values import Check
from services.model.intent import Struct as Part
from services.text import plain


def problems(kind: type[Part], data: dict[str, Any], at: str) -> Iterator[Told]:
    """Everything wrong in one table."""
    hints = get_type_hints(kind)
    for name in data:
        if name not in hints:
            near = [*difflib.get_close_matches(name, list(hints), 1, 0.5), ""][0]
            have = ", ".join(sorted(hints))
            yield join(at, name), f"there is no such field; known are {have}", near
    for field in msgspec.structs.fields(kind):
        path = join(at, field.name)
        if field.name in data:
            yield from _value(hints[field.name], data[field.name], path)
        elif field.required:
            what = "table" if struct_in(hints[field.name]) else "field"
            yield path, f"this {what} is missing. Example: {example(path)}", ""


def _value(hint: Any, value: Any, path: str) -> Iterator[Told]:
    inner = struct_in(hint)
    item = item_of(hint)
    if item is not None and isinstance(value, list):
        yield from _items(item, value, path)
        return
    if inner is not None and isinstance(value, dict):
        yield from problems(inner, value, path)
        if (rule := rule_of(path)) and isinstance(value.get("create"), str):
            yield from _ruled(rule.create, value["create"], join(path, "create"))
        return
    wrong = _shape(hint, value)
    if wrong:
        yield path, f"{wrong}. Example: {example(path)}", ""
    elif rule := rule_of(path):
        yield from _ruled(rule.check, value, path)


def _items(kind: type[Part], items: list[Any], path: str) -> Iterator[Told]:
    """Everything wrong in tables of one kind, such as a group's containers."""
    if not items:
        yield path, f"at least one is wanted. Example: {example(path)}", ""
    for place, one in enumerate(items):
        at = f"{path}[{place}]"
        if isinstance(one, dict):
            yield from problems(kind, one, at)
        else:
            yield at, f"a table is wanted, this is {_told(one)}", ""


def _ruled(check: Check | None, value: Any, path: str) -> Iterator[Told]:
    if check is not None and (wrong := check(value)):
        yield path, wrong, ""


def _shape(hint: Any, value: Any) -> str:
    """What is wrong with the TOML type of a value; empty where nothing is."""
    choices = [one for kind in kinds(hint) for one in choices_of(kind)]
    if choices:
        fits = any(value == one and type(value) is type(one) for one in choices)
        return "" if fits else f"one of {', '.join(map(toml, choices))} is wanted"
    for kind in kinds(hint):
        if kind is datetime and isinstance(value, datetime):
            return "" if value.tzinfo else "a time needs its zone, Z for UTC"
        if kind in (str, bool) and isinstance(value, kind):
            return ""
        if kind is int and isinstance(value, int) and not isinstance(value, bool):
            return ""
        if kind is float and isinstance(value, int | float) and not isinstance(value, bool):
            return ""
        if get_origin(kind) is list and isinstance(value, list) and item_of(kind) is None:
            bad = [wrong for one in value if (wrong := _shape(get_args(kind)[0], one))]
            return f"in this list, {bad[0]}" if bad else ""
        if get_origin(kind) is dict and isinstance(value, dict):
            bad = [name for name, item in value.items() if not isinstance(item, str)]
            return f"the value of {plain(bad[0], 60)} must be text in quotes" if bad else ""
    names = [_NAMES[kind] for kind in map(_plain_kind, kinds(hint)) if kind in _NAMES]
    return f"{' or '.join(names)} is wanted, this is {_told(value)}"


_NAMES: dict[Any, str] = {
    str: "text in quotes",
    bool: "true or false",
    int: "a whole number",
    float: "a number",
    list: "a list",
    datetime: "a date and time",
    dict: "a table of texts",
    Part: '{ create = "name" }',
}


def _plain_kind(kind: Any) -> Any:
    if isinstance(kind, type) and issubclass(kind, Part):
        return Part
    return get_origin(kind) or kind


def _told(value: object) -> str:
    for kind, name in (
        (bool, "true or false"),
        (str, "text"),
        (int, "a number"),
        (float, "a number with a fraction"),
        (datetime, "a date and time"),
        (date, "a date without a time"),
        (time, "a time without a date"),
        (list, "a list"),
        (dict, "a table"),
    ):
        if isinstance(value, kind):
            return name
    raise TypeError(f"TOML has no {type(value).__name__}")
