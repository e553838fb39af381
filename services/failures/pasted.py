"""What can be read out of an error as somebody pasted it.

The forms: JSON of a portal or an API; ``az`` on stderr (``ERROR: (Code) message`` with ``Code:``,
``Message:`` and ``Inner error:`` below); exceptions of the SDKs (the same with ``Content:
{...}``); Terraform (``Code="..." Message="..."``, or ``with error: Code: message``); and any log
around them. Everything is bounded, whatever is pasted.
"""

import codecs
import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

from services.failures.unpack import Cause, innermost
from services.ids import ArmId, BadId, KeyId
from services.text import clean, plain

LIMIT = 200_000
"""Characters that are looked at."""

_OBJECTS = 40
"""Places where JSON may begin that are tried."""

_IDS = 20
_ESCAPES = re.compile(
    r"\x1b(?:\[[0-?]{0,30}[ -/]{0,5}[@-~]|\][^\x07\x1b]{0,2000}(?:\x07|\x1b\\)?|.)?"
)
_NAMES = {"error", "code", "message", "errors", "innererror", "details", "properties", "status"}
_WORD = r"[A-Za-z][A-Za-z0-9_.]{2,79}"
_CODES = re.compile(
    rf'\bcode"?\s?[=:]\s?"?({_WORD})"?'  # Code="X", Code: X, "code": "X"
    rf"|^[ ]*(?:ERROR: )?\(({_WORD})\)\s"  # az and the SDKs
    rf"|with error: ({_WORD}):\s",  # Terraform
    re.IGNORECASE | re.MULTILINE,
)
_MESSAGES = re.compile(
    rf'\bmessage"?\s?[=:]\s?"((?:[^"\\]|\\.){{1,4000}})"'
    r"|^[ ]*message:[ ]?(\S[^\n]{0,4000})"
    rf"|^[ ]*(?:ERROR: )?\({_WORD}\)\s([^\n]{{1,4000}})"
    rf"|with error: {_WORD}:\s([^\n]{{1,4000}})",
    re.IGNORECASE | re.MULTILINE,
)
_STATUS = re.compile(
    r"\b(?:HTTP(?:/[\d.]{1,3})?|status(?:[ _]?code)?)\s?[=:]?\s?\(?([45]\d\d)\b", re.IGNORECASE
)
_GUID = r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
_TRACES = re.compile(
    rf"\b(?:x-ms-)?(correlation|request|activity|tracking)[-_ ]?(?:request[-_ ]?)?id\W{{1,6}}({_GUID})",
    re.IGNORECASE,
)
_ARM = re.compile(rf"/subscriptions/{_GUID}(?:/[\w.()~-]{{1,260}}){{0,14}}", re.IGNORECASE)
_KEY = re.compile(
    r"https://[a-z0-9-]{3,24}(?:\.[a-z0-9-]{1,63}){2,6}(?::\d{1,5})?"
    r"(?:/keys/[A-Za-z0-9-]{1,127}(?:/[0-9a-f]{32})?)?",
    re.IGNORECASE,
)
_VAULTS = re.compile(r"\.(?:vault|vaultcore)\.", re.IGNORECASE)


class Pasted(msgspec.Struct, frozen=True, kw_only=True):
    """An error taken apart; every text has passed clean()."""

    code: str = ""
    """The innermost one."""
    message: str = ""
    codes: tuple[str, ...] = ()
    """All of them, outermost first."""
    status: int | None = None
    """Of HTTP."""
    resources: tuple[str, ...] = ()
    """ARM ids and addresses of keys and vaults that it names."""
    request_id: str = ""
    correlation_id: str = ""
    text: str = ""
    """All of it, safe to show."""
    cut: bool = False
    """Longer than what is looked at."""


