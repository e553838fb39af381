"""The pipeline of every call: guard, retry, throttle, journal, log. Nothing else repeats or hides.

Order, outermost first: ReadOnlyGuard, Inside, Retry (GET and HEAD only), Throttle, Journal, Turn,
RequestLog, then sign-in and transport, which looks last whether a request limit holds it.
Throttle and Turn are in services/azure/throttle.py.
Tokens are asked for by the credential's own pipeline.
"""

import asyncio
import hashlib
import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import Any, Protocol
from urllib.parse import urlsplit

import aiohttp
import msgspec
from azure.core.exceptions import (
    ClientAuthenticationError,
    IncompleteReadError,
    ServiceRequestError,
    ServiceRequestTimeoutError,
    ServiceResponseError,
    ServiceResponseTimeoutError,
)
from azure.core.pipeline import PipelineRequest, PipelineResponse
from azure.core.pipeline.policies import AsyncHTTPPolicy, AsyncRetryPolicy

from services.azure import headers
from services.azure.clocks import Clocks
from services.azure.errors import AzureError, ErrorKind, read_only
from services.azure.events import Bus, ConnectionEvent, RequestDone
from services.azure.throttle import Held
from services.text import clean, plain

__all__ = [
    "ConnectionEvent",
    "Inside",
    "Journal",
    "Outcome",
    "ReadOnlyGuard",
    "RequestDone",
    "RequestLog",
    "Retry",
    "Write",
    "WriteRecorder",
    "is_read",
    "recorder",
    "wrap_probe",
]

Request = PipelineRequest[Any]
Response = PipelineResponse[Any, Any]

SAFE = frozenset({"GET", "HEAD"})
_SCOPE = r"(/subscriptions/[^/]+(/resourcegroups/[^/]+)?|/providers/[^/]+/managementgroups/[^/]+)"
_SAFE_POSTS = re.compile(
    r"(/subscriptions/[^/]+)?/providers/[^/]+(/locations/[^/]+)?/checknameavailability"
    rf"|{_SCOPE}/providers/microsoft\.policyinsights/checkpolicyrestrictions"
    r"|/providers/microsoft\.resourcegraph/resources"
    rf"|{_SCOPE}/providers/microsoft\.resources/deployments/[^/]+/(validate|whatif)"
    r"|/subscriptions/[^/]+/resourcegroups/[^/]+/providers"
    r"/microsoft\.machinelearningservices/workspaces/[^/]+/diagnose"
    r"|(/[^/]+)?/v1\.0/directoryobjects/getbyids"
    r"|/v1/workspaces/[0-9a-f-]{36}/query"
)
_WRAP = re.compile(r"/keys/[^/]+(/[0-9a-f]{32})?/(wrapkey|unwrapkey)")
_probe: ContextVar[bool] = ContextVar("wrapkey_probe", default=False)


@contextmanager
def wrap_probe() -> Iterator[None]:
    """The named probe: inside, wrapping and unwrapping random bytes counts as reading."""
    token = _probe.set(True)
    try:
        yield
    finally:
        _probe.reset(token)


def is_read(method: str, url: str) -> bool:
    """Whether a request can't change anything: GET, HEAD and the POSTs that only ask."""
    if method.upper() in SAFE:
        return True
    if method.upper() != "POST":
        return False
    path = urlsplit(url).path.lower()
    if _SAFE_POSTS.fullmatch(path):
        return True
    return _probe.get() and _WRAP.fullmatch(path) is not None


class ReadOnlyGuard(AsyncHTTPPolicy[Any, Any]):
    """Refuses everything that could change something, before anything is sent."""

    def __init__(self, enabled: bool) -> None:
        super().__init__()
        self._enabled = enabled

    async def send(self, request: Request) -> Response:
        """Pass reads on; raises AzureError (READ_ONLY) for the rest."""
        asked = request.http_request
        if self._enabled and not is_read(asked.method, asked.url):
            raise read_only(asked.method, urlsplit(asked.url).path)
        return await self.next.send(request)


