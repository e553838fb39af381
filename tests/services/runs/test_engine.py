"""The engine with steps of the test's own; what they write goes through the real recorder."""

import asyncio
import hashlib
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import msgspec
import pytest
from carrying import QUICK
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from services.azure.errors import AzureError, ErrorKind
from services.azure.policies import Outcome, Write, recorder
from services.model.intent import KeyIntent, VaultIntent, WorkspaceIntent, WorkspaceSetup
from services.model.plan import Event, Plan, Step
from services.runs.engine import Run, RunStatus
from services.runs.journal import Journal
from services.runs.lock import RunLocked
from services.setup.context import Context, Observation, StepFailed

CONN: Any = SimpleNamespace(
    cloud=SimpleNamespace(name="Test"), caller=None, subscribe=lambda _: lambda: None
)
INTENT = WorkspaceSetup(
    subscription="00000000-0000-0000-0000-000000000000",
    region="westeurope",
    resource_group="rg",
    vault=VaultIntent(name="kv"),
    key=KeyIntent(name="k"),
    workspace=WorkspaceIntent(name="mlw"),
)


def plan(*steps: Step) -> Plan:
    return Plan(intent=INTENT, steps=steps)


def step(id: str, *needs: str, vault: str = "", **params: Any) -> Step:
    return Step(
        id=id,
        kind="test",
        title=id,
        action="create",
        target=id,
        needs=needs,
        vault=vault,
        params=params,
    )


class Play:
    """The steps' world: what is true, what is being written, what happens when."""

    def __init__(self) -> None:
        self.true: set[str] = set()
        self.log: list[str] = []
        self.sent: list[str] = []
        """By step, what was really sent."""
        self.writing: list[Step] = []
        self.most = 0
        self.takes = 0.002
        """Seconds a write is on its way."""
        self.clash = False
        self.acts: dict[str, Callable[[Context, Step], Awaitable[None]]] = {}

    async def observe(self, ctx: Context, step: Step) -> Observation:
        self.log.append(f"observe {step.id}")
        return Observation(done=step.id in self.true)

    async def apply(self, ctx: Context, step: Step) -> Observation:
        self.log.append(f"apply {step.id}")
        if step.id in self.acts:
            await self.acts[step.id](ctx, step)
        for number in range(step.params.get("writes", 1)):
            await self.write(step, number)
        self.true.add(step.id)
        self.log.append(f"applied {step.id}")
        return Observation(done=True, values={"made": step.id})

    def command(self, ctx: Context, step: Step) -> str:
        return f"az make {step.id}"

    async def write(self, step: Step, number: int = 0) -> None:
        to = recorder.get()
        assert to is not None
        write = Write(
            method="PUT",
            host="h",
            path=f"/{step.id}",
            body_sha256=hashlib.sha256(b"").hexdigest(),
            client_request_id=f"{step.id}-{number}",
        )
        await to.before(write)
        self.sent.append(step.id)
        self.clash |= bool(step.vault) and step.vault in {one.vault for one in self.writing}
        self.writing.append(step)
        self.most = max(self.most, len(self.writing))
        await asyncio.sleep(self.takes)
        self.writing.remove(step)
        await to.after(write, Outcome(status=200))


@pytest.fixture
async def journal(tmp_path: Path) -> AsyncIterator[Journal]:
    made = await Journal.open(tmp_path / "runs" / "journal.sqlite")
    yield made
    await made.close()


async def begin(journal: Journal, play: Play, made: Plan) -> tuple[Run, list[Event]]:
    run = await Run.start(CONN, journal, made, settings=QUICK, find=lambda _: play)
    events: list[Event] = []
    run.subscribe(events.append)
    return run, events


