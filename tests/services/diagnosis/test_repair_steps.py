"""What a repair is made of: the end of a key, the order of steps, and who may do them."""

from datetime import timedelta
from pathlib import Path

import pytest
from alive import NOW, facts, key, live
from carrying import carry_out
from looking import RECHECK_S, TARGET, readable, signed_in, told
from sandboxed import RunningSandbox

from services.diagnosis.causes import roots
from services.diagnosis.conclude import judge_one
from services.diagnosis.diagnose import diagnose
from services.diagnosis.expiry import BadEnd, lasting, parse
from services.diagnosis.repair import plan_repair
from services.diagnosis.repairs import with_repairs
from services.model.plan import Plan
from services.runs.engine import RunStatus

SUB = "/subscriptions/5b000000-0000-4000-8000-0000000000d1"
VAULT = f"{SUB}/resourceGroups/rg-sec/providers/Microsoft.KeyVault/vaults/kv-ml-prod"


def expired() -> Plan:
    of = live(facts=facts(key=key(expires=NOW - timedelta(days=1))))
    (one,) = with_repairs(tuple(judge_one("key-dates", of)), of)
    assert one.repair is not None
    return Plan(steps=one.repair.steps, purpose="repair")


def end_of(plan: Plan) -> str:
    (step,) = [one for one in plan.steps if one.kind == "key-extend"]
    return str(step.params["expires"])


def test_a_key_gets_a_year_unless_somebody_chooses_its_end() -> None:
    assert end_of(expired()) == "2027-11-23T12:00:00Z"
    chosen = lasting(expired(), parse("2026-12-24"), NOW)
    assert end_of(chosen) == "2026-12-24T00:00:00Z"
    assert chosen.steps[-1].title.endswith("let it expire on 24 Dec 2026")


@pytest.mark.parametrize("text", ["", "soon", "24.12.2026", "2026-13-01"])
def test_what_is_no_date_is_refused(text: str) -> None:
    with pytest.raises(BadEnd, match="write a day as"):
        parse(text)


def test_an_end_must_lie_ahead_and_belong_to_a_key_that_is_given_one() -> None:
    with pytest.raises(BadEnd, match="has passed"):
        lasting(expired(), NOW, NOW)
    with pytest.raises(BadEnd, match="gives a key an end"):
        lasting(Plan(steps=(), purpose="repair"), NOW + timedelta(days=9), NOW)


async def test_a_workspace_leaves_a_disabled_version_by_way_of_enabling_it(
    sandbox: RunningSandbox, tmp_path: Path
) -> None:
    sandbox.reset("broken/f05-old-version-disabled")
    async with signed_in(sandbox) as conn:
        found = await diagnose(conn, TARGET, ask_azure=False)
        (newer,) = [one for one in found.findings if one.check == "newest-version"]
        plan = plan_repair(found, [newer.id])
        assert [step.id for step in plan.steps] == ["key-enable", "workspace-key"]
        carried = await carry_out(conn, tmp_path, plan)
        assert carried.status is RunStatus.SUCCEEDED, carried.failures()
        sandbox.advance(RECHECK_S)
        after = await diagnose(conn, TARGET, ask_azure=False)
    assert roots(after) == (), told(after)
    assert "newest-version" not in {one.check for one in after.findings if one.status == "warn"}
    assert readable(sandbox)


async def test_everybodys_grant_comes_back_with_a_vault(
    sandbox: RunningSandbox, tmp_path: Path
) -> None:
    sandbox.reset("broken/healthy-identity")
    lock = f"{VAULT}/providers/Microsoft.Authorization/locks/keep-keys"
    assert sandbox.call("DELETE", lock, version="2016-09-01").ok
    assert sandbox.call("DELETE", VAULT, version="2026-02-01").ok
    sandbox.advance(RECHECK_S)
    async with signed_in(sandbox) as conn:
        plan = plan_repair(await diagnose(conn, TARGET, ask_azure=False))
        given = [step for step in plan.steps if step.kind == "grant-fitting"]
        assert {step.id for step in given} == {"grant-cosmos", "grant-identity"}
        assert all({"role", "policy"} == set(step.params) for step in given)
        carried = await carry_out(conn, tmp_path, plan)
        assert carried.status is RunStatus.SUCCEEDED, carried.failures()
        sandbox.advance(RECHECK_S)
        after = await diagnose(conn, TARGET, ask_azure=False)
    assert roots(after) == (), told(after)
    assert readable(sandbox)


@pytest.mark.parametrize(
    ("scenario", "caller", "right", "command"),
    [
        (
            "f08-grant-removed",
            "contributor",
            "Microsoft.Authorization/roleAssignments/write",
            "az role assignment create",
        ),
        ("f15-vault-deleted", "reader", "Microsoft.KeyVault/vaults/write", "az keyvault recover"),
        (
            "f22-provider-unregistered",
            "reader",
            "/register/action",
            "az provider register --wait --namespace",
        ),
        (
            "f14-vault-firewall",
            "reader",
            "Microsoft.KeyVault/vaults/write",
            "az keyvault update --name kv-ml-prod",
        ),
        (
            "f51-identity-unassigned",
            "reader",
            "Microsoft.MachineLearningServices/workspaces/write",
            "az ml workspace update",
        ),
    ],
)
async def test_what_the_caller_may_not_do_is_told_with_the_command(
    sandbox: RunningSandbox, scenario: str, caller: str, right: str, command: str
) -> None:
    sandbox.reset(f"broken/{scenario}")
    async with signed_in(sandbox, caller) as conn:
        first = roots(await diagnose(conn, TARGET, ask_azure=False))[0]
    assert first.repair is not None
    others = [one for one in first.repair.blocked if right in one.why]
    assert others, first.repair
    assert any(one.command.startswith(command) for one in others)
    assert all(one.why in first.repair.text for one in others)
    async with signed_in(sandbox) as conn:
        mine = roots(await diagnose(conn, TARGET, ask_azure=False))[0]
    assert mine.repair is not None
    assert mine.repair.blocked == ()


async def test_a_lock_that_would_refuse_the_repair_is_told(sandbox: RunningSandbox) -> None:
    sandbox.reset("broken/f08-grant-removed")
    lock = f"{SUB}/resourceGroups/rg-sec/providers/Microsoft.Authorization/locks/freeze"
    assert sandbox.call("PUT", lock, {"properties": {"level": "ReadOnly"}}, version="2016-09-01").ok
    async with signed_in(sandbox) as conn:
        found = await diagnose(conn, TARGET, ask_azure=False)
    (grant,) = [one for one in roots(found) if one.check == "cosmos-grant"]
    assert grant.repair is not None
    (one,) = grant.repair.blocked
    assert one.why == "Lock freeze lets nobody write to rg-sec."
    assert one.command == f"az lock delete --ids {lock}"
