"""What a key identifier says, and why a service cannot use the key it names."""

import re
from dataclasses import dataclass

from sandbox.protocol import VaultRefusal

_KEY_ID = re.compile(
    r"https://(?P<host>(?P<vault>[A-Za-z0-9-]{3,24})\.(?P<suffix>[^/]+))"
    r"/keys/(?P<name>[0-9A-Za-z-]{1,127})(?:/(?P<version>[0-9a-fA-F]{32}))?"
)


@dataclass(frozen=True, slots=True)
class KeyId:
    """A key identifier taken apart; ``version`` may be empty."""

    host: str
    vault: str
    name: str
    version: str

    @property
    def uri(self) -> str:
        """The vault's address, without a trailing slash."""
        return f"https://{self.host}"

    @property
    def bare(self) -> str:
        """The identifier without its version."""
        return f"{self.uri}/keys/{self.name}"

    def full(self, version: str) -> str:
        """The identifier of one version."""
        return f"{self.bare}/{version}"


class KeyUnusable(Exception):
    """A service cannot use the key; ``substatus`` is Cosmos DB's number for the reason."""

    def __init__(self, substatus: str, cause: VaultRefusal | None = None) -> None:
        super().__init__(f"{substatus}: {cause}" if cause else substatus)
        self.substatus = substatus
        self.cause = cause

    @property
    def inner(self) -> str:
        """The vault's own code, or the substatus where the vault was never reached."""
        return code_of(self.cause) if self.cause else self.substatus


def code_of(refusal: VaultRefusal) -> str:
    """The most telling code of a vault's refusal: innererror's where there is one."""
    inner = refusal.extra.get("innererror", {}).get("code", "")
    return str(inner or refusal.code)


def parse(kid: str) -> KeyId:
    """Take a key identifier apart; raises :class:`KeyUnusable` 4006 when malformed."""
    match = _KEY_ID.fullmatch(kid)
    if not match:
        raise KeyUnusable("4006")
    return KeyId(
        match["host"].lower(), match["vault"].lower(), match["name"], match["version"] or ""
    )
