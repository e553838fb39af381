from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from services.azure.connection import Connection, Timeouts
from tests.services.connection.wire import Sesame, Wire

QUICK = Timeouts(connect=2, read=2, total=4, backoff=0.01, patience=5)


@pytest.fixture(autouse=True)
def _bare_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTPS_PROXY", "HTTP_PROXY", "ALL_PROXY", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)
    for name in ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
async def wire(tmp_path: Path) -> AsyncIterator[Wire]:
    made = Wire(tmp_path)
    await made.start()
    yield made
    await made.stop()


@pytest.fixture
async def connect(wire: Wire) -> AsyncIterator[Callable[..., Awaitable[Connection]]]:
    made: list[Connection] = []

    async def connect(**more: Any) -> Connection:
        more = {"settings": QUICK, **more}
        cloud, credential = more.pop("cloud", wire.cloud), more.pop("credential", Sesame())
        made.append(await Connection.open(cloud, credential, **more))
        return made[-1]

    yield connect
    for connection in made:
        await connection.close()
