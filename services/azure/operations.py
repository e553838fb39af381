"""Long-running operations: their address for the journal, and patient polling."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any, Protocol
from urllib.parse import urlsplit

import msgspec
from azure.core.polling import AsyncLROPoller
from azure.mgmt.core.polling.async_arm_polling import AsyncARMPolling

from services.azure import headers
from services.azure.errors import AzureError, ErrorKind, from_answer, sentence, translated
from services.azure.policies import recorder

if TYPE_CHECKING:
    from services.azure.connection import Connection

SOONEST, LATEST, SHARE = 0.2, 10.0, 0.05
"""Least and most seconds between two polls, and the share of the operation's age."""

OVERDUE = "OperationOverdue"
"""Our own code for an operation that has not ended within the time limit."""


def delay(age: float, asked: float | None = None) -> float:
    """Seconds to the next poll of an operation that is ``age`` seconds old.

    What the service asks for wins; else 5 % of the age, so that a short operation is seen to
    end at once and a long one costs few calls. azure-core's default is 30 s, and most recorded
    operations carry no Retry-After.
    """
    return asked if asked is not None else min(max(SOONEST, SHARE * age), LATEST)


class Operation(msgspec.Struct, frozen=True, kw_only=True):
    """A started operation. ``poller`` lives in this process, ``address`` in the journal."""

    address: str
    """URL that tells its state; empty when the first answer was already the end."""
    poller: Any


class Polling(AsyncARMPolling):
    """azure-core's ARM polling with our rhythm. Pass as ``polling=Polling()`` to ``begin_*``."""

    def __init__(self, **options: Any) -> None:
        super().__init__(SOONEST, **options)
        self._started = time.monotonic()

    def initialize(self, client: Any, initial_response: Any, deserialization_callback: Any) -> None:
        """Begin to follow; a relative address belongs to the host of the first request."""
        host = urlsplit(initial_response.http_request.url)
        self._path_format_arguments = {"endpoint": f"{host.scheme}://{host.netloc}"}
        super().initialize(client, initial_response, deserialization_callback)

    def _extract_delay(self) -> float:
        answer = self._pipeline_response.http_response
        return delay(time.monotonic() - self._started, headers.retry_after(answer.headers))

    @property
    def address(self) -> str:
        """Where the state can be asked for, from the first answer's headers."""
        return headers.operation_address(self._initial_response.http_response.headers)


def started(poller: "AsyncLROPoller[Any]") -> Operation:
    """The operation of what a ``begin_*`` call returned (made with ``polling=Polling()``)."""
    method = poller.polling_method()
    address = method.address if isinstance(method, Polling) else ""
    return Operation(address=address, poller=poller)


class Listener(Protocol):
    """Who wants to hear of each poll."""

    def __call__(self, status: str, /) -> None:
        """``status`` as the service says it, for example InProgress."""


async def wait(conn: "Connection", operation: Operation, what: str = "") -> Any:
    """Wait for the end of an operation; its result, or AzureError with the innermost cause.

    Waiting may be cancelled at any time: the operation goes on in Azure. So it does after the
    time limit of the connection's settings, which raises AzureError with code OVERDUE.
    """
    async with _noted(conn, operation.address, what):
        with translated(what or "finish the operation"):
            return await operation.poller.result()


async def follow(
    conn: "Connection", address: str, *, what: str = "", listener: Listener | None = None
) -> dict[str, Any]:
    """Wait for an operation by its address alone, as a later process must.

    Returns the last body (empty for none). Understands both styles: a status document
    (Azure-AsyncOperation) and 202 until done (Location). Raises AzureError when it failed, and
    with code OVERDUE after the time limit of the connection's settings.
    """
    async with _noted(conn, address, what):
        return await _followed(conn, address, what, listener)


@asynccontextmanager
async def _noted(conn: "Connection", address: str, what: str) -> AsyncIterator[None]:
    """Limits a wait, and tells the recorder how the operation ended, if its end was seen."""
    to = recorder.get() if address else None
    try:
        async with asyncio.timeout(conn.settings.operation):
            yield
    except TimeoutError:
        raise _overdue(conn.settings.operation, what) from None
    except AzureError as error:
        outcome = ending(error)
        if to is not None and outcome:
            await to.ended(address, outcome)
        raise
    if to is not None:
        await to.ended(address, "succeeded")


def ending(error: AzureError) -> str:
    """What a refused or failed look at an operation tells of its end; empty for nothing.

    A status document tells a failure with 200, the Location style with a 4xx. Azure forgets
    operations after a while (404, 410); other refusals are about the looking alone.
    """
    status = error.status
    if status in (404, 410):
        return "gone"
    if status is None or status in (401, 403, 408, 429) or status >= 500:
        return ""
    return "failed"


def _overdue(limit: float, what: str) -> AzureError:
    return AzureError(
        ErrorKind.UNKNOWN,
        code=OVERDUE,
        what=sentence(what or "see the end of the operation"),
        means=f"Azure took the request and has not finished it after {limit / 60:.0f} minutes; it"
        " may still go on there.",
        do="Look at the resource in the portal. Going on later follows the same operation: nothing"
        " is sent twice.",
        sent=True,
    )


async def _followed(
    conn: "Connection", address: str, what: str, listener: Listener | None
) -> dict[str, Any]:
    begun = time.monotonic()
    while True:
        answer = await conn.call("arm", "GET", address, what=what)
        body = answer.body if isinstance(answer.body, dict) else {}
        state = str(body.get("status") or "")
        if listener is not None:
            listener(state or str(answer.status))
        if state.lower() in ("failed", "canceled", "cancelled"):
            raise _failed(conn, answer.status, answer.headers, body, what)
        if answer.status != 202 and state.lower() in ("", "succeeded"):
            return body
        address = answer.headers.get("Location", address) if answer.status == 202 else address
        await asyncio.sleep(delay(time.monotonic() - begun, headers.retry_after(answer.headers)))


def _failed(
    conn: "Connection", status: int, found: Any, body: dict[str, Any], what: str
) -> AzureError:
    error = from_answer(status, found, body, host=conn.cloud.arm, what=sentence(what))
    if error.kind is ErrorKind.UNKNOWN and not error.code:
        error.means = "Azure says that the operation failed or was cancelled, and not why."
    return error
