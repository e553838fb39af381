"""The journal: what is on the disk, and when."""

import asyncio
import sqlite3
import ssl
import stat
import time
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import trustme
from aiohttp import web
from azure.core.credentials import AccessToken, AccessTokenInfo
from test_engine import INTENT, plan, step

from services.azure.clouds import Cloud
from services.azure.connection import Connection
from services.azure.errors import AzureError
from services.azure.policies import recorder
from services.model.plan import Event
from services.runs.audit import Audit
from services.runs.gate import Gate, StepRecorder
from services.runs.journal import VERSION, Journal, JournalError
from services.runs.lock import RunLock


@pytest.fixture
async def journal(tmp_path: Path) -> AsyncIterator[Journal]:
    made = await Journal.open(tmp_path / "runs" / "journal.sqlite")
    yield made
    await made.close()


class Token:
    """A credential whose token nobody checks."""

    async def get_token(self, *scopes: str, **options: Any) -> AccessToken:
        return AccessToken("t", int(time.time()) + 3600)

    async def get_token_info(self, *scopes: str, **options: Any) -> AccessTokenInfo:
        return AccessTokenInfo("t", int(time.time()) + 3600)

    async def close(self) -> None:
        return None

    async def __aenter__(self) -> "Token":
        return self

    async def __aexit__(self, *args: object) -> None:
        return None


@pytest.fixture
async def server(journal: Journal, tmp_path: Path) -> AsyncIterator[SimpleNamespace]:
    """A server that looks into the journal's file when a request arrives."""
    arrived: list[tuple[str, list[tuple[Any, ...]]]] = []

    async def handle(request: web.BaseRequest) -> web.Response:
        with sqlite3.connect(f"file:{journal.path}?mode=ro", uri=True) as file:
            rows = file.execute("SELECT method, path, status, step FROM writes").fetchall()
        arrived.append((request.method, rows))
        status = 500 if "broken" in request.path else 200
        return web.json_response({}, status=status, headers={"x-ms-request-id": "r1"})

    ca = trustme.CA()
    ca.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    ca.issue_cert("localhost").configure_cert(context)
    runner = web.ServerRunner(web.Server(handle))
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0, ssl_context=context)
    await site.start()
    port = runner.addresses[0][1]
    url = f"https://localhost:{port}"
    ready = {
        "arm": url,
        "authority": url,
        "graph": url,
        "key_vault_suffix": f"vault.localhost:{port}",
        "prices": url,
        "ca_file": str(tmp_path / "ca.pem"),
    }
    yield SimpleNamespace(arrived=arrived, cloud=Cloud.from_ready(ready))
    await runner.cleanup()


async def test_a_write_is_in_the_file_before_it_arrives(
    journal: Journal, server: SimpleNamespace
) -> None:
    await journal.add_run("beef", plan(step("a")), cloud="Test", host="h", pid=1)
    async with await Connection.open(server.cloud, Token()) as conn:
        audit = Audit(journal.path.parent, "beef", lambda: ("o", "me"))
        token = recorder.set(StepRecorder(Gate(journal, "beef", 4, audit), "a", "kv"))
        await conn.call("arm", "GET", "/x")
        await conn.call("arm", "PUT", "/x", json={"a": 1})
        with pytest.raises(AzureError):
            await conn.call("arm", "POST", "/broken", json={})
        recorder.reset(token)
    assert server.arrived == [
        ("GET", []),
        ("PUT", [("PUT", "/x", None, "a")]),
        ("POST", [("PUT", "/x", 200, "a"), ("POST", "/broken", None, "a")]),
    ]
    sent = await journal.writes("beef")
    assert [(one.status, one.request_id) for one in sent] == [(200, "r1"), (500, "r1")]
    assert len(sent[0].body_sha256) == 64
    assert sent[0].client_request_id != sent[1].client_request_id
    assert sent[0].answered and sent[0].answered >= sent[0].sent


async def test_files_are_the_users_alone(journal: Journal) -> None:
    assert stat.S_IMODE(journal.path.stat().st_mode) == 0o600
    assert stat.S_IMODE(journal.path.parent.stat().st_mode) == 0o700


async def test_it_is_durable_and_versioned(journal: Journal) -> None:
    with sqlite3.connect(journal.path) as file:
        assert file.execute("PRAGMA journal_mode").fetchone() == ("wal",)
        assert file.execute("PRAGMA user_version").fetchone() == (VERSION,)


async def test_a_newer_layout_is_refused_with_what_to_do(tmp_path: Path) -> None:
    path = tmp_path / "journal.sqlite"
    with sqlite3.connect(path) as file:
        file.execute(f"PRAGMA user_version = {VERSION + 1}")
    with pytest.raises(JournalError, match="update wrapkey"):
        await Journal.open(path)


async def test_another_process_may_open_and_read_it(journal: Journal) -> None:
    made = plan(step("a"))
    await journal.add_run("beef", made, cloud="Test", host="h", pid=1)
    other = await Journal.open(journal.path)
    row = await other.run("beef")
    assert row and row.plan == made and row.plan.intent == INTENT
    assert [one.id for one in await other.runs()] == ["beef"]
    await other.close()


async def test_events_keep_their_order_and_can_be_followed(journal: Journal) -> None:
    await journal.add_run("beef", plan(), cloud="Test", host="h", pid=1)
    events = [
        Event(at=datetime.now(UTC), run="beef", event="step.progress", detail={"n": n})
        for n in range(5)
    ]
    for one in events:
        await journal.add_event(one)
    kept = await journal.events("beef")
    assert [event for _, event in kept] == events
    assert await journal.events("beef", after=kept[2][0]) == kept[3:]


async def test_commands_are_taken_once(journal: Journal) -> None:
    await journal.add_run("beef", plan(), cloud="Test", host="h", pid=1)
    await journal.add_command("beef", "pause")
    await journal.add_command("beef", "retry", "key")
    assert await journal.take_commands("beef") == [("pause", ""), ("retry", "key")]
    assert await journal.take_commands("beef") == []


async def test_many_writers_of_one_journal_lose_nothing(journal: Journal) -> None:
    await journal.add_run("beef", plan(step("a")), cloud="Test", host="h", pid=1)

    async def write(number: int) -> int:
        return await journal.begin_write(
            "beef", "a", method="PUT", path=f"/{number}", body_sha256="", request=str(number)
        )

    numbers = await asyncio.gather(*(write(n) for n in range(20)))
    assert len(set(numbers)) == 20
    found = {one.seq: one.path for one in await journal.writes("beef")}
    assert found == {seq: f"/{n}" for n, seq in enumerate(numbers)}


async def test_a_run_that_nobody_carries_out_any_more_is_interrupted(journal: Journal) -> None:
    for run in ("aaaa", "bbbb"):
        await journal.add_run(run, plan(step("a")), cloud="Test", host="here", pid=1)
    lock = RunLock.take(journal.path.parent, "aaaa")
    found = {row.id: row.status for row in await journal.standing()}
    assert found == {"aaaa": "running", "bbbb": "interrupted"}
    lock.free()
    assert {row.status for row in await journal.standing()} == {"interrupted"}
