"""Each failure has a scenario, a finding that names it, and an apply that fails as it says.

A scenario of ``failures/`` is named after the check that sees it, and after the kind of intent
where it is a further one of that check. Before anything is written
the plan's findings name the failure; who applies the plan all the same is told by Azure, in
the words of :data:`failing.FAILS`; where the plan repairs it, the repair works. A check that only warns is held against the state that it
warns of.
"""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import msgspec
import pytest
from carrying import QUICK, writes
from failing import ALSO, FAILS, MILDER, MISSING, UNKNOWABLE
from requests import Response
from sandboxed import RunningSandbox

from sandbox import scenario
from services import intents
from services.azure import keys, workspaces
from services.azure.authorization import READER
from services.azure.clouds import Cloud
from services.azure.connection import Connection, Timeouts
from services.azure.credentials import principal_from_ready
from services.azure.errors import AzureError
from services.checks.registry import CHECKS, TRIPS
from services.model.intent import Intent
from services.model.plan import Event, Plan
from services.runs.engine import Run, RunStatus
from services.runs.journal import Journal
from services.setup.plan import make_plan

NAMES = scenario.names("failures")
MADE = ("identity-exists", "encryption-set")
"""Made only where the intent says so, which is no failure."""
REPAIRED = [name for name in NAMES if TRIPS[name].repairs and name not in MADE]
"""The plan repairs these."""
NOT_GOOD = {"fail", "fix", "warn", "unknown"}
ASKS = ("/checkPolicyRestrictions", "/validate")
SUBSCRIPTION = "/subscriptions/5b000000-0000-4000-8000-0000000000d1"
RUNS = f"{SUBSCRIPTION}/resourceGroups/rg-run"
GROUP = f"{SUBSCRIPTION}/resourceGroups/rg-ml"
VAULTS = f"{SUBSCRIPTION}/resourceGroups/rg-sec/providers/Microsoft.KeyVault/vaults"
WORKSPACE = f"{GROUP}/providers/Microsoft.MachineLearningServices/workspaces/mlw-new"


def opened(sandbox: RunningSandbox, name: str) -> Intent:
    sandbox.reset(f"failures/{name}")
    return msgspec.convert(scenario.read(f"failures/{name}")["intent"], Intent)


def who(name: str) -> str:
    """An owner may do everything, so the caller's own rights are judged as somebody else's."""
    return {"caller-permissions": "reader", "caller-condition": "contributor"}.get(name, "admin")


@asynccontextmanager
async def connected(sandbox: RunningSandbox, name: str) -> AsyncIterator[Connection]:
    """Signed in as the product does it, for other tenants' vaults too."""
    credential = principal_from_ready(sandbox.ready, name)
    settings = Timeouts(backoff=0.01)
    async with await Connection.open(
        Cloud.from_ready(sandbox.ready), credential, settings=settings
    ) as conn:
        yield conn


def less(plan: Plan, *beginnings: str) -> Plan:
    """A plan without the steps whose ids begin so."""
    left = [step for step in plan.steps if not (beginnings and step.id.startswith(beginnings))]
    ids = {step.id for step in left}
    steps = [
        msgspec.structs.replace(step, needs=tuple(need for need in step.needs if need in ids))
        for step in left
    ]
    return msgspec.structs.replace(plan, steps=tuple(steps))


async def applied(conn: Connection, folder: Path, plan: Plan) -> tuple[RunStatus, list[Event]]:
    """Apply a plan to its end, or until it waits for somebody who may do more."""
    journal = await Journal.open(folder / "runs" / "journal.sqlite")
    settings = msgspec.structs.replace(QUICK, outage_s=0.2)
    run = await Run.start(conn, journal, plan, settings=settings)
    events: list[Event] = []

    def listen(event: Event) -> None:
        events.append(event)
        if event.event == "step.waiting" and event.detail.get("whom"):
            run.stop()

    run.subscribe(listen)
    try:
        return await asyncio.wait_for(run.go(), 20), events
    finally:
        await run.close()
        await journal.close()


