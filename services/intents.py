"""Intent files: TOML to Intent, with everything that is wrong at once, and back.

The rules of single values stand in :mod:`services.names`; what a field may hold, and what
fields ask of each other, stands here.
"""

import difflib
import re
import tomllib
from collections.abc import Callable, Iterator
from datetime import date, datetime, time
from types import UnionType
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

import msgspec

from services.intentrules import RULES, FieldRule, between
from services.model.intent import SETUPS, Intent, Kind, kind_of
from services.model.intent import Struct as Part
from services.text import plain

TABLES: dict[str, Kind] = {
    "workspace": "workspace",
    "container_group": "container-group",
    "cluster": "cluster",
}
"""The table of each kind."""


class Problem(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that is wrong with an intent file."""

    path: str
    """Dotted, for example vault.name; empty for the file as a whole."""
    rule: str
    """What is asked for, with an example."""
    line: int = 0
    """Where it can be found, from 1; 0 where no line has it."""
    known: str = ""
    """The nearest known name, for a name nobody knows."""

    def __str__(self) -> str:
        where = f"line {self.line}, " if self.line else ""
        near = f"; did you mean {self.known}?" if self.known else ""
        return f"{where}{self.path or 'the file'}: {self.rule}{near}"


class BadIntent(ValueError):
    """An intent that can't be read; ``problems`` holds all of them, in the file's order."""

    def __init__(self, problems: list[Problem]) -> None:
        self.problems = problems
        super().__init__("\n".join(map(str, problems)))


def read(text: str) -> Intent:
    """The intent a TOML text describes; raises BadIntent with every problem."""
    try:
        data = tomllib.loads(text)
    except RecursionError:
        raise BadIntent(
            [Problem(path="", rule="this is nested too deeply for an intent")]
        ) from None
    except ValueError as error:  # TOMLDecodeError is one; so is a number of thousands of digits
        found = re.search(r"at line (\d+)", str(error))
        line = int(found[1]) if found else len(text.splitlines())
        raise BadIntent(
            [Problem(path="", rule=f"this is not TOML: {plain(error)}", line=line)]
        ) from None
    told = list(_whole(data))
    if not told:
        told = list(between(data))
    if told:
        lines = Lines(text)
        problems = [
            Problem(path=plain(path, 200), rule=rule, line=lines.find(path), known=known)
            for path, rule, known in told
        ]
        raise BadIntent(sorted(problems, key=lambda one: (one.line or 10**9, one.path)))
    intent: Intent = msgspec.convert(data, Intent)
    return intent


Told = tuple[str, str, str]
"""Path, rule, nearest known name."""


def _whole(data: dict[str, Any]) -> Iterator[Told]:
    """Everything wrong with a file, by the rules of its kind."""
    told = data.get("kind")
    known = next((one for one in SETUPS if one == told), None)
    if known is None:
        choice = ", ".join(map(_toml, SETUPS))
        rule = f"one of {choice} is wanted" if "kind" in data else "this field is missing"
        yield "kind", f"{rule}. Example: {example('kind')}", ""
    guessed: Kind = next((of for table, of in TABLES.items() if table in data), "workspace")
    kind = guessed if known is None else known
    for table, of in TABLES.items():
        if of != kind and table in data:
            yield table, f'this table belongs to kind = "{of}"', ""
    own = {name: value for name, value in data.items() if TABLES.get(name, kind) == kind}
    own.pop("kind", None)
    yield from _part(SETUPS[kind], own, "")


def _part(kind: type[Part], data: dict[str, Any], at: str) -> Iterator[Told]:
    """Everything wrong in one table."""
    hints = get_type_hints(kind)
    for name in data:
        if name not in hints:
            near = [*difflib.get_close_matches(name, list(hints), 1, 0.5), ""][0]
            have = ", ".join(sorted(hints))
            yield _join(at, name), f"there is no such field; known are {have}", near
    for field in msgspec.structs.fields(kind):
        path = _join(at, field.name)
        if field.name in data:
            yield from _value(hints[field.name], data[field.name], path)
        elif field.required:
            what = "table" if _struct(hints[field.name]) else "field"
            yield path, f"this {what} is missing. Example: {example(path)}", ""


def _value(hint: Any, value: Any, path: str) -> Iterator[Told]:
    inner = _struct(hint)
    item = _item(hint)
    if item is not None and isinstance(value, list):
        yield from _items(item, value, path)
        return
    if inner is not None and isinstance(value, dict):
        yield from _part(inner, value, path)
        if (rule := rule_of(path)) and isinstance(value.get("create"), str):
            yield from _ruled(rule.create, value["create"], _join(path, "create"))
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
            yield from _part(kind, one, at)
        else:
            yield at, f"a table is wanted, this is {_told(one)}", ""


def rule_of(path: str) -> FieldRule | None:
    """The rule of a field, whichever of several tables it stands in."""
    return RULES.get(re.sub(r"\[\d+\]", "", path))


def _ruled(check: Callable[[Any], str | None] | None, value: Any, path: str) -> Iterator[Told]:
    if check is not None and (wrong := check(value)):
        yield path, wrong, ""


def _shape(hint: Any, value: Any) -> str:
    """What is wrong with the TOML type of a value; empty where nothing is."""
    choices = [one for kind in _kinds(hint) for one in _choices(kind)]
    if choices:
        fits = any(value == one and type(value) is type(one) for one in choices)
        return "" if fits else f"one of {', '.join(map(_toml, choices))} is wanted"
    for kind in _kinds(hint):
        if kind is datetime and isinstance(value, datetime):
            return "" if value.tzinfo else "a time needs its zone, Z for UTC"
        if kind in (str, bool) and isinstance(value, kind):
            return ""
        if kind is int and isinstance(value, int) and not isinstance(value, bool):
            return ""
        if kind is float and isinstance(value, int | float) and not isinstance(value, bool):
            return ""
        if get_origin(kind) is list and isinstance(value, list) and _item(kind) is None:
            bad = [wrong for one in value if (wrong := _shape(get_args(kind)[0], one))]
            return f"in this list, {bad[0]}" if bad else ""
        if get_origin(kind) is dict and isinstance(value, dict):
            bad = [name for name, item in value.items() if not isinstance(item, str)]
            return f"the value of {plain(bad[0], 60)} must be text in quotes" if bad else ""
    names = [_NAMES[kind] for kind in map(_plain_kind, _kinds(hint)) if kind in _NAMES]
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


def _kinds(hint: Any) -> tuple[Any, ...]:
    return get_args(hint) if get_origin(hint) in (Union, UnionType) else (hint,)


def _choices(kind: Any) -> tuple[Any, ...]:
    return get_args(kind) if get_origin(kind) is Literal else ()


def _struct(hint: Any) -> type[Part] | None:
    for kind in _kinds(hint):
        if isinstance(kind, type) and issubclass(kind, Part):
            return kind
    return None


def _item(hint: Any) -> type[Part] | None:
    """The kind of table that a list holds; None for a list of values and for no list."""
    return _struct(get_args(hint)[0]) if get_origin(hint) is list else None


def _table(hint: Any) -> bool:
    """Whether a field is written as a table of its own, or several."""
    return _item(hint) is not None or (isinstance(hint, type) and issubclass(hint, Part))


def _join(at: str, name: str) -> str:
    return f"{at}.{name}" if at else name


def example(path: str) -> str:
    """A line of TOML that follows the rule of a field; for a table, its head."""
    if rule := rule_of(path):
        return f"{path.rpartition('.')[2]} = {rule.example}"
    return f"[[{path}]]" if path in SEVERAL else f"[{path}]"


SEVERAL = ("container_group.containers",)
"""Tables of which there may be several."""


class Lines:
    """Finds the line of a field by scanning for table and key; tomllib keeps no places."""

    def __init__(self, text: str) -> None:
        self._places: dict[str, int] = {}
        table = ""
        seen: dict[str, int] = {}
        for number, line in enumerate(text.splitlines(), 1):
            head = re.match(r"\s*(\[\[?)\s*([^\[\]]+?)\s*\]", line)
            if head:
                table = _bare(head[2])
                if head[1] == "[[":
                    seen[table] = seen.get(table, -1) + 1
                    self._places.setdefault(table, number)
                    table = f"{table}[{seen[table]}]"
                self._places.setdefault(table, number)
                continue
            key = re.match(r"""\s*([A-Za-z0-9_.\-"' ]+?)\s*=""", line)
            if key:
                self._places.setdefault(_join(table, _bare(key[1])), number)

    def find(self, path: str) -> int:
        """The line of a path, or of the nearest table around it; 0 for none."""
        while path:
            if path in self._places:
                return self._places[path]
            path = path.rpartition(".")[0]
        return 0


def _bare(key: str) -> str:
    return ".".join(part.strip().strip("\"'") for part in key.split("."))


def write(intent: Intent) -> str:
    """TOML that :func:`read` reads back as an equal intent; what is at its default is left out."""
    tops = [f"kind = {_toml(kind_of(intent))}\n", *_lines(intent)]
    return "".join(tops + list(_tables(intent, "")))


def _tables(part: Part, at: str) -> Iterator[str]:
    """The tables below a part, each with its head."""
    hints = get_type_hints(type(part))
    for field in msgspec.structs.fields(type(part)):
        value = getattr(part, field.name)
        path = _join(at, field.name)
        if not _table(hints[field.name]) or not (field.required or value != _default(field)):
            continue
        head = f"[[{path}]]" if isinstance(value, list) else f"[{path}]"
        for one in value if isinstance(value, list) else [value]:
            yield f"\n{head}\n" + "".join(_lines(one))
            yield from _tables(one, path)


def _lines(part: Part) -> Iterator[str]:
    hints = get_type_hints(type(part))
    for field in msgspec.structs.fields(type(part)):
        value = getattr(part, field.name)
        if value is None or _table(hints[field.name]):
            continue
        if field.required or value != _default(field):
            yield f"{field.name} = {_toml(value)}\n"


def _default(field: Any) -> Any:
    if field.default_factory is not msgspec.NODEFAULT:
        return field.default_factory()
    return field.default


def _toml(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return str(value)
    if isinstance(value, list):
        return f"[{', '.join(map(_toml, value))}]"
    if isinstance(value, str):
        return _quoted(value)
    if isinstance(value, datetime):
        return value.isoformat().replace("+00:00", "Z")
    if isinstance(value, Part):
        value = msgspec.structs.asdict(value)
    if isinstance(value, dict):
        inside = ", ".join(f"{_key(name)} = {_toml(item)}" for name, item in value.items())
        return f"{{ {inside} }}" if inside else "{}"
    raise TypeError(f"no TOML for {type(value).__name__}")


def _key(name: str) -> str:
    return name if re.fullmatch(r"[A-Za-z0-9_-]+", name) else _quoted(name)


def _quoted(text: str) -> str:
    """A basic string: quotes, backslashes and all control characters escaped."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return '"' + re.sub(r"[\x00-\x1f\x7f]", lambda one: f"\\u{ord(one[0]):04X}", escaped) + '"'
