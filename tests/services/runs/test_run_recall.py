"""What a run knows of its past, and a time of day that nobody can turn back."""

import time
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from carrying import QUICK
from test_engine import CONN, Play, begin, plan, step

from services.model.plan import Step
from services.runs import clock
from services.runs.clock import Clock
from services.runs.engine import Run
from services.runs.journal import Journal
from services.runs.recall import recall
from services.setup.context import Context

VAULT = (
    "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/rg/providers"
    "/Microsoft.KeyVault/vaults/KV-ml"
)


@pytest.fixture
async def journal(tmp_path: Path) -> AsyncIterator[Journal]:
    made = await Journal.open(tmp_path / "runs" / "journal.sqlite")
    yield made
    await made.close()


async def quiet(*_: object, **__: object) -> None:
    return None


async def test_what_was_measured_and_granted_is_known_again(journal: Journal) -> None:
    rights = Step(id="key-rights", kind="own-rights", title="r", action="grant", target=VAULT)
    made = plan(rights, step("grant"))
    await journal.add_run("beef", made, cloud="Test", host="h", pid=1)
    await journal.set_step("beef", "key-rights", "done", result={"measured_s": 7.5})
    path = f"{VAULT}/providers/Microsoft.Authorization/roleAssignments/x"
    for name, status in (("grant", 201), ("key-rights", 403)):
        seq = await journal.begin_write(
            "beef", name, method="PUT", path=path, body_sha256="", request=name
        )
        await journal.end_write(seq, status=status, request_id="", operation="", error="")
    ctx = Context(CONN, made, QUICK, quiet)
    await recall(ctx, journal, "beef")
    assert ctx.measured == {"kv-ml": 7.5}
    assert ctx.results == {"key-rights": {"measured_s": 7.5}}
    assert set(ctx.granted) == {"grant"}
    age = ctx.newest_grant_age()
    assert age is not None
    assert 0 <= age < 60


async def test_a_grant_from_the_future_is_new_not_older_than_time(journal: Journal) -> None:
    """The clock was set back since: the age is nothing, never less."""
    made = plan(step("grant"))
    await journal.add_run("beef", made, cloud="Test", host="h", pid=1)
    later = (datetime.now(UTC) + timedelta(days=1)).isoformat().replace("+00:00", "Z")
    await journal._write(
        "INSERT INTO writes (run, step, method, path, body_sha256, client_request_id, sent,"
        " answered, status) VALUES ('beef', 'grant', 'PUT', ?, '', '', ?, ?, 201)",
        (f"{VAULT}/providers/Microsoft.Authorization/roleAssignments/x", later, later),
    )
    ctx = Context(CONN, made, QUICK, quiet)
    await recall(ctx, journal, "beef")
    age = ctx.newest_grant_age()
    assert age is not None
    assert 0 <= age < 60


class Jumping(datetime):
    """The system's clock, which somebody sets."""

    offset = timedelta()

    @classmethod
    def now(cls, tz: object = None) -> datetime:  # type: ignore[override]
        return datetime.now(UTC) + cls.offset


def test_a_clock_that_is_set_changes_no_duration(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clock, "datetime", Jumping)
    mine = Clock()
    first = mine.now()
    for hours in (-48, 48):
        monkeypatch.setattr(Jumping, "offset", timedelta(hours=hours))
        assert timedelta() <= mine.now() - first < timedelta(seconds=60)
    monkeypatch.setattr(Jumping, "offset", timedelta(hours=-48))
    assert Clock(not_before=first).now() >= first
    assert Clock().now() < first
    assert clock.since_boot() <= clock.since_boot()


async def test_events_of_a_run_keep_their_order_while_the_clock_is_set(
    journal: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(clock, "datetime", Jumping)
    play = Play()

    async def set_back(_: object, __: object) -> None:
        monkeypatch.setattr(Jumping, "offset", timedelta(days=-3))

    play.acts["b"] = set_back
    run, events = await begin(journal, play, plan(step("a"), step("b", "a")))
    began = time.monotonic()
    assert await run.go() == "succeeded"
    again = await Run.load(CONN, journal, run.id, settings=QUICK, find=lambda _: play)
    again.subscribe(events.append)
    assert await again.go() == "succeeded"
    times = [event.at for event in events]
    assert times == sorted(times)
    assert (times[-1] - times[0]).total_seconds() <= time.monotonic() - began + 1
    assert [event for _, event in await journal.events(run.id)] == events
