"""For which tenant a vault wants a token: told by the vault, and remembered for the process.

Azure's package keeps that by the vault's host and asks again only when the vault refuses a token
(azure-keyvault-keys, http_challenge_cache). Where no token can be had for a tenant that the vault
has left, it would never ask the vault again.
"""

from typing import Any

from azure.core.exceptions import ClientAuthenticationError
from azure.core.pipeline import PipelineRequest, PipelineResponse
from azure.core.pipeline.policies import AsyncHTTPPolicy
from azure.keyvault.keys._shared import http_challenge_cache as known


def forget(uri: str) -> None:
    """Let the vault at this address tell anew."""
    known.remove_challenge_for_url(uri)


class AskAgain(AsyncHTTPPolicy[Any, Any]):
    """Asks the vault anew, once, where nobody signs in to the tenant that it named before.

    Nothing has been sent then: who has no token sends nothing.
    """

    async def send(self, request: PipelineRequest[Any]) -> PipelineResponse[Any, Any]:
        """Send; raises ClientAuthenticationError where its present tenant gives no token."""
        url = request.http_request.url
        before = known.get_challenge_for_url(url)
        try:
            return await self.next.send(request)
        except ClientAuthenticationError:
            forget(url)
            if before is None:
                raise
        return await self.next.send(request)
