"""Several things broken at once: each is named, and each consequence belongs to what explains it."""

from collections.abc import Callable
from pathlib import Path

import pytest
from carrying import carry_out
from looking import RECHECK_S, TARGET, readable, signed_in, told
from sandboxed import RunningSandbox

from services.diagnosis.causes import consequences, roots
from services.diagnosis.diagnose import diagnose
from services.diagnosis.repair import plan_repair
from services.runs.engine import RunStatus

SUB = "/subscriptions/5b000000-0000-4000-8000-0000000000d1"
VAULT = f"{SUB}/resourceGroups/rg-sec/providers/Microsoft.KeyVault/vaults/kv-ml-prod"
GRANT = (
    f"{VAULT}/providers/Microsoft.Authorization/roleAssignments"
    "/c0500000-0000-4000-8000-0000000000e1"
)
STORAGE = f"{SUB}/resourceGroups/rg-ml/providers/Microsoft.Storage/storageAccounts/stmlprod"

Break = Callable[[RunningSandbox], None]


def close_the_vault(sandbox: RunningSandbox) -> None:
    body = {"properties": {"networkAcls": {"defaultAction": "Deny", "bypass": "None"}}}
    assert sandbox.call("PATCH", VAULT, body, version="2026-02-01").ok


def take_the_grant(sandbox: RunningSandbox) -> None:
    assert sandbox.call("DELETE", GRANT, version="2022-04-01").ok


def delete_the_storage(sandbox: RunningSandbox) -> None:
    assert sandbox.call("DELETE", STORAGE, version="2025-08-01").ok


def unregister(sandbox: RunningSandbox) -> None:
    path = f"{SUB}/providers/Microsoft.Search/unregister"
    assert sandbox.call("POST", path).ok


CASES: dict[str, tuple[str, tuple[Break, ...], set[str]]] = {
    "disabled and closed": (
        "f05-key-version-disabled",
        (close_the_vault,),
        {"key-enabled", "vault-network"},
    ),
    "disabled and not granted": (
        "f05-key-version-disabled",
        (take_the_grant,),
        {"key-enabled", "cosmos-grant"},
    ),
    "expired, not granted, closed": (
        "f06-key-expired",
        (take_the_grant, close_the_vault),
        {"key-dates", "cosmos-grant", "vault-network"},
    ),
    "expired, storage gone, provider away": (
        "f06-key-expired",
        (delete_the_storage, unregister),
        {"key-dates", "own-resources", "provider-registered"},
    ),
}


@pytest.mark.parametrize("case", CASES)
async def test_all_are_named(sandbox: RunningSandbox, case: str) -> None:
    scenario, breaks, expected = CASES[case]
    sandbox.reset(f"broken/{scenario}")
    for work in breaks:
        work(sandbox)
    sandbox.advance(RECHECK_S)
    async with signed_in(sandbox) as conn:
        found = await diagnose(conn, TARGET)
    assert {one.check for one in roots(found)} == expected, told(found)
    first = len(expected)
    explained = {one.id for root in roots(found) for one in consequences(found, root.id)}
    failing = {one.id for one in found.findings if one.status == "fail"}
    assert failing == explained | {one.id for one in roots(found)}, told(found)
    assert len({one.check for one in found.findings[: first + len(explained)]}) >= first


async def test_one_plan_repairs_two_causes(sandbox: RunningSandbox, tmp_path: Path) -> None:
    sandbox.reset("broken/f05-key-version-disabled")
    take_the_grant(sandbox)
    sandbox.advance(RECHECK_S)
    async with signed_in(sandbox) as conn:
        plan = plan_repair(await diagnose(conn, TARGET))
        assert [step.id for step in plan.steps] == ["key-enable", "grant-cosmos"]
        carried = await carry_out(conn, tmp_path, plan)
        assert carried.status is RunStatus.SUCCEEDED, carried.failures()
        sandbox.advance(RECHECK_S)
        after = await diagnose(conn, TARGET)
    assert roots(after) == (), told(after)
    assert readable(sandbox)
