"""Certificates, names and proxies."""

import asyncio
import subprocess
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path

import msgspec
import pytest

from services.azure import tls
from services.azure.connection import Connection
from services.azure.errors import AzureError, ErrorKind, translated
from tests.services.connection.wire import Answer, Wire

Connect = Callable[..., Awaitable[Connection]]


async def test_an_untrusted_certificate_names_its_issuer(wire: Wire, connect: Connect) -> None:
    conn = await connect(cloud=msgspec.structs.replace(wire.cloud, ca_file=""))
    with pytest.raises(AzureError) as caught:
        await conn.call("arm", "GET", "/x", what="read x")
    error = caught.value
    assert (error.kind, error.sent) == (ErrorKind.TLS, False)
    assert "Wire Test Authority" in error.means
    assert "SSL_CERT_FILE" in error.do and "REQUESTS_CA_BUNDLE" in error.do
    assert [seen.method for seen in wire.requests] == ["HEAD"]
    assert "authorization" not in wire.requests[0].headers


@pytest.mark.parametrize("variable", tls.VARIABLES)
async def test_the_usual_variables_add_trust(
    variable: str, wire: Wire, connect: Connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(variable, wire.ca_file)
    conn = await connect(cloud=msgspec.structs.replace(wire.cloud, ca_file=""))
    await conn.call("arm", "GET", "/x")


async def test_a_ca_file_of_the_connection_adds_trust(wire: Wire, connect: Connect) -> None:
    conn = await connect(
        cloud=msgspec.structs.replace(wire.cloud, ca_file=""), ca_file=wire.ca_file
    )
    await conn.call("arm", "GET", "/x")


def test_trust_is_added_and_never_replaced(wire_ca: str) -> None:
    assert len(tls.context(wire_ca).get_ca_certs()) == len(tls.context().get_ca_certs()) + 1
    assert len(tls.context().get_ca_certs()) > 50


@pytest.fixture
def wire_ca(tmp_path: Path) -> str:
    import trustme

    trustme.CA().cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    return str(tmp_path / "ca.pem")


@pytest.mark.parametrize("text", [None, "", "no certificate"])
def test_a_bad_certificate_file_is_named_with_its_variable(
    text: str | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "ca.pem"
    if text is not None:
        file.write_text(text)
    monkeypatch.setenv("SSL_CERT_FILE", str(file))
    with pytest.raises(AzureError) as caught:
        tls.context()
    assert str(file) in caught.value.what and "SSL_CERT_FILE" in caught.value.do


@pytest.mark.parametrize("name", ["localhost", "kv1.vault.localhost", "A.LOCALHOST."])
async def test_every_localhost_name_is_loopback(name: str) -> None:
    (found,) = await tls.Resolver().resolve(name, 443)
    assert (found["host"], found["hostname"]) == ("127.0.0.1", name)


async def test_other_names_are_the_systems_business() -> None:
    with pytest.raises(OSError):
        await tls.Resolver().resolve("localhost.invalid", 443)


class Tunnel:
    """A proxy that knows CONNECT and counts it."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    async def start(self) -> str:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        return f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        target = head.split(" ")[1]
        self.asked.append(target)
        far, to_far = await asyncio.open_connection("127.0.0.1", int(target.rsplit(":", 1)[1]))
        writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
        await asyncio.gather(_pump(reader, to_far), _pump(far, writer))

    def stop(self) -> None:
        self._server.close()


async def _pump(source: asyncio.StreamReader, target: asyncio.StreamWriter) -> None:
    try:
        while data := await source.read(65536):
            target.write(data)
            await target.drain()
    except ConnectionError:
        return
    finally:
        target.close()


async def test_a_proxy_is_used_for_reads_writes_and_vaults(
    wire: Wire, connect: Connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    tunnel = Tunnel()
    monkeypatch.setenv("HTTPS_PROXY", await tunnel.start())
    conn = await connect()
    await conn.call("arm", "GET", "/x")
    await conn.call("arm", "PUT", "/x", json={})
    wire.script.append(Answer(404, {"error": {"code": "KeyNotFound"}}))
    with pytest.raises(AzureError), translated("read a key"):
        await conn.keys(f"https://kvproxy.{wire.cloud.vault_suffix}").get_key("k")
    asked = [host.split(":")[0] for host in tunnel.asked]
    assert asked == ["localhost", "localhost", "kvproxy.vault.localhost"]
    tunnel.stop()


async def test_no_proxy_is_honoured(
    wire: Wire, connect: Connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:1")
    conn = await connect()
    with pytest.raises(AzureError) as caught:
        await conn.call("arm", "GET", "/x")
    assert caught.value.kind is ErrorKind.NETWORK and "HTTPS_PROXY" in caught.value.do
    monkeypatch.setenv("NO_PROXY", "localhost")
    conn = await connect()  # the environment of a process does not change under an open one
    await conn.call("arm", "GET", "/x")


def test_the_connection_imports_no_sdk_of_a_service() -> None:
    code = (
        "import sys, services.azure.connection, services.azure.credentials\n"
        "print([m for m in sys.modules if m.startswith(('azure.mgmt', 'azure.identity',"
        " 'azure.keyvault', 'msal', 'textual', 'rich'))])"
    )
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert said.stdout.strip() == "[]"
