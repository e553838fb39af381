"""TOML to an Intent, with everything that is wrong at once."""

import re
import tomllib
from collections.abc import Iterator
from typing import Any

import msgspec

from services.intents import shape
from services.intents.between import between
from services.intents.fields import TABLES, Told, example
from services.intents.lines import Lines
from services.intents.toml import toml
from services.model.intent import SETUPS, Intent, Kind
from services.text import plain


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


def _whole(data: dict[str, Any]) -> Iterator[Told]:
    """Everything wrong with a file, by the rules of its kind."""
    told = data.get("kind")
    known = next((one for one in SETUPS if one == told), None)
    if known is None:
        choice = ", ".join(map(toml, SETUPS))
        rule = f"one of {choice} is wanted" if "kind" in data else "this field is missing"
        yield "kind", f"{rule}. Example: {example('kind')}", ""
    guessed: Kind = next((of for table, of in TABLES.items() if table in data), "workspace")
    kind = guessed if known is None else known
    for table, of in TABLES.items():
        if of != kind and table in data:
            yield table, f'this table belongs to kind = "{of}"', ""
    own = {name: value for name, value in data.items() if TABLES.get(name, kind) == kind}
    own.pop("kind", None)
    yield from shape.problems(SETUPS[kind], own, "")
