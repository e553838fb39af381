"""Repairs are chosen: what is chosen becomes a step that works, what is not fails the check."""

from pathlib import Path

import msgspec
import pytest
from sandboxed import RunningSandbox
from test_failures import applied, connected, opened, refusals, who

from services import intents
from services.checks import repairs
from services.model.intent import RepairsIntent
from services.model.plan import Finding, Plan
from services.runs.engine import RunStatus
from services.setup.plan import build, make_plan, read_facts

TAKEN = ("vault-deleted", "vault-network", "key-deleted", "key-enabled", "key-operations")
"""Change what others made, so only a choice puts them into the plan."""


def about(plan: Plan, check: str) -> list[Finding]:
    return [one for one in plan.findings if one.check == check]


def test_every_field_of_the_intent_is_a_check_that_has_a_choice() -> None:
    fields = {one.replace("_", "-") for one in RepairsIntent.__struct_fields__}
    own = {repairs.PROTECTION, *repairs.MAKES}
    assert fields == repairs.STEPS.keys() - own
    defaults = msgspec.to_builtins(RepairsIntent())
    assert {one.replace("_", "-") for one, yes in defaults.items() if yes} == set(repairs.OFFERED)


@pytest.mark.parametrize("name", [*TAKEN, repairs.PROTECTION, *repairs.MAKES])
async def test_a_repair_that_is_chosen_becomes_a_step_that_works(
    sandbox: RunningSandbox, tmp_path: Path, name: str
) -> None:
    intent = repairs.choose(opened(sandbox, name), name, False)
    async with connected(sandbox, who(name)) as conn:
        facts = await read_facts(conn, intent)
        (found,) = about(build(intent, facts), name)
        assert found.status == "fail"
        assert found.repair and found.repair.steps, "it is offered"
        assert found.repair.irreversible is (name in (repairs.PROTECTION, "vault-exists"))

        wish = repairs.choose(intent, name, True)
        assert intents.read(intents.write(wish)) == wish, "it is written with w"
        plan = build(wish, facts)
        assert not [one.title for one in plan.findings if one.status == "fail"]
        offered = {step.id for step in found.repair.steps}
        assert offered <= {step.id for step in plan.steps}
        if name not in repairs.MAKES:
            (fixed,) = about(plan, name)
            assert fixed.status == "fix"
            assert fixed.repair and {step.id for step in fixed.repair.steps} == offered

        status, events = await applied(conn, tmp_path, plan)
        assert status is RunStatus.SUCCEEDED, refusals(events)
        again = await make_plan(conn, wish)
    assert {one.status for one in about(again, name)} <= {"ok", "warn"}
    assert not offered & {step.id for step in again.steps} - {"key"}


@pytest.mark.parametrize("name", repairs.OFFERED)
async def test_a_repair_that_is_left_out_fails_the_check(
    sandbox: RunningSandbox, name: str
) -> None:
    intent = opened(sandbox, name)
    async with connected(sandbox, who(name)) as conn:
        facts = await read_facts(conn, intent)
    plan = build(intent, facts)
    fixed = [one for one in about(plan, name) if one.status == "fix"]
    steps = {step.id for one in fixed if one.repair for step in one.repair.steps}
    assert steps

    left = build(repairs.choose(intent, name, False), facts)
    failing = [one for one in about(left, name) if one.status == "fail"]
    assert [one.id for one in failing] == [one.id for one in fixed]
    assert not steps & {step.id for step in left.steps}
    offered = {step.id for one in failing if one.repair for step in one.repair.steps}
    assert offered == steps
    assert "= false" in failing[0].repair.text if failing[0].repair else False


async def test_a_vault_that_comes_back_with_the_other_access_says_so(
    sandbox: RunningSandbox, tmp_path: Path
) -> None:
    intent = repairs.choose(opened(sandbox, "vault-deleted"), "vault-deleted", True)
    other = msgspec.structs.replace(intent.vault, access="policies")
    async with connected(sandbox, "admin") as conn:
        plan = await make_plan(conn, msgspec.structs.replace(intent, vault=other))
        status, events = await applied(conn, tmp_path, plan)
    assert status is RunStatus.FAILED
    assert refusals(events) == [("vault", "OtherAccessModel")]


async def test_the_firewall_keeps_its_other_rules(sandbox: RunningSandbox, tmp_path: Path) -> None:
    intent = repairs.choose(opened(sandbox, "vault-network"), "vault-network", True)
    async with connected(sandbox, "admin") as conn:
        before = await read_facts(conn, intent)
        plan = build(intent, before)
        await applied(conn, tmp_path, plan)
        after = await read_facts(conn, intent)
    assert (before.vault.default_action, before.vault.bypass) == ("Deny", "None")
    assert (after.vault.default_action, after.vault.bypass) == ("Deny", "AzureServices")
