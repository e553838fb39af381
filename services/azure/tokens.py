"""Where tokens come from: one store for all clients, over a credential made when first asked."""

import asyncio
import importlib
import time
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from azure.core.credentials import AccessToken, AccessTokenInfo, TokenRequestOptions

from services.azure import tls
from services.azure.transport import Timeouts, Transport

if TYPE_CHECKING:
    from azure.core.credentials_async import AsyncTokenCredential

_EARLY = 300
"""A token is renewed this many seconds before its end, as azure-core does."""


class Tokens:
    """A credential that asks the real one once for each audience and tenant.

    Every SDK client keeps its own token, and the Azure CLI credential starts ``az`` for each
    (half a second): one store serves them all. Tokens stay in memory.
    """

    def __init__(self, credential: "AsyncTokenCredential") -> None:
        self._credential = credential
        self._tokens: dict[tuple[str, ...], AccessTokenInfo] = {}
        self._lock = asyncio.Lock()

    async def get_token(self, *scopes: str, **options: Any) -> AccessToken:
        """A token in azure-core's older form; raises what the credential raises."""
        found = await self.get_token_info(*scopes, options=_options(options))
        return AccessToken(found.token, found.expires_on)

    async def get_token_info(
        self, *scopes: str, options: TokenRequestOptions | None = None
    ) -> AccessTokenInfo:
        """A token that lives five more minutes; raises what the credential raises."""
        asked = _options(options or {})
        key = (*scopes, asked.get("tenant_id") or "", str(asked.get("enable_cae", False)))
        found = self._good(key, asked)
        if found is not None:  # not behind the lock: another audience's may take a while
            return found
        async with self._lock:
            found = self._good(key, asked)
            if found is None:
                found = self._tokens[key] = await self._ask(scopes, asked)
        return found

    def _good(self, key: tuple[str, ...], asked: TokenRequestOptions) -> AccessTokenInfo | None:
        """The token at hand, unless it ends soon or, as claims say, was refused."""
        found = self._tokens.get(key)
        late = found is None or found.expires_on - time.time() < _EARLY
        return None if late or asked.get("claims") else found

    async def _ask(self, scopes: tuple[str, ...], asked: TokenRequestOptions) -> AccessTokenInfo:
        newer = getattr(self._credential, "get_token_info", None)
        if newer is not None:
            info: AccessTokenInfo = await newer(*scopes, options=asked)
            return info
        token = await self._credential.get_token(*scopes, **asked)
        return AccessTokenInfo(token.token, token.expires_on)

    def forget(self) -> None:
        """Ask anew for each token; a service has refused one that looked good."""
        self._tokens.clear()
        forget = getattr(self._credential, "forget", None)
        if forget is not None:
            forget()

    async def close(self) -> None:
        """Forget the tokens and close the credential."""
        self._tokens.clear()
        await self._credential.close()

    async def __aenter__(self) -> "Tokens":
        return self

    async def __aexit__(self, *_: object) -> None:
        return None


class Late:
    """A credential that is made when it is first asked, together with its own transport.

    Importing azure-identity and reading all root certificates take half a second together;
    both happen in a thread, so that nothing on a screen stands still.
    """

    def __init__(self, make: Callable[[Transport], Any], ca_file: str = "") -> None:
        self._make = make
        self._ca_file = ca_file
        self._credential: Any = None
        self._transport: Transport | None = None
        self._old: list[Any] = []
        self._lock = asyncio.Lock()

    async def get_token(self, *scopes: str, **options: Any) -> AccessToken:
        """A token in azure-core's older form; raises what azure-identity raises."""
        token: AccessToken = await (await self._made()).get_token(*scopes, **options)
        return token

    async def get_token_info(
        self, *scopes: str, options: TokenRequestOptions | None = None
    ) -> AccessTokenInfo:
        """A token with what is known about it; raises what azure-identity raises."""
        made = await self._made()
        info: AccessTokenInfo = await made.get_token_info(*scopes, options=options or {})
        return info

    async def _made(self) -> Any:
        async with self._lock:
            if self._credential is None:
                await asyncio.to_thread(load, self._ca_file)
                self._transport = self._transport or Transport(Timeouts(), self._ca_file)
                self._credential = self._make(self._transport)
        return self._credential

    def forget(self) -> None:
        """Make the credential again when it is next asked: it keeps tokens of its own."""
        if self._credential is not None:
            self._old.append(self._credential)
        self._credential = None

    async def close(self) -> None:
        """Close the credential and its sockets."""
        self.forget()
        for credential in self._old:
            await credential.close()
        if self._transport is not None:
            await self._transport.shut()

    async def __aenter__(self) -> "Late":
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()


def load(ca_file: str = "") -> None:
    """Import azure-identity and read the root certificates, once; takes half a second."""
    importlib.import_module("azure.identity.aio")
    tls.context(ca_file)


def _options(given: Mapping[str, Any]) -> TokenRequestOptions:
    """Only what was really asked for: some credentials refuse options they don't know."""
    known = TokenRequestOptions()
    if given.get("claims"):
        known["claims"] = given["claims"]
    if given.get("tenant_id"):
        known["tenant_id"] = given["tenant_id"]
    if given.get("enable_cae"):
        known["enable_cae"] = True
    return known
