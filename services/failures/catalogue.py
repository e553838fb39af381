"""The failure catalogue, and which of its entries an error belongs to."""

import re
from collections.abc import Iterable, Iterator

import msgspec

from services.failures import compute, cosmos, grants, keyvault, machinelearning, resourcemanager
from services.failures.entries import Entry, Sign
from services.failures.unpack import Cause

CATALOGUE: tuple[Entry, ...] = tuple(
    sorted(
        (
            *keyvault.VAULTS,
            *keyvault.KEYS,
            *grants.ENTRIES,
            *cosmos.ENTRIES,
            *machinelearning.ENTRIES,
            *compute.ENTRIES,
            *resourcemanager.ENTRIES,
        ),
        key=lambda entry: entry.number,
    )
)
"""F01 to F56, in order."""

BY_NUMBER = {entry.number: entry for entry in CATALOGUE}

_ALL = (*CATALOGUE, *resourcemanager.PLAIN)
_SIGNS = tuple((sign, entry) for entry in _ALL for sign in entry.signs)
_BY_CODE: dict[str, list[tuple[str, Sign, Entry]]] = {}
for _sign, _entry in _SIGNS:
    _BY_CODE.setdefault(_sign.code.lower(), []).append((_sign.says.lower(), _sign, _entry))

CODES = frozenset(_BY_CODE) - {""}
"""Every code that is a sign, in lower case."""

_VAULT_CODE = re.compile(r"\bAKV\d{5}\b", re.IGNORECASE)
"""Key Vault's 401 answers carry their code in the text only."""

_SUBSTATUS = re.compile(
    r"(?:sub-?\s?status(?:\s?code)?\W{0,3}|revoked because[^()]{0,900}\()(40[01]\d)\b",
    re.IGNORECASE,
)
"""Cosmos DB's reason, in words before it or in brackets behind (customerManagedKeyStatus)."""


def classify(codes: Iterable[str], message: str = "") -> Entry | None:
    """The entry an error belongs to; None where nothing is known of it.

    ``codes`` go outermost first. A sign with words beats a code alone, an inner code an outer
    one. Where a sign tells more than its entry, the entry comes back with the sign's words.
    """
    said = message.lower()
    inner_first = [*_told(message), *(one.lower() for one in reversed(list(codes)))]
    for name in (*inner_first, ""):
        for words, sign, entry in _BY_CODE.get(name, ()):
            if words and words in said:
                return _as_told(sign, entry)
    for name in inner_first:
        for words, sign, entry in _BY_CODE.get(name, ()):
            if name and not words:
                return _as_told(sign, entry)
    return None


def classify_cause(cause: Cause) -> Entry | None:
    """The same for an unpacked error (:func:`services.failures.unpack.innermost`)."""
    return classify((*cause.path, cause.code), cause.message)


def _told(message: str) -> Iterator[str]:
    """Codes that stand in the text alone."""
    substatus = _SUBSTATUS.search(message)
    if substatus:
        yield f"cosmos-{substatus[1]}"
    for found in _VAULT_CODE.finditer(message):
        yield found[0].lower()


def _as_told(sign: Sign, entry: Entry) -> Entry:
    """The entry, in the words of the sign that found it."""
    if not (sign.means or sign.repair):
        return entry
    return msgspec.structs.replace(
        entry, means=sign.means or entry.means, repair=sign.repair or entry.repair
    )
