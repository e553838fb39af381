"""A TLS server on loopback that does exactly what a test's script says, byte by byte."""

import asyncio
import itertools
import ssl
import time
from collections import deque
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec
import trustme
from azure.core.credentials import AccessToken

from services.azure.clouds import AZURE_PUBLIC, Cloud

SUB = "00000000-0000-0000-0000-00000000000a"


@dataclass
class Seen:
    method: str
    path: str
    headers: dict[str, str]
    body: bytes
    connection: int
    at: float


@dataclass
class Answer:
    status: int = 200
    body: Any = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=dict)


RESET, HANG = "reset", "hang"


class Wire:
    """Answers requests in order from ``script``; an empty script answers 200 {}."""

    def __init__(self, folder: Path) -> None:
        self.requests: list[Seen] = []
        self.connections = 0
        self.script: deque[Answer | str] = deque()
        self.arrived = asyncio.Event()
        self.ca_file = str(folder / "wire-ca.pem")
        self._folder = folder
        self._writers: set[asyncio.StreamWriter] = set()

    async def start(self) -> None:
        authority = trustme.CA(organization_name="Wire Test Authority")
        authority.cert_pem.write_to_path(self.ca_file)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        issued = authority.issue_cert("localhost", "*.vault.localhost", "127.0.0.1")
        issued.configure_cert(context)
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0, ssl=context)
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        self._server.close()
        for writer in tuple(self._writers):
            writer.transport.abort()
        await self._server.wait_closed()

    @property
    def cloud(self) -> Cloud:
        here = f"https://localhost:{self.port}"
        return msgspec.structs.replace(
            AZURE_PUBLIC,
            name="Wire",
            arm=here,
            arm_audience=here,
            authority=here,
            graph=f"{here}/graph",
            graph_audience=f"{here}/graph",
            prices=here,
            vault_suffix=f"vault.localhost:{self.port}",
            ca_file=self.ca_file,
        )

    def said(self, method: str) -> list[Seen]:
        return [seen for seen in self.requests if seen.method == method]

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        number = self.connections
        self._writers.add(writer)
        try:
            while await self._one(reader, writer, number):
                pass
        except (asyncio.IncompleteReadError, ConnectionError, ssl.SSLError):
            pass  # the client went away, as some tests want
        finally:
            self._writers.discard(writer)
            writer.close()

    async def _one(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, number: int
    ) -> bool:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        first, *lines = head.strip().split("\r\n")
        method, path, _ = first.split(" ")
        headers = {k.lower(): v for k, v in (line.split(": ", 1) for line in lines)}
        body = await reader.readexactly(int(headers.get("content-length", 0)))
        self.requests.append(Seen(method, path, headers, body, number, time.monotonic()))
        self.arrived.set()
        todo = self.script.popleft() if self.script else Answer()
        if todo == RESET:
            writer.transport.abort()
            return False
        if todo == HANG:
            await asyncio.Event().wait()
        assert isinstance(todo, Answer)
        payload = todo.body if isinstance(todo.body, bytes) else msgspec.json.encode(todo.body)
        if method == "HEAD":
            payload = b""
        given = {"Content-Type": "application/json", "Content-Length": len(payload)}
        sent = "".join(f"{k}: {v}\r\n" for k, v in {**given, **todo.headers}.items())
        writer.write(f"HTTP/1.1 {todo.status} X\r\n{sent}\r\n".encode() + payload)
        await writer.drain()
        return True


class Sesame:
    """A credential whose token opens everything on the wire; counts how often it is asked."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, ...]] = []
        self._count = itertools.count()

    async def get_token(self, *scopes: str, **_: Any) -> AccessToken:
        self.asked.append(scopes)
        return AccessToken(f"opaque-{next(self._count)}", int(time.time()) + 3600)

    async def close(self) -> None:
        return None

    async def __aenter__(self) -> "Sesame":
        return self

    async def __aexit__(self, *_: object) -> None:
        return None


def challenge(wire: Wire) -> Answer:
    """Key Vault's answer to a request without a token."""
    resource = f"https://{wire.cloud.vault_suffix}"
    told = f'Bearer authorization="{wire.cloud.authority}/{SUB}", resource="{resource}"'
    return Answer(401, {"error": {"code": "Unauthorized"}}, {"WWW-Authenticate": told})
