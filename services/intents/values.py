"""What one value of an intent must be like: a sentence where it is not, else None.

The naming rules of Azure stand in :mod:`services.names`.
"""

import re
from collections.abc import Callable
from functools import partial
from typing import Any

from services import names
from services.ids import ArmId, BadId

Check = Callable[[Any], str | None]


def named(kind: str) -> Check:
    """A name of this kind, by the rules of Azure."""
    return partial(names.problem, kind)


def maybe(check: Check) -> Check:
    """Like ``check``, but empty is allowed."""
    return lambda value: check(value) if value != "" else None


def one_of(words: tuple[str, ...], kind: str) -> Check:
    """One of these words, or the ARM id of a resource of this type."""

    def check(value: str) -> str | None:
        if value in words:
            return None
        choice = " or ".join(f'"{word}"' for word in words)
        text = (
            f'{choice}{", " if choice else ""}{{ create = "name" }}, or an Azure id of type {kind}'
        )
        try:
            id = ArmId.parse(value)
        except BadId as error:
            return f"{text} is wanted: {error}"
        if id.type.lower() != kind.lower() or not id.group:
            return f"{text} is wanted, this is an id of type {id.type or 'none'}"
        return None

    return check


def object_id(text: str) -> str | None:
    """An object id, which no well-known app id is."""
    return names.problem("guid", text) or names.app_id_problem(text)


def retention(days: int) -> str | None:
    """Days that a deleted vault is kept."""
    return names.retention_problem(days)


def resource_tags(tags: dict[str, str]) -> str | None:
    """Tags of a resource."""
    return names.tags_problem(tags, "resource")


def key_tags(tags: dict[str, str]) -> str | None:
    """Tags of a key, of which Key Vault takes fewer."""
    return names.tags_problem(tags, "key")


def cloud(name: str) -> str | None:
    """The name of a cloud: a known one, or one that az could have registered."""
    known = ("AzureCloud", "AzureUSGovernment", "AzureChinaCloud")
    if name == "" or name in known or name.isidentifier():
        return None
    return f"a cloud's name is wanted, for example {', '.join(known)}"


def positive(number: float) -> str | None:
    """More than nothing, and no slip of a key."""
    return None if 0 < number < 10_000 else "a number above 0 is wanted"


def count(number: int) -> str | None:
    """How many nodes a pool has."""
    return None if 1 <= number <= 1000 else "1 to 1000 nodes are wanted"


def zones(zones: list[str]) -> str | None:
    """Availability zones."""
    if len(set(zones)) != len(zones):
        return "each zone once"
    return None if all(re.fullmatch("[1-9]", zone) for zone in zones) else "a zone is 1, 2 or 3"


def ports(ports: list[int]) -> str | None:
    """TCP ports."""
    if len(set(ports)) != len(ports):
        return "each port once"
    return None if all(0 < port < 65_536 for port in ports) else "a port is 1 to 65535"


def variables(pairs: dict[str, str]) -> str | None:
    """Names of environment variables."""
    return next((wrong for name in pairs if (wrong := names.problem("variable", name))), None)


def secrets(pairs: dict[str, str]) -> str | None:
    """Where secrets are read, never what they are, by the name of their variable."""
    for name, value in pairs.items():
        if not re.fullmatch(r"env:[A-Za-z_][A-Za-z0-9_]*|file:.+", value):
            return f"{name}: a secret never stands in a file; env:NAME or file:PATH is wanted"
    return variables(pairs)
