"""Following a run by its journal, and telling its owner what to do."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from carrying import QUICK
from test_engine import CONN, Play, begin, plan, step

from services.model.plan import Event
from services.runs import commands, follow
from services.runs.engine import Run, RunStatus
from services.runs.follow import OwnerGone
from services.runs.journal import Journal, RunTaken
from services.runs.lock import RunLock, RunLocked
from services.runs.resume import ask_to_yield
from services.setup.context import StepFailed

SOON = 0.01


@pytest.fixture
async def journal(tmp_path: Path) -> AsyncIterator[Journal]:
    made = await Journal.open(tmp_path / "runs" / "journal.sqlite")
    yield made
    await made.close()


@pytest.fixture
async def other(journal: Journal) -> AsyncIterator[Journal]:
    """The same file, opened as another process would."""
    made = await Journal.open(journal.path)
    yield made
    await made.close()


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(follow, "OWNER_S", SOON)
    monkeypatch.setattr(commands, "POLL_S", SOON)


def held(play: Play, name: str) -> tuple[asyncio.Event, asyncio.Event]:
    """Make a step stand still: it has come there, it may go on."""
    entered, leave = asyncio.Event(), asyncio.Event()

    async def hold(_: Any, __: Any) -> None:
        entered.set()
        await leave.wait()

    play.acts[name] = hold
    return entered, leave


async def all_of(journal: Journal, run: str, after: int = 0) -> list[Event]:
    return [event async for event in follow.follow(journal, run, after, SOON)]


async def test_a_watcher_hears_every_event_in_order_and_ends_with_the_run(
    journal: Journal, other: Journal
) -> None:
    play = Play()
    run, events = await begin(journal, play, plan(*(step(f"s{n}", writes=3) for n in range(9))))
    going = asyncio.create_task(run.go())
    watched = await asyncio.wait_for(all_of(other, run.id), 10)
    assert await going is RunStatus.SUCCEEDED
    assert watched == events
    late = await all_of(other, run.id)
    assert late == events
    numbers = [seq for seq, _ in await other.events(run.id)]
    assert await all_of(other, run.id, after=numbers[3]) == events[4:]
    assert await all_of(other, run.id, after=numbers[-1]) == []


async def test_a_watcher_looks_at_most_four_times_a_second(
    journal: Journal, other: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is asked while nothing happens is one PRAGMA a look; the looks have their pause."""
    asked: list[str] = []
    rows = other._rows
    pauses: list[float] = []
    enough = asyncio.Event()

    async def note(sql: str, values: tuple[object, ...] = ()) -> Any:
        asked.append(sql)
        return await rows(sql, values)

    sleep = asyncio.sleep

    async def quickly(seconds: float) -> None:
        if asyncio.current_task() is watching:
            pauses.append(seconds)
        if len(pauses) == 10:
            enough.set()
        await sleep(0)

    play = Play()
    entered, leave = held(play, "a")
    run, _ = await begin(journal, play, plan(step("a")))
    going = asyncio.create_task(run.go())
    await entered.wait()
    monkeypatch.setattr(other, "_rows", note)
    monkeypatch.setattr(follow.asyncio, "sleep", quickly)
    watching = asyncio.create_task(_watch(other, run.id, follow.POLL_S))
    await enough.wait()
    asked.clear()
    enough.clear()
    pauses.clear()
    await enough.wait()
    monkeypatch.undo()
    leave.set()
    await going
    await asyncio.wait_for(watching, 10)
    assert set(asked) == {"PRAGMA data_version"}
    assert len(asked) <= len(pauses) + 1
    assert min(pauses) >= 0.25


async def _watch(journal: Journal, run: str, poll_s: float) -> None:
    async for _ in follow.follow(journal, run, poll_s=poll_s):
        pass


async def test_an_owner_that_ends_without_a_word_is_noticed(
    journal: Journal, other: Journal
) -> None:
    await journal.add_run("beef", plan(step("a")), cloud="Test", host="h", pid=1)
    lock = RunLock.take(journal.path.parent, "beef")
    heard: list[Event] = []

    async def watch() -> None:
        async for event in follow.follow(other, "beef", poll_s=SOON):
            heard.append(event)
            lock.free()

    said = Event(at=datetime.now(UTC), run="beef", event="run.started")
    watching = asyncio.create_task(watch())
    await journal.add_event(said)
    with pytest.raises(OwnerGone, match="not carried out any more") as caught:
        await asyncio.wait_for(watching, 5)
    assert caught.value.run == "beef"
    assert heard == [said]


async def test_a_run_that_finished_but_is_owned_may_still_go_on(
    journal: Journal, other: Journal
) -> None:
    play = Play()
    run, _ = await begin(journal, play, plan(step("a")))
    assert await run.go() is RunStatus.SUCCEEDED
    lock = RunLock.take(journal.path.parent, run.id)
    ended = len(await other.events(run.id))
    heard: list[Event] = []

    async def watch() -> None:
        async for event in follow.follow(other, run.id, poll_s=SOON):
            heard.append(event)

    watching = asyncio.create_task(watch())
    while len(heard) < ended:
        await asyncio.sleep(SOON)
    await asyncio.sleep(5 * SOON)
    assert not watching.done()
    lock.free()
    await asyncio.wait_for(watching, 5)


