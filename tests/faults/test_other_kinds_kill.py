"""Runs of container groups and clusters killed at writes of their journals, and resumed.

In `make test`: where a step which only these kinds have begins, is about to write, has written and
is done. In `make soak`: on both sides of every commit.
"""

import asyncio
import json
import re
import zlib
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest
from sandboxed import RunningSandbox

from tests.faults import killed
from tests.faults.estate import Estate
from tests.faults.otherkinds import PLANS, planned
from tests.faults.test_every_kill import Undisturbed, killed_at

OWN = {
    "group": ("containers", "verify"),
    "first-party": ("grant-containers",),
    "cluster": ("encryption-set", "grant-reader", "cluster", "verify"),
}
"""By plan: its steps that no plan of a workspace has, or has like this."""
PHASES = re.compile(r"(UPDATE steps (running|done) \S+|(INSERT INTO|UPDATE) writes \S+ PUT)#")
Calms = Callable[[str], Undisturbed]


def undisturbed(sandbox: RunningSandbox, folder: Path, kind: str) -> Undisturbed:
    sandbox.reset()
    plan = msgspec.json.encode(asyncio.run(planned(sandbox, PLANS[kind])))
    sandbox.reset()
    estate = Estate(sandbox, plan)
    assert killed.carry(killed.Task(sandbox.ready, plan, str(folder))) == 0
    seen = json.loads((folder / "commits.json").read_text())
    commits = [f"{name}#{nth + 1}" for name, count in seen.items() for nth in range(count)]
    return Undisturbed(plan, commits, estate.took(), estate.now())


@pytest.fixture(scope="module")
def calm_of(running_sandbox: RunningSandbox, tmp_path_factory: pytest.TempPathFactory) -> Calms:
    known: dict[str, Undisturbed] = {}

    def of(kind: str) -> Undisturbed:
        if kind not in known:
            known[kind] = undisturbed(running_sandbox, tmp_path_factory.mktemp(kind), kind)
        return known[kind]

    return of


@pytest.mark.parametrize(("kind", "step"), [(kind, step) for kind in OWN for step in OWN[kind]])
def test_killed_at_each_phase_of_a_step_of_another_kind_a_run_is_resumed(
    sandbox: RunningSandbox, tmp_path: Path, calm_of: Calms, kind: str, step: str
) -> None:
    """Each once, before its commit or after it: the commit's name tells which."""
    calm = calm_of(kind)
    moments = [
        killed.Moment(one, bool(zlib.crc32(one.encode()) % 2))
        for one in calm.commits
        if PHASES.match(one) and step in one.partition("#")[0].split()
    ]
    killed_at(sandbox, tmp_path, calm, moments)


@pytest.mark.soak
@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("kind", PLANS)
def test_killed_on_both_sides_of_every_commit_of_another_kind(
    sandbox: RunningSandbox, tmp_path: Path, kind: str, after: bool
) -> None:
    folder = tmp_path / "calm"
    folder.mkdir()
    calm = undisturbed(sandbox, folder, kind)
    killed_at(sandbox, tmp_path, calm, [killed.Moment(one, after) for one in calm.commits])
