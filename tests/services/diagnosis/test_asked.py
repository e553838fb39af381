"""The registry of diagnosis: every check has a judge, an order, a scenario or a reason."""

import re

import pytest
from looking import signed_in, target_of, told
from sandboxed import RunningSandbox

from sandbox import scenario
from services.checks import preflight
from services.checks.readers import READERS as BEFORE
from services.diagnosis import causes
from services.diagnosis.clusters import readers as clusters
from services.diagnosis.clusters.tree import CHECKS as CLUSTERS_PLACED
from services.diagnosis.conclude import WAYS
from services.diagnosis.containers import readers as containers
from services.diagnosis.diagnose import diagnose
from services.diagnosis.readers import FIELDS, READERS
from services.diagnosis.registry import BY_ID, ORDER, OWN, SHARED_BY, listed, reads_of
from services.diagnosis.tree import CHECKS as PLACED
from services.failures import CATALOGUE

OF_ABSENT = {"target-there", "workspace-there"}
"""Told where there is no workspace to judge."""


def test_each_check_has_a_judge_a_place_in_the_order_and_facts_with_readers() -> None:
    judged = {check for way in WAYS.values() for check in way.judges}
    assert judged | OF_ABSENT == set(BY_ID)
    assert {one for of_kind in SHARED_BY.values() for one in of_kind} <= set(preflight.JUDGES)
    assert sorted(ORDER) == sorted({*BY_ID}.union(*SHARED_BY.values()))
    readers = {*BEFORE, *READERS, *clusters.READERS, *containers.READERS}
    assert all(reads_of(check) <= readers for check in ORDER)
    assert set(FIELDS) < set(READERS)
    assert set(clusters.FIELDS) < set(clusters.READERS)
    placed = (*PLACED.values(), *CLUSTERS_PLACED.values())
    assert {check for checks in placed for check in checks} <= set(ORDER)


def test_causes_name_checks_that_there_are() -> None:
    named = {*causes.EXPLAINED, *causes.SEEMS, *causes.WHOLE, *causes.ACCESS}
    for checks in (*causes.EXPLAINED.values(), *causes.BY_STATUS.values(), *causes.SEEMS.values()):
        named |= set(checks)
    assert named <= set(ORDER)
    numbers = {entry.number for entry in CATALOGUE}
    assert set(causes.BY_STATUS) <= numbers
    assert {number for one in listed() for number in one.failures} <= numbers


def test_nothing_explains_what_explains_it() -> None:
    def above(check: str, seen: tuple[str, ...] = ()) -> None:
        assert check not in seen, seen
        for one in causes.EXPLAINED.get(check, ()):
            above(one, (*seen, check))

    for check in causes.EXPLAINED:
        above(check)


def test_ids_are_kebab_case_and_each_own_check_has_a_scenario_or_says_why_not() -> None:
    for check in OWN:
        assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", check.id)
        assert bool(check.scenario) != bool(check.without), check.id
        assert check.phases == ("diagnosis",)
        assert check.source


@pytest.mark.parametrize("check", [one.id for one in OWN if one.scenario])
async def test_its_scenario_trips_it(sandbox: RunningSandbox, check: str) -> None:
    name = BY_ID[check].scenario
    assert name.removeprefix("broken/") in scenario.names("broken")
    sandbox.reset(name)
    async with signed_in(sandbox) as conn:
        found = await diagnose(conn, target_of(name))
    said = {one.status for one in found.findings if one.check == check}
    assert said & {"fail", "warn"} or (check == "os-disks" and said == {"skipped"}), told(found)
