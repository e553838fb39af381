"""How bytes leave: one TLS context, one resolver, reads kept alive, writes on fresh connections."""

import asyncio
from typing import Any
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

import aiohttp
import msgspec
from azure.core.exceptions import ServiceRequestError, ServiceResponseTimeoutError
from azure.core.pipeline.transport import AioHttpTransport, AsyncHttpTransport

from services.azure import tls
from services.azure.policies import SAFE
from services.azure.throttle import Budgets


class Timeouts(msgspec.Struct, frozen=True, kw_only=True):
    """How long calls may take and how often reads are repeated. All times in seconds."""

    connect: float = 10.0
    read: float = 60.0
    """Between two bytes of an answer."""
    total: float = 120.0
    """For one attempt, from name look-up to the last byte."""
    tries: int = 4
    """Attempts of a GET or HEAD."""
    backoff: float = 0.5
    """Before the second attempt; doubles each time, at most 8."""
    patience: float = 120.0
    """The longest Retry-After that is waited for; a longer one is an error that says so."""
    operation: float = 3600.0
    """How long an operation may take until it is no more waited for; it goes on in Azure."""


class Interrupted(aiohttp.ClientError):
    """A write's connection broke before an answer; whether it took effect is unknown."""


async def _never_again(
    request: aiohttp.ClientRequest, handler: aiohttp.ClientHandlerType
) -> aiohttp.ClientResponse:
    """Keep aiohttp from resending: it repeats PUT and DELETE when a connection breaks.

    It does so for these two exceptions only, so they leave here under another name.
    """
    try:
        return await handler(request)
    except aiohttp.ClientConnectorError:
        raise
    except (aiohttp.ClientOSError, aiohttp.ServerDisconnectedError) as error:
        raise Interrupted(str(error) or type(error).__name__) from error


class Transport(AsyncHttpTransport[Any, Any]):
    """The transport of every client of a connection. Made and closed inside a running loop."""

    def __init__(self, settings: Timeouts, *ca_files: str) -> None:
        self._settings = settings
        self.budgets = Budgets()
        """What its answers said of request limits."""
        self._proxies: dict[tuple[str, str], str | None] = {}
        """By scheme and host."""
        trusted = tls.context(*ca_files)
        self.session = _session(trusted)
        """For reads; also for calls without a pipeline, such as a cloud's description."""
        self._fresh = _session(trusted, fresh=True)
        limits: dict[str, Any] = {
            "connection_timeout": settings.connect,
            "read_timeout": settings.read,
            "session_owner": False,
        }
        self._reads = AioHttpTransport(session=self.session, **limits)
        self._writes = AioHttpTransport(session=self._fresh, **limits)

    async def send(self, request: Any, **kwargs: Any) -> Any:
        """Send one request once.

        Raises azure-core's transport errors, AzureError (TLS), and Held where a budget was closed
        while somebody signed in.
        """
        self.budgets.check(request.method, request.url)
        lane = self._reads if request.method.upper() in SAFE else self._writes
        try:
            async with asyncio.timeout(self._settings.total):
                return await lane.send(request, proxy=self._proxy(request.url), **kwargs)
        except TimeoutError as error:
            raise ServiceResponseTimeoutError("no complete answer in time", error=error) from error
        except ServiceRequestError as error:
            cause = error.inner_exception
            if not isinstance(cause, aiohttp.ClientConnectorCertificateError):
                raise
            parts = urlsplit(request.url)
            issued_by = await tls.issuer(f"https://{parts.netloc}/")
            reason = getattr(cause.certificate_error, "verify_message", "") or str(cause)
            raise tls.untrusted(parts.netloc, reason, issued_by) from error

    def _proxy(self, url: str) -> str | None:
        """The proxy that the environment names for an address; None where there is none for it.

        Asked here because aiohttp asks a thread, and another one for a netrc, which must not sign
        anybody in: with dozens of requests at once they wait for those threads. Asked once for each
        host, because Python reads the whole environment twice to answer.
        """
        parts = urlsplit(url)
        host = parts.hostname or ""
        key = (parts.scheme, host)
        if key not in self._proxies:
            past = bool(host and proxy_bypass(host))
            self._proxies[key] = None if past else getproxies().get(parts.scheme)
        return self._proxies[key]

    async def open(self) -> None:
        """Nothing to do: the sessions are open from the start."""

    async def close(self) -> None:
        """Nothing to do: clients come and go, :meth:`shut` ends the transport."""

    async def shut(self) -> None:
        """Close both sessions and their connections."""
        await self.session.close()
        await self._fresh.close()

    async def __aenter__(self) -> "Transport":
        return self

    async def __aexit__(self, *_: object) -> None:
        return None


def _session(trusted: Any, fresh: bool = False) -> aiohttp.ClientSession:
    return aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(
            ssl=trusted, resolver=tls.Resolver(), force_close=fresh, limit=64, limit_per_host=32
        ),
        trust_env=False,  # aiohttp would ask two threads for each request, see _proxy
        cookie_jar=aiohttp.DummyCookieJar(),
        auto_decompress=False,
        middlewares=(_never_again,) if fresh else (),
    )
