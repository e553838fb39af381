"""The registry names everything that the engine, the page and the sandbox go by."""

import re

from services.checks.preflight import EVERYTHING, JUDGES
from services.checks.readers import READERS
from services.checks.registry import BY_ID, CHECKS, NOT_COVERED
from services.failures import CATALOGUE
from services.schema.failurespage import failures_page


def test_each_check_has_a_judge_and_each_fact_a_reader() -> None:
    assert set(JUDGES) == set(BY_ID)
    assert len(BY_ID) == len(CHECKS)
    assert set(READERS) >= EVERYTHING
    assert set(READERS) <= EVERYTHING, "a fact is read that nobody needs"


def test_ids_are_kebab_case_and_scenarios_are_named_after_them() -> None:
    for check in CHECKS:
        assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", check.id)
        assert check.scenario in ("", check.id)
        assert set(check.further) <= {f"{check.id}-{kind}" for kind in check.kinds}
        assert bool(check.scenario) != bool(check.without)
        assert check.title and check.subject and check.phases == ("preflight",)


def test_every_failure_is_foreseen_or_says_why_not() -> None:
    seen = {number for check in CHECKS for number in check.failures}
    left_out = {one.failure for one in NOT_COVERED}
    assert seen | left_out == {f"F{number:02}" for number in range(1, 57)}
    assert not seen & left_out
    assert all(one.reason for one in NOT_COVERED)


def test_the_page_tells_of_each() -> None:
    page = failures_page()
    for check in CHECKS:
        assert f"| `{check.id}` | {check.title} |" in page
    for one in NOT_COVERED:
        assert f"| {one.failure} | {one.title} | {one.reason} |" in page


def test_the_page_explains_every_failure_of_the_catalogue() -> None:
    page = failures_page()
    for entry in CATALOGUE:
        below = page.partition(f"### {entry.number} {entry.title}\n")[2].partition("###")[0]
        assert entry.means in below and entry.repair in below and entry.unsure in below
        assert all(sign.says in below and sign.means in below for sign in entry.signs)
        checks = [check.id for check in CHECKS if entry.number in check.failures]
        row = f"| {entry.number} | {entry.title} | {', '.join(f'`{id}`' for id in checks)} |"
        assert (row in page) is bool(checks)
