"""The HTTP side: takes a request, asks the gate and the provider, and answers as Azure does."""

import asyncio
import inspect
import re
import sys
import time
import traceback
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from email.utils import formatdate
from typing import Any
from urllib.parse import parse_qsl, unquote

import msgspec
from aiohttp import web

from sandbox import activity, armid, faults, gate
from sandbox.protocol import (
    Answer,
    GatewayRefusal,
    GraphRefusal,
    MethodRefusal,
    Refusal,
    Request,
    VaultRefusal,
)
from sandbox.recorder import Entry, Recorder
from sandbox.routing import ADMIN, ARM, GRAPH, LOGS, OPEN, VAULT, Api, Route, RouteTable
from sandbox.state import Json
from sandbox.throttle import Throttle
from sandbox.world import World

_OPEN_PATHS = ("/metadata", "/common/", "/organizations/", "/consumers/", "/api/retail/prices")
_OPEN_SECOND = frozenset(
    {"oauth2", "v2.0", ".well-known", "discovery", "login", "kerberos", "devicelogin"}
)
_SLASHES = re.compile("/{2,}")
_JSON = "application/json; charset=utf-8"


def plane_of(host: str, path: str) -> tuple[str, str]:
    """Which service a request is for, and the path as that service sees it."""
    name = host.partition(":")[0].lower()
    if name.endswith("vault.localhost"):
        return VAULT, path
    if name == "api.loganalytics.localhost":
        return LOGS, path
    low = _SLASHES.sub("/", path.lower()) if "//" in path else path.lower()
    if low.startswith("/graph/"):
        return GRAPH, path.lstrip("/")[len("graph") :]
    if low.startswith("/admin/"):
        return ADMIN, path
    if low.startswith(_OPEN_PATHS) or low == "/devicelogin":
        return OPEN, path
    parts = low.split("/", 3)
    if len(parts) > 2 and parts[2] in _OPEN_SECOND and parts[1] != "subscriptions":
        return OPEN, path
    return ARM, path


@dataclass
class _Exchange:
    """One request on its way through the server."""

    plane: str
    request: Request
    started: float
    raw_path: str
    raw_query: str
    route: Route | None = None
    limit: tuple[str, int] | None = None
    cut: str = ""
    """``before``, ``middle`` or ``after``: how a fault cuts the connection."""


