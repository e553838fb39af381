"""A sandbox as a process, or as part of a test: start, tell where it is, end in order."""

import asyncio
import contextlib
import signal
import socket
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path

import msgspec
from aiohttp import web

from sandbox import admin, ready
from sandbox import scenario as scenarios
from sandbox.certs import prepare, write_private
from sandbox.clock import Clock
from sandbox.proxy import Proxy
from sandbox.server import Server, large_request
from sandbox.state import Json, State, load, save
from sandbox.tokens import open_issuer
from sandbox.world import Addresses, World

_PORT = "port"
_ENDING_S = 5.0
"""How long an end waits for requests that are being answered."""


@dataclass(frozen=True)
class Options:
    """How to run a sandbox."""

    home: Path
    """Where the CA and the token key are kept."""
    port: int = 0
    scenario: str = "empty"
    speed: float = 1.0
    state_file: Path | None = None
    """Where the state is kept; what it holds goes before the scenario."""
    seed: int = 0
    ready_file: Path | None = None
    idle_minutes: float = 0.0
    """End so long after the last request; 0 never."""


@dataclass
class Sandbox:
    """A running sandbox: :meth:`start` it, wait for ``stopping``, :meth:`stop` it."""

    options: Options
    stopping: asyncio.Event = field(default_factory=asyncio.Event)
    ready: Json = field(default_factory=dict)
    """The ready document, once started."""

    async def start(self) -> Json:
        """Answer requests; returns the ready document.

        Raises OSError for a port in use, ScenarioError for a scenario that can't be opened
        and ValueError for a damaged state file.
        """
        options = self.options
        listener, kept = _listen(options)
        port = listener.getsockname()[1]
        addresses = Addresses(port)
        certificates = prepare(options.home)
        self.world = World(
            kept or State(),
            Clock(options.speed, kept.offset if kept else 0.0),
            addresses,
            issuer=open_issuer(addresses.authority, options.home),
        )
        # Providers are many; what only reads this module's options need not wait for them.
        from sandbox.providers import APIS

        self.server = Server(self.world, self._save)
        self.server.mount([*APIS, admin.api(self.server, APIS, self.stopping.set, options.seed)])
        if kept is None:
            scenarios.open_into(self.world, APIS, options.scenario, options.seed)
        self._save()
        self.world.changed = False
        self._runner = web.ServerRunner(
            web.Server(self.server.handle, request_factory=large_request, access_log=None),
            shutdown_timeout=_ENDING_S,
        )
        await self._runner.setup()
        await web.SockSite(self._runner, listener, ssl_context=certificates.context).start()
        self._proxy = Proxy(port)
        proxy = await self._proxy.start()
        self.ready = ready.document(self.world, ca_file=str(certificates.ca_file), proxy=proxy)
        return self.ready

    def _save(self) -> None:
        if self.options.state_file:
            self.world.state.tables["server"] = {_PORT: self.world.addresses.port}
            write_private(self.options.state_file, save(self.world.state))

    async def stop(self) -> None:
        """Answer no more; what is being answered is finished first."""
        await self._proxy.stop()
        await self._runner.cleanup()

    async def idle(self) -> None:
        """Return when nobody has asked anything for the time given."""
        limit = self.options.idle_minutes * 60
        # The server does not tell of every request, so this wakes when the time could be over.
        while (left := self.server.last_request + limit - time.monotonic()) > 0:  # noqa: ASYNC110
            await asyncio.sleep(left)


def _listen(options: Options) -> tuple[socket.socket, State | None]:
    """The listening socket, and the state kept from before.

    A port of 0 means the one the state was kept on, since its addresses name it; where that
    is taken, the addresses in the state are moved to the new port.
    """
    data = b""
    if options.state_file and options.state_file.exists():
        data = options.state_file.read_bytes()
    if not data:
        return _bind(options.port), None
    try:
        state = load(data)
    except (msgspec.ValidationError, msgspec.DecodeError) as error:
        raise ValueError(f"{options.state_file} is damaged: {error}") from None
    before = int(state.table("server").get(_PORT, 0))
    if options.port in (0, before) and before:
        with contextlib.suppress(OSError):
            return _bind(before), state
    listener = _bind(options.port)
    port = listener.getsockname()[1]
    if before and port != before:
        moved = data.replace(b"localhost:%d" % before, b"localhost:%d" % port)
        return listener, load(moved)
    return listener, state


def _bind(port: int) -> socket.socket:
    return socket.create_server(("127.0.0.1", port), backlog=256)


async def run(options: Options) -> None:
    """Serve until a signal, ``POST admin/stop`` or, when asked, idleness ends it.

    Prints the ready document as one line and writes it to the ready file. The ready file is
    taken away at the end.
    """
    sandbox = Sandbox(options)
    loop = asyncio.get_running_loop()
    for name in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(name, sandbox.stopping.set)
    document = await sandbox.start()
    line = msgspec.json.encode(document)
    if options.ready_file:
        write_private(options.ready_file, line + b"\n")
    print(line.decode(), flush=True)
    ends: list[asyncio.Task[object]] = [asyncio.create_task(sandbox.stopping.wait())]
    if options.idle_minutes > 0:
        ends.append(asyncio.create_task(sandbox.idle()))
    try:
        await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in ends:
            task.cancel()
        await sandbox.stop()
        if options.ready_file:
            options.ready_file.unlink(missing_ok=True)


def serve(
    *,
    home: Path,
    port: int = 0,
    scenario: str = "empty",
    speed: float = 1.0,
    state_file: Path | None = None,
    seed: int = 0,
    ready_file: Path | None = None,
    idle_minutes: float = 0.0,
) -> int:
    """Run a sandbox in this process; returns the exit code."""
    options = Options(
        home=home,
        port=port,
        scenario=scenario,
        speed=speed,
        state_file=state_file,
        seed=seed,
        ready_file=ready_file,
        idle_minutes=idle_minutes,
    )
    try:
        asyncio.run(run(options))
    except (OSError, ValueError) as error:
        print(f"sandbox: {error}", file=sys.stderr)
        return 1
    return 0
