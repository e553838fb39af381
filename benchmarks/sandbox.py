"""The sandbox: time to be ready, and requests a second on one connection."""

import asyncio
import json
import ssl
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult

from benchmarks.measure import ENVIRONMENT, Figure, alternate, command, python

REQUESTS = 3000


class Loopback(AbstractResolver):
    """Answers every name with 127.0.0.1."""

    async def resolve(self, host: str, port: int = 0, family: int = 0) -> list[ResolveResult]:
        return [
            ResolveResult(hostname=host, host="127.0.0.1", port=port, family=2, proto=0, flags=0)
        ]

    async def close(self) -> None:
        return None


@contextmanager
def running(
    scenario: str = "contoso", speed: int = 20, home: str = ""
) -> Iterator[tuple[dict[str, Any], float]]:
    """A sandbox of its own and the seconds it took to write its ready file.

    ``home`` keeps its certificates between two starts, as a person's home does.
    """
    with tempfile.TemporaryDirectory() as folder:
        ready_file = Path(folder) / "ready.json"
        begun = time.perf_counter()
        process = subprocess.Popen(
            [
                *(sys.executable, "-m", "sandbox", "--scenario", scenario),
                *("--speed", str(speed), "--ready-file", str(ready_file)),
                *("--home", home or folder),
            ],
            env=ENVIRONMENT,
            stdout=subprocess.DEVNULL,
        )
        try:
            while not ready_file.exists():
                if process.poll() is not None:
                    raise RuntimeError("the sandbox ended before it was ready")
                time.sleep(0.002)
            took = time.perf_counter() - begun
            yield json.loads(ready_file.read_text()), took
        finally:
            process.terminate()
            process.wait(10)


def ready_seconds(home: str) -> float:
    """Seconds from the start of the process to its ready file."""
    with running(home=home) as (_, took):
        return took


async def requests_per_second(ready: dict[str, Any]) -> tuple[float, float]:
    """GETs a second of a vault through ARM (signed in, checked), and of a bare page."""
    context = ssl.create_default_context(cafile=ready["ca_file"])
    connector = aiohttp.TCPConnector(ssl=context, resolver=Loopback(), limit=1)
    async with aiohttp.ClientSession(connector=connector) as session:
        admin = next(p for p in ready["principals"] if p["name"] == "admin")
        async with session.post(
            f"{ready['authority']}/{ready['tenant_id']}/oauth2/v2.0/token",
            data={
                "grant_type": "client_credentials",
                "client_id": admin["client_id"],
                "client_secret": admin["client_secret"],
                "scope": f"{ready['arm']}/.default",
            },
        ) as answer:
            token = (await answer.json())["access_token"]
        headers = {"Authorization": f"Bearer {token}"}
        subscription = ready["subscriptions"][0]["id"]
        listing = (
            f"{ready['arm']}/subscriptions/{subscription}/providers/Microsoft.KeyVault/vaults"
            "?api-version=2026-02-01"
        )
        async with session.get(listing, headers=headers) as answer:
            vault = (await answer.json())["value"][0]["id"]
        url = f"{ready['arm']}{vault}?api-version=2026-02-01"
        begun = time.perf_counter()
        for _ in range(REQUESTS):
            async with session.get(url, headers=headers) as answer:
                await answer.read()
        return REQUESTS / (time.perf_counter() - begun), 1000.0


def figures() -> Iterator[Figure]:
    """Readiness against its own imports; throughput against the promised thousand."""
    imports = python("import aiohttp.web, cryptography.hazmat.primitives.asymmetric.rsa")
    with tempfile.TemporaryDirectory() as home:
        value, baseline = alternate(lambda: ready_seconds(home), lambda: command(imports), runs=7)
    yield Figure("sandbox ready / its imports", value, baseline, 1.6)
    with running() as (ready, _):
        value, baseline = asyncio.run(requests_per_second(ready))
    yield Figure("GET of a vault", value, baseline, 1.0, unit="requests/s", at_least=True)
