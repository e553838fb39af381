"""A caller whom Microsoft Graph tells nothing: object ids come with the intent, or are asked for."""

import asyncio
from pathlib import Path
from typing import Any

import pytest
from carrying import QUICK, carry_out, connected, intent_for, writes
from sandboxed import RunningSandbox

from services.azure import authorization, vaults
from services.azure.errors import AzureError, ErrorKind
from services.model.intent import PrincipalsIntent
from services.model.plan import Event
from services.model.resources import AccessPolicy
from services.names import APP_IDS
from services.runs.engine import Run, RunStatus
from services.runs.journal import Journal
from services.setup.plan import make_plan

COSMOS, _, ML, _ = APP_IDS
STRANGER = "00000000-0000-4000-8000-00000000beef"


def object_ids(sandbox: RunningSandbox) -> PrincipalsIntent:
    """What somebody who may read the directory finds, as `az ad sp show` or `create` would."""
    found = []
    for app_id in (COSMOS, ML):
        answer = sandbox.graph("GET", f"/v1.0/servicePrincipals(appId='{app_id}')")
        if answer.status_code == 404:
            answer = sandbox.graph("POST", "/v1.0/servicePrincipals", {"appId": app_id})
        found.append(str(answer.json()["id"]))
    return PrincipalsIntent(cosmos_db=found[0], machine_learning=found[1])


def close_directory(sandbox: RunningSandbox) -> None:
    """Graph's answer to guests of tenants that restrict them."""
    body = {"error": {"code": "Authorization_RequestDenied", "message": "Insufficient privileges"}}
    fault = {"path": "/v1.0/servicePrincipals", "status": 403, "times": -1, "body": body}
    sandbox.admin("POST", "faults", fault)


def findings(plan: Any) -> dict[str, str]:
    return {one.check: one.status for one in plan.findings if one.check.endswith("-principal")}


async def test_object_ids_of_the_intent_are_granted(
    sandbox: RunningSandbox, tmp_path: Path
) -> None:
    told = object_ids(sandbox)
    close_directory(sandbox)
    sandbox.admin("DELETE", "requests")
    async with connected(sandbox) as conn:
        plan = await make_plan(conn, intent_for(sandbox, principals=told))
        assert set(findings(plan).values()) == {"ok"}
        steps = {step.id: step for step in plan.steps}
        assert not {"cosmos-principal", "ml-principal"} & set(steps)
        grants = [steps["grant-cosmos"].params, steps["grant-ml-contributor"].params]
        assert [one["principal"] for one in grants] == [told.cosmos_db, told.machine_learning]
        assert {one["principal_type"] for one in grants} == {"ServicePrincipal"}
        done = await carry_out(conn, tmp_path, plan)
        assert done.status is RunStatus.SUCCEEDED, done.failures()
    assert not any("servicePrincipals" in one for one in writes(sandbox))


async def test_without_them_the_step_waits_and_says_what_to_ask_for(
    sandbox: RunningSandbox, tmp_path: Path
) -> None:
    close_directory(sandbox)
    async with connected(sandbox) as conn:
        plan = await make_plan(conn, intent_for(sandbox))
        assert findings(plan) == {"cosmos-principal": "unknown", "ml-principal": "unknown"}
        for one in plan.findings:
            if one.check.endswith("-principal"):
                assert "az ad sp show --id" in one.meaning and "[principals]" in one.meaning
        journal = await Journal.open(tmp_path / "runs" / "journal.sqlite")
        run = await Run.start(conn, journal, plan, settings=QUICK)
        waits: list[Event] = []

        def listen(event: Event) -> None:
            if event.step == "cosmos-principal" and event.event == "step.waiting":
                waits.append(event)
                sandbox.admin("DELETE", "faults")  # somebody lets us read

        run.subscribe(listen)
        try:
            assert await asyncio.wait_for(run.go(), 20) is RunStatus.SUCCEEDED
        finally:
            await run.close()
            await journal.close()
    detail = waits[0].detail
    assert detail["command"].startswith(f"az ad sp show --id {COSMOS} --query id")
    assert '[principals] cosmos_db = "OBJECT-ID"' in detail["means"]


async def test_an_object_id_that_is_somebody_else_is_refused(sandbox: RunningSandbox) -> None:
    object_ids(sandbox)
    wrong = PrincipalsIntent(cosmos_db=STRANGER, machine_learning=STRANGER)
    async with connected(sandbox) as conn:
        plan = await make_plan(conn, intent_for(sandbox, principals=wrong))
    assert findings(plan) == {"cosmos-principal": "fail", "ml-principal": "fail"}


@pytest.mark.parametrize("app_id", [*APP_IDS, COSMOS.upper()])
async def test_an_app_id_is_granted_nothing(sandbox: RunningSandbox, app_id: str) -> None:
    scope = f"/subscriptions/{sandbox.subscription}"
    vault = f"{scope}/resourceGroups/rg/providers/Microsoft.KeyVault/vaults/kv"
    role = authorization.CONTRIBUTOR
    async with connected(sandbox) as conn:
        for call in (
            authorization.assign_role(conn, scope, role, app_id, "ServicePrincipal"),
            vaults.add_policy(conn, vault, AccessPolicy(object_id=app_id, tenant_id="t")),
        ):
            with pytest.raises(AzureError) as caught:
                await call
            assert (caught.value.kind, caught.value.code) == (
                ErrorKind.INVALID,
                "AppIdNotObjectId",
            )
            assert "never an object id" in caught.value.means
    assert writes(sandbox) == []