class Inside(AsyncHTTPPolicy[Any, Any]):
    """Keeps requests within their service: its host, or one below it.

    Page links and operation addresses come out of answers and could name any host; the token
    would go there.
    """

    def __init__(self, base: str) -> None:
        super().__init__()
        self._host, self._rest = _place(base)

    async def send(self, request: Request) -> Response:
        """Send; raises AzureError (INVALID) for an address elsewhere."""
        name, rest = _place(request.http_request.url)
        near = name == self._host or name.endswith(f".{self._host}")
        if not near or rest != self._rest:
            raise AzureError(
                ErrorKind.INVALID,
                code="ForeignAddress",
                message=urlsplit(request.http_request.url).netloc,
                host=self._host,
                means="An answer points to an address outside this cloud; the sign-in is not "
                "sent there.",
                do="Check whether a proxy changes answers; otherwise report the address.",
                sent=False,
            )
        return await self.next.send(request)


def _place(url: str) -> tuple[str, tuple[str, int]]:
    """Host, and scheme with port, of an address; port -1 for one that is no number."""
    parts = urlsplit(url)
    try:
        port = parts.port or {"https": 443, "http": 80}.get(parts.scheme, 0)
    except ValueError:
        port = -1
    return (parts.hostname or "").lower(), (parts.scheme, port)


class Retry(AsyncRetryPolicy[Any, Any]):
    """Repeats GET and HEAD on 408, 429, 5xx, broken connections and, once, 401; never a write.

    azure-core's own policy repeats POST and PUT on 500: ``create_rsa_key`` then makes two
    versions of a key. Being its subclass puts this one in its place in every client.
    """

    def __init__(
        self, tries: int, backoff: float, patience: float, forget: Callable[[], None]
    ) -> None:
        super().__init__()
        self._tries, self._backoff, self._patience = tries, backoff, patience
        self._forget = forget

    async def send(self, request: Request) -> Response:
        """Send, and send again where that is harmless."""
        tries = self._tries if request.http_request.method.upper() in SAFE else 1
        attempt, begun = 1, time.monotonic()
        while True:
            pause = min(self._backoff * 2 ** (attempt - 1), 8.0)
            try:
                response = await self.next.send(request)
            except (ServiceRequestError, ServiceResponseError, IncompleteReadError) as error:
                if attempt >= tries or not _broken(error):
                    raise
            else:
                answer = response.http_response
                if answer.status_code == 401:
                    # The token was revoked or outlived its issuer: the next one is a new one.
                    self._forget()
                if tries == 1 or not self._again(answer, attempt, begun):
                    return response
                if answer.status_code == 429:  # Throttle waits, and a refusal is no try
                    continue
                pause = max(pause, headers.retry_after(answer.headers) or 0.0)
            attempt += 1
            await asyncio.sleep(pause)

    def _again(self, answer: Any, attempt: int, begun: float) -> bool:
        """Whether a read is sent again; where Azure is busy, for as long as patience lasts."""
        wait = headers.retry_after(answer.headers) or 0.0
        if answer.status_code == 429:
            return time.monotonic() - begun + wait <= self._patience
        if attempt >= self._tries:
            return False
        if answer.status_code == 401:
            return attempt == 1
        return (answer.status_code == 408 or answer.status_code >= 500) and wait <= self._patience


def _broken(error: BaseException) -> bool:
    """Whether a connection broke on the way (not: refused, unknown name, no trust, timeout)."""
    if isinstance(error, ServiceRequestTimeoutError | ServiceResponseTimeoutError):
        return False
    return not isinstance(getattr(error, "inner_exception", None), aiohttp.ClientConnectorError)


