"""Values of the sandbox's query language: comparing, converting, counting.

Null (also: a path that leads nowhere) is Python's None; it equals nothing but itself,
is the empty string to the text operators, and sorts first.
"""

import json
from collections.abc import Callable
from typing import Any

from sandbox.state import Json

Expression = Callable[[Json], Any]


def text(value: Any) -> str:
    """A value as ``tostring()`` gives it."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, dict | list):
        return json.dumps(value, separators=(",", ":"))
    return str(value)


def truth(value: Any) -> bool:
    """A value as a condition; the text ``true`` counts, as dynamic values do."""
    return value is True or (isinstance(value, str) and value.lower() == "true")


def same(one: Any, other: Any) -> bool:
    """``==``: texts by case, booleans also against their text."""
    if isinstance(one, bool) != isinstance(other, bool):
        return isinstance(one, str | bool) and text(one).lower() == text(other).lower()
    return bool(one == other)


def rank(value: Any) -> tuple[int, Any]:
    """What to sort by: null first, then numbers by value, then everything else by its text."""
    if value is None:
        return (0, 0)
    if isinstance(value, int | float):
        return (1, value)
    return (2, text(value))


def member(left: Expression, values: list[Expression], *, fold: bool, wanted: bool) -> Expression:
    """``in``, ``in~`` and their negations; a list among the values counts by its items."""

    def test(row: Json) -> bool:
        value = text(left(row))
        items: list[str] = []
        for expression in values:
            found = expression(row)
            items.extend(map(text, found) if isinstance(found, list) else [text(found)])
        if fold:
            return (value.lower() in map(str.lower, items)) is wanted
        return (value in items) is wanted

    return test


def _folded(test: Callable[[str, str], bool], wanted: bool = True) -> Callable[[Any, Any], bool]:
    return lambda one, other: test(text(one).lower(), text(other).lower()) is wanted


def _has(value: str, word: str) -> bool:
    bare = "".join(sign if sign.isalnum() else " " for sign in value).split()
    return word in bare or ("".join(w for w in word if not w.isalnum()) != "" and word in value)


COMPARISONS: dict[str, Callable[[Any, Any], bool]] = {
    "==": same,
    "!=": lambda one, other: not same(one, other),
    "=~": _folded(str.__eq__),
    "!~": _folded(str.__eq__, False),
    "<": lambda one, other: _known(one, other) and rank(one) < rank(other),
    "<=": lambda one, other: _known(one, other) and rank(one) <= rank(other),
    ">": lambda one, other: _known(one, other) and rank(one) > rank(other),
    ">=": lambda one, other: _known(one, other) and rank(one) >= rank(other),
    "contains": _folded(str.__contains__),
    "!contains": _folded(str.__contains__, False),
    "startswith": _folded(str.startswith),
    "!startswith": _folded(str.startswith, False),
    "endswith": _folded(str.endswith),
    "!endswith": _folded(str.endswith, False),
    "has": _folded(_has),
    "!has": _folded(_has, False),
}
"""Operators between two values; the textual ones ignore case, as Kusto's do."""


def _known(one: Any, other: Any) -> bool:
    return one is not None and other is not None


def _number(value: Any) -> int | None:
    try:
        return int(float(value))
    except (TypeError, ValueError, OverflowError):
        return None


def _first(*values: Any) -> Any:
    return next((value for value in values if value not in (None, "")), None)


FUNCTIONS: dict[str, Callable[..., Any]] = {
    "tostring": text,
    "todatetime": text,
    "tolower": lambda value: text(value).lower(),
    "toupper": lambda value: text(value).upper(),
    "tobool": truth,
    "toint": _number,
    "tolong": _number,
    "not": lambda value: not truth(value),
    "isempty": lambda value: text(value) == "",
    "isnotempty": lambda value: text(value) != "",
    "isnull": lambda value: value is None,
    "isnotnull": lambda value: value is not None,
    "iff": lambda condition, yes, no: yes if truth(condition) else no,
    "iif": lambda condition, yes, no: yes if truth(condition) else no,
    "coalesce": _first,
    "strcat": lambda *parts: "".join(map(text, parts)),
    "split": lambda value, sign: text(value).split(text(sign) or None),
    "array_length": lambda value: len(value) if isinstance(value, list) else None,
}
"""Scalar functions."""


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _values(argument: Expression | None, rows: list[Json]) -> list[Any]:
    if argument is None:
        return list(rows)
    return [value for row in rows if (value := argument(row)) is not None]


def _over(reduce: Callable[[list[Any]], Any]) -> Callable[[Expression | None], Any]:
    return lambda argument: lambda rows: reduce(_values(argument, rows))


AGGREGATES: dict[str, Callable[[Expression | None], Callable[[list[Json]], Any]]] = {
    "count": lambda _: len,
    "countif": _over(lambda values: sum(map(truth, values))),
    "sum": _over(lambda values: sum(filter(_is_number, values))),
    "min": _over(lambda values: min(values, key=rank, default=None)),
    "max": _over(lambda values: max(values, key=rank, default=None)),
    "dcount": _over(lambda values: len({text(value) for value in values})),
    "make_list": _over(lambda values: values),
    "make_set": _over(lambda values: list({text(value): value for value in values}.values())),
}
"""Aggregates of ``summarize``."""