class Server:
    """Answers requests out of a world. Every handler runs to its end before the next one."""

    def __init__(self, world: World, saved: Callable[[], None]) -> None:
        self.world = world
        self.recorder = Recorder()
        self.throttle = Throttle()
        self.last_request = time.monotonic()
        """When the last request came in (monotonic seconds)."""
        self._routes = RouteTable([])
        self._saved = saved

    def mount(self, apis: list[Api]) -> None:
        """Offer these providers' routes and timed work."""
        self._routes = RouteTable(apis)
        for api in apis:
            self.world.jobs.update(api.jobs)

    def clear(self) -> None:
        """Forget requests and limits, as after a reset."""
        self.recorder.clear()
        self.throttle.clear()

    async def handle(self, http: web.BaseRequest) -> web.StreamResponse:
        """Answer one request."""
        self.last_request = time.monotonic()
        try:
            body = await http.read() if http.body_exists else b""
        except web.HTTPRequestEntityTooLarge:
            return self._too_large(http)
        except ConnectionError:  # the client went away in the middle of its body
            return web.Response(status=400)
        exchange = self._take(http, body)
        answer = await self._answer(exchange)
        if self.world.changed:
            self._saved()
            self.world.changed = False
        if exchange.cut:
            return await self._cut(http, exchange, answer)
        response = self._render(exchange, answer)
        self._record(exchange, http, response.status)
        return response

    def _too_large(self, http: web.BaseRequest) -> web.Response:
        exchange = self._take(http, b"")
        refusal = GatewayRefusal(413, "RequestContentTooLarge", _TOO_LARGE)
        answer = refusal.answer(exchange.request, self.world.clock.iso())
        self._record(exchange, http, answer.status)
        return self._render(exchange, answer)

    def _take(self, http: web.BaseRequest, body: bytes) -> _Exchange:
        raw_path, _, raw_query = http.raw_path.partition("?")
        path = unquote(raw_path) if "%" in raw_path else raw_path
        headers = {name.lower(): value for name, value in http.headers.items()}
        host = headers.get("host", "")
        plane, path = plane_of(host, path)
        query = {
            name.lower(): value for name, value in parse_qsl(raw_query, keep_blank_values=True)
        }
        request = Request(http.method, host, path, query, headers, body, id=str(uuid.uuid4()))
        return _Exchange(plane, request, time.perf_counter(), raw_path, raw_query)

    async def _answer(self, exchange: _Exchange) -> Answer:
        world, request = self.world, exchange.request
        if exchange.plane not in (OPEN, ADMIN):
            gate.identify(world, request)
        fault = None
        if exchange.plane != ADMIN and "faults" in world.state.tables:
            fault = faults.take(world, request)
        if fault:
            world.changed = True
            if fault.delay:
                await faults.hold(world, fault)
            exchange.cut = fault.reset
            if fault.reset == "before":
                return Answer(0)
            if fault.status:
                return faults.answer(fault)
        operations = len(world.state.operations)
        answer = await self._ask(exchange)
        if fault:
            faults.spoil(world, fault, operations)
        return answer

    async def _ask(self, exchange: _Exchange) -> Answer:
        """The service's answer, refusals included."""
        request, plane = exchange.request, exchange.plane
        try:
            self.world.run_due()
            found = self._routes.find(plane, request.method, request.path)
            if found:
                exchange.route, request.params = found
            self._check(exchange)
            route = exchange.route
            if route is None:
                raise _no_route(plane, request, self._routes.methods(plane, request.path))
            before = len(self.world.state.operations)
            result = route.handler(self.world, request)
            answer = await result if inspect.isawaitable(result) else result
            self._wrote(exchange, answer.status, before)
        except Refusal as refusal:
            answer = refusal.answer(request, self.world.clock.iso())
            if request.scope:  # ARM knew what it was about: it is logged as a failed write
                self._wrote(exchange, refusal.status, error=refusal.error())
        except Exception:
            traceback.print_exc(file=sys.stderr)
            answer = Answer(500, {"error": {"code": "InternalServerError", "message": _BROKEN}})
        return answer

    def _check(self, exchange: _Exchange) -> None:
        """What stands before the provider. Sets the limit's remains for the headers."""
        request, plane = exchange.request, exchange.plane
        if plane == ARM:
            gate.authenticate(self.world, request, ARM)
            exchange.limit = self.throttle.take(
                self.world, request, armid.subscription(request.path)
            )
            if exchange.route:
                gate.check(self.world, exchange.route, request)
            else:
                gate.check_version(request)
                gate.check_subscription(self.world, request)
        elif plane == GRAPH:
            gate.authenticate(self.world, request, GRAPH)

    def _wrote(
        self, exchange: _Exchange, status: int, before: int | None = None, error: Json | None = None
    ) -> None:
        """Note a write: for the state file, and for the activity log where ARM keeps one.

        ``before`` is how many operations there were before it.
        """
        method = exchange.request.method
        if method in ("GET", "HEAD") or exchange.plane == OPEN:
            return
        self.world.changed = True
        route = exchange.route
        if exchange.plane == ARM and route and route.action and route.action[-5:] != "/read":
            made = activity.note(self.world, exchange.request, route.action, status, error)
            operations = self.world.state.operations
            if before is not None and len(operations) > before:
                for operation in list(operations.values())[before:]:
                    activity.started(operation, made)

    def _render(self, exchange: _Exchange, answer: Answer) -> web.Response:
        body, headers = answer.body, answer.headers
        if body is None:
            data = b""
        elif isinstance(body, bytes):
            data = body
        else:
            data = body.encode() if isinstance(body, str) else msgspec.json.encode(body)
        response = web.Response(status=answer.status, body=data or None)
        out = response.headers
        if data and "Content-Type" not in headers:
            out["Content-Type"] = _JSON
        for name, value in headers.items():
            out[name] = value
        out["Date"] = formatdate(self.world.clock.epoch(), usegmt=True)
        out["Cache-Control"] = "no-cache"
        for name, value in self._identification(exchange):
            out[name] = value
        return response

    def _identification(self, exchange: _Exchange) -> list[tuple[str, str]]:
        """The headers by which a request can be found again, each plane's own."""
        request = exchange.request
        sent = request.headers
        if exchange.plane == GRAPH:
            client = sent.get("client-request-id", request.id)
            return [("request-id", request.id), ("client-request-id", client)]
        found = [("x-ms-request-id", request.id)]
        if exchange.plane == OPEN:
            if "client-request-id" in sent:
                found.append(("client-request-id", sent["client-request-id"]))
            return found
        if exchange.plane == ARM:
            correlation = sent.get("x-ms-correlation-request-id", request.id)
            moment = self.world.clock.now().strftime("%Y%m%dT%H%M%SZ")
            found.append(("x-ms-correlation-request-id", correlation))
            found.append(("x-ms-routing-request-id", f"SANDBOX:{moment}:{correlation}"))
            if exchange.limit:
                kind, left = exchange.limit
                found.append((f"x-ms-ratelimit-remaining-subscription-{kind}", str(left)))
        if sent.get("x-ms-return-client-request-id", "").lower() == "true":
            found.append(("x-ms-client-request-id", sent.get("x-ms-client-request-id", "")))
        return found

    async def _cut(
        self, http: web.BaseRequest, exchange: _Exchange, answer: Answer
    ) -> web.StreamResponse:
        """End the connection without an answer, or within it."""
        response = web.StreamResponse(status=answer.status or 200)
        if exchange.cut == "middle":
            response.content_length = 4096
            await response.prepare(http)
            await response.write(b'{"')
        self._record(exchange, http, 0)
        if http.transport:
            http.transport.abort()
        return response

    def _record(self, exchange: _Exchange, http: web.BaseRequest, status: int) -> None:
        request = exchange.request
        if exchange.plane == ADMIN:
            return
        principal = request.principal
        self.recorder.add(
            Entry(
                self.world.clock.epoch(),
                request.method,
                request.host,
                exchange.raw_path,
                exchange.raw_query,
                principal.name if principal else "",
                status,
                (time.perf_counter() - exchange.started) * 1000,
                request.headers.get("user-agent", ""),
                request.id,
            )
        )


