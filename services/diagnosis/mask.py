"""Names and ids out of packed facts: the same thing gets the same mask everywhere. Pure.

Facts are masked before they are judged, so every text that is made of them is masked too. What
is Azure's own (types, regions, actions, built-in roles, its own apps) stays, and so do request
and correlation ids: they tell nobody anything but Microsoft's support.
"""

import re
from collections.abc import Iterable, Iterator
from ipaddress import ip_address
from typing import Any
from urllib.parse import quote, unquote

from services.diagnosis.packed import NAME

KEPT = frozenset(
    {
        *("location", "region", "type", "kind", "state", "status", "sub_status", "sku", "unit"),
        *("operation", "role_id", "role", "code", "level", "compliance", "enforcement", "ops"),
        *("actions", "not_actions", "data_actions", "not_data_actions", "effect", "field"),
        *("request_id", "correlation_id", "principal_type", "identity_type", "public_access"),
        *("default_action", "bypass", "mode", "access", "network", "recovery", "key_source"),
        *("had", "providers", "offers", "about", "encryption_mode", "rotate_after", "expiry"),
        *("size", "os_disk", "kubernetes", "node_size", "power", "rotation_error"),
    }
)
"""Fields that hold Azure's own words, and what a support ticket needs."""
PUBLIC = frozenset({"Cloud", "Usage", "CosmosRegion"})
"""Structs that say nothing of anybody."""
WORDS = frozenset({("GroupEvent", "name")})
"""Fields of one struct that hold Azure's own words."""
EMPTIED: dict[str, Any] = {"tags": {}, "description": "", "notes": ""}
"""Fields that people fill as they like."""
NAMED = frozenset(
    {"name", "caller", "managed_group", "resource_group", "node_group", "create", "by"}
)
"""Fields whose whole text is somebody's or something's name."""

LABELS = {
    "subscriptions": "subscription",
    "resourcegroups": "group",
    "vaults": "vault",
    "keys": "key",
    "workspaces": "workspace",
    "databaseaccounts": "cosmos",
    "searchservices": "search",
    "storageaccounts": "storage",
    "userassignedidentities": "identity",
    "registries": "registry",
    "components": "insights",
    "locks": "lock",
    "containergroups": "containers",
    "managedclusters": "cluster",
    "agentpools": "pool",
    "computes": "compute",
    "diskencryptionsets": "set",
    "virtualmachinescalesets": "nodes",
    "disks": "disk",
}
"""By the last part of a type: what its masks are called."""
_PEOPLE = ("Principal", "Caller", "ActivityEvent", "AuditEntry")
BY_FACT = frozenset({"asked", "policies", "names"})
"""Fields that are tables by name of fact."""
_ALWAYS = frozenset(
    {"", "??", "default", "current", "latest", "none", "00000000-0000-0000-0000-000000000000"}
)

_TYPE = "="
_HOLDERS = ("subscriptions", "resourcegroups", "managementgroups", "keys")
"""Types whose name follows outside of a provider too."""

_END = r"[^/\s\"'<>?#,;|]"
_HOST = rf"(?P<scheme>https?://)(?P<host>{_END}+)"
_PATH = rf"(?P<path>(?:/{_END}+)+)"
_ARM = rf"(?<![\w.])(?P<arm>/(?:subscriptions|resourceGroups|providers)(?:/{_END}+)+)"
_ADDRESS = re.compile(rf"{_HOST}{_PATH}?|{_ARM}", re.IGNORECASE)
_GUID = re.compile(r"(?<![0-9a-f])[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}(?![0-9a-f])", re.I)
_VERSION = re.compile(r"(?<![0-9a-f-])[0-9a-f]{32}(?![0-9a-f-])", re.I)
_MAIL = re.compile(r"[\w.+#-]+@[\w-]+(?:\.[\w-]+)+")
_IP = re.compile(r"(?<![\w.:])(?:\d{1,3}(?:\.\d{1,3}){3}|[0-9a-f]*:[0-9a-f:.]*:[0-9a-f.:]*)", re.I)
_DEFINITION = re.compile(
    r"^/providers/Microsoft\.Authorization/\w+Definitions/([0-9a-f-]{36})$", re.IGNORECASE
)


def masked(packed: Any) -> Any:
    """Packed data with every name and id masked."""
    return Masks(packed).apply(packed)


