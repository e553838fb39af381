"""Container groups that broke after the fact: what is named first, and what repairs them."""

from pathlib import Path

import pytest
from carrying import carry_out, writes
from looking import signed_in, told, words
from sandboxed import RunningSandbox

from sandbox import scenario
from services.diagnosis.bundle import decode, encode, judged, mask
from services.diagnosis.causes import roots
from services.diagnosis.conclude import conclude
from services.diagnosis.diagnose import diagnose, look
from services.diagnosis.repair import NoRepair, plan_repair
from services.diagnosis.target import find
from services.model.diagnosis import Diagnosis, Node, Target
from services.model.plan import Finding
from services.runs.engine import RunStatus

GROUP = (
    "/subscriptions/5b000000-0000-4000-8000-0000000000d1/resourceGroups/rg-aci/providers"
    "/Microsoft.ContainerInstance/containerGroups/score-prod"
)
TARGET = Target(id=GROUP, name="score-prod", kind="container-group")
NAMES = [name for name in scenario.names("broken") if name.startswith("containers-")]


HEALTHY = [name for name in NAMES if "healthy" in name]
ROOTS = {
    "containers-failed-by-key": "identity-grant",
    "containers-firewall-first-party": "group-flow",
    "containers-grant-removed": "identity-grant",
    "containers-identity-deleted": "identity-exists",
    "containers-key-deleted": "key-deleted",
    "containers-key-disabled": "key-enabled",
    "containers-key-purged": "key-exists",
    "containers-policy-removed": "containers-grant",
    "containers-principal-gone": "containers-principal",
    "containers-restart-failed": "key-enabled",
    "containers-vault-deleted": "vault-deleted",
    "containers-vault-firewall": "vault-network",
    "containers-version-disabled": "key-enabled",
}
"""By scenario: the check whose finding is the only root."""
NOT_REPAIRED = (
    "containers-firewall-first-party",
    "containers-identity-deleted",
    "containers-key-purged",
)
"""What is lost, somebody's decision, or takes a group that is made anew."""
BY_WHOM = {
    "containers-grant-removed": "ada@contoso.test",
    "containers-identity-deleted": "cleo@contoso.test",
    "containers-policy-removed": "cleo@contoso.test",
    "containers-vault-deleted": "cleo@contoso.test",
    "containers-vault-firewall": "cleo@contoso.test",
    "containers-key-disabled": "??",
    "containers-key-deleted": "??",
}
HIDDEN = {"vault-network-you"}
MINUTES = 900


def one_of(found: Diagnosis, check: str) -> Finding:
    (only,) = [one for one in found.findings if one.check == check]
    return only


def outline(found: Diagnosis) -> list[tuple[str, str, list[str]]]:
    return [
        (one.check, one.status, [step.kind for step in one.repair.steps] if one.repair else [])
        for one in found.findings
    ]


def kinds(node: Node) -> list[str]:
    return [node.kind, *(kind for one in node.below for kind in kinds(one))]


def test_every_scenario_is_told_of() -> None:
    whole = {*HEALTHY, "containers-stale-groups", "containers-platform-keys"}
    assert set(NAMES) == set(ROOTS) | whole


@pytest.mark.parametrize("name", HEALTHY)
async def test_nothing_is_named_where_nothing_is_wrong(sandbox: RunningSandbox, name: str) -> None:
    sandbox.reset(f"broken/{name}")
    async with signed_in(sandbox) as conn:
        found = await diagnose(conn, TARGET)
    assert roots(found) == (), told(found)
    assert words(found.tree) <= {"ok", "warn"}, told(found)
    assert found.unread == ()
    warned = {one.check for one in found.findings if one.status == "warn"}
    assert warned <= {"group-version"}, told(found)
    assert {"key-version", "key", "vault", "identity", "grant", "container"} <= set(
        kinds(found.tree)
    )


@pytest.mark.parametrize("name", ROOTS)
async def test_the_cause_is_named_first_and_alone(sandbox: RunningSandbox, name: str) -> None:
    sandbox.reset(f"broken/{name}")
    async with signed_in(sandbox) as conn:
        found = await diagnose(conn, TARGET)
    first, *others = roots(found)
    assert found.findings[0] == first
    assert (first.check, others) == (ROOTS[name], []), told(found)
    assert first.evidence
    assert first.meaning
    assert first.failures
    assert first.repair is not None
    assert first.by == BY_WHOM.get(name, first.by)
    assert (first.since is not None) >= (name in BY_WHOM)
    assert "fail" in words(found.tree)
    assert writes(sandbox) == []