def test_every_scenario_belongs_to_a_check_and_every_check_has_one_or_says_why() -> None:
    assert set(TRIPS) == set(NAMES)
    assert all(check.scenario or check.without for check in CHECKS)
    assert set(FAILS) | set(WARNS) == set(NAMES)
    assert not set(FAILS) & set(WARNS)
    for name in NAMES:
        intent = msgspec.convert(scenario.read(f"failures/{name}")["intent"], Intent)
        assert intents.read(intents.write(intent)) == intent
    assert {name for name in NAMES if TRIPS[name].severity == "fail"} <= FAILS.keys() | MILDER


async def test_without_a_failure_nothing_fails(sandbox: RunningSandbox, tmp_path: Path) -> None:
    intent = opened(sandbox, "_healthy")
    async with connected(sandbox, "admin") as conn:
        plan = await make_plan(conn, intent)
        assert [one for one in plan.findings if one.status in ("fail", "fix", "warn")] == []
        status, events = await applied(conn, tmp_path, plan)
    assert status is RunStatus.SUCCEEDED, events


@pytest.mark.parametrize("name", NAMES)
async def test_it_is_named_before_a_write_and_told_by_azure_after_it(
    sandbox: RunningSandbox, tmp_path: Path, name: str
) -> None:
    intent = opened(sandbox, name)
    async with connected(sandbox, who(name)) as conn:
        plan = await make_plan(conn, intent)
        assert [one for one in writes(sandbox) if not one.endswith(ASKS)] == []
        judge_findings(name, plan)
        if name in WARNS:
            status, events = await applied(conn, tmp_path, plan)
            assert status is RunStatus.SUCCEEDED, refusals(events)
            await WARNS[name](sandbox, conn)
            return
        late = FAILS[name]
        status, events = await applied(conn, tmp_path, less(plan, *repairs_of(name), *late.without))
    assert status in (RunStatus.FAILED, RunStatus.STOPPED)
    assert late.code in {code for step, code in refusals(events) if step == late.step}, events
    assert late.text in told(sandbox, events)


def judge_findings(name: str, plan: Plan) -> None:
    """The check of the scenario's name says what is wrong, as gravely as it can, and no other
    one calls it a failure."""
    check = TRIPS[name].id
    bad = [one for one in plan.findings if one.check == check and one.status in NOT_GOOD]
    found = [one for one in bad if one.status != "unknown" or name in UNKNOWABLE]
    if name in MISSING:
        assert found == [], f"{name} is seen now: take it off the list"
        return
    assert found, [(one.check, one.status, one.title) for one in plan.findings]
    grave = {"fail", "fix"} & {one.status for one in found}
    assert grave or name in MILDER or TRIPS[name].severity != "fail", found
    failing = {one.check for one in plan.findings if one.status == "fail"}
    assert failing - {check} == ALSO.get(name, set())


@pytest.mark.parametrize("name", REPAIRED)
async def test_its_repair_makes_the_plan_pass(
    sandbox: RunningSandbox, tmp_path: Path, name: str
) -> None:
    intent = opened(sandbox, name)
    async with connected(sandbox, who(name)) as conn:
        plan = await make_plan(conn, intent)
        check = TRIPS[name].id
        assert {one.status for one in plan.findings if one.check == check} >= {"fix"}
        assert any(step.id.startswith(TRIPS[name].repairs) for step in plan.steps)
        status, events = await applied(conn, tmp_path, plan)
        assert status is RunStatus.SUCCEEDED, refusals(events)
        again = await make_plan(conn, intent)
    assert {one.status for one in again.findings if one.check == check} == {"ok"}


