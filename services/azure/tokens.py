"""One store of tokens for all clients of a connection."""

import asyncio
import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from azure.core.credentials import AccessToken, AccessTokenInfo, TokenRequestOptions

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
        async with self._lock:
            found = self._tokens.get(key)
            # Claims are a refusal of the token at hand: a new one is needed.
            if found is None or asked.get("claims") or found.expires_on - time.time() < _EARLY:
                found = await self._ask(scopes, asked)
                self._tokens[key] = found
        return found

    async def _ask(self, scopes: tuple[str, ...], asked: TokenRequestOptions) -> AccessTokenInfo:
        newer = getattr(self._credential, "get_token_info", None)
        if newer is not None:
            info: AccessTokenInfo = await newer(*scopes, options=asked)
            return info
        token = await self._credential.get_token(*scopes, **asked)
        return AccessTokenInfo(token.token, token.expires_on)

    async def close(self) -> None:
        """Forget the tokens and close the credential."""
        self._tokens.clear()
        await self._credential.close()

    async def __aenter__(self) -> "Tokens":
        return self

    async def __aexit__(self, *_: object) -> None:
        return None


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
