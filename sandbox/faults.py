"""Faults on order: what only Azure or a network can do wrong, for requests that match."""

import asyncio
import contextlib
import fnmatch
import re
from functools import lru_cache
from typing import Any

import msgspec

from sandbox.protocol import Answer, Refusal, Request
from sandbox.state import Json
from sandbox.world import World

_TABLE = "faults"


class Fault(msgspec.Struct, forbid_unknown_fields=True):
    """One fault. What is not given does not narrow the match or does nothing."""

    method: str = "*"
    """HTTP method, or ``*``."""
    path: str = ""
    """Regular expression searched in the path, without regard to case."""
    glob: str = ""
    """Shell pattern for the whole path, without regard to case."""
    host: str = ""
    """Shell pattern for the host without port, for example ``kv1.vault.localhost``."""
    principal: str = ""
    """Name of the signed-in principal; matches no request without one."""
    times: int = 1
    """How many requests it meets; -1 for all."""
    skip: int = 0
    """How many matching requests it lets pass first."""
    status: int = 0
    """Answer with this status instead of asking the service."""
    body: Any = None
    headers: dict[str, str] = {}
    retry_after: int | None = None
    """Seconds for the Retry-After header."""
    delay: float = 0.0
    """Real seconds to wait before anything is done; clearing all faults ends the wait."""
    reset: str = ""
    """Cut the connection: ``before`` the effect, in the ``middle`` of the answer, or ``after``
    the effect without an answer."""
    operation: str = ""
    """What becomes of a long-running operation it starts: ``stuck`` or ``failed``."""
    error: Json = {}
    """The error of a failed operation."""


_RESETS = ("", "before", "middle", "after")
_OPERATIONS = ("", "stuck", "failed")
_ERROR = {"code": "InternalServerError", "message": "An internal error occurred."}


@lru_cache(maxsize=256)
def _regex(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern, re.IGNORECASE)


def parse(value: Any) -> Fault:
    """A fault from JSON; refuses with 400 what is none."""
    try:
        fault = msgspec.convert(value, Fault)
        _regex(fault.path)
    except (msgspec.ValidationError, re.error) as error:
        raise Refusal(400, "InvalidFault", str(error)) from None
    if fault.reset not in _RESETS or fault.operation not in _OPERATIONS:
        raise Refusal(400, "InvalidFault", f"reset {_RESETS[1:]}, operation {_OPERATIONS[1:]}")
    return fault


def add(world: World, fault: Fault) -> None:
    """Have a fault wait for its requests, behind those already waiting."""
    table = world.state.table(_TABLE)
    table.setdefault("waiting", []).append(msgspec.to_builtins(fault))


def clear(world: World) -> None:
    """Have no faults, and let requests go on that one holds back."""
    world.state.tables.pop(_TABLE, None)
    world.released.set()
    world.released = asyncio.Event()


async def hold(world: World, fault: Fault) -> None:
    """Wait as long as a fault says, or until faults are cleared."""
    with contextlib.suppress(TimeoutError):
        await asyncio.wait_for(world.released.wait(), fault.delay)


def listing(world: World) -> list[Json]:
    """The faults that wait."""
    waiting: list[Json] = world.state.tables.get(_TABLE, {}).get("waiting", [])
    return waiting


def take(world: World, request: Request) -> Fault | None:
    """The first fault that meets this request, counted as used."""
    for entry in listing(world):
        if not _meets(entry, request):
            continue
        if entry["skip"] > 0:
            entry["skip"] -= 1
            continue
        if entry["times"] == 0:
            continue
        if entry["times"] > 0:
            entry["times"] -= 1
        return msgspec.convert(entry, Fault)
    return None


def _meets(entry: Json, request: Request) -> bool:
    path = request.path.lower()
    return (
        entry["method"] in ("*", request.method)
        and (not entry["path"] or _regex(entry["path"]).search(request.path) is not None)
        and (not entry["glob"] or fnmatch.fnmatchcase(path, entry["glob"].lower()))
        and (
            not entry["host"]
            or fnmatch.fnmatchcase(request.host.partition(":")[0].lower(), entry["host"].lower())
        )
        and (
            not entry["principal"]
            or (request.principal is not None and request.principal.name == entry["principal"])
        )
    )


def answer(fault: Fault) -> Answer:
    """What a fault with a status answers."""
    headers = dict(fault.headers)
    if fault.retry_after is not None:
        headers["Retry-After"] = str(fault.retry_after)
    body = fault.body
    if body is None and fault.status >= 400:
        body = {"error": {"code": "ServiceUnavailable", "message": "The service is unavailable."}}
    return Answer(fault.status, body, headers)


def spoil(world: World, fault: Fault, before: int) -> None:
    """Mark the operations started since there were ``before`` of them."""
    if not fault.operation:
        return
    for operation in list(world.state.operations.values())[before:]:
        if fault.operation == "stuck":
            operation.inner["stuck"] = True
        else:
            operation.inner["fault"] = fault.error or dict(_ERROR)
