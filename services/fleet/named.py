"""Which keys of a vault a resource's own document names: pure."""

import re
from collections.abc import Iterator
from typing import Any

from services.ids import BadId, KeyId
from services.text import plain

_URLS = ("vaultbaseurl", "keyvaulturi")
"""Fields, in lower case, of documents that write a key in parts: container groups, Storage."""
_FORMER = "previous"
"""In the name of a field that lists keys of before (previousKeys of a disk encryption set)."""


def names_vault(text: str, host: str) -> bool:
    """Whether a text names this host, and not another that only ends like it."""
    mark = re.escape(host.lower())
    return re.search(rf"(?<![a-z0-9.-]){mark}(?![a-z0-9.-])", text.lower()) is not None


def keys_named(properties: Any, host: str) -> tuple[str, ...]:
    """Identifiers of keys of the vault at ``host``, each once, those in use first.

    One without a version is left out where the same key is named with one.
    """
    found: dict[str, bool] = {}
    for key, former in _keys(properties, False):
        if key.host == host.lower():
            text = str(key)
            found[text] = found.get(text, True) and former
    current = [one for one, former in found.items() if not former]
    versioned = {KeyId.parse(one).versionless for one in current if KeyId.parse(one).version}
    kept = [one for one in found if KeyId.parse(one).version or one not in versioned]
    return tuple(sorted(kept, key=lambda one: found[one]))


def _keys(value: Any, former: bool) -> Iterator[tuple[KeyId, bool]]:
    if isinstance(value, str):
        yield from ((one, former) for one in _parsed(value))
    elif isinstance(value, list):
        for item in value:
            yield from _keys(item, former)
    elif isinstance(value, dict):
        for name, item in value.items():
            yield from _keys(item, former or _FORMER in str(name).lower())
        yield from ((one, former) for one in _in_parts(value))


def _in_parts(value: dict[str, Any]) -> Iterator[KeyId]:
    """A key that is written as address, name and version."""
    low = {str(name).lower(): plain(item) for name, item in value.items() if isinstance(item, str)}
    base = next((low[name] for name in _URLS if low.get(name)), "")
    if base and low.get("keyname"):
        parts = (base.rstrip("/"), "keys", low["keyname"], low.get("keyversion", ""))
        yield from _parsed("/".join(part for part in parts if part))


def _parsed(text: str) -> Iterator[KeyId]:
    if "/keys/" not in text:
        return
    try:
        yield KeyId.parse(plain(text))
    except BadId:
        return
