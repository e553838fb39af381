"""Deleted workspaces that no list tells of: what the activity log adds, on a real sandbox."""

from pathlib import Path

import msgspec
import pytest
from carrying import connected
from sandboxed import RunningSandbox

from sandbox import scenario
from services.azure import deployments
from services.checks.preflight import run_checks
from services.model.intent import Intent
from services.model.plan import Finding
from services.setup.dependencies import dependencies_of

HEALTHY = "/subscriptions/5b000000-0000-4000-8000-0000000000d1/resourceGroups/rg-ml"
PLAIN = """
include = ["failures/_healthy.toml"]

[[workspaces]]
subscription = "Contoso-ML"
group = "rg-ml"
name = "mlw-new"
location = "westeurope"
mode = "none"
status = "soft-deleted"
"""


def intent() -> Intent:
    return msgspec.convert(scenario.read("failures/_healthy")["intent"], Intent)


async def checked(sandbox: RunningSandbox, principal: str = "admin") -> Finding:
    wish = intent()
    async with connected(sandbox, principal) as conn:
        found = [one async for one in run_checks(conn, wish, dependencies_of(wish).further)]
    (one,) = [each for each in found if each.check == "workspace-deleted"]
    return one


async def test_a_deleted_workspace_without_a_group_is_known_from_the_activity_log(
    sandbox: RunningSandbox, tmp_path: Path
) -> None:
    file = tmp_path / "plain.toml"
    file.write_text(PLAIN)
    sandbox.reset(str(file))
    one = await checked(sandbox)
    assert one.status == "unknown"
    assert "was deleted on" in one.title
    assert "ada@contoso.test" in {evidence.value for evidence in one.evidence}
    sandbox.advance(15 * 86_400)
    later = await checked(sandbox)
    assert later.status == "unknown"
    assert "no delete in the last 14 days" in later.meaning


async def test_where_the_log_is_not_read_the_reason_is_told(sandbox: RunningSandbox) -> None:
    sandbox.reset("failures/_healthy")
    refusal = {"status": 403, "path": "eventtypes/management/values", "times": -1}
    sandbox.admin("POST", "faults", refusal)
    one = await checked(sandbox)
    assert one.status == "unknown"
    assert "the activity log could not be read" in one.meaning


@pytest.mark.parametrize("count", [1, 75])
async def test_every_page_of_running_deployments_is_read(
    sandbox: RunningSandbox, tmp_path: Path, count: int
) -> None:
    file = tmp_path / "busy.toml"
    table = '\n[[deployments]]\nscope = "Contoso-ML/rg-ml"\nname = "nightly-{at:03}"\n'
    text = 'include = ["failures/_healthy.toml"]\n'
    file.write_text(text + "".join(table.format(at=at) for at in range(count)))
    sandbox.reset(str(file))
    async with connected(sandbox) as conn:
        found = await deployments.list_running(conn, HEALTHY)
    assert len({one.name for one in found}) == count
    pages = [one for one in sandbox.requests() if one["path"].endswith("/deployments")]
    assert len(pages) == (1 if count < 50 else 2)
