"""Nothing is called broken that works: a whole estate, a rotation, a grant on its way."""

import pytest
from carrying import writes
from looking import TARGET, signed_in, told
from sandboxed import RunningSandbox

from services.azure import resourcegraph
from services.azure.subscriptions import list_subscriptions
from services.diagnosis.causes import roots
from services.diagnosis.diagnose import diagnose
from services.model.diagnosis import Target

SUB = "/subscriptions/5b000000-0000-4000-8000-0000000000d1"
VAULT = f"{SUB}/resourceGroups/rg-sec/providers/Microsoft.KeyVault/vaults/kv-ml-prod"
GRANTS = f"{VAULT}/providers/Microsoft.Authorization/roleAssignments"

BROKEN = {
    "mlw-failed": {"grant-to-app-id"},
    "mlw-disabled": {"key-enabled"},
    "mlw-expired": {"key-dates"},
    "mlw-lost": {"vault-deleted"},
    "mlw-revoked": {"cosmos-grant"},
    "mlw-bi": {"cosmos-grant"},
}
"""Workspaces of the estate that do not work, and why; all others do."""


async def test_of_an_estate_only_what_is_broken_is_called_so(sandbox: RunningSandbox) -> None:
    sandbox.reset("contoso")
    async with signed_in(sandbox) as conn:
        ids = [one.id for one in await list_subscriptions(conn)]
        estate = [one async for page in resourcegraph.list_workspaces(conn, ids) for one in page]
        assert len(estate) > 12
        for one in estate:
            found = await diagnose(conn, Target(id=one.id, name=one.name), ask_azure=False)
            named = {root.check for root in roots(found)}
            assert named == BROKEN.get(one.name, set()), (one.name, told(found))
    assert writes(sandbox) == []


@pytest.mark.parametrize("principal", ["admin", "contributor", "reader"])
async def test_a_rotated_key_is_no_failure_whoever_looks(
    sandbox: RunningSandbox, principal: str
) -> None:
    sandbox.reset("broken/healthy-rotated")
    async with signed_in(sandbox, principal) as conn:
        found = await diagnose(conn, TARGET, ask_azure=False)
    assert roots(found) == (), told(found)


async def test_a_grant_that_is_made_again_waits_and_is_no_other_failure(
    sandbox: RunningSandbox,
) -> None:
    sandbox.reset("broken/healthy")
    lock = f"{VAULT}/providers/Microsoft.Authorization/locks/keep-keys"
    assert sandbox.call("DELETE", lock, version="2016-09-01").ok
    (grant,) = [
        one
        for one in sandbox.call("GET", GRANTS, version="2022-04-01").json()["value"]
        if one["name"].endswith("e1")
    ]
    assert sandbox.call("DELETE", grant["id"], version="2022-04-01").ok
    body = {
        "properties": {
            name: grant["properties"][name]
            for name in ("principalId", "roleDefinitionId", "principalType")
        }
    }
    assert sandbox.call("PUT", grant["id"], body, version="2022-04-01").ok
    async with signed_in(sandbox) as conn:
        found = await diagnose(conn, TARGET, ask_azure=False)
    assert {one.check for one in roots(found)} <= {"grant-propagation"}, told(found)
    failing = {one.check for one in found.findings if one.status == "fail"}
    assert "cosmos-grant" not in failing