class RequestLog(AsyncHTTPPolicy[Any, Any]):
    """Tells the bus about each request: method, path, status, milliseconds, request id.

    Keeps the service's clock from the same answer.
    """

    def __init__(self, bus: Bus, clocks: Clocks) -> None:
        super().__init__()
        self._bus, self._clocks = bus, clocks

    async def send(self, request: Request) -> Response:
        """Send and report, whatever comes of it; nothing of what a request limit kept back."""
        started, status, found, left = time.monotonic(), None, "", True
        parts = urlsplit(request.http_request.url)
        try:
            response = await self.next.send(request)
            status = response.http_response.status_code
            found = headers.request_id(response.http_response.headers)
            self._clocks.note(parts.netloc, response.http_response.headers)
            return response
        except Held:
            left = False
            raise
        finally:
            if left:
                self._bus.emit(
                    RequestDone(
                        at=datetime.now(UTC),
                        method=request.http_request.method,
                        host=plain(parts.netloc, 300),
                        path=plain(parts.path),
                        status=status,
                        ms=(time.monotonic() - started) * 1000,
                        request_id=found,
                    )
                )


class Write(msgspec.Struct, frozen=True, kw_only=True):
    """A write that is about to be sent."""

    method: str
    host: str
    path: str
    body_sha256: str
    """Hex; of nothing when there is no body."""
    client_request_id: str


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """What became of a write."""

    status: int | None = None
    """None: no answer came, so whether it took effect is unknown, unless ``sent`` is False."""
    request_id: str = ""
    operation: str = ""
    """Address of the long-running operation, from the answer's headers."""
    error: str = ""
    sent: bool = True
    """False only when nothing can have reached the service."""


class WriteRecorder(Protocol):
    """Who must know of a write before it is sent."""

    async def before(self, write: Write) -> None:
        """The write is sent only after this returned; an exception keeps it back."""

    async def after(self, write: Write, outcome: Outcome) -> None:
        """What became of it, also when it failed or was cancelled."""

    async def ended(self, address: str, outcome: str) -> None:
        """How the operation at this address ended: succeeded, failed or gone."""


recorder: ContextVar[WriteRecorder | None] = ContextVar("wrapkey_recorder", default=None)
"""Set by the run engine around each step; calls made in its context are journalled."""


class Journal(AsyncHTTPPolicy[Any, Any]):
    """Tells the current recorder about each write, before its first byte and after."""

    async def send(self, request: Request) -> Response:
        """Record, send, record."""
        asked, to = request.http_request, recorder.get()
        if to is None or is_read(asked.method, asked.url):
            return await self.next.send(request)
        parts = urlsplit(asked.url)
        write = Write(
            method=asked.method,
            host=parts.netloc,
            path=parts.path,
            body_sha256=hashlib.sha256(_body(asked)).hexdigest(),
            client_request_id=asked.headers.get("x-ms-client-request-id", ""),
        )
        await to.before(write)
        try:
            response = await self.next.send(request)
        except BaseException as error:
            # Cancellation too: the request may be on its way, and that must be on record.
            await to.after(write, Outcome(error=_cause(error), sent=_may_have_arrived(error)))
            raise
        answer = response.http_response
        await to.after(
            write,
            Outcome(
                status=answer.status_code,
                request_id=headers.request_id(answer.headers),
                operation=headers.operation_address(answer.headers),
            ),
        )
        return response


def _body(request: Any) -> bytes:
    content = getattr(request, "content", None)
    content = content if content is not None else getattr(request, "data", None)
    if not content:
        return b""
    if isinstance(content, str):
        return content.encode()
    if isinstance(content, bytes):
        return content
    raise TypeError(f"the body of a write must be bytes or text, not {type(content).__name__}")


def _cause(error: BaseException) -> str:
    return clean(f"{type(error).__name__}: {error}", 500)


def _may_have_arrived(error: BaseException) -> bool:
    if isinstance(error, AzureError):
        return error.sent
    if isinstance(error, ClientAuthenticationError | ServiceRequestTimeoutError):
        return False
    return not isinstance(getattr(error, "inner_exception", None), aiohttp.ClientConnectorError)
