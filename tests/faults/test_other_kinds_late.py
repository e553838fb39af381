"""Container groups and clusters that fail late over the key: once more, told, mended, undone."""

from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from carrying import Carried, carry_out, connected, writes
from sandboxed import RunningSandbox

from services.azure import clusters, containergroups
from services.azure.connection import Connection
from services.ids import ArmId
from services.model.resources import ContainerGroup, ManagedCluster
from services.runs.engine import RunStatus
from services.runs.journal import Journal
from services.runs.undo import plan_undo, preview
from tests.faults.otherkinds import PLANS

REFUSED = {
    "group": {
        "code": "ForbiddenByRbac",
        "message": "Container group 'score-1' can't use its encryption key: Caller is not"
        " authorized to perform action on resource.",
    },
    "cluster": {
        "code": "CreateVMSSAgentPoolFailed",
        "message": "Creation of agent pool failed.",
        "details": [
            {
                "code": "KeyVaultAccessForbidden",
                "message": "Unable to access key vault resource 'kv' to enable encryption at rest.",
            }
        ],
    },
}
"""As the sandbox says it where the grant is not there (tests/sandbox/ holds both)."""
PATHS = {"group": "/containerGroups/score-1$", "cluster": "/managedClusters/aks-1$"}
STEPS = {"group": "containers", "cluster": "cluster"}
FAILURES = {"group": "F19", "cluster": "F31"}
both = pytest.mark.parametrize("kind", PATHS)


def refuse(sandbox: RunningSandbox, kind: str, times: int) -> None:
    """Have creations end with the key's refusal."""
    fault = {"method": "PUT", "path": PATHS[kind], "operation": "failed", "times": times}
    sandbox.admin("POST", "faults", {**fault, "error": REFUSED[kind]})


def sent(sandbox: RunningSandbox, kind: str) -> Counter[str]:
    """How often each method went to what is made."""
    end = PATHS[kind].rstrip("$").lower()
    return Counter(one.split()[0] for one in writes(sandbox) if one.lower().endswith(end))


async def found(conn: Connection, done: Carried) -> ContainerGroup | ManagedCluster | None:
    if "containerGroups" in done.plan.subject:
        return await containergroups.get_group(conn, done.plan.subject)
    return await clusters.get_cluster(conn, done.plan.subject)


def left_behind(sandbox: RunningSandbox) -> set[str]:
    """Types of the resources that are there."""
    ids: list[str] = sandbox.on_loop(
        lambda: [one.doc["id"] for one in sandbox.world.state.resources.values()]
    )
    return {ArmId.parse(id).type for id in ids}


async def undone(conn: Connection, folder: Path, run: str) -> Carried:
    journal = await Journal.open(folder / "runs" / "journal.sqlite")
    try:
        undo = await preview(conn, journal, run)
    finally:
        await journal.close()
    return await carry_out(conn, folder, plan_undo(undo))


@both
async def test_refused_over_a_fresh_grant_it_is_sent_once_more(
    sandbox: RunningSandbox, tmp_path: Path, kind: str
) -> None:
    refuse(sandbox, kind, 1)
    async with connected(sandbox) as conn:
        done = await carry_out(conn, tmp_path, PLANS[kind](sandbox))
        assert done.status is RunStatus.SUCCEEDED, done.failures()
        made = await found(conn, done)
    assert made is not None and made.state == "Succeeded"
    said = [
        one.detail["why"]
        for one in done.events
        if one.event == "step.waiting" and one.step == STEPS[kind]
    ]
    assert len(said) == 1 and "sent once more" in said[0]
    assert sent(sandbox, kind) == {"PUT": 2}


@both
async def test_refused_twice_it_fails_by_its_cause_and_going_on_mends_it(
    sandbox: RunningSandbox, tmp_path: Path, kind: str
) -> None:
    refuse(sandbox, kind, 2)
    async with connected(sandbox) as conn:
        done = await carry_out(conn, tmp_path, PLANS[kind](sandbox))
        assert done.status is RunStatus.FAILED
        (failed,) = done.failures()
        detail: dict[str, Any] = failed[STEPS[kind]]
        assert detail["failures"] == [FAILURES[kind]], detail
        assert detail["repair"]
        left = await found(conn, done)
        assert left is not None and left.state == "Failed", "Azure keeps what failed"
        again = await carry_out(conn, tmp_path, done.plan)
        assert again.status is RunStatus.SUCCEEDED, again.failures()
        made = await found(conn, done)
    assert made is not None and made.state == "Succeeded"
    assert sent(sandbox, kind) == {"PUT": 3}
    assert again.named("step.done") == [STEPS[kind], "verify"]


@both
async def test_what_failed_late_is_undone_with_the_rest(
    sandbox: RunningSandbox, tmp_path: Path, kind: str
) -> None:
    """It is what the run created, whatever became of it; it holds quota."""
    refuse(sandbox, kind, 2)
    async with connected(sandbox) as conn:
        done = await carry_out(conn, tmp_path, PLANS[kind](sandbox))
        back = await undone(conn, tmp_path, done.run)
        assert back.status is RunStatus.SUCCEEDED, back.failures()
        assert f"undo-{STEPS[kind]}" in back.named("step.done")
        assert await found(conn, done) is None
    assert left_behind(sandbox) == {"Microsoft.KeyVault/vaults"}


@pytest.mark.parametrize("kind", PLANS)
async def test_an_undo_of_another_kind_leaves_its_vault_and_nothing_else(
    sandbox: RunningSandbox, tmp_path: Path, kind: str
) -> None:
    before = set(sandbox.world.state.assignments)
    async with connected(sandbox) as conn:
        done = await carry_out(conn, tmp_path, PLANS[kind](sandbox))
        assert done.status is RunStatus.SUCCEEDED, done.failures()
        back = await undone(conn, tmp_path, done.run)
        assert back.status is RunStatus.SUCCEEDED, back.failures()
    assert left_behind(sandbox) == {"Microsoft.KeyVault/vaults"}
    assert set(sandbox.world.state.assignments) == before
