"""What Azure accepts as names, dates and sizes: one rule, one place.

Lengths and characters are those of the page "Naming rules and restrictions for Azure
resources" unless a rule names another source.
"""

import hashlib
import re
from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Literal

import msgspec

from services.ids import GUID
from services.text import plain

NAMING = 'page "Naming rules and restrictions for Azure resources"'


class Rule(msgspec.Struct, frozen=True, kw_only=True):
    """What a text must be like."""

    pattern: re.Pattern[str]
    low: int
    """Shortest, in characters."""
    high: int
    """Longest, in characters."""
    sentence: str
    """The rule for a person, without its length and without a full stop."""
    example: str
    source: str = NAMING


def _rule(
    pattern: str, size: tuple[int, int], sentence: str, example: str, source: str = NAMING
) -> Rule:
    low, high = size
    return Rule(
        pattern=re.compile(pattern),
        low=low,
        high=high,
        sentence=sentence,
        example=example,
        source=source,
    )


_DURATION = r"P(?=[0-9T])([0-9]+Y)?([0-9]+M)?([0-9]+W)?([0-9]+D)?(T(?=[0-9])([0-9]+H)?([0-9]+M)?([0-9]+S)?)?"
_INSTANT = r"[0-9]{4}-[0-9][0-9]-[0-9][0-9]T[0-9][0-9]:[0-9][0-9]:[0-9][0-9](\.[0-9]{1,6})?Z"
_GUID_SENTENCE = "a GUID has 32 hex digits in groups of 8, 4, 4, 4 and 12"

