"""The subset of the Kusto query language that the sandbox runs: Resource Graph and logs.

``Table | where | extend | project | project-away | order by | limit | count |
summarize | distinct`` over rows that are plain JSON objects. A query becomes a list of
functions from rows to rows; what lies outside the subset is refused, never guessed.
"""

import inspect
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sandbox.kqltokens import (
    ParserFailure,
    Token,
    Unsupported,
    instant,
    seconds,
    tokens,
    unquote,
)
from sandbox.kqlvalues import (
    AGGREGATES,
    COMPARISONS,
    FUNCTIONS,
    Expression,
    member,
    rank,
    truth,
)
from sandbox.state import Json

__all__ = ["TABLES", "ParserFailure", "Query", "Unsupported", "parse"]

Rows = list[Json]
Operator = Callable[[Rows], Rows]

TABLES = ("Resources", "ResourceContainers", "AuthorizationResources")
"""Tables of Resource Graph; a query without one reads the first."""

_OPERATORS = (
    "where", "extend", "project", "project-away", "order", "sort", "limit", "take", "top",
    "count", "summarize", "distinct",
)  # fmt: skip
_UNSUPPORTED = (
    "join", "union", "mv-expand", "parse", "render", "make-series", "evaluate", "lookup", "let",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Query:
    """A parsed query."""

    table: str
    operators: tuple[Operator, ...]

    def run(self, rows: Rows) -> Rows:
        """The rows after every operator."""
        for operator in self.operators:
            rows = operator(rows)
        return rows


def parse(text: str, tables: tuple[str, ...] = TABLES, now: float = 0.0) -> Query:
    """Parse a query about some tables; ``now`` (epoch) is what ``ago`` counts from.

    Raises ParserFailure or Unsupported.
    """
    try:
        return _Parser(tokens(text), tables, now).query()
    except RecursionError:
        raise Unsupported("a query nested so deeply") from None


class _Parser:
    def __init__(self, tokens: list[Token], tables: tuple[str, ...], now: float) -> None:
        self._tokens = tokens
        self._tables = tables
        self._moment = now
        self._at = 0

    @property
    def _now(self) -> Token:
        return self._tokens[self._at]

    def _next(self) -> Token:
        token = self._now
        self._at += token.kind != "end"
        return token

    def _is(self, *texts: str) -> bool:
        return self._now.kind != "text" and self._now.text in texts

    def _accept(self, *texts: str) -> str | None:
        return self._next().text if self._is(*texts) else None

    def _expect(self, text: str) -> None:
        if not self._accept(text):
            raise ParserFailure(self._now, text)

    def _word(self) -> str:
        if self._now.kind != "word":
            raise ParserFailure(self._now, "<identifier>")
        return self._next().text

    def query(self) -> Query:
        table = self._tables[0]
        operators: list[Operator] = []
        if not self._is(*_OPERATORS, *_UNSUPPORTED):
            asked = self._word()
            known = [name for name in self._tables if name.lower() == asked.lower()]
            if not known:
                raise Unsupported(f"the table '{asked}'")
            table = known[0]
        else:
            operators.append(self._operator())
        while self._accept("|"):
            operators.append(self._operator())
        if self._now.kind != "end":
            raise ParserFailure(self._now, "|")
        return Query(table, tuple(operators))

    def _operator(self) -> Operator:
        token = self._next()
        if token.kind != "word":
            raise ParserFailure(token, "<operator>")
        if token.text not in _OPERATORS:
            if token.text in _UNSUPPORTED:
                raise Unsupported(f"the operator '{token.text}'")
            raise ParserFailure(token, "<operator>")
        name = {"take": "limit", "sort": "order"}.get(token.text, token.text)
        operator: Operator = getattr(self, "_" + name.replace("-", "_"))()
        return operator

    def _where(self) -> Operator:
        condition = self._expression()
        return lambda rows: [row for row in rows if truth(condition(row))]

    def _extend(self) -> Operator:
        columns = self._columns()

        def run(rows: Rows) -> Rows:
            extended = []
            for row in rows:
                new = dict(row)
                for name, expression in columns:
                    new[name] = expression(new)
                extended.append(new)
            return extended

        return run

    def _project(self) -> Operator:
        columns = self._columns()
        return lambda rows: [{name: value(row) for name, value in columns} for row in rows]

    def _project_away(self) -> Operator:
        away = {name for name, _ in self._columns()}
        return lambda rows: [{k: v for k, v in row.items() if k not in away} for row in rows]

    def _distinct(self) -> Operator:
        columns = self._columns()

        def run(rows: Rows) -> Rows:
            projected = ({name: value(row) for name, value in columns} for row in rows)
            return list({repr(row): row for row in projected}.values())

        return run

    def _order(self) -> Operator:
        self._expect("by")
        keys = self._sort_keys()
        return lambda rows: _sorted(rows, keys)

    def _top(self) -> Operator:
        limit = self._number()
        self._expect("by")
        keys = self._sort_keys()
        return lambda rows: _sorted(rows, keys)[:limit]

    def _limit(self) -> Operator:
        limit = self._number()
        return lambda rows: rows[:limit]

    def _count(self) -> Operator:
        return lambda rows: [{"Count": len(rows)}]

    def _summarize(self) -> Operator:
        totals = [] if self._is("by") else self._aggregates()
        groups = self._columns() if self._accept("by") else []

        def run(rows: Rows) -> Rows:
            buckets: dict[str, tuple[Json, Rows]] = {} if groups else {"": ({}, [])}
            for row in rows:
                key = {name: value(row) for name, value in groups}
                buckets.setdefault(repr(key), (key, []))[1].append(row)
            return [
                {**key, **{name: total(members) for name, total in totals}}
                for key, members in buckets.values()
            ]

        return run

    def _aggregates(self) -> list[tuple[str, Callable[[Rows], Any]]]:
        found = []
        while True:
            name = self._word()
            function = name
            if self._accept("="):
                function = self._word()
            else:
                name = f"{function}_"
            if function not in AGGREGATES:
                raise Unsupported(f"the aggregate '{function}'")
            self._expect("(")
            argument = None if self._is(")") else self._expression()
            self._expect(")")
            found.append((name, AGGREGATES[function](argument)))
            if not self._accept(","):
                return found

    def _sort_keys(self) -> list[tuple[Expression, bool]]:
        keys = []
        while True:
            expression = self._expression()
            direction = self._accept("asc", "desc")
            # Kusto sorts downwards unless told otherwise.
            keys.append((expression, direction != "asc"))
            if not self._accept(","):
                return keys

    def _columns(self) -> list[tuple[str, Expression]]:
        columns: list[tuple[str, Expression]] = []
        while True:
            following = self._tokens[min(self._at + 1, len(self._tokens) - 1)]
            name = ""
            if self._now.kind == "word" and following.text == "=":
                name = self._next().text
                self._next()
            start = self._at
            expression = self._expression()
            words = [token.text for token in self._tokens[start : self._at] if token.kind == "word"]
            columns.append((name or "_".join(words) or f"Column{len(columns) + 1}", expression))
            if not self._accept(","):
                return columns

    def _number(self) -> int:
        if self._now.kind != "number":
            raise ParserFailure(self._now, "<number>")
        return int(float(self._next().text))

    def _expression(self) -> Expression:
        left = self._conjunction()
        while self._accept("or"):
            left = _either(left, self._conjunction())
        return left

    def _conjunction(self) -> Expression:
        left = self._comparison()
        while self._accept("and"):
            left = _both(left, self._comparison())
        return left

    def _comparison(self) -> Expression:
        left = self._primary()
        if self._is("in", "in~", "!in", "!in~"):
            sign = self._next().text
            self._expect("(")
            values = [self._expression()]
            while self._accept(","):
                values.append(self._expression())
            self._expect(")")
            return member(left, values, fold=sign.endswith("~"), wanted=not sign.startswith("!"))
        if self._now.kind != "text" and self._now.text in COMPARISONS:
            test = COMPARISONS[self._next().text]
            right = self._primary()
            return lambda row: test(left(row), right(row))
        return left

    def _primary(self) -> Expression:
        token = self._next()
        if token.kind == "text":
            value = unquote(token.text)
            return lambda row: value
        if token.kind == "number":
            number = float(token.text) if "." in token.text else int(token.text)
            return lambda row: number
        if token.kind == "instant":
            when = instant(token.text)
            return lambda row: when
        if token.text == "(":
            inner = self._expression()
            self._expect(")")
            return inner
        if token.kind != "word":
            raise ParserFailure(token, "<expression>")
        if token.text in _OPERATORS and not self._is(".", "(", "=", *COMPARISONS):
            raise ParserFailure(self._now, "<expression>")
        if token.text in ("true", "false"):
            return lambda row: token.text == "true"
        if self._accept("("):
            return self._call(token.text)
        return self._path(token.text)

    def _ago(self) -> Expression:
        token = self._next()
        if token.kind != "span":
            raise ParserFailure(token, "<timespan>")
        self._expect(")")
        moment = datetime.fromtimestamp(self._moment - seconds(token.text), UTC)
        then = moment.strftime("%Y-%m-%dT%H:%M:%S.%f") + "0Z"
        return lambda row: then

    def _call(self, name: str) -> Expression:
        if name == "ago":
            return self._ago()
        arguments: list[Expression] = []
        while not self._is(")"):
            arguments.append(self._expression())
            if not self._accept(","):
                break
        self._expect(")")
        if name not in FUNCTIONS:
            raise Unsupported(f"the function '{name}'")
        function = FUNCTIONS[name]
        try:
            inspect.signature(function).bind(*arguments)
        except TypeError:
            raise ParserFailure(self._now, f"<other arguments of {name}>") from None
        return lambda row: function(*(argument(row) for argument in arguments))

    def _path(self, column: str) -> Expression:
        steps: list[str | int] = []
        while self._is(".", "["):
            if self._accept("."):
                steps.append(self._word())
                continue
            self._expect("[")
            token = self._next()
            if token.kind not in ("text", "number"):
                raise ParserFailure(token, "<index>")
            steps.append(unquote(token.text) if token.kind == "text" else int(token.text))
            self._expect("]")
        return lambda row: _follow(row.get(column), steps)


def _either(left: Expression, right: Expression) -> Expression:
    return lambda row: truth(left(row)) or truth(right(row))


def _both(left: Expression, right: Expression) -> Expression:
    return lambda row: truth(left(row)) and truth(right(row))


def _follow(value: Any, steps: Iterable[str | int]) -> Any:
    for step in steps:
        if isinstance(step, str):
            value = value.get(step) if isinstance(value, dict) else None
        else:
            value = value[step] if isinstance(value, list) and step < len(value) else None
    return value


def _sorted(rows: Rows, keys: list[tuple[Expression, bool]]) -> Rows:
    rows = list(rows)
    # Sorting is stable: the last key first gives the first key the last word.
    for expression, downwards in reversed(keys):
        rows.sort(key=_ranked(expression), reverse=downwards)
    return rows


def _ranked(expression: Expression) -> Callable[[Json], tuple[int, Any]]:
    return lambda row: rank(expression(row))