@pytest.mark.parametrize("name", [name for name in ROOTS if name not in NOT_REPAIRED])
async def test_its_repair_brings_everything_back(
    sandbox: RunningSandbox, tmp_path: Path, name: str
) -> None:
    sandbox.reset(f"broken/{name}")
    async with signed_in(sandbox) as conn:
        plan = plan_repair(await diagnose(conn, TARGET))
        carried = await carry_out(conn, tmp_path, plan)
        assert carried.status is RunStatus.SUCCEEDED, carried.failures()
        sandbox.advance(MINUTES)
        after = await diagnose(conn, TARGET)
    left = {"group-runs", "group-events"} if name == "containers-failed-by-key" else set()
    assert {one.check for one in after.findings if one.status == "fail"} == left, told(after)
    said = sandbox.admin("GET", f"data?id={GROUP}")
    assert said["readable"] or left


async def test_a_failed_group_is_started_after_its_key_is_back(sandbox: RunningSandbox) -> None:
    sandbox.reset("broken/containers-restart-failed")
    async with signed_in(sandbox) as conn:
        found = await diagnose(conn, TARGET)
    steps = [step.id for step in plan_repair(found).steps]
    assert steps[-2:] == ["key-enable", "container-start"]
    events, runs = one_of(found, "group-events"), one_of(found, "group-runs")
    assert "not allowed on a disabled key" in events.title
    assert events.causes == runs.causes == (one_of(found, "key-enabled").id,)
    assert (runs.by, runs.title) == ("cleo@contoso.test", "score-prod has failed")


async def test_what_never_started_can_only_be_made_anew(sandbox: RunningSandbox) -> None:
    sandbox.reset("broken/containers-failed-by-key")
    async with signed_in(sandbox) as conn:
        found = await diagnose(conn, TARGET)
    runs = one_of(found, "group-runs")
    assert runs.repair is not None
    assert "make it anew" in runs.repair.text
    assert runs.repair.steps == ()
    assert "refused it" in one_of(found, "group-events").meaning


@pytest.mark.parametrize("name", NOT_REPAIRED)
async def test_what_no_step_repairs_says_what_to_do(sandbox: RunningSandbox, name: str) -> None:
    sandbox.reset(f"broken/{name}")
    async with signed_in(sandbox) as conn:
        found = await diagnose(conn, TARGET)
    with pytest.raises(NoRepair, match="anew"):
        plan_repair(found)


async def test_groups_that_have_ended_are_named_with_what_they_hold(
    sandbox: RunningSandbox,
) -> None:
    sandbox.reset("broken/containers-stale-groups")
    async with signed_in(sandbox) as conn:
        found = await diagnose(conn, TARGET)
    assert roots(found) == ()
    stale = one_of(found, "group-stale")
    assert stale.status == "warn"
    assert "batch-1, batch-2, batch-3" in stale.title
    assert "9 of 10 cores" in stale.title
    assert stale.failures == ("F27",)
    assert stale.repair is not None
    assert stale.repair.text.count("/containerGroups/batch-") == 3


async def test_a_group_with_microsofts_keys_has_no_key_to_look_at(sandbox: RunningSandbox) -> None:
    sandbox.reset("broken/containers-platform-keys")
    async with signed_in(sandbox) as conn:
        found = await diagnose(conn, TARGET)
    assert found.tree.note == "encrypted with Microsoft's keys"
    assert found.tree.kind == "container-group"
    assert [one.status for one in found.findings] == ["skipped"]


async def test_a_group_that_is_gone_is_said_to_be_gone(sandbox: RunningSandbox) -> None:
    sandbox.reset("broken/containers-healthy")
    gone = Target(id=f"{GROUP}-2", name="score-prod-2", kind="container-group")
    async with signed_in(sandbox) as conn:
        found = await diagnose(conn, gone)
    assert [one.check for one in found.findings] == ["target-there"]


@pytest.mark.parametrize("name", ["containers-restart-failed", "containers-stale-groups"])
async def test_a_bundle_tells_the_same(sandbox: RunningSandbox, name: str) -> None:
    sandbox.reset(f"broken/{name}")
    async with signed_in(sandbox) as conn:
        seen = await look(conn, TARGET)
    assert judged(decode(encode(seen))) == conclude(seen)
    hidden = encode(mask(seen)).decode()
    for name in ("score-prod", "kv-ml-prod", "cmk-ml", "uai-score", "batch-1", "rg-aci"):
        assert name not in hidden
    assert outline(judged(mask(seen))) == outline(conclude(seen))


async def test_it_is_found_by_its_name_and_by_its_key(sandbox: RunningSandbox) -> None:
    sandbox.reset("broken/containers-healthy")
    async with signed_in(sandbox) as conn:
        for asked in ("score-prod", GROUP, f"{conn.cloud.vault_uri('kv-ml-prod')}/keys/cmk-ml"):
            assert (await find(conn, asked)).id.lower() == GROUP.lower()
