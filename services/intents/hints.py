"""What the type of a field says of its form in TOML."""

from types import UnionType
from typing import Any, Literal, Union, get_args, get_origin

from services.model.intent import Struct as Part


def kinds(hint: Any) -> tuple[Any, ...]:
    """The types that a field may have."""
    return get_args(hint) if get_origin(hint) in (Union, UnionType) else (hint,)


def choices_of(kind: Any) -> tuple[Any, ...]:
    """The words of a type that is a choice among some; else none."""
    return get_args(kind) if get_origin(kind) is Literal else ()


def struct_in(hint: Any) -> type[Part] | None:
    """The part of an intent that a field may hold."""
    for kind in kinds(hint):
        if isinstance(kind, type) and issubclass(kind, Part):
            return kind
    return None


def item_of(hint: Any) -> type[Part] | None:
    """The kind of table that a list holds; None for a list of values and for no list."""
    return struct_in(get_args(hint)[0]) if get_origin(hint) is list else None


def is_table(hint: Any) -> bool:
    """Whether a field is written as a table of its own, or several."""
    return item_of(hint) is not None or (isinstance(hint, type) and issubclass(hint, Part))
