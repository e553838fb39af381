"""A CONNECT proxy that leads only to the sandbox.

For clients whose resolver does not know ``*.localhost``: with HTTPS_PROXY set, they leave
looking up the name to the proxy.
"""

import asyncio

_LIMIT = 65536


class Proxy:
    """Listens on a loopback port of its own."""

    def __init__(self, target: int) -> None:
        self._target = target
        self._server: asyncio.Server | None = None
        self._tunnels: set[asyncio.Task[None]] = set()

    async def start(self) -> str:
        """Listen; returns the proxy's address."""
        self._server = await asyncio.start_server(self._client, "127.0.0.1", 0)
        port = self._server.sockets[0].getsockname()[1]
        return f"http://127.0.0.1:{port}"

    async def stop(self) -> None:
        """Listen no more and close what is open."""
        if self._server:
            self._server.close()
        for tunnel in self._tunnels:
            tunnel.cancel()
        await asyncio.gather(*self._tunnels, return_exceptions=True)

    async def _client(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        if task:
            self._tunnels.add(task)
            task.add_done_callback(self._tunnels.discard)
        try:
            await self._serve(reader, writer)
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            return  # the client went away; there is nobody to tell
        except asyncio.CancelledError:
            return  # by stop(); asyncio would print a cancelled client task as a failure
        finally:
            writer.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        words = head.split(b"\r\n", 1)[0].decode("latin-1").split()
        if len(words) != 3 or words[0] != "CONNECT":
            await _refuse(writer, "405 Method Not Allowed")
            return
        host, _, port = words[1].rpartition(":")
        if not _is_local(host) or port != str(self._target):
            await _refuse(writer, "403 Forbidden")
            return
        up_reader, up_writer = await asyncio.open_connection("127.0.0.1", self._target)
        try:
            writer.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
            await writer.drain()
            await asyncio.gather(_pipe(reader, up_writer), _pipe(up_reader, writer))
        finally:
            up_writer.close()


def _is_local(host: str) -> bool:
    name = host.lower().rstrip(".")
    return name in ("localhost", "127.0.0.1") or name.endswith(".localhost")


async def _refuse(writer: asyncio.StreamWriter, status: str) -> None:
    writer.write(f"HTTP/1.1 {status}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n".encode())
    await writer.drain()


async def _pipe(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while data := await reader.read(_LIMIT):
        writer.write(data)
        await writer.drain()
    if writer.can_write_eof():
        writer.write_eof()
