"""An undo that is killed at any write of its journal goes on: each thing is deleted once."""

import asyncio
import json
import signal
from collections import Counter
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
import pytest
from carrying import carry_out, connected, intent_for
from sandboxed import RunningSandbox

from sandbox.state import load, save
from services.model.plan import Plan
from services.runs.journal import Journal
from services.runs.undo import plan_undo, preview
from tests.faults import killed
from tests.faults.estate import Estate, difference
from tests.faults.test_every_kill import PASSING

FADING = "revoked_assignments"
"""Grants that are gone and still count for some seconds: how many depends on the time."""


def left(estate: Estate) -> list[Any]:
    """All that exists, without what only fades."""
    return [pair for pair in estate.now() if pair[0] != FADING]


class Made(NamedTuple):
    """What a run has made, the undo of it, and what that does when nothing happens to it."""

    state: bytes
    plan: bytes
    commits: list[str]
    writes: Counter[str]
    left: Any


async def undo_of(sandbox: RunningSandbox, folder: Path) -> Plan:
    """Carry a small plan out; the plan of its undo."""
    async with connected(sandbox) as conn:
        wish = intent_for(sandbox, workspace={"encryption": "service-side"})
        done = await carry_out(conn, folder, wish)
        assert not done.failures()
        journal = await Journal.open(folder / "runs" / "journal.sqlite")
        try:
            return plan_undo(await preview(conn, journal, done.run))
        finally:
            await journal.close()


def restore(sandbox: RunningSandbox, state: bytes) -> None:
    """Have the sandbox hold this, and no request in its record."""
    sandbox.reset()

    def put() -> None:
        sandbox.world.state = load(state)

    sandbox.on_loop(put)


@pytest.fixture(scope="module")
def made(running_sandbox: RunningSandbox, tmp_path_factory: pytest.TempPathFactory) -> Made:
    sandbox, folder = running_sandbox, tmp_path_factory.mktemp("undone")
    sandbox.reset()
    plan = msgspec.json.encode(asyncio.run(undo_of(sandbox, tmp_path_factory.mktemp("made"))))
    state: bytes = sandbox.on_loop(lambda: save(sandbox.world.state))
    restore(sandbox, state)
    estate = Estate(sandbox, plan)
    assert killed.carry(killed.Task(sandbox.ready, plan, str(folder))) == 0
    seen = json.loads((folder / "commits.json").read_text())
    commits = [f"{name}#{nth + 1}" for name, count in seen.items() for nth in range(count)]
    deletes = [one for one in estate.took() if one.startswith("DELETE ")]
    assert len(deletes) >= 5, "the undo takes something back"
    return Made(state, plan, commits, estate.took(), left(estate))


def survived(sandbox: RunningSandbox, folder: Path, made: Made, moment: killed.Moment) -> list[str]:
    """What was not as it should be after a kill at this moment and a resume."""
    restore(sandbox, made.state)
    estate = Estate(sandbox, made.plan)
    folder.mkdir()
    task = killed.Task(sandbox.ready, made.plan, str(folder))
    code = killed.carry(task._replace(moment=moment))
    if code != -signal.SIGKILL:
        return [] if code == 0 and PASSING.search(moment.write) else [f"not killed: {code}"]
    said = [] if killed.carry(task) == 0 else ["the resumed undo did not succeed"]
    said += asyncio.run(estate.wrong(folder, made.writes))
    return said + difference(made.left, left(estate))


def killed_at(
    sandbox: RunningSandbox, folder: Path, made: Made, moments: list[killed.Moment]
) -> None:
    assert moments
    found = [
        f"{moment}: {said}"
        for number, moment in enumerate(moments)
        for said in survived(sandbox, folder / str(number), made, moment)
    ]
    assert not found, "\n".join(found)


def test_killed_at_each_write_it_speaks_of_an_undo_goes_on(
    running_sandbox: RunningSandbox, tmp_path: Path, made: Made
) -> None:
    """Before or after its commit in turn; every commit and both sides are for the soak."""
    spoken = [one for one in made.commits if " writes " in one]
    moments = [killed.Moment(one, bool(at % 2)) for at, one in enumerate(spoken)]
    killed_at(running_sandbox, tmp_path, made, moments)


@pytest.mark.soak
@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
def test_killed_on_both_sides_of_every_commit_an_undo_goes_on(
    running_sandbox: RunningSandbox, tmp_path: Path, made: Made, after: bool
) -> None:
    killed_at(running_sandbox, tmp_path, made, [killed.Moment(one, after) for one in made.commits])