async def test_an_unknown_run_cannot_be_followed(journal: Journal) -> None:
    with pytest.raises(LookupError, match="beef"):
        await all_of(journal, "beef")


async def test_a_watcher_pauses_and_a_watcher_lets_go_on(journal: Journal, other: Journal) -> None:
    play = Play()
    entered, leave = held(play, "a")
    run, _ = await begin(journal, play, plan(step("a")))
    going = asyncio.create_task(run.go())
    await entered.wait()
    heard: list[Event] = []

    async def watch() -> None:
        async for event in follow.follow(other, run.id, poll_s=SOON):
            heard.append(event)
            if event.event == "run.paused":
                leave.set()
                assert event.detail == {"why": "user"}
                await other.add_command(run.id, "proceed")

    watching = asyncio.create_task(watch())
    await other.add_command(run.id, "pause")
    assert await asyncio.wait_for(going, 5) is RunStatus.SUCCEEDED
    await asyncio.wait_for(watching, 5)
    names = [one.event for one in heard]
    assert names.index("run.paused") < names.index("run.proceeded") < names.index("step.done")


async def test_a_watcher_stops_a_run(journal: Journal, other: Journal) -> None:
    play = Play()
    entered, _ = held(play, "a")
    run, _ = await begin(journal, play, plan(step("a"), step("b", "a")))
    going = asyncio.create_task(run.go())
    await entered.wait()
    await other.add_command(run.id, "nonsense")
    await other.add_command(run.id, "stop")
    assert await asyncio.wait_for(going, 5) is RunStatus.STOPPED


async def test_a_watcher_retries_a_step(journal: Journal, other: Journal) -> None:
    play = Play()
    _, leave = held(play, "b")
    broken = [True]

    async def fail_once(_: Any, __: Any) -> None:
        if broken:
            broken.clear()
            raise StepFailed("It broke", "It is broken", "Mend it")

    play.acts["a"] = fail_once
    run, _ = await begin(journal, play, plan(step("a"), step("b")))
    going = asyncio.create_task(run.go())
    async for event in follow.follow(other, run.id, poll_s=SOON):
        if event.event == "step.failed":
            await other.add_command(run.id, "retry", "no such step")
            await other.add_command(run.id, "retry", event.step)
        if event.event == "step.done" and event.step == "a":
            leave.set()
    assert await going is RunStatus.SUCCEEDED


async def test_a_run_is_yielded_to_who_asks_for_it(journal: Journal, other: Journal) -> None:
    play = Play()
    entered, _ = held(play, "b")
    run, events = await begin(journal, play, plan(step("a"), step("b", "a")))
    assert await ask_to_yield(other, run.id, 0.05) is False, "it has not begun to listen"
    going = asyncio.create_task(run.go())
    await entered.wait()
    assert await ask_to_yield(other, run.id, 5) is True
    assert await going is RunStatus.INTERRUPTED
    assert events[-1].detail == {"status": "interrupted"}
    play.acts.clear()
    again = await Run.load(CONN, other, run.id, settings=QUICK, find=lambda _: play)
    assert await again.go() is RunStatus.SUCCEEDED
    assert play.log.count("apply a") == 1
    assert await ask_to_yield(other, run.id, 0) is True, "nobody owns it"


async def test_commands_left_for_an_owner_before_do_nothing(
    journal: Journal, other: Journal
) -> None:
    play = Play()
    entered, _ = held(play, "a")
    run, _ = await begin(journal, play, plan(step("a")))
    going = asyncio.create_task(run.go())
    await entered.wait()
    run.stop(interrupted=True)
    await going
    await other.add_command(run.id, "stop")
    play.acts.clear()
    again = await Run.load(CONN, journal, run.id, settings=QUICK, find=lambda _: play)
    assert await again.go() is RunStatus.SUCCEEDED


async def test_a_finished_run_is_nobodys_and_goes_on_only_where_it_is_free(
    journal: Journal, other: Journal
) -> None:
    play = Play()
    run, _ = await begin(journal, play, plan(step("a")))
    assert await run.go() is RunStatus.SUCCEEDED
    theirs = await Run.load(CONN, other, run.id, settings=QUICK, find=lambda _: play)
    with pytest.raises(RunLocked):
        await run.go()
    await theirs.close()
    assert await run.go() is RunStatus.SUCCEEDED
    assert play.log.count("apply a") == 1


async def test_who_was_taken_over_leaves_without_a_word_in_the_journal(
    journal: Journal, other: Journal
) -> None:
    """As after consent on a network file system, where the process had not died after all."""
    play = Play()
    entered, _ = held(play, "b")
    run, events = await begin(journal, play, plan(step("a"), step("b", "a"), step("c", "b")))
    going = asyncio.create_task(run.go())
    await entered.wait()
    before = len(await other.events(run.id))
    await other.take_over(run.id, host="elsewhere", pid=7, nonce="theirs")
    with pytest.raises(RunTaken, match="watch it instead"):
        await asyncio.wait_for(going, 5)
    assert events[-1].detail == {"status": "interrupted"}
    assert len(await other.events(run.id)) == before
    row = await other.run(run.id)
    assert row and (row.status, row.host) == ("running", "elsewhere")
    assert [one.status for one in await other.steps(run.id)] == ["done", "running", "pending"]
