"""The OData filters that ARM lists and the Retail Prices API understand.

``field eq 'value'``, ``ne``, ``and``, ``or``, ``not``, parentheses, ``contains(field,
'x')``, ``substringof('x', field)``, ``startswith(field, 'x')``.
"""

import re
from collections.abc import Callable
from typing import Any

Record = Callable[[str], Any]
"""Gives a field's value by its name as written in the filter."""
Predicate = Callable[[Record], bool]

_TOKEN = re.compile(r"\s*(?:'((?:[^']|'')*)'|([A-Za-z_][A-Za-z0-9_./]*)|(-?\d+(?:\.\d+)?)|([(),]))")
_TEXT, _WORD, _NUMBER, _SIGN = 1, 2, 3, 4


class BadFilter(ValueError):
    """The filter does not parse; the text says where."""


def parse(text: str, *, fold: bool = True) -> Predicate:
    """A filter as a predicate. ``fold``: compare texts without regard to case."""
    return _Parser(text, fold).whole()


class _Parser:
    def __init__(self, text: str, fold: bool) -> None:
        self._tokens: list[tuple[int, str]] = []
        self._at = 0
        self._fold = fold
        at = 0
        while text[at:].strip():
            match = _TOKEN.match(text, at)
            if match is None:
                raise BadFilter(f"unexpected '{text[at:].strip()[0]}' at position {at}")
            kind = match.lastindex or _SIGN
            self._tokens.append((kind, match[kind]))
            at = match.end()

    def whole(self) -> Predicate:
        found = self._either()
        if self._at < len(self._tokens):
            raise BadFilter(f"unexpected '{self._tokens[self._at][1]}'")
        return found

    def _peek(self, *words: str) -> bool:
        if self._at >= len(self._tokens):
            return False
        kind, word = self._tokens[self._at]
        return kind in (_WORD, _SIGN) and word.lower() in words

    def _accept(self, word: str) -> bool:
        found = self._peek(word)
        self._at += found
        return found

    def _take(self, *kinds: int) -> tuple[int, str]:
        if self._at >= len(self._tokens):
            raise BadFilter("it ends too early")
        token = self._tokens[self._at]
        if token[0] not in kinds:
            raise BadFilter(f"unexpected '{token[1]}'")
        self._at += 1
        return token

    def _sign(self, sign: str) -> None:
        if not self._accept(sign):
            raise BadFilter(f"'{sign}' is missing")

    def _either(self) -> Predicate:
        tests = [self._both()]
        while self._accept("or"):
            tests.append(self._both())
        return tests[0] if len(tests) == 1 else lambda get: any(test(get) for test in tests)

    def _both(self) -> Predicate:
        tests = [self._one()]
        while self._accept("and"):
            tests.append(self._one())
        return tests[0] if len(tests) == 1 else lambda get: all(test(get) for test in tests)

    def _one(self) -> Predicate:
        if self._accept("not"):
            inner = self._one()
            return lambda get: not inner(get)
        if self._accept("("):
            inside = self._either()
            self._sign(")")
            return inside
        _, name = self._take(_WORD)
        if self._accept("("):
            return self._call(name.lower())
        _, operator = self._take(_WORD)
        if operator.lower() not in ("eq", "ne"):
            raise BadFilter(f"the operator '{operator}' is not supported")
        wanted = self._key(self._take(_TEXT, _WORD, _NUMBER)[1].replace("''", "'"))
        equal = operator.lower() == "eq"
        return lambda get: (self._key(get(name)) == wanted) is equal

    def _call(self, function: str) -> Predicate:
        first = self._take(_TEXT, _WORD)
        self._sign(",")
        second = self._take(_TEXT, _WORD)
        self._sign(")")
        if function not in ("contains", "substringof", "startswith"):
            raise BadFilter(f"the function '{function}' is not supported")
        field, part = (second[1], first[1]) if function == "substringof" else (first[1], second[1])
        needle = self._key(part.replace("''", "'"))
        if function == "startswith":
            return lambda get: self._key(get(field)).startswith(needle)
        return lambda get: needle in self._key(get(field))

    def _key(self, value: Any) -> str:
        if isinstance(value, bool):
            return "true" if value else "false"
        if isinstance(value, float) and value.is_integer():
            value = int(value)
        text = "" if value is None else str(value)
        return text.lower() if self._fold else text