RULES: Mapping[str, Rule] = MappingProxyType(
    {
        "vault": _rule(
            r"[A-Za-z](?!.*--)[A-Za-z0-9-]*[A-Za-z0-9]",
            (3, 24),
            "a vault's name has letters, digits and single hyphens, starts with a letter and"
            " ends with a letter or digit",
            "kv-ml-prod",
            'page "Key Vault common error codes", VaultNameNotValid; ' + NAMING,
        ),
        "key": _rule(
            r"[A-Za-z0-9-]+", (1, 127), "a key's name has letters, digits and hyphens", "cmk-ml"
        ),
        "key_version": _rule(
            r"[0-9a-fA-F]+|latest",
            (6, 32),
            "a key version is latest or has 32 hex digits",
            "latest",
            'page "About keys, secrets, and certificates"',
        ),
        "workspace": _rule(
            r"[A-Za-z0-9][A-Za-z0-9_-]*",
            (3, 33),
            "a workspace's name has letters, digits, hyphens and underscores and starts with"
            " a letter or digit",
            "mlw-prod",
            "Machine Learning API description, workspaceName",
        ),
        "resource_group": _rule(
            r"[\w.()-]*[\w()-]",
            (1, 90),
            "a resource group's name has letters, digits, underscores, hyphens, periods and"
            " parentheses and does not end with a period",
            "rg-ml",
        ),
        "storage": _rule(
            r"[a-z0-9]+",
            (3, 24),
            "a storage account's name has lower-case letters and digits",
            "stmlprod01",
        ),
        "insights": _rule(
            r"[^%&\\?/<>#+:'\"\x00-\x1f\x7f-\x9f]*[^%&\\?/<>#+:'\"\x00-\x1f\x7f-\x9f .]",
            (1, 255),
            "an Application Insights name has none of %&\\?/<>#+:'\" and does not end with a"
            " blank or a period",
            "appi-ml-prod",
        ),
        "log_analytics": _rule(
            r"[A-Za-z0-9][A-Za-z0-9-]*[A-Za-z0-9]",
            (4, 63),
            "a Log Analytics name has letters, digits and hyphens and starts and ends with a"
            " letter or digit",
            "log-ml-prod",
        ),
        "registry": _rule(
            r"[A-Za-z0-9]+", (5, 50), "a registry's name has letters and digits", "crmlprod01"
        ),
        "identity": _rule(
            r"[A-Za-z0-9][A-Za-z0-9_-]*",
            (3, 128),
            "an identity's name has letters, digits, hyphens and underscores and starts with"
            " a letter or digit",
            "uai-ml",
        ),
        "container_group": _rule(
            r"[a-z0-9](?!.*--)[a-z0-9-]*[a-z0-9]|[a-z0-9]",
            (1, 63),
            "a container group's name has lower-case letters, digits and single hyphens and"
            " starts and ends with a letter or digit",
            "score-1",
        ),
        "container": _rule(
            r"[a-z0-9](?!.*--)[a-z0-9-]*[a-z0-9]|[a-z0-9]",
            (1, 63),
            "a container's name has lower-case letters, digits and single hyphens and starts"
            " and ends with a letter or digit",
            "main",
        ),
        "image": _rule(
            r"[^\s\x00-\x1f\x7f]+", (1, 2000), "an image has no blanks", "nginx:1.27", "Docker"
        ),
        "variable": _rule(
            r"[A-Za-z0-9_]+",
            (1, 63),
            "a variable's name has letters, digits and underscores",
            "MODE",
        ),
        "cluster": _rule(
            r"[A-Za-z0-9][A-Za-z0-9_-]*[A-Za-z0-9]|[A-Za-z0-9]",
            (1, 63),
            "a cluster's name has letters, digits, hyphens and underscores and starts and ends"
            " with a letter or digit",
            "aks-1",
        ),
        "kubernetes": _rule(
            r"[0-9]+\.[0-9]+(\.[0-9]+)?|default",
            (3, 12),
            "a version is default or two or three numbers with periods between",
            "1.33",
        ),
        "vm_size": _rule(
            r"[A-Za-z0-9][A-Za-z0-9_-]*",
            (3, 60),
            "a size has letters, digits, hyphens and underscores",
            "Standard_D4s_v5",
        ),
        "encryption_set": _rule(
            r"[A-Za-z0-9_-]+",
            (1, 80),
            "a disk encryption set's name has letters, digits, hyphens and underscores",
            "des-1",
        ),
        "region": _rule(
            r"[a-z][a-z0-9]*",
            (3, 40),
            "a region is its short name, lower-case letters and digits",
            "westeurope",
            "Azure Resource Manager, list locations",
        ),
        "guid": _rule(
            GUID.pattern.strip("^$").replace("[0-9a-f]", "[0-9a-fA-F]"),
            (36, 36),
            _GUID_SENTENCE,
            "00000000-0000-0000-0000-000000000000",
            "RFC 9562",
        ),
        "instant": _rule(
            _INSTANT,
            (20, 27),
            "a time is date, T, time and Z for UTC",
            "2027-12-01T00:00:00Z",
            "RFC 3339",
        ),
        "duration": _rule(
            _DURATION, (3, 30), "a duration is P, a number and Y, M, W or D", "P1Y6M", "ISO 8601"
        ),
        "description": _rule(
            r"[^\x00-\x08\x0b-\x1f\x7f]*", (0, 2000), "a description is text", "Models of team ML"
        ),
    }
)
"""Every kind of text that has a rule."""


def problem(kind: str, text: str) -> str | None:
    """What is wrong with a text, as one sentence with the rule and an example.

    None where nothing is. KeyError for a kind without a rule.
    """
    rule = RULES[kind]
    if rule.low <= len(text) <= rule.high and rule.pattern.fullmatch(text) and _exact(kind, text):
        return None
    length = f"{rule.low} to {rule.high}" if rule.low != rule.high else str(rule.low)
    sentence = rule.sentence[0].upper() + rule.sentence[1:]
    return f"{sentence}; {length} characters. Example: {rule.example}"


def _exact(kind: str, text: str) -> bool:
    """What a pattern cannot say."""
    if kind == "instant":
        try:
            datetime.fromisoformat(text)
        except ValueError:
            return False
    if kind == "key_version":
        return text == "latest" or len(text) == 32
    return True


APP_IDS: Mapping[str, str] = MappingProxyType(
    {
        "a232010e-820c-4083-83bb-3ace5fc29d0b": "Azure Cosmos DB",
        "57506a73-e302-42a9-b869-6f12d9ec29e9": "Azure Cosmos DB in Azure Government",
        "0736f41a-0425-4b46-bdb5-1563eff02385": "Azure Machine Learning",
        "6bb8e274-af5d-4df2-98a3-4fd78b4cafd9": "Azure Container Instance Service",
    }
)
"""App ids of Azure's own services. Grants to them are taken and give nobody anything: a grant
names an object id, which every tenant has its own of (page "Troubleshooting access policy
issues", unknown identities)."""


