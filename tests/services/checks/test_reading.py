"""A pass over the facts on a real sandbox: each once, none written, judged as they come."""

import asyncio
import gc
import warnings
from collections import Counter

import msgspec
import pytest
from carrying import connected, intent_for, writes
from sandboxed import RunningSandbox

from services.checks.facts import PLAN, concerning
from services.checks.preflight import EVERYTHING, judged, run_checks
from services.checks.reading import read, reading
from services.checks.registry import CHECKS
from services.model.intent import Intent, KeyIntent, VaultIntent, WorkspaceIntent, WorkspaceSetup
from services.setup.dependencies import dependencies_of
from services.setup.plan import make_plan

CONTOSO = "5b000000-0000-4000-8000-0000000000d1"

OURS = {check.id for check in CHECKS if "workspace" in check.kinds}


def contoso() -> Intent:
    return WorkspaceSetup(
        subscription=CONTOSO,
        region="westeurope",
        resource_group="rg-ml",
        vault=VaultIntent(name="kv-ml-prod", resource_group="rg-sec"),
        key=KeyIntent(name="cmk-ml"),
        workspace=WorkspaceIntent(name="mlw-new"),
    )


def reads(sandbox: RunningSandbox) -> Counter[tuple[str, str, str]]:
    """What Azure was asked, by method, address and query, tokens left out."""
    return Counter(
        (one["method"], one["path"], str(one.get("query", "")))
        for one in sandbox.requests()
        if "/oauth2/" not in one["path"] and "openid-configuration" not in one["path"]
    )


async def test_every_check_is_answered_each_fact_read_once_and_nothing_written(
    sandbox: RunningSandbox,
) -> None:
    sandbox.reset("contoso")
    async with connected(sandbox) as conn:
        await make_plan(conn, contoso())
        sandbox.admin("DELETE", "requests")
        plan = await make_plan(conn, contoso())
        asked = reads(sandbox)
    assert {one.check for one in plan.findings} == OURS
    assert [one for one in plan.findings if one.status in ("fail", "fix", "warn")] == []
    # A policy is asked about each resource, in a POST to the same address.
    twice = {address for address, count in asked.items() if count > 1}
    assert {path.rpartition("/")[2] for _, path, _ in twice} <= {"checkPolicyRestrictions"}
    assert writes(sandbox) == []
    assert all(one.evidence[0].request_id for one in plan.findings if one.check == "cosmos-region")


async def test_a_plan_alone_reads_less(sandbox: RunningSandbox) -> None:
    sandbox.reset("contoso")
    async with connected(sandbox) as conn:
        found = await read(conn, contoso(), dependencies_of(contoso()).further)
    assert found.had == concerning(PLAN, contoso())
    assert not any("usages" in path for _, path, _ in reads(sandbox))


async def test_findings_come_while_others_are_still_being_read(sandbox: RunningSandbox) -> None:
    sandbox.reset("contoso")
    wish = contoso()
    async with (
        connected(sandbox) as conn,
        reading(conn, wish, dependencies_of(wish).further) as made,
    ):
        slow = asyncio.get_running_loop().create_future()
        made._tasks["search_usages"] = asyncio.ensure_future(_held(slow))
        seen: list[str] = []
        async for finding in judged(made):
            seen.append(finding.check)
            if not slow.done() and len(set(seen)) == len(OURS) - 1:
                slow.set_result(())
        assert seen[-1] == "search-quota"
        assert set(seen) == OURS
        await made.gather(EVERYTHING)


async def _held(value: "asyncio.Future[object]") -> object:
    return await value


@pytest.mark.parametrize("turns", [1, 2, 3])
async def test_a_pass_that_is_left_early_leaves_no_call_behind(
    sandbox: RunningSandbox, turns: int
) -> None:
    sandbox.reset("contoso")
    wish = contoso()
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        async with (
            connected(sandbox) as conn,
            reading(conn, wish, dependencies_of(wish).further) as made,
        ):
            for name in EVERYTHING:
                made.get(name)
            for _ in range(turns):
                await asyncio.sleep(0)
        gc.collect()
    assert [str(one.message) for one in told if "never awaited" in str(one.message)] == []


async def test_findings_as_they_come_are_those_of_the_plan(sandbox: RunningSandbox) -> None:
    sandbox.reset("contoso")
    wish = contoso()
    async with connected(sandbox) as conn:
        plan = await make_plan(conn, wish)
        further = dependencies_of(wish).further
        came = {finding.id async for finding in run_checks(conn, wish, further)}
    assert came == {finding.id for finding in plan.findings}


async def test_a_fix_carries_the_steps_that_repair_it(sandbox: RunningSandbox) -> None:
    async with connected(sandbox) as conn:
        plan = await make_plan(conn, intent_for(sandbox))
    fixes = [one for one in plan.findings if one.status == "fix"]
    assert {"provider-registered", "cosmos-grant", "ml-contributor"} <= {x.check for x in fixes}
    steps = {step.id for step in plan.steps}
    for one in fixes:
        assert one.repair and {step.id for step in one.repair.steps} <= steps
        assert one.repair.steps, one
    search = next(one for one in fixes if one.id.endswith(":Microsoft.Search"))
    assert search.repair and [step.id for step in search.repair.steps] == ["register-search"]


async def test_without_the_subscription_only_the_place_is_judged(sandbox: RunningSandbox) -> None:
    unseen = "00000000-0000-4000-8000-000000000000"
    async with connected(sandbox) as conn:
        wish = msgspec.structs.replace(intent_for(sandbox), subscription=unseen)
        plan = await make_plan(conn, wish)
    assert {one.check for one in plan.findings} == {"cloud", "tenant", "subscription"}
    assert [one.status for one in plan.findings if one.check == "subscription"] == ["fail"]


async def test_the_quota_tells_what_is_left_after_the_plan(sandbox: RunningSandbox) -> None:
    sandbox.reset("contoso")
    async with connected(sandbox) as conn:
        plan = await make_plan(conn, contoso())
    lines = {one.service: one for one in plan.quota}
    storage = lines["Storage accounts"]
    assert storage.limit == 250 and storage.needed == 2
    assert storage.used is not None and storage.left == 250 - storage.used - 2
    cosmos = lines["Cosmos DB accounts"]
    assert (cosmos.limit, cosmos.left, cosmos.fits) == (None, None, None)
    assert "250" in cosmos.note and "50" in cosmos.note
