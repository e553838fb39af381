"""Every failure is seen after the fact in a scenario, or says why not."""

from collections import defaultdict

import pytest
from looking import signed_in, target_of, told
from sandboxed import RunningSandbox

from sandbox import scenario
from services.diagnosis.coverage import REASONS, SCENARIOS, afterwards
from services.diagnosis.diagnose import diagnose
from services.failures import CATALOGUE

BY_SCENARIO: dict[str, set[str]] = defaultdict(set)
for _failure, _name in SCENARIOS.items():
    BY_SCENARIO[_name].add(_failure)


def test_each_failure_has_a_scenario_or_a_reason_and_never_both() -> None:
    numbers = {entry.number for entry in CATALOGUE if entry.number}
    assert set(SCENARIOS) | set(REASONS) == numbers
    assert not set(SCENARIOS) & set(REASONS)
    assert {one.failure for one in afterwards() if not one.checks} <= set(REASONS)
    assert set(SCENARIOS.values()) <= set(scenario.names("broken"))


@pytest.mark.parametrize("name", sorted(BY_SCENARIO))
async def test_the_scenario_of_a_failure_names_it(sandbox: RunningSandbox, name: str) -> None:
    sandbox.reset(f"broken/{name}")
    async with signed_in(sandbox) as conn:
        found = await diagnose(conn, target_of(name), ask_azure=False)
    roots = [one for one in found.findings if one.status == "fail" and not one.causes]
    named = roots or [one for one in found.findings if one.status == "warn"]
    assert BY_SCENARIO[name] <= {each for one in named for each in one.failures}, told(found)