def read(given: str | bytes) -> Pasted:
    """Take an error apart; never raises, whatever it is given."""
    raw = _decoded(given) if isinstance(given, bytes) else given
    lines = _ESCAPES.sub("", raw[:LIMIT]).splitlines()
    whole = "\n".join(plain(line, LIMIT) for line in lines)
    cause = _innermost_of(whole)
    codes = _unique((*_found(_CODES, whole), *cause.path))
    message = cause.message or next(iter(_found(_MESSAGES, whole)), "")
    traces = {kind.lower(): id.lower() for kind, id in _TRACES.findall(whole)}
    status = _STATUS.search(whole)
    return Pasted(
        code=codes[-1] if codes else "",
        message=clean(message),
        codes=codes,
        status=int(status[1]) if status else None,
        resources=_resources(whole),
        request_id=traces.get("request") or traces.get("activity") or traces.get("tracking") or "",
        correlation_id=traces.get("correlation", ""),
        text=whole,
        cut=len(raw) > LIMIT,
    )


def _decoded(given: bytes) -> str:
    """Text of a file; PowerShell's redirection writes UTF-16 with its mark."""
    utf16 = given.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    return given.decode("utf-16" if utf16 else "utf-8", "replace")


def _innermost_of(whole: str) -> Cause:
    """The cause that the JSON in a text tells, from its last error object."""
    best = Cause("", "", ())
    for candidate in (whole, whole.replace('\\"', '"').replace("\\r\\n", " ").replace("\\n", " ")):
        for found in _objects(candidate):
            cause = innermost(found)
            if cause.code or cause.path:
                # An inner error written behind its message adds its code to what was found.
                best = Cause(cause.code, cause.message or best.message, (*best.path, *cause.path))
        if best.path or '\\"' not in whole:
            break
    return best


def _objects(text: str) -> Iterator[Mapping[str, Any]]:
    """JSON objects in a text that may be errors, in order."""
    at, decoder = text.find("{"), json.JSONDecoder()
    for _ in range(_OBJECTS):
        if at < 0:
            return
        end = at + 1
        try:
            found, end = decoder.raw_decode(text, at)
        except (ValueError, RecursionError):
            found = None
        if isinstance(found, Mapping) and _NAMES & {str(name).lower() for name in found}:
            yield _lifted(found)
        at = text.find("{", end)


def _lifted(found: Mapping[str, Any]) -> Mapping[str, Any]:
    """The error of a deployment's operation or an activity stands below ``properties``."""
    for name in ("properties", "statusMessage"):
        inner = found.get(name)
        if isinstance(inner, Mapping) and not {"error", "code"} & set(found):
            return _lifted_once(inner)
    return found


def _lifted_once(found: Mapping[str, Any]) -> Mapping[str, Any]:
    inner = found.get("statusMessage")
    if isinstance(inner, Mapping):
        return inner
    return {"message": inner} if isinstance(inner, str) else found


def _found(pattern: re.Pattern[str], text: str) -> list[str]:
    """What the groups of a pattern caught, in order."""
    return [
        next(part for part in match.groups() if part)
        for match in pattern.finditer(text)
        if any(match.groups())
    ][:200]


def _unique(codes: tuple[str, ...]) -> tuple[str, ...]:
    """Codes without repetition; the last place of each counts, since inner ones come last."""
    last = {plain(code, 200): at for at, code in enumerate(codes) if code}
    return tuple(sorted(last, key=lambda code: last[code]))[-20:]


def _resources(text: str) -> tuple[str, ...]:
    """Ids that could be diagnosed, in order: not the grants and policies that are named beside."""
    found: dict[str, str] = {}
    for match in _ARM.finditer(text):
        id = _arm_id(match[0].rstrip("."))
        if id:
            found.setdefault(id.lower(), id)
    for match in _KEY.finditer(text):
        address = _address(match[0])
        if address:
            found.setdefault(address.lower(), address)
    return tuple(found.values())[:_IDS]


def _arm_id(text: str) -> str:
    """A resource's id, cut before what hangs on it; empty for none and for bare groups."""
    path = re.split(r"/providers/microsoft\.authorization\b", text, maxsplit=1, flags=re.IGNORECASE)
    parts = path[0].split("/")
    for length in range(len(parts), 0, -1):
        try:
            id = ArmId.parse("/".join(parts[:length]))
        except BadId:
            continue
        return str(id) if id.type else ""
    return ""


def _address(text: str) -> str:
    try:
        return str(KeyId.parse(text))
    except BadId:
        return text.lower() if _VAULTS.search(text) else ""
