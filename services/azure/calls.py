"""How every module here asks Azure: the client, one error type, the JSON as received.

The SDK clients make the requests and check the answers; what leaves this package is read
from the JSON itself, so that no field is lost to a model that is older than the service.
"""

import asyncio
import importlib
import json
import sys
import threading
from collections.abc import AsyncIterator, Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from azure.core.exceptions import HttpResponseError
from azure.core.polling import AsyncLROPoller

from services.azure.connection import Connection
from services.azure.errors import AzureError, ErrorKind, translated
from services.azure.operations import Operation, Polling, started, wait
from services.ids import ArmId, BadId
from services.model.resources import NameCheck, Raw
from services.text import plain

_LOADING = threading.Lock()


async def client(conn: Connection, sdk: str, subscription: str | None = None) -> Any:
    """The connection's SDK client named ``package.module:Class``.

    The first import of an SDK takes 0.2 to 0.9 s: it happens in a thread, one at a time.
    """
    module, name = sdk.split(":")
    if module not in sys.modules:
        await asyncio.to_thread(_load, module)
    return conn.arm(getattr(importlib.import_module(module), name), subscription)


def _load(module: str) -> None:
    with _LOADING:
        importlib.import_module(module)


def received(response: Any, _model: object = None, _headers: object = None) -> Raw:
    """The JSON of an SDK call's answer; fits the SDK's ``cls=``."""
    return _json(response.http_response)


def _json(answer: Any) -> Raw:
    text = answer.text()
    try:
        data = json.loads(text) if text.strip() else {}
    except ValueError as error:
        raise AzureError(
            ErrorKind.UNKNOWN,
            code="NotJson",
            message=text[:200],
            status=answer.status_code,
            means="The answer is not JSON; a proxy may have answered in Azure's place.",
        ) from error
    return data if isinstance(data, dict) else {}


async def ask(what: str, call: Callable[..., Any], *args: Any, **named: Any) -> Raw:
    """Make one SDK call and return the JSON it received; raises AzureError."""
    with translated(what):
        answer: Raw = await call(*args, cls=received, raw_response_hook=_no_model, **named)
    return answer


def _no_model(response: Any) -> None:
    """Give the SDK nothing of an answer to make models of, which nobody would look at.

    They would take most of a call's time: as much as 0.1 s for the first of a type in a process.
    """
    answer = response.http_response
    if answer.status_code < 300:
        answer.json = lambda: None


async def find(what: str, call: Callable[..., Any], *args: Any, **named: Any) -> Raw | None:
    """Like :func:`ask`, for something that may be absent: None on 404.

    A subscription that cannot be seen is an error, not an absent resource.
    """
    try:
        return await ask(what, call, *args, **named)
    except AzureError as error:
        if not absent(error):
            raise
        return None


async def begin(
    conn: Connection, what: str, call: Callable[..., Any], *args: Any, **named: Any
) -> Operation:
    """Start a long-running SDK call; raises AzureError when Azure refuses it at once.

    The result of operations.wait is the JSON as received. Resource Manager may answer a PUT
    with 200, 201 or 202 (its asynchronous operations page), and some SDKs take a 201 for a
    refusal: it is followed all the same, from the answer the SDK received.
    """
    answers: list[Any] = []
    with translated(what):
        try:
            poller = await call(
                *args, cls=received, polling=Polling(), raw_response_hook=answers.append, **named
            )
        except HttpResponseError as error:
            if error.status_code != 201:
                raise
            poller = AsyncLROPoller(conn.rest("arm"), answers[-1], received, Polling())
    return started(poller)


async def finish(
    conn: Connection, what: str, call: Callable[..., Any], *args: Any, **named: Any
) -> Raw:
    """Make a long-running SDK call and wait for its end; raises AzureError."""
    answer: Raw = await wait(conn, await begin(conn, what, call, *args, **named), what)
    return answer