@pytest.mark.parametrize(
    ("base", "definition"),
    [
        ("_cluster", "7d7be79c-23ba-4033-84dd-45e2a5ccdd67"),
        ("_group", "0aa61e00-0a01-4a3c-9945-e93cffedf0e6"),
    ],
)
async def test_a_policy_that_demands_a_key_of_ones_own_allows_what_is_planned(
    sandbox: RunningSandbox, tmp_path: Path, base: str, definition: str
) -> None:
    """ "Both operating systems and data disks ... by customer-managed keys", and that of groups."""
    intent = opened(sandbox, base)
    path = f"{SUBSCRIPTION}/providers/Microsoft.Authorization/policyAssignments/own-keys"
    known = f"/providers/Microsoft.Authorization/policyDefinitions/{definition}"
    properties = {"policyDefinitionId": known, "parameters": {"effect": {"value": "Deny"}}}
    sent = sandbox.call("PUT", path, {"properties": properties}, version="2022-06-01")
    assert sent.status_code == 201
    async with connected(sandbox, "admin") as conn:
        plan = await make_plan(conn, intent)
        policies = {one.check: one.status for one in plan.findings if "policy" in one.check}
        assert policies and set(policies.values()) <= {"ok", "skipped"}, policies
        status, events = await applied(conn, tmp_path, plan)
    assert status is RunStatus.SUCCEEDED, refusals(events)


def repairs_of(name: str) -> tuple[str, ...]:
    return TRIPS[name].repairs if name in REPAIRED else ()


def refusals(events: list[Event]) -> list[tuple[str, str]]:
    """Steps that failed, or wait for somebody who may do more, with Azure's codes."""
    failed = [one for one in events if one.event == "step.failed"]
    waits = [one for one in events if one.event == "step.waiting" and one.detail.get("whom")]
    return [
        *((one.step, one.detail["cause"]["code"]) for one in failed),
        *((one.step, one.detail["code"]) for one in waits),
    ]


def told(sandbox: RunningSandbox, events: list[Event]) -> str:
    """All that was said: in the run's events, and in the errors of Azure's operations."""
    operations = sandbox.world.state.operations.values()
    return json.dumps([one.detail for one in events] + [one.error for one in operations])


# Warnings: the plan works, and what is warned of is so.

Warned = Callable[[RunningSandbox, Connection], Awaitable[None]]


async def retention_stays(sandbox: RunningSandbox, conn: Connection) -> None:
    body = {"properties": {"softDeleteRetentionInDays": 90}}
    answer = sandbox.call("PATCH", f"{VAULTS}/kv-flawed", body, version="2026-02-01")
    assert answer.status_code == 400
    assert "has been set already and it can't be modified" in answer.text


async def operator_is_kept_out(sandbox: RunningSandbox, conn: Connection) -> None:
    vault = sandbox.call("GET", f"{VAULTS}/kv-flawed", version="2026-02-01").json()
    with pytest.raises(AzureError) as caught:
        await keys.get_key(conn, vault["properties"]["vaultUri"].rstrip("/"), "cmk", "")
    assert caught.value.inner == "ForbiddenByFirewall"


async def endpoint_waits(sandbox: RunningSandbox, conn: Connection) -> None:
    vault = sandbox.call("GET", f"{VAULTS}/kv-flawed", version="2026-02-01").json()
    (one,) = vault["properties"]["privateEndpointConnections"]
    assert one["properties"]["privateLinkServiceConnectionState"]["status"] == "Pending"
    with pytest.raises(AzureError) as caught:
        await keys.get_key(conn, vault["properties"]["vaultUri"].rstrip("/"), "cmk", "")
    assert caught.value.inner == "ForbiddenByConnection"


async def vault_has_policies(sandbox: RunningSandbox, conn: Connection) -> None:
    vault = sandbox.call("GET", f"{VAULTS}/kv-flawed", version="2026-02-01").json()
    assert vault["properties"]["enableRbacAuthorization"] is False


async def vault_can_be_deleted(sandbox: RunningSandbox, conn: Connection) -> None:
    assert sandbox.call("DELETE", f"{VAULTS}/kv-cmk", version="2026-02-01").status_code == 200


async def key_expires_under_the_workspace(sandbox: RunningSandbox, conn: Connection) -> None:
    sandbox.advance(31 * 86_400)
    accounts = f"{SUBSCRIPTION}/providers/Microsoft.DocumentDB/databaseAccounts"
    (account,) = sandbox.call("GET", accounts, version="2024-08-15").json()["value"]
    assert "(4018)" in account["properties"]["customerManagedKeyStatus"]