class Masks:
    """Which mask stands for what; made once from all the data."""

    def __init__(self, packed: Any) -> None:
        self.suffixes = tuple(sorted(_suffixes(packed)))
        self.public = frozenset({*_public(packed), *_ALWAYS})
        found = [
            (text, label)
            for struct, field, value in _texts(packed)
            for text, label in self._originals(struct, field, value)
            if text.lower() not in self.public
        ]
        self.taken = {text.lower() for text, _ in found}
        self._counts: dict[str, int] = {}
        self.of: dict[str, str] = {}
        """Mask by original, in lower case."""
        for text, label in found:
            if text.lower() not in self.of:
                self.of[text.lower()] = self._next(label)
        self._words = _any_of(self.of)

    def apply(self, value: Any, struct: str = "", field: str = "") -> Any:
        """The same data with masks."""
        if struct in PUBLIC or field in KEPT:
            return value
        if isinstance(value, dict):
            if field in EMPTIED:
                return EMPTIED[field]
            if NAME in value:
                name = value[NAME]
                return {one: self.apply(each, name, one) for one, each in value.items()}
            key = str if field in BY_FACT else self._text
            return {key(one): self.apply(each, struct, field) for one, each in value.items()}
        if isinstance(value, list):
            return [self.apply(one, struct, field) for one in value]
        if not isinstance(value, str) or field == NAME:
            return value
        if field in EMPTIED:
            return EMPTIED[field]
        return self._text(value)

    def _text(self, text: str) -> str:
        """A text with its ids, hosts and names masked."""
        whole = self.of.get(text.lower())
        if whole is not None:
            return whole
        parts, at = [], 0
        for match in _ADDRESS.finditer(text):
            parts += [self._prose(text[at : match.start()]), self._address(match)]
            at = match.end()
        return "".join((*parts, self._prose(text[at:])))

    def _prose(self, text: str) -> str:
        if self._words is None:
            return text
        return self._words.sub(lambda match: self.of[unquote(match[0]).lower()], text)

    def _address(self, match: "re.Match[str]") -> str:
        if match["arm"] is not None:
            return self._path(match["arm"])
        host = match["host"]
        first, _, rest = host.partition(".")
        mine = self.of.get(first.lower()) if self._ours(rest) else None
        shown = f"{mine}.{rest}" if mine else self._prose(host)
        return f"{match['scheme']}{shown}{self._path(match['path'] or '')}"

    def _ours(self, host: str) -> bool:
        """Whether it ends as hosts of Azure's services do."""
        bare = host.lower().rstrip(".:)")
        tails = (f".{bare}", f".{bare.rpartition(':')[0]}")
        return any(tail.endswith(f".{one}") for tail in tails for one in self.suffixes)

    def _path(self, path: str) -> str:
        """Names are masked where names stand; types that happen to be spelled alike are not."""
        parts = path.split("/")
        places = _places(parts)
        return "/".join(
            part if place == _TYPE else self._named(part) if place else self._prose(part)
            for part, place in zip(parts, places, strict=True)
        )

    def _named(self, part: str) -> str:
        bare = unquote(part)
        mask = self.of.get(bare.lower()) or self.of.get(bare.rstrip(".:)").lower())
        return mask or self._prose(part)

    def _originals(self, struct: str, field: str, text: str) -> Iterator[tuple[str, str]]:
        """What has to be masked in one text."""
        if field in NAMED and not _GUID.fullmatch(text) and struct:
            yield text, "principal" if struct in _PEOPLE else _label_of(struct, field)
        for match in _ADDRESS.finditer(text):
            yield from self._in_address(match)
        for match in _GUID.finditer(text):
            yield match[0], "guid"
        for match in _VERSION.finditer(text):
            yield match[0], "version"
        for match in _MAIL.finditer(text):
            yield match[0].rstrip("."), "principal"
        yield from ((one, "ip") for one in _addresses(text))

    def _in_address(self, match: "re.Match[str]") -> Iterator[tuple[str, str]]:
        host = match["host"] or ""
        first, _, rest = host.partition(".")
        if self._ours(rest):
            yield first, "vault"
        parts = (match["arm"] or match["path"] or "").split("/")
        for at, place in enumerate(_places(parts)):
            name = unquote(parts[at]).rstrip(".:)") if place not in ("", _TYPE) else ""
            if name and not _GUID.fullmatch(name) and not _VERSION.fullmatch(name):
                yield name, LABELS.get(place, "name")

    def _next(self, label: str) -> str:
        """A mask that is nobody's name here."""
        while True:
            number = self._counts[label] = self._counts.get(label, 0) + 1
            mask = _made(label, number)
            if mask not in self.taken:
                return mask