@st.composite
def plans(draw: st.DrawFn) -> Plan:
    count = draw(st.integers(1, 9))
    made = []
    for place in range(count):
        before = [f"s{one}" for one in range(place)]
        needs = draw(st.lists(st.sampled_from(before), unique=True, max_size=3)) if before else []
        vault = draw(st.sampled_from(["", "kv-a", "kv-b"]))
        made.append(step(f"s{place}", *needs, vault=vault, writes=draw(st.integers(0, 3))))
    return plan(*made)


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(plans(), st.sets(st.integers(0, 8)))
def test_order_turns_and_limits_hold_for_every_plan(
    tmp_path: Path, made: Plan, already: set[int]
) -> None:
    async def scenario() -> None:
        journal = await Journal.open(tmp_path / "runs" / "journal.sqlite")
        play = Play()
        play.true |= {f"s{one}" for one in already}
        run, events = await begin(journal, play, made)
        assert await run.go() is RunStatus.SUCCEEDED
        ended: set[str] = set()
        for event in events:
            if event.event == "step.started":
                assert set(next(s for s in made.steps if s.id == event.step).needs) <= ended
            elif event.event in ("step.done", "step.skipped"):
                ended.add(event.step)
        assert ended == {one.id for one in made.steps}
        assert not play.clash
        assert play.most <= 4
        assert not [one for one in play.log if one in {f"apply s{n}" for n in already}]
        sent = await journal.writes(run.id)
        expected = sum(one.params["writes"] for one in made.steps if int(one.id[1:]) not in already)
        assert len(sent) == expected
        assert all(one.answered and one.status == 200 for one in sent)
        assert [event for _, event in await journal.events(run.id)] == events
        await run.close()
        await journal.close()

    asyncio.run(scenario())


async def test_independent_writes_go_out_four_at_a_time(journal: Journal) -> None:
    play = Play()
    play.takes = 0.02
    run, _ = await begin(journal, play, plan(*(step(f"s{n}", writes=2) for n in range(9))))
    assert await run.go() is RunStatus.SUCCEEDED
    assert play.most == 4


async def test_a_failed_step_stops_what_needs_it_and_lets_the_rest_finish(
    journal: Journal,
) -> None:
    play = Play()

    async def fail(ctx: Context, step: Step) -> None:
        raise StepFailed("It broke", "It is broken", "Mend it", code="Broken")

    play.acts["a"] = fail
    made = plan(step("a"), step("after", "a"), step("b"), step("after-b", "b"))
    run, events = await begin(journal, play, made)
    assert await run.go() is RunStatus.FAILED
    failed = next(one for one in events if one.event == "step.failed")
    assert failed.detail["cause"] == {
        "code": "Broken",
        "what": "It broke",
        "means": "It is broken",
    }
    assert failed.detail["repair"] == "Mend it"
    assert "observe after" not in play.log
    assert "applied after-b" in play.log
    assert events[-1].detail == {"status": "failed"}
    statuses = {row.id: row.status for row in await journal.steps(run.id)}
    assert statuses == {"a": "failed", "after": "pending", "b": "done", "after-b": "done"}
    play.acts.clear()
    run.retry("a")
    assert await run.go() is RunStatus.SUCCEEDED
    assert play.log.count("apply b") == 1
    row = await journal.run(run.id)
    assert row and row.status == "succeeded"


@pytest.mark.parametrize(
    "kind", [ErrorKind.SERVER, ErrorKind.NETWORK, ErrorKind.TIMEOUT, ErrorKind.THROTTLED]
)
async def test_what_passes_is_observed_again_before_it_is_sent_again(
    journal: Journal, kind: ErrorKind
) -> None:
    play = Play()
    left = [2]

    async def fail(ctx: Context, step: Step) -> None:
        if left[0]:
            left[0] -= 1
            raise AzureError(kind, code="Flaky", retry_after=0.01, what="It flickered.")

    play.acts["a"] = fail
    run, events = await begin(journal, play, plan(step("a")))
    assert await run.go() is RunStatus.SUCCEEDED
    assert play.log == ["observe a", "apply a"] * 3 + ["applied a"]
    waits = [one.detail for one in events if one.event == "step.waiting"]
    assert [one["attempt"] for one in waits] == [1, 2]
    why = "throttled by Azure" if kind is ErrorKind.THROTTLED else "It flickered; "
    assert all(one["until"].endswith("Z") and why in one["why"] for one in waits)