def app_id_problem(text: str) -> str | None:
    """Why a text is no object id though it looks like one; None where it may be one."""
    known = APP_IDS.get(text.strip().lower())
    if known is None:
        return None
    return (
        f"This is the app id of {known}, which is the same everywhere and never an object id."
        f" Its object id in your tenant: az ad sp show --id {text.strip().lower()} --query id"
    )


def retention_problem(days: int) -> str | None:
    """Soft-delete retention in days. Source: Key Vault page "Soft-delete overview"."""
    if 7 <= days <= 90:
        return None
    return (
        "Deleted vaults and keys are kept 7 to 90 days, and it can't be changed later. Example: 90"
    )


class TagRule(msgspec.Struct, frozen=True, kw_only=True):
    """How many tags something takes and how long they may be."""

    count: int
    name: int
    value: int
    forbidden: str
    source: str


TAG_RULES: Mapping[str, TagRule] = MappingProxyType(
    {
        "resource": TagRule(
            count=50,
            name=512,
            value=256,
            forbidden="<>%&\\?/",
            source='page "Use tags to organize your Azure resources", limitations',
        ),
        "storage": TagRule(
            count=50,
            name=128,
            value=256,
            forbidden="<>%&\\?/",
            source='page "Use tags to organize your Azure resources", limitations',
        ),
        "key": TagRule(
            count=15,
            name=256,
            value=256,
            forbidden="",
            source='page "About keys", key tags',
        ),
    }
)


def tags_problem(
    tags: Mapping[str, str], kind: Literal["resource", "storage", "key"]
) -> str | None:
    """What is wrong with tags, as one sentence with the rule; None where nothing is."""
    rule = TAG_RULES[kind]
    if len(tags) > rule.count:
        return f"At most {rule.count} tags are allowed, these are {len(tags)}."
    seen: set[str] = set()
    for name, value in tags.items():
        shown = plain(name, 40)
        if not name.strip():
            return "A tag needs a name. Example: team = ml"
        if len(name) > rule.name or len(value) > rule.value:
            return (
                f"Tag {shown} is too long: a name has at most {rule.name} characters, a value"
                f" at most {rule.value}."
            )
        if bad := set(name) & set(rule.forbidden):
            return f"Tag {shown} has {' '.join(sorted(bad))} in its name; Azure refuses it."
        if plain(name, rule.name) != name or plain(value, rule.value) != value:
            return f"Tag {shown} has control or invisible characters."
        # Azure compares names without case: Team and team are one tag.
        if name.lower() in seen:
            return f"Tag {shown} stands there twice; case makes no difference."
        seen.add(name.lower())
    return None


_PREFIXES: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "storage": ("st", ""),
        "registry": ("cr", ""),
        "insights": ("appi", "-"),
        "log_analytics": ("log", "-"),
        "identity": ("uai", "-"),
        "vault": ("kv", "-"),
    }
)
"""Prefix and separator of the names that are made here."""

_DIGITS = "abcdefghijklmnopqrstuvwxyz234567"


def derived(kind: str, arm_id: str) -> str:
    """A name for something that serves the resource ``arm_id``, always the same one.

    Prefix, a part of the resource's own name, ten characters from a hash of the id (50
    bits). Follows problem(); KeyError for a kind whose names are not made here.
    """
    prefix, dash = _PREFIXES[kind]
    canonical = arm_id.strip().strip("/").lower()
    number = int.from_bytes(hashlib.sha256(canonical.encode(errors="replace")).digest()[:7])
    tail = "".join(_DIGITS[(number >> 5 * place) & 31] for place in range(10))
    room = min(RULES[kind].high, 40) - len(prefix) - len(tail) - 2 * len(dash)
    own = re.sub(r"[^a-z0-9]", "", canonical.rsplit("/", 1)[-1])[:room]
    return dash.join(part for part in (prefix, own, tail) if part)