def _made(label: str, number: int) -> str:
    if label == "guid":
        return f"00000000-0000-4000-8000-{number:012d}"
    if label == "version":
        return f"{number:032d}"
    return f"{label}-{number}"


def _label_of(struct: str, field: str) -> str:
    if field in ("managed_group", "resource_group", "node_group"):
        return "group"
    known = {"StorageAccount": "storage", "CosmosAccount": "cosmos", "SearchService": "search"}
    bare = struct.removeprefix("Deleted").removesuffix("Intent").lower()
    return known.get(struct, bare if bare in LABELS.values() else "name")


def _places(parts: list[str]) -> list[str]:
    """For each part of a path: the type (in lower case) whose name it is; else whether it is a
    type itself, or nothing that is known."""
    lower, places = [one.lower() for one in parts], [""] * len(parts)
    inside = False
    for at, word in enumerate(lower):
        if places[at]:
            continue
        last = at + 1 == len(parts)
        if word == "providers" and not last:
            places[at] = places[at + 1] = _TYPE
            inside = True
        elif inside or word in _HOLDERS:
            places[at] = _TYPE
            if not last and word not in ("locations", "providers"):
                places[at + 1] = word
            elif not last:
                places[at + 1] = _TYPE
    return places


def _texts(value: Any, struct: str = "", field: str = "") -> Iterator[tuple[str, str, str]]:
    """Every text that may have to be masked: struct, field, text."""
    if struct in PUBLIC or field in KEPT or field in EMPTIED or (struct, field) in WORDS:
        return
    if isinstance(value, dict):
        name = value.get(NAME, struct)
        for one, each in value.items():
            if NAME not in value:
                yield "", "", one
            yield from _texts(each, name, one if NAME in value else field)
    elif isinstance(value, list):
        for one in value:
            yield from _texts(one, struct, field)
    elif isinstance(value, str) and field != NAME:
        yield struct, field, value


def _walk(value: Any) -> Iterator[dict[str, Any]]:
    if isinstance(value, dict):
        yield value
        for one in value.values():
            yield from _walk(one)
    elif isinstance(value, list):
        for one in value:
            yield from _walk(one)


def _public(packed: Any) -> Iterator[str]:
    """What is Azure's own, or has to stay: in lower case."""
    for one in _walk(packed):
        for field in ("role_id", "request_id", "correlation_id"):
            if isinstance(one.get(field), str):
                yield one[field].lower()
        if one.get(NAME) == "Cloud":
            yield from (one["cosmos_app_id"].lower(), one["ml_app_id"].lower())
        definition = _DEFINITION.match(str(one.get("definition", "")))
        if definition:
            yield definition[1].lower()
    apps = {
        one.get("app_id", "").lower(): one.get("name", "").lower()
        for one in _walk(packed)
        if one.get(NAME) == "Principal"
    }
    for one in _walk(packed):
        if one.get(NAME) == "Cloud":
            yield apps.get(one["cosmos_app_id"].lower(), "")
            yield apps.get(one["ml_app_id"].lower(), "")


def _suffixes(packed: Any) -> Iterator[str]:
    for one in _walk(packed):
        if one.get(NAME) == "Cloud":
            for field, value in one.items():
                if field.endswith("_suffix"):
                    yield value.lower()


def _addresses(text: str) -> Iterator[str]:
    for match in _IP.finditer(text):
        try:
            found = ip_address(match[0].rstrip("."))
        except ValueError:
            continue
        if not (found.is_unspecified or found.is_loopback):
            yield match[0].rstrip(".")


def _any_of(originals: Iterable[str]) -> "re.Pattern[str] | None":
    """One pattern for all of them, longest first, plain and as they stand in an address."""
    words = {form for one in originals for form in (one, quote(one, safe="").lower())}
    if not words:
        return None
    listed = "|".join(re.escape(one) for one in sorted(words, key=len, reverse=True))
    start = r"(?:(?<![A-Za-z0-9])|(?<=%[0-9A-Fa-f]{2}))"
    return re.compile(rf"{start}(?:{listed})(?![A-Za-z0-9])", re.IGNORECASE)