async def test_an_unknown_outcome_that_took_effect_is_not_sent_again(journal: Journal) -> None:
    play = Play()

    async def lose_the_answer(ctx: Context, step: Step) -> None:
        play.true.add("a")
        raise AzureError(ErrorKind.NETWORK, code="Reset", what="The connection broke.")

    play.acts["a"] = lose_the_answer
    run, events = await begin(journal, play, plan(step("a")))
    assert await run.go() is RunStatus.SUCCEEDED
    assert play.log == ["observe a", "apply a", "observe a"]
    assert [one.event for one in events][-2:] == ["step.done", "run.finished"]


@pytest.mark.parametrize(("patience", "ends"), [(60.0, "succeeded"), (0.0, "failed")])
async def test_a_principal_azure_does_not_know_yet_is_asked_for_again(
    journal: Journal, patience: float, ends: str
) -> None:
    play = Play()
    left = [QUICK.attempts + 2]

    async def unknown(ctx: Context, step: Step) -> None:
        if left[0]:
            left[0] -= 1
            raise AzureError(
                ErrorKind.INVALID, code="PrincipalNotFound", status=400, what="No such principal."
            )

    play.acts["a"] = unknown
    brief = msgspec.structs.replace(QUICK, replica_s=patience, backoff_s=0.001)
    run = await Run.start(CONN, journal, plan(step("a")), settings=brief, find=lambda _: play)
    assert await run.go() == ends
    assert left[0] == (0 if ends == "succeeded" else QUICK.attempts + 1)


async def test_tries_are_bounded(journal: Journal) -> None:
    play = Play()

    async def fail(ctx: Context, step: Step) -> None:
        raise AzureError(ErrorKind.SERVER, code="Oops", status=500, what="Azure failed.")

    play.acts["a"] = fail
    run, events = await begin(journal, play, plan(step("a")))
    assert await run.go() is RunStatus.FAILED
    assert play.log.count("apply a") == QUICK.attempts
    assert (
        next(one for one in events if one.event == "step.failed").detail["cause"]["code"] == "Oops"
    )


async def test_a_refused_step_waits_with_the_command_until_it_is_true(journal: Journal) -> None:
    play = Play()

    async def refuse(ctx: Context, step: Step) -> None:
        raise AzureError(ErrorKind.FORBIDDEN, code="AuthorizationFailed", status=403, what="No.")

    play.acts["a"] = refuse
    run, events = await begin(journal, play, plan(step("a"), step("b", "a")))

    def help_once(event: Event) -> None:
        if event.event == "step.waiting":
            play.true.add("a")

    run.subscribe(help_once)
    assert await asyncio.wait_for(run.go(), 5) is RunStatus.SUCCEEDED
    waiting = next(one for one in events if one.event == "step.waiting")
    assert waiting.detail["command"] == "az make a"
    assert waiting.detail["whom"]
    assert "apply b" in play.log
    assert play.log.count("apply a") == 1


async def test_a_waiting_step_can_be_tried_at_once(journal: Journal) -> None:
    play = Play()
    refused: list[bool] = []

    async def refuse_once(ctx: Context, step: Step) -> None:
        if not refused:
            refused.append(True)
            raise AzureError(ErrorKind.FORBIDDEN, code="AuthorizationFailed", what="No.")

    play.acts["a"] = refuse_once
    run, _ = await begin(journal, play, plan(step("a")))
    run.subscribe(lambda event: run.retry("a") if event.event == "step.waiting" else None)
    assert await asyncio.wait_for(run.go(), 5) is RunStatus.SUCCEEDED
    assert play.log.count("apply a") == 2


async def test_a_closed_network_is_a_failure_not_a_wait(journal: Journal) -> None:
    play = Play()

    async def refuse(ctx: Context, step: Step) -> None:
        raise AzureError(
            ErrorKind.FORBIDDEN, code="Forbidden", inner="ForbiddenByFirewall", what="No."
        )

    play.acts["a"] = refuse
    run, _ = await begin(journal, play, plan(step("a")))
    assert await asyncio.wait_for(run.go(), 5) is RunStatus.FAILED


