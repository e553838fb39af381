"""The Azure SDKs' own clients on a running sandbox, and a look at every field they read."""

import enum
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

from azure.core.credentials import AccessToken
from azure.core.pipeline.transport import AioHttpTransport


class Credential:
    """Signs in as one of the cast, without Entra."""

    def __init__(self, sandbox: Any, principal: str) -> None:
        self._sandbox = sandbox
        self._principal = principal

    async def get_token(self, *scopes: str, **_: Any) -> AccessToken:
        audience = "vault" if "vault" in scopes[0] else "arm"
        token = self._sandbox.token(self._principal, audience)
        return AccessToken(token, int(time.time()) + 3600)

    async def close(self) -> None:
        return None


@asynccontextmanager
async def clients(sandbox: Any, principal: str = "admin") -> AsyncIterator[Callable[..., Any]]:
    """A function that makes ARM clients (and, with ``vault_url``, key clients)."""
    session = sandbox.session()
    made: list[Any] = []

    def make(kind: Any, **options: Any) -> Any:
        transport = AioHttpTransport(session=session, session_owner=False)
        options = {"transport": transport, "polling_interval": 0.02, **options}
        if "vault_url" in options:
            options["verify_challenge_resource"] = False
        else:
            options["base_url"] = sandbox.arm
            options["credential_scopes"] = [f"{sandbox.arm}/.default"]
        client = kind(credential=Credential(sandbox, principal), **options)
        made.append(client)
        return client

    try:
        yield make
    finally:
        for client in made:
            await client.close()
        await session.close()


def flaws(value: Any, at: str = "") -> list[str]:
    """Required fields that are missing and polymorphic objects nobody knows, all levels deep.

    Reading an attribute also makes newer SDK models parse it, so a date that is none raises.
    """
    if isinstance(value, enum.Enum) or value is None:
        return []
    if isinstance(value, list):
        return [flaw for item in value for flaw in flaws(item, f"{at}[]")]
    kind = type(value)
    if hasattr(kind, "_attribute_map"):
        return _old(value, at or kind.__name__)
    if hasattr(kind, "_attr_to_rest_field"):
        return _new(value, at or kind.__name__)
    if isinstance(value, dict):
        return [flaw for key, item in value.items() for flaw in flaws(item, f"{at}.{key}")]
    if kind.__module__.startswith("azure.keyvault"):
        names = [name for name in dir(kind) if isinstance(getattr(kind, name), property)]
        return [flaw for name in names for flaw in flaws(getattr(value, name), f"{at}.{name}")]
    return []


def _old(value: Any, at: str) -> list[str]:
    kind = type(value)
    found = []
    if kind.__dict__.get("_subtype_map"):
        found.append(f"{at}: unknown kind of {kind.__name__}")
    for name in kind._attribute_map:
        item = getattr(value, name, None)
        if item is None and kind._validation.get(name, {}).get("required"):
            found.append(f"{at}.{name}: required")
        found += flaws(item, f"{at}.{name}")
    return found


def _new(value: Any, at: str) -> list[str]:
    kind = type(value)
    found = []
    if kind.__dict__.get("__mapping__"):
        found.append(f"{at}: unknown kind of {kind.__name__}")
    annotations: dict[str, Any] = {}
    for base in reversed(kind.__mro__):
        annotations |= getattr(base, "__annotations__", {})
    for name in kind._attr_to_rest_field:
        item = getattr(value, name)
        nullable = str(annotations.get(name, "None"))
        if item is None and "None" not in nullable and "Optional" not in nullable:
            found.append(f"{at}.{name}: required")
        found += flaws(item, f"{at}.{name}")
    return found


async def everything(pages: Any) -> list[Any]:
    """All items of a list operation."""
    return [item async for item in pages]
