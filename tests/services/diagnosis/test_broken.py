"""Each scenario that is broken after the fact: what is named first, and what repairs it."""

import re
from pathlib import Path

import pytest
from carrying import carry_out, connected, writes
from sandboxed import RunningSandbox

from sandbox import scenario
from services.azure.connection import Connection
from services.diagnosis import target
from services.diagnosis.causes import roots
from services.diagnosis.diagnose import diagnose
from services.diagnosis.repair import plan_repair, repairable
from services.model.diagnosis import Diagnosis, Node
from services.runs.engine import RunStatus

NAMES = scenario.names("broken")
HEALTHY = [name for name in NAMES if name.startswith("healthy")]
BROKEN = [name for name in NAMES if not name.startswith("healthy")]
RECHECK_S = 3700
"""A little more than the hour within which services look at their key again."""
WORKSPACE = (
    "/subscriptions/5b000000-0000-4000-8000-0000000000d1/resourceGroups/rg-ml/providers"
    "/Microsoft.MachineLearningServices/workspaces/mlw-prod"
)

NOT_REPAIRED: dict[str, str] = {}
"""Scenarios whose cause no step repairs, and why."""


async def look(conn: Connection) -> Diagnosis:
    return await diagnose(conn, await target.find(conn, WORKSPACE))


def words(node: Node) -> set[str]:
    return {node.status}.union(*(words(one) for one in node.below))


def told(diagnosis: Diagnosis) -> list[str]:
    return [
        f"{one.status} {one.check} {one.title} <- {one.causes}"
        for one in diagnosis.findings
        if one.status not in ("ok", "skipped")
    ]


def readable(sandbox: RunningSandbox) -> bool:
    found: bool = sandbox.admin("GET", f"data?id={WORKSPACE}")["readable"]
    return found


def closed_to_us(diagnosis: Diagnosis) -> set[str]:
    """A vault whose firewall lets only services pass hides from us what they may see."""
    shut = [one for one in diagnosis.findings if one.check == "vault-network-you"]
    return {"unknown"} if any(one.status == "warn" for one in shut) else set()


@pytest.mark.parametrize("name", HEALTHY)
async def test_nothing_is_named_where_nothing_is_wrong(sandbox: RunningSandbox, name: str) -> None:
    sandbox.reset(f"broken/{name}")
    async with connected(sandbox) as conn:
        found = await look(conn)
    assert roots(found) == (), told(found)
    assert words(found.tree) <= {"ok", "warn"}, told(found)
    assert {one.status for one in found.findings} <= {"ok", "skipped", "warn"}, told(found)
    assert repairable(found) == ()


@pytest.mark.parametrize("name", BROKEN)
async def test_the_cause_is_named_first_and_alone(sandbox: RunningSandbox, name: str) -> None:
    sandbox.reset(f"broken/{name}")
    async with connected(sandbox) as conn:
        found = await look(conn)
    first, *others = roots(found)
    assert found.findings[0] == first, told(found)
    failure = re.match(r"f\d\d", name)
    assert failure is not None
    assert failure[0].upper() in first.failures, told(found)
    assert [one.check for one in others] == [], told(found)
    assert first.evidence
    assert first.meaning
    assert writes(sandbox) == [f"POST {WORKSPACE}/diagnose"]


@pytest.mark.parametrize("name", [one for one in BROKEN if one not in NOT_REPAIRED])
async def test_its_repair_brings_everything_back(
    sandbox: RunningSandbox, tmp_path: Path, name: str
) -> None:
    sandbox.reset(f"broken/{name}")
    async with connected(sandbox) as conn:
        plan = plan_repair(await look(conn))
        assert plan.purpose == "repair"
        carried = await carry_out(conn, tmp_path, plan)
        assert carried.status is RunStatus.SUCCEEDED, carried.failures()
        sandbox.advance(RECHECK_S)
        after = await look(conn)
    assert roots(after) == (), told(after)
    assert words(after.tree) <= {"ok", "warn", *closed_to_us(after)}, told(after)
    assert readable(sandbox)