async def test_stop_lets_the_write_on_its_way_end_and_begins_nothing(journal: Journal) -> None:
    play = Play()
    entered, leave = asyncio.Event(), asyncio.Event()
    slow = step("a", writes=2)

    async def hold(ctx: Context, step: Step) -> None:
        to = recorder.get()
        assert to is not None
        write = Write(
            method="PUT", host="h", path="/slow", body_sha256="", client_request_id="slow"
        )
        await to.before(write)
        entered.set()
        await leave.wait()
        await to.after(write, Outcome(status=201))

    play.acts["a"] = hold
    run, events = await begin(journal, play, plan(slow, step("b", "a")))
    going = asyncio.create_task(run.go())
    await entered.wait()
    run.stop()
    await asyncio.sleep(0)
    assert not going.done()
    leave.set()
    assert await asyncio.wait_for(going, 5) is RunStatus.STOPPED
    sent = await journal.writes(run.id)
    assert [(one.path, one.status) for one in sent] == [("/slow", 201)]
    assert events[-1].detail == {"status": "stopped"}
    play.acts.clear()
    assert await run.go() is RunStatus.SUCCEEDED


@pytest.mark.parametrize("moment", ["begin_write", "end_write"])
async def test_a_write_the_journal_is_just_noting_is_awaited_too(
    journal: Journal, monkeypatch: pytest.MonkeyPatch, moment: str
) -> None:
    noting, leave = asyncio.Event(), asyncio.Event()
    note = getattr(journal, moment)

    async def slowly(*args: Any, **named: Any) -> Any:
        done = await note(*args, **named)
        noting.set()
        await leave.wait()
        return done

    monkeypatch.setattr(journal, moment, slowly)
    run, events = await begin(journal, Play(), plan(step("a"), step("b", "a")))
    going = asyncio.create_task(run.go())
    await noting.wait()
    run.stop(interrupted=True)
    for _ in range(5):
        await asyncio.sleep(0)
    assert not going.done()
    leave.set()
    assert await asyncio.wait_for(going, 5) is RunStatus.INTERRUPTED
    (sent,) = await journal.writes(run.id)
    assert sent.status is not None
    assert events[-1].detail == {"status": "interrupted"}


async def test_a_pause_holds_writes_back(journal: Journal) -> None:
    play = Play()
    run, events = await begin(journal, play, plan(step("a")))
    await run.pause()
    going = asyncio.create_task(run.go())
    while "apply a" not in play.log:
        await asyncio.sleep(0)
    await asyncio.sleep(0.02)
    assert await journal.writes(run.id) == []
    run.proceed()
    assert await asyncio.wait_for(going, 5) is RunStatus.SUCCEEDED
    assert events[0].event == "run.paused"
    assert events[0].detail == {"why": "user"}


async def test_a_cancelled_run_is_interrupted_and_loads_again(journal: Journal) -> None:
    play = Play()
    entered = asyncio.Event()

    async def stuck(ctx: Context, step: Step) -> None:
        entered.set()
        await asyncio.Event().wait()

    play.acts["b"] = stuck
    run, events = await begin(journal, play, plan(step("a"), step("b", "a")))
    going = asyncio.create_task(run.go())
    await entered.wait()
    with pytest.raises(RunLocked, match="process"):
        await Run.load(CONN, journal, run.id)
    going.cancel()
    with pytest.raises(asyncio.CancelledError):
        await going
    assert events[-1].detail == {"status": "interrupted"}
    assert [row.status for row in await journal.steps(run.id)] == ["done", "pending"]
    play.acts.clear()
    again = await Run.load(CONN, journal, run.id, settings=QUICK, find=lambda _: play)
    assert again.plan == run.plan
    assert await again.go() is RunStatus.SUCCEEDED
    assert play.log.count("apply a") == 1
    await again.close()


async def test_an_unknown_run_is_named(journal: Journal) -> None:
    with pytest.raises(LookupError, match="beef"):
        await Run.load(CONN, journal, "beef")


async def test_our_own_mistake_ends_the_run_and_is_not_hidden(journal: Journal) -> None:
    play = Play()

    async def bug(ctx: Context, step: Step) -> None:
        raise KeyError("ours")

    play.acts["a"] = bug
    run, events = await begin(journal, play, plan(step("a"), step("b")))
    with pytest.raises(KeyError):
        await run.go()
    assert events[-1].detail == {"status": "interrupted"}
