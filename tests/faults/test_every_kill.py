"""A run killed at any write of its journal, and resumed: as if nothing had happened.

Every commit of an undisturbed run is known by what it says. Another run of the same plan kills
itself (SIGKILL) just before or just after it, in a process of its own; one more goes on.
"""

import asyncio
import json
import re
import signal
import zlib
from collections import Counter
from pathlib import Path
from typing import Any, NamedTuple

import carrying
import msgspec
import pytest
from sandboxed import RunningSandbox

from services.model.intent import Create
from services.model.plan import Plan
from services.setup.plan import make_plan
from tests.faults import killed
from tests.faults.estate import Estate, difference, kept

PARTS = 16
"""Tests that share the commits among them, so that several processes can have their part."""
PASSING = re.compile(
    r"events (step\.progress|step\.waiting|resource\.seen)|UPDATE writes succeeded"
)
"""Commits that depend on how fast the sandbox was: a run may end without one of them."""


class Undisturbed(NamedTuple):
    """A run that nothing happened to."""

    plan: bytes
    commits: list[str]
    writes: Counter[str]
    left: Any


async def planned(sandbox: RunningSandbox, **workspace: Any) -> bytes:
    async with carrying.connected(sandbox) as conn:
        plan: Plan = await make_plan(conn, carrying.intent_for(sandbox, workspace=workspace))
    return msgspec.json.encode(plan)


def undisturbed(sandbox: RunningSandbox, folder: Path, **workspace: Any) -> Undisturbed:
    sandbox.reset()
    plan = asyncio.run(planned(sandbox, **workspace))
    sandbox.reset()
    estate = Estate(sandbox, plan)
    assert killed.carry(killed.Task(sandbox.ready, plan, str(folder))) == 0
    seen = json.loads((folder / "commits.json").read_text())
    commits = [f"{name}#{nth + 1}" for name, count in seen.items() for nth in range(count)]
    return Undisturbed(plan, commits, estate.took(), estate.now())


@pytest.fixture(scope="module")
def calm(running_sandbox: RunningSandbox, tmp_path_factory: pytest.TempPathFactory) -> Undisturbed:
    return undisturbed(running_sandbox, tmp_path_factory.mktemp("calm"))


def survived(
    sandbox: RunningSandbox, folder: Path, calm: Undisturbed, moment: killed.Moment
) -> list[str]:
    """What was not as it should be after a kill at this moment and a resume."""
    sandbox.reset()
    estate = Estate(sandbox, calm.plan)
    folder.mkdir()
    task = killed.Task(sandbox.ready, calm.plan, str(folder))
    code = killed.carry(task._replace(moment=moment))
    if code != -signal.SIGKILL:
        return [] if code == 0 and PASSING.search(moment.write) else [f"not killed: {code}"]
    before = kept(folder)
    known = estate.count(before.sent if before else [])
    said = [f"sent unrecorded: {one}" for one in estate.took() - known]
    if killed.carry(task) != 0:
        said.append("the resumed run did not succeed")
    said += asyncio.run(estate.wrong(folder, calm.writes))
    return said + difference(calm.left, estate.now())


def killed_at(
    sandbox: RunningSandbox, folder: Path, calm: Undisturbed, moments: list[killed.Moment]
) -> None:
    assert moments
    found = [
        f"{moment}: {said}"
        for number, moment in enumerate(moments)
        for said in survived(sandbox, folder / str(number), calm, moment)
    ]
    assert not found, "\n".join(found)


@pytest.mark.parametrize("part", range(PARTS))
def test_killed_at_each_commit_a_run_is_resumed_as_if_nothing_had_happened(
    sandbox: RunningSandbox, tmp_path: Path, calm: Undisturbed, part: int
) -> None:
    """Each commit once, before it or after it; both sides are killed at in the soak.

    Part and side come from the commit's name: every process must divide them alike.
    """
    numbers = {one: zlib.crc32(one.encode()) for one in calm.commits}
    sides = [
        killed.Moment(one, bool(number // PARTS % 2))
        for one, number in numbers.items()
        if number % PARTS == part
    ]
    killed_at(sandbox, tmp_path, calm, sides)


@pytest.mark.soak
@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("workspace", [{}, {"identity": Create(create="id-ml"), "registry": "new"}])
def test_killed_on_both_sides_of_every_commit(
    sandbox: RunningSandbox, tmp_path: Path, workspace: dict[str, Any], after: bool
) -> None:
    calm = undisturbed(sandbox, tmp_path, **workspace)
    moments = [killed.Moment(one, after) for one in calm.commits]
    killed_at(sandbox, tmp_path, calm, moments)
