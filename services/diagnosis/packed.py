"""Frozen data to JSON and back by its types, where a field may hold one of several structs.

Each struct is an object with its name under ``$``. The JSON as received (``raw``) is left out:
no rule reads it, and it can hold connection strings. Whatever looks like a token is hidden.
"""

import types
from collections.abc import Mapping
from datetime import datetime
from functools import cache
from typing import Any, Union, get_args, get_origin, get_type_hints

import msgspec

from services.text import clean, plain

NAME = "$"
LEFT_OUT = frozenset({"raw", "ca_file"})
"""Fields that stay behind: raw JSON, and a path of the machine that read."""


class NotPacked(ValueError):
    """The JSON is not what :func:`pack` makes of this type; the message says where."""


def pack(value: Any) -> Any:
    """JSON types of frozen data."""
    if isinstance(value, msgspec.Struct):
        fields = {
            name: pack(getattr(value, name))
            for name in value.__struct_fields__
            if name not in LEFT_OUT
        }
        return {NAME: type(value).__name__, **fields}
    if isinstance(value, Mapping):
        return {str(name): pack(one) for name, one in value.items()}
    if isinstance(value, (set, frozenset)):
        return sorted(pack(one) for one in value)
    if isinstance(value, (list, tuple)):
        return [pack(one) for one in value]
    return clean(value) if isinstance(value, str) else msgspec.to_builtins(value)


def unpack(kind: Any, value: Any, where: str = "") -> Any:
    """The data that was packed; raises NotPacked. Fields that nobody knows are passed over.

    Who packed it may be anybody: every text passes plain() once more.
    """
    origin = get_origin(kind)
    if origin in (Union, types.UnionType):
        return unpack(_meant(get_args(kind), value, where), value, where)
    if kind is Any:
        return _inert(value)
    if isinstance(kind, type) and issubclass(kind, msgspec.Struct):
        return _struct(kind, value, where)
    if origin in (tuple, frozenset, list):
        each = get_args(kind)[0]
        return origin(unpack(each, one, f"{where}[]") for one in _of(list, value, where))
    if isinstance(origin, type) and issubclass(origin, Mapping):
        each = get_args(kind)[1]
        found = _of(dict, value, where).items()
        return {plain(name): unpack(each, one, f"{where}.{plain(name, 60)}") for name, one in found}
    return _scalar(kind, value, where)


def _meant(kinds: tuple[Any, ...], value: Any, where: str) -> Any:
    """The one type of a union that this JSON is of."""
    for kind in kinds:
        bare = get_origin(kind) or kind
        if kind is type(None):
            fits = value is None
        elif issubclass(bare, msgspec.Struct):
            fits = isinstance(value, dict) and value.get(NAME) == bare.__name__
        elif issubclass(bare, (tuple, frozenset)):
            fits = isinstance(value, list)
        elif issubclass(bare, Mapping):
            fits = isinstance(value, dict) and NAME not in value
        else:
            fits = isinstance(value, str if bare is datetime else bare)
        if fits:
            return kind
    raise NotPacked(f"{where} holds nothing that belongs there")


def _struct(kind: type[msgspec.Struct], value: Any, where: str) -> msgspec.Struct:
    found = _of(dict, value, where)
    if found.get(NAME) != kind.__name__:
        raise NotPacked(f"{where or 'the file'} is no {kind.__name__}")
    hints = _hints(kind)
    made = {
        name: unpack(hints[name], found[name], f"{where}.{name}" if where else name)
        for name in kind.__struct_fields__
        if name in found and name not in LEFT_OUT
    }
    try:
        return kind(**made)
    except TypeError as error:
        raise NotPacked(f"{where or 'the file'}: {plain(error, 200)}") from None


@cache
def _hints(kind: type[msgspec.Struct]) -> dict[str, Any]:
    return get_type_hints(kind)


def _of(kind: type, value: Any, where: str) -> Any:
    if not isinstance(value, kind):
        raise NotPacked(f"{where or 'the file'} holds nothing that belongs there")
    return value


def _scalar(kind: Any, value: Any, where: str) -> Any:
    try:
        made = msgspec.convert(plain(value) if isinstance(value, str) else value, kind)
    except msgspec.ValidationError as error:
        raise NotPacked(f"{where}: {plain(error, 200)}") from None
    if isinstance(made, datetime) and made.tzinfo is None:
        raise NotPacked(f"{where} is a time without a zone")
    return made


def _inert(value: Any) -> Any:
    if isinstance(value, dict):
        return {plain(name): _inert(one) for name, one in value.items()}
    if isinstance(value, list):
        return [_inert(one) for one in value]
    return plain(value) if isinstance(value, str) else value
