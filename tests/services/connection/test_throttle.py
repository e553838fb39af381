"""Request limits: who shares a budget, how long it is closed, and that nothing goes out before."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from email.utils import formatdate
from typing import Any

import pytest
from azure.core.credentials import AccessToken
from azure.core.rest import HttpRequest
from azure.mgmt.keyvault.aio import KeyVaultManagementClient

from services.azure.connection import Connection, Timeouts
from services.azure.errors import AzureError, ErrorKind
from services.azure.events import Throttled
from services.azure.policies import Outcome, Write, recorder
from services.azure.throttle import Budgets, budget, watcher
from services.model.plan import Step
from services.runs.held import Held
from tests.services.connection.wire import SUB, Answer, Sesame, Wire

Connect = Callable[..., Awaitable[Connection]]
ARM = "https://management.azure.com"


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


def budgets() -> tuple[Budgets, Clock]:
    clock = Clock()
    return Budgets(clock), clock


def refused(**headers: str) -> Answer:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Answer(429, {"error": {"code": "TooManyRequests"}}, named)


@pytest.mark.parametrize(
    ("method", "url", "scope"),
    [
        ("GET", f"{ARM}/subscriptions/{SUB.upper()}/x", f"{SUB} reads"),
        ("HEAD", f"{ARM}/subscriptions/{SUB}", f"{SUB} reads"),
        ("PUT", f"{ARM}/subscriptions/{SUB}/x", f"{SUB} writes"),
        ("POST", f"{ARM}/subscriptions/{SUB}/x", f"{SUB} writes"),
        ("DELETE", f"{ARM}/subscriptions/{SUB}/x", f"{SUB} deletes"),
        ("GET", "https://KV.vault.azure.net/keys/k", "kv.vault.azure.net"),
        ("POST", "https://kv.vault.azure.net/keys/k/create", "kv.vault.azure.net"),
        ("GET", "https://other.vault.azure.net/keys/k", "other.vault.azure.net"),
        (
            "POST",
            f"{ARM}/providers/Microsoft.ResourceGraph/resources",
            "management.azure.com microsoft.resourcegraph writes",
        ),
        ("GET", f"{ARM}/tenants", "management.azure.com"),
    ],
)
def test_whose_budget(method: str, url: str, scope: str) -> None:
    assert budget(method, url) == scope


def test_a_429_without_a_number_waits_longer_each_time() -> None:
    mine, clock = budgets()
    waits = []
    for _ in range(7):
        mine.note("s", 429, None)
        waits.append(mine.wait("s"))
        clock.now += mine.wait("s")
    assert waits == [1, 2, 4, 8, 16, 30, 30]
    mine.note("s", 200, None)
    mine.note("s", 429, None)
    assert mine.wait("s") == 1 and mine.wait("t") == 0


def test_refusals_that_left_together_are_one_and_the_longest_counts() -> None:
    mine, clock = budgets()
    for asked in (3.0, 1.0, None, None, None, None, None):
        mine.note("s", 429, asked)
    assert mine.wait("s") == 3
    clock.now += 2
    mine.note("s", 200, None)
    assert mine.wait("s") == 1, "an answer to an older request opens nothing"


def test_a_number_that_proves_too_small_is_believed_three_times() -> None:
    mine, clock = budgets()
    waits = []
    for _ in range(6):
        mine.note("s", 429, 0.0)
        waits.append(mine.wait("s"))
        clock.now += mine.wait("s")
    assert waits == [0, 0, 0, 1, 2, 4]


def test_reads_come_back_one_then_two_then_four() -> None:
    mine, clock = budgets()
    mine.note("s", 429, 1.0)
    clock.now += 1
    together = []
    while mine.room("s") and len(together) < 20:
        count = 0
        while mine.room("s") and count < 99:
            mine.enter("s")
            count += 1
        together.append(count)
        for _ in range(count):
            mine.leave("s")
        mine.note("s", 200, None)
        if count == 99:
            break
    assert together == [1, 2, 4, 8, 16, 99]


@pytest.mark.parametrize(
    "named",
    [
        {"Retry_After": "1"},
        {"retry_after_ms": "1000", "Retry_After": "60"},
        {"x_ms_retry_after_ms": "1000"},
        {"Date": formatdate(0, usegmt=True), "Retry_After": formatdate(1, usegmt=True)},
    ],
    ids=["seconds", "milliseconds", "service", "date"],
)
async def test_every_form_of_a_wait_is_kept(
    wire: Wire, connect: Connect, named: dict[str, str]
) -> None:
    wire.script.append(refused(**named))
    conn = await connect()
    await conn.call("arm", "GET", f"/subscriptions/{SUB}/a")
    first, second = wire.requests
    assert 0.99 <= second.at - first.at < 5


async def test_a_refused_read_is_no_try_but_patience_ends(wire: Wire, connect: Connect) -> None:
    conn = await connect(settings=Timeouts(tries=2, backoff=0.01, patience=2))
    wire.script += [refused(retry_after_ms="20")] * 3
    await conn.call("arm", "GET", f"/subscriptions/{SUB}/a")
    assert len(wire.requests) == 4
    wire.requests.clear()
    wire.script += [refused(retry_after_ms="900")] * 9
    with pytest.raises(AzureError) as caught:
        await conn.call("arm", "GET", f"/subscriptions/{SUB}/a")
    assert caught.value.kind is ErrorKind.THROTTLED and len(wire.requests) <= 3


async def test_a_busy_service_is_not_asked_before_its_time(wire: Wire, connect: Connect) -> None:
    wire.script.append(Answer(503, {}, {"Retry-After": "1"}))
    conn = await connect()
    waiting = asyncio.create_task(conn.call("arm", "GET", f"/subscriptions/{SUB}/a"))
    await wire.arrived.wait()
    await conn.call("arm", "GET", f"/subscriptions/{SUB}/b")
    await waiting
    times = {seen.path[-1]: seen.at for seen in wire.requests}
    assert times["b"] - wire.requests[0].at < 0.9, "a 503 closes no budget"
    assert times["a"] - wire.requests[0].at >= 0.99


class Turns:
    """A recorder that keeps the second write back until the first was refused."""

    def __init__(self) -> None:
        self.said: list[tuple[str, Any]] = []
        self.refused = asyncio.Event()

    async def before(self, write: Write) -> None:
        self.said.append(("before", write.path[-1]))
        if write.path.endswith("b"):
            await self.refused.wait()

    async def after(self, write: Write, outcome: Outcome) -> None:
        self.said.append((write.path[-1], (outcome.status, outcome.sent)))
        if outcome.status == 429:
            self.refused.set()


async def test_a_write_that_waited_for_its_turn_looks_again(wire: Wire, connect: Connect) -> None:
    wire.script.append(refused(Retry_After="1"))
    conn, turns = await connect(), Turns()
    token = recorder.set(turns)
    second = asyncio.create_task(conn.call("arm", "PUT", f"/subscriptions/{SUB}/b", json={}))
    while ("before", "b") not in turns.said:
        await asyncio.sleep(0)
    with pytest.raises(AzureError):
        await conn.call("arm", "PUT", f"/subscriptions/{SUB}/a", json={})
    await second
    recorder.reset(token)
    assert wire.requests[1].at - wire.requests[0].at >= 0.99
    assert [one for one in turns.said if one[0] == "b"] == [
        ("b", (None, False)),
        ("b", (200, True)),
    ]


async def test_the_watcher_hears_when_a_wait_ends_and_that_it_did(
    wire: Wire, connect: Connect
) -> None:
    wire.script.append(refused(retry_after_ms="50"))
    conn = await connect()
    heard: list[Throttled | None] = []

    @asynccontextmanager
    async def hear(wait: Throttled) -> AsyncIterator[None]:
        heard.append(wait)
        yield
        heard.append(None)

    token = watcher.set(hear)
    await conn.call("arm", "GET", f"/subscriptions/{SUB}/a")
    watcher.reset(token)
    await conn.call("arm", "GET", f"/subscriptions/{SUB}/a")
    assert heard[0] is not None and heard[0].scope == f"{SUB} reads" and heard[1:] == [None]


class Slow(Sesame):
    """Takes its time over every token after the first."""

    def __init__(self) -> None:
        super().__init__()
        self.asking, self.go_on = asyncio.Event(), asyncio.Event()

    async def get_token(self, *scopes: str, **options: Any) -> AccessToken:
        if self.asked:
            self.asking.set()
            await self.go_on.wait()
        return await super().get_token(*scopes, **options)


@pytest.mark.parametrize("method", ["GET", "PUT"])
async def test_a_request_that_signed_in_while_its_budget_closed_waits(
    wire: Wire, connect: Connect, method: str
) -> None:
    """Two clients: one has its token already, the other one's takes until after the refusal."""
    credential = Slow()
    conn = await connect(credential=credential)
    await conn.call("arm", "GET", "/tenants")
    conn._tokens.forget()
    other = conn.arm(KeyVaultManagementClient, SUB)
    url = f"{wire.cloud.arm}/subscriptions/{SUB}/late"
    late = asyncio.ensure_future(other._client.send_request(HttpRequest(method, url)))
    await credential.asking.wait()

    told = asyncio.Event()
    conn.subscribe(lambda event: told.set() if getattr(event, "status", 0) == 429 else None)
    wire.script.append(refused(Retry_After="1"))
    early = asyncio.create_task(conn.call("arm", method, f"/subscriptions/{SUB}/early"))
    await told.wait()
    credential.go_on.set()
    await asyncio.gather(early, late, return_exceptions=True)

    first, *_ = [seen for seen in wire.requests if "/early" in seen.path]
    (sent,) = [seen for seen in wire.requests if "/late" in seen.path]
    assert sent.at - first.at >= 0.99
    assert all(one.status is not None for one in conn.recent), "what never left is no request"


class Told:
    """What a step would say."""

    def __init__(self) -> None:
        self.said: list[str] = []

    async def say(self, event: str, step: Step, **detail: Any) -> None:
        self.said.append(event)


async def test_a_wait_that_is_cut_short_holds_nothing_up() -> None:
    told = Told()
    step = Step(id="a", kind="group", title="a", action="create", target="/a")
    held: Any = Held(told, step)  # type: ignore[arg-type]
    wait = Throttled(until=datetime.now(UTC), seconds=9, scope="s")
    with pytest.raises(asyncio.CancelledError):
        async with held(wait):
            raise asyncio.CancelledError
    assert told.said == ["step.waiting"], "nobody knows whether Azure takes calls again"
    async with held(wait), held(wait):
        pass
    assert told.said == ["step.waiting", "step.waiting", "step.progress"]
