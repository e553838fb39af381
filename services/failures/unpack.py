"""The unpacker of the error bodies that Azure nests in each other."""

import json
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from services.text import plain

_DEPTH = 12
_JSON_LIMIT = 200_000


class Cause(NamedTuple):
    """The innermost error of a nested body."""

    code: str
    message: str
    path: tuple[str, ...]
    """Every code on the way in, outermost first."""


def innermost(error: object) -> Cause:
    """Find the error that says what really happened.

    Walks ``error``, ``details``, ``innererror``, ``additionalInfo`` and JSON inside message
    texts: deployment errors encode their cause twice, and Cosmos DB hides it behind
    ``Message: {...}``. A child without a message of its own (Key Vault's innererror) only
    adds its code to the path. Texts have passed plain().
    """
    return _walk(_decoded(error), (), _DEPTH)


def _walk(node: Any, path: tuple[str, ...], depth: int) -> Cause:
    if not isinstance(node, Mapping):
        return Cause(path[-1] if path else "", plain(node), path)
    if isinstance(node.get("error"), Mapping):
        node = node["error"]
    code = plain(node.get("code") or node.get("Code"), 200)
    message = _message(node)
    here = (*path, code) if code else path
    best = Cause(code, plain(message), here)
    if depth == 0:
        return best
    for child in _children(node, message):
        found = _walk(child, here, depth - 1)
        if found.message:
            return found
        if len(found.path) > len(best.path):
            best = best._replace(path=found.path)
    return best


def _message(node: Mapping[str, Any]) -> str:
    for field in ("message", "Message", "error_description"):
        if isinstance(node.get(field), str) and node[field]:
            return str(node[field])
    errors = node.get("Errors")
    return str(errors[0]) if isinstance(errors, list) and errors else ""


def _children(node: Mapping[str, Any], message: str) -> Iterator[Mapping[str, Any]]:
    for field in ("details", "Details"):
        items = node.get(field)
        if isinstance(items, list):
            yield from (item for item in items if isinstance(item, Mapping))
    embedded = _embedded(message)
    if embedded is not None:
        yield embedded
    for field in ("innererror", "innerError", "InnerError"):
        if isinstance(node.get(field), Mapping):
            yield node[field]


def _embedded(message: str) -> Mapping[str, Any] | None:
    """An error object written as JSON inside a message, after any words."""
    start = message.find("{")
    if start < 0 or len(message) > _JSON_LIMIT:
        return None
    try:
        found, _ = json.JSONDecoder().raw_decode(message, start)
    except (ValueError, RecursionError):
        return None
    known = {"error", "code", "Code", "message", "Message", "Errors"}
    return found if isinstance(found, Mapping) and known & found.keys() else None


def _decoded(error: object) -> object:
    if isinstance(error, bytes):
        error = error.decode("utf-8", "replace")
    if isinstance(error, str) and error.lstrip().startswith("{") and len(error) <= _JSON_LIMIT:
        try:
            return json.loads(error)
        except (ValueError, RecursionError):
            return error
    return error