LARGEST = 4 * 1024 * 1024
"""Bytes in the body of a request (Azure Resource Manager limits)."""
_TOO_LARGE = "The request content size exceeds the maximum size of 4 MB."


def large_request(
    message: Any, payload: Any, protocol: Any, writer: Any, task: Any
) -> web.BaseRequest:
    """aiohttp's request, with Resource Manager's limit instead of 1 MiB."""
    loop = asyncio.get_running_loop()
    return web.BaseRequest(message, payload, protocol, writer, task, loop, client_max_size=LARGEST)


_BROKEN = "The sandbox failed to answer this request; its standard error has the reason."


def _no_route(plane: str, request: Request, allowed: list[str]) -> Refusal:
    """How each service refuses an address it does not know, or not with this method."""
    if plane == GRAPH:
        segment = armid.name(request.path)
        return GraphRefusal(400, "BadRequest", f"Resource not found for the segment '{segment}'.")
    if plane == VAULT:
        return VaultRefusal(
            400, "BadParameter", f"Method {request.method} does not allow operation {request.path}"
        )
    if allowed:
        return MethodRefusal(request.method, allowed)
    if plane != ARM:
        return Refusal(404, "NotFound", f"There is nothing at {request.method} {request.path}.")
    _, marker, tail = request.path.rpartition("/providers/")
    if not marker:
        return GatewayRefusal(404, "NotFound", "Not Found")
    parts = armid.segments(tail)
    kind = "/".join(parts[1::2])
    return GatewayRefusal(
        404,
        "InvalidResourceType",
        f"The resource type '{kind}' could not be found in the namespace '{armid.spell(parts[0])}'"
        f" for api version '{request.api_version}'.",
    )
