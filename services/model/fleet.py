"""Who depends on a vault or a key, over everything the caller may read."""

from typing import Literal

import msgspec

How = Literal["key", "vault", "through"]


class Subject(msgspec.Struct, frozen=True, kw_only=True):
    """A vault, a key of it, or one version of that."""

    host: str
    """Vault's host in lower case, with a port only where the cloud's suffix has one."""
    key: str = ""
    """Name of the key; empty for the whole vault."""
    version: str = ""

    @property
    def vault(self) -> str:
        """Name of the vault."""
        return self.host.split(".", 1)[0]

    def __str__(self) -> str:
        parts = (f"https://{self.host}", self.key and f"keys/{self.key}", self.version)
        return "/".join(part for part in parts if part)


class Dependent(msgspec.Struct, frozen=True, kw_only=True):
    """Something that would notice if the key could not be used."""

    id: str
    """ARM id."""
    name: str
    type: str
    """Resource type in lower case."""
    kind: str
    """What it is in a word or two, for example ``Cosmos DB``."""
    how: How
    """key: it names a key; vault: it names the vault and no key; through: by way of ``via``."""
    keys: tuple[str, ...] = ()
    """Key identifiers it names, the one in use first; without a version where it tells none."""
    via: str = ""
    """ARM id of what stands between it and the key."""
    says: str = ""
    """What a new version means to it, as far as that is documented."""

    @property
    def version(self) -> str:
        """The version it says it uses; empty where it tells none."""
        tail = self.keys[0].rpartition("/")[2] if self.keys else ""
        return tail if len(tail) == VERSION else ""


VERSION = 32
"""Hex digits of a key's version."""