async def workspace_stays_behind(sandbox: RunningSandbox, conn: Connection) -> None:
    vault = sandbox.call("GET", f"{VAULTS}/kv-keys", version="2026-02-01").json()
    newest = await keys.get_key(conn, vault["properties"]["vaultUri"].rstrip("/"), "cmk", "")
    found = await workspaces.get_workspace(conn, WORKSPACE)
    assert newest and found and found.encryption
    assert newest.version.endswith("bbbb")
    assert found.encryption.key_id.endswith("aaaa")


async def workspace_cannot_be_deleted(sandbox: RunningSandbox, conn: Connection) -> None:
    refused(sandbox.call("DELETE", WORKSPACE, version="2025-06-01"))


async def group_cannot_be_deleted(sandbox: RunningSandbox, conn: Connection) -> None:
    path = f"{RUNS}/providers/Microsoft.ContainerInstance/containerGroups/score-1"
    refused(sandbox.call("DELETE", path, version="2023-05-01"))


async def cluster_cannot_be_deleted(sandbox: RunningSandbox, conn: Connection) -> None:
    path = f"{RUNS}/providers/Microsoft.ContainerService/managedClusters/aks-1"
    refused(sandbox.call("DELETE", path, version="2026-08-01"))


def refused(answer: Response) -> None:
    assert answer.status_code == 409
    assert answer.json()["error"]["code"] == "ScopeLocked"


async def policy_is_assigned(sandbox: RunningSandbox, conn: Connection) -> None:
    path = f"{SUBSCRIPTION}/providers/Microsoft.Authorization/policyAssignments"
    (one,) = sandbox.call("GET", path, version="2022-06-01").json()["value"]
    assert one["properties"]["parameters"]["effect"]["value"] == "Deny"


async def deployment_runs(sandbox: RunningSandbox, conn: Connection) -> None:
    path = f"{GROUP}/providers/Microsoft.Resources/deployments"
    (one,) = sandbox.call("GET", path, version="2024-03-01").json()["value"]
    assert one["properties"]["provisioningState"] == "Running"


async def volumes_would_fail(sandbox: RunningSandbox, conn: Connection) -> None:
    """The grant is a part of this plan: the cluster reads the set now, and nobody else does."""
    scope = f"{RUNS}/providers/Microsoft.Compute/diskEncryptionSets/des-1"
    path = f"{scope}/providers/Microsoft.Authorization/roleAssignments"
    found = sandbox.call("GET", path, version="2022-04-01").json()["value"]
    roles = [one["properties"]["roleDefinitionId"].rpartition("/")[2] for one in found]
    assert READER in roles


async def disks_are_ephemeral(sandbox: RunningSandbox, conn: Connection) -> None:
    path = f"{RUNS}/providers/Microsoft.ContainerService/managedClusters/aks-1"
    found = sandbox.call("GET", path, version="2026-08-01").json()["properties"]
    assert [one["osDiskType"] for one in found["agentPoolProfiles"]] == ["Ephemeral"]


WARNS: dict[str, Warned] = {
    "cluster-reader": volumes_would_fail,
    "ephemeral-disks": disks_are_ephemeral,
    "vault-retention": retention_stays,
    "vault-network-you": operator_is_kept_out,
    "vault-endpoints": endpoint_waits,
    "vault-access-model": vault_has_policies,
    "vault-lock": vault_can_be_deleted,
    "key-rotation": key_expires_under_the_workspace,
    "key-version": workspace_stays_behind,
    "lock-delete": workspace_cannot_be_deleted,
    "lock-delete-container-group": group_cannot_be_deleted,
    "lock-delete-cluster": cluster_cannot_be_deleted,
    "policy-definitions": policy_is_assigned,
    "policy-key": policy_is_assigned,
    "deployment-running": deployment_runs,
}