def absent(error: AzureError) -> bool:
    """Whether Azure said that the thing asked for does not exist."""
    return error.status == 404 and error.code != "SubscriptionNotFound"


async def pages(
    what: str, call: Callable[..., Any], *args: Any, **named: Any
) -> AsyncIterator[list[Raw]]:
    """The pages of an SDK listing as received; raises AzureError."""
    read: list[Raw] = []

    def take(response: Any) -> None:
        answer = response.http_response
        if answer.status_code < 300:
            page = _json(answer)
            read.append(page)
            # All that the SDK needs of it, see _no_model.
            answer.json = lambda: {"nextLink": page.get("nextLink"), "value": []}

    listing = call(*args, cls=_nothing, raw_response_hook=take, **named).by_page()
    while True:
        with translated(what):
            if await anext(listing, None) is None:
                return
        yield objects(read.pop(), "value")


def _nothing(_models: object) -> list[object]:
    return []


async def everything(what: str, call: Callable[..., Any], *args: Any, **named: Any) -> list[Raw]:
    """All items of an SDK listing as received; raises AzureError."""
    return [item async for page in pages(what, call, *args, **named) for item in page]


async def listed(conn: Connection, path: str, query: Mapping[str, str], what: str) -> list[Raw]:
    """All items of a listing without an SDK class that serves it, page by page.

    Raises AzureError.
    """
    found: list[Raw] = []
    while path:
        answer = await conn.call("arm", "GET", path, params=query, what=what)
        raw = answer.body if isinstance(answer.body, dict) else {}
        found += objects(raw, "value")
        path, query = raw.get("nextLink") or "", {}
    return found


def part(raw: Mapping[str, Any], name: str) -> Raw:
    """A nested object of an answer; empty where it is absent, null or of another type."""
    value = raw.get(name)
    return value if isinstance(value, dict) else {}


def objects(raw: Mapping[str, Any], name: str) -> list[Raw]:
    """The objects of a nested list; empty where it is absent, null or of another type."""
    value = raw.get(name)
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def texts(values: object) -> tuple[str, ...]:
    """A list of strings, each made plain."""
    return tuple(plain(value) for value in values) if isinstance(values, list) else ()


def tags(raw: Mapping[str, Any]) -> dict[str, str]:
    """The tags of an answer, names and values made plain."""
    return {plain(name): plain(value) for name, value in part(raw, "tags").items()}


def arm_id(text: object) -> str:
    """An id in its canonical spelling; one without a subscription stays as it is."""
    try:
        return str(ArmId.parse(plain(text)))
    except BadId:
        return plain(text)


def region(text: object) -> str:
    """The short name of a region: answers carry West Europe, westeurope, WestEurope."""
    return plain(text).replace(" ", "").lower()


def moment(value: object) -> datetime | None:
    """A time in UTC, from RFC 3339 text (ARM) or seconds since 1970 (Key Vault).

    None where there is none or it cannot be read.
    """
    try:
        if isinstance(value, (int, float)) and not isinstance(value, bool):
            return datetime.fromtimestamp(value, UTC)
        # ARM sends up to seven digits of a second, which fromisoformat cuts to six.
        when = datetime.fromisoformat(value) if isinstance(value, str) else None
    except (ValueError, OverflowError, OSError):
        return None
    if when is None:
        return None
    return when.replace(tzinfo=UTC) if when.tzinfo is None else when.astimezone(UTC)


def number(value: object, default: int = 0) -> int:
    """A whole number of an answer, or ``default``."""
    return value if isinstance(value, int) and not isinstance(value, bool) else default


def body(data: Raw) -> bytes:
    """A request body for SDK calls that take bytes in place of their model."""
    return json.dumps(data).encode()


def name_check(raw: Raw) -> NameCheck:
    """Azure's answer to a checkNameAvailability."""
    return NameCheck(
        available=raw.get("nameAvailable") is True,
        reason=plain(raw.get("reason")),
        message=plain(raw.get("message")),
        raw=raw,
    )
