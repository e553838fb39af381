"""How a resource was left: a short digest of each of its values, to see later which changed.

Digests and not values, because a resource's JSON may hold what must be in no file (the
instrumentation key of Application Insights, for example).
"""

import hashlib
import json
from collections.abc import Collection, Iterator, Mapping
from datetime import datetime
from typing import Any

from services.azure import calls
from services.model.resources import Raw

Marks = dict[str, str]

WATCHED = ("tags", "sku", "kind", "location", "identity", "properties", "attributes")
PASSING = {
    "accesspolicies",
    "datastatus",
    "dataingestionstatus",
    "etag",
    "modifieddate",
    "privateendpointconnections",
    "privatelinkcount",
    "provisioningstate",
    "quotanextresettime",
    "state",
    "status",
}
"""Values, lower case, that change without anybody changing the resource, or by later steps."""
CREATED = ("createdAt", "createdOn", "creationTime", "creationDate", "CreationDate", "createdDate")
"""Where Azure's documents say when a resource was made."""


def marks(raw: Raw, passing: Collection[str] = ()) -> Marks:
    """A digest of each value that tells whether somebody changed the resource.

    ``passing``: names, lower case, of values of this kind of resource that change by themselves.
    """
    watched = {name: raw[name] for name in WATCHED if raw.get(name) is not None}
    kept = _without(watched, passing) if passing else watched
    found = dict(_leaves("", kept))
    born = created(raw)
    return found | ({"created": _digest(born.isoformat())} if born else {})


def differences(before: Mapping[str, str], now: Mapping[str, str]) -> list[str]:
    """The paths whose values differ, appeared or went, by name."""
    return sorted(name for name in before.keys() | now.keys() if before.get(name) != now.get(name))


def created(raw: Raw) -> datetime | None:
    """When Azure says the resource was made, UTC; None where it does not."""
    for place in (calls.part(raw, "systemData"), calls.part(raw, "properties")):
        for name in CREATED:
            at = calls.moment(place.get(name))
            if at is not None:
                return at
    return None


def _without(value: Any, names: Collection[str]) -> Any:
    match value:
        case dict():
            return {k: _without(v, names) for k, v in value.items() if k.lower() not in names}
        case list():
            return [_without(one, names) for one in value]
    return value


def _leaves(path: str, value: Any) -> Iterator[tuple[str, str]]:
    if isinstance(value, dict):  # to ask for Mapping walks through every model of the SDKs
        for name, one in value.items():
            if str(name).lower() not in PASSING:
                yield from _leaves(f"{path}.{name}" if path else str(name), one)
    elif value not in (None, "", []):
        yield path, _digest(json.dumps(value, sort_keys=True, default=str))


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:16]
