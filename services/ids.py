"""ArmId and KeyId: parse, format, compare. Case does not matter on the way in."""

import re
from typing import Self
from urllib.parse import urlsplit

import msgspec

GUID = re.compile(r"^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$", re.IGNORECASE)


HOST = re.compile(r"^[a-z0-9-]+(\.[a-z0-9-]+)+(:\d{1,5})?\Z", re.IGNORECASE | re.ASCII)
"""A host of at least two labels, without anybody's name or password before it."""


class BadId(ValueError):
    """An id that does not follow its rule; the message names rule and example."""


class ArmId(msgspec.Struct, frozen=True):
    """An Azure Resource Manager id of a subscription, group or resource."""

    subscription: str
    """GUID in lower case."""
    group: str = ""
    type: str = ""
    """Namespace and types, for example Microsoft.KeyVault/vaults."""
    names: tuple[str, ...] = ()
    """One name for each type segment."""

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read an id in any spelling; raises BadId with the rule it breaks."""
        parts = [part for part in text.strip().split("/") if part]
        if len(parts) < 2 or parts[0].lower() != "subscriptions" or not GUID.match(parts[1]):
            raise BadId(
                "an Azure id starts with /subscriptions/ and a GUID, for example "
                "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/rg-ml"
            )
        subscription, rest, group = parts[1].lower(), parts[2:], ""
        if rest and rest[0].lower() == "resourcegroups":
            if len(rest) < 2:
                raise BadId("resourceGroups must be followed by the group's name")
            group, rest = rest[1], rest[2:]
        if not rest:
            return cls(subscription, group)
        if rest[0].lower() != "providers" or len(rest) < 4 or len(rest) % 2:
            raise BadId("expected /providers/NAMESPACE/TYPE/NAME after the group")
        kind = "/".join([rest[1], *rest[2::2]])
        return cls(subscription, group, kind, tuple(rest[3::2]))

    @property
    def name(self) -> str:
        """The last name: of the resource, else of the group, else the subscription."""
        return self.names[-1] if self.names else self.group or self.subscription

    def __str__(self) -> str:
        text = f"/subscriptions/{self.subscription}"
        if self.group:
            text += f"/resourceGroups/{self.group}"
        if self.type:
            namespace, *types = self.type.split("/")
            pairs = "/".join(f"{kind}/{name}" for kind, name in zip(types, self.names, strict=True))
            text += f"/providers/{namespace}/{pairs}"
        return text

    def child(self, kind: str, name: str) -> "ArmId":
        """A resource in this group: ``kind`` is Namespace/type."""
        return ArmId(self.subscription, self.group, kind, (name,))


def same(left: str, right: str) -> bool:
    """Whether two ARM ids name the same thing; Azure ignores case and a last slash."""
    return left.rstrip("/").lower() == right.rstrip("/").lower()


class KeyId(msgspec.Struct, frozen=True):
    """A key identifier: ``https://VAULT.SUFFIX/keys/NAME[/VERSION]``."""

    host: str
    """Vault's host in lower case; with a port only where the cloud's suffix has one."""
    name: str
    version: str = ""

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read an identifier; drops ``:443``. Raises BadId with the rule it breaks.

        ARM's own key answers carry :443, which Cosmos DB refuses as malformed.
        """
        try:
            url = urlsplit(text.strip())
        except ValueError as error:
            raise BadId(f"not an address: {error}") from error
        parts = [part for part in url.path.split("/") if part]
        if url.scheme != "https" or not HOST.match(url.netloc) or len(parts) not in (2, 3):
            raise BadId("a key identifier looks like https://VAULT.vault.azure.net/keys/NAME")
        if parts[0] != "keys":
            raise BadId(f"a key identifier has /keys/ after the host, not /{parts[0]}/")
        if not re.fullmatch(r"[A-Za-z0-9-]+", parts[1]):
            raise BadId("a key's name has letters, digits and hyphens")
        version = parts[2] if len(parts) == 3 else ""
        if version and not re.fullmatch(r"[0-9a-fA-F]{32}", version):
            raise BadId("a key version has 32 hex digits")
        return cls(url.netloc.lower().removesuffix(":443"), parts[1], version.lower())

    @property
    def vault(self) -> str:
        """The vault's name, first label of the host."""
        return self.host.split(".", 1)[0]

    @property
    def versionless(self) -> str:
        """The identifier without its version."""
        return f"https://{self.host}/keys/{self.name}"

    def __str__(self) -> str:
        return f"{self.versionless}/{self.version}" if self.version else self.versionless
