"""Plans carried out against the sandbox, through the real SDK clients."""

import asyncio
from pathlib import Path
from typing import Any

import msgspec
import pytest
from carrying import QUICK, carry_out, connected, intent_for, writes
from sandboxed import RunningSandbox

from services.azure import vaults, workspaces
from services.azure.connection import Timeouts
from services.azure.errors import AzureError, ErrorKind
from services.model.intent import Create
from services.model.plan import Event
from services.runs.engine import Run, RunStatus
from services.runs.journal import Journal
from services.setup.context import Context
from services.setup.plan import make_plan
from services.setup.steps import register


async def test_from_nothing_to_an_encrypted_workspace(
    sandbox: RunningSandbox, tmp_path: Path
) -> None:
    async with connected(sandbox) as conn:
        intent = intent_for(sandbox)
        done = await carry_out(conn, tmp_path, intent)
        assert done.status is RunStatus.SUCCEEDED, done.failures()
        assert done.events[0].event == "run.started"
        assert done.events[-1].event == "run.finished"
        assert done.results["key-rights"]["measured_s"] > 0
        seen = {one.resource.split("/")[-2] for one in done.events if one.event == "resource.seen"}
        assert seen == {"databaseAccounts", "searchServices", "storageAccounts"}
        found = await workspaces.get_workspace(conn, done.plan.steps[-1].target)
        assert found and found.encryption
        assert found.encryption.key_id == done.results["key"]["id"]
        lines = done.results["verify"]["lines"]
        assert {line["status"] for line in lines} == {"ok", "unknown"}
        assert [line["field"] for line in lines if line["status"] == "unknown"] == ["key"]


async def test_again_writes_nothing(sandbox: RunningSandbox, tmp_path: Path) -> None:
    async with connected(sandbox) as conn:
        intent = intent_for(sandbox)
        first = await carry_out(conn, tmp_path, intent)
        assert first.status is RunStatus.SUCCEEDED, first.failures()
        await asyncio.sleep(QUICK.propagation_s)
        sandbox.admin("DELETE", "requests")
        same = await carry_out(conn, tmp_path, first.plan)
        assert same.status is RunStatus.SUCCEEDED
        assert same.named("step.done") == ["verify"]
        assert len(same.named("step.skipped")) == len(first.plan.steps) - 1
        anew = await carry_out(conn, tmp_path, intent)
        assert anew.status is RunStatus.SUCCEEDED
        assert [step.id for step in anew.plan.steps] == ["key", "verify"]
        assert {one.status for one in anew.plan.findings} <= {"ok", "warn", "skipped", "unknown"}
        assert writes(sandbox) == []


@pytest.mark.parametrize("access", ["rbac", "policies"])
@pytest.mark.parametrize("mode", ["own-resources", "service-side"])
async def test_both_access_models_and_both_modes(
    sandbox: RunningSandbox, tmp_path: Path, access: str, mode: str
) -> None:
    async with connected(sandbox) as conn:
        intent = intent_for(sandbox, vault={"access": access}, workspace={"encryption": mode})
        done = await carry_out(conn, tmp_path, intent)
        assert done.status is RunStatus.SUCCEEDED, done.failures()
        lines = {(line["subject"], line["field"]): line for line in done.results["verify"]["lines"]}
        group = lines["workspace", "serviceProvisionedResourceGroup"]["found"]
        assert (group == "none") is (mode == "service-side")
        assert ("grant-cosmos" in {step.id for step in done.plan.steps}) is (
            mode == "own-resources"
        )
        kinds = {step.id: step.kind for step in done.plan.steps}
        assert kinds["key-rights"] == ("own-rights" if access == "rbac" else "grant-policy")


async def test_a_user_assigned_identity_is_made_and_granted(
    sandbox: RunningSandbox, tmp_path: Path
) -> None:
    async with connected(sandbox) as conn:
        wish = {"identity": Create(create="uai-ml"), "registry": "new"}
        done = await carry_out(conn, tmp_path, intent_for(sandbox, workspace=wish))
        assert done.status is RunStatus.SUCCEEDED, done.failures()
        found = await workspaces.get_workspace(conn, done.plan.steps[-1].target)
        assert found and found.encryption
        assert found.encryption.identity.endswith("/uai-ml")
        assert found.registry
        granted = [step for step in done.named("step.done") if step.startswith("grant-identity")]
        assert len(granted) == 7


async def test_a_vault_without_purge_protection_is_repaired_on_the_key_alone(
    sandbox: RunningSandbox, tmp_path: Path
) -> None:
    async with connected(sandbox) as conn:
        id = make_vault(sandbox, "kv-old")
        intent = intent_for(sandbox, vault={"name": "kv-old", "create": False})
        plan = await make_plan(conn, intent)
        repair = next(step for step in plan.steps if step.id == "vault-repair")
        assert "for good" in repair.irreversible
        assert [one.status for one in plan.findings if one.check == "vault-protection"] == ["fix"]
        grant = next(step for step in plan.steps if step.id == "grant-cosmos")
        assert grant.target.endswith("/vaults/kv-old/keys/cmk-ml")
        done = await carry_out(conn, tmp_path, plan)
        assert done.status is RunStatus.SUCCEEDED, done.failures()
        found = await vaults.get_vault(conn, id)
        assert found and found.purge_protection


async def test_a_repair_that_is_not_allowed_is_a_failing_finding(
    sandbox: RunningSandbox,
) -> None:
    async with connected(sandbox) as conn:
        make_vault(sandbox, "kv-old")
        wish = {"name": "kv-old", "create": False, "repair": False}
        plan = await make_plan(conn, intent_for(sandbox, vault=wish))
        assert [one.status for one in plan.findings if one.check == "vault-protection"] == ["fail"]
        assert "vault-repair" not in {step.id for step in plan.steps}


async def test_who_may_not_grant_waits_for_who_may(sandbox: RunningSandbox, tmp_path: Path) -> None:
    """A contributor makes everything but role assignments; an admin makes those meanwhile."""
    async with connected(sandbox, "contributor") as conn:
        journal = await Journal.open(tmp_path / "runs" / "journal.sqlite")
        plan = await make_plan(conn, intent_for(sandbox))
        run = await Run.start(conn, journal, plan, settings=QUICK)
        events: list[Event] = []
        helped: list[asyncio.Task[Any]] = []

        def listen(event: Event) -> None:
            events.append(event)
            if event.event == "step.waiting" and event.detail.get("command"):
                helped.append(asyncio.create_task(asyncio.to_thread(grant, sandbox, event)))

        run.subscribe(listen)
        assert await asyncio.wait_for(run.go(), 30) is RunStatus.SUCCEEDED
        await asyncio.gather(*helped)
        await run.close()
        await journal.close()
        waited = {one.step for one in events if one.detail.get("whom")}
        assert waited == {"key-rights", "grant-cosmos", "grant-ml-contributor"}
        assert waited <= {one.step for one in events if one.event == "step.done"}


def grant(sandbox: RunningSandbox, event: Event) -> None:
    """What the command of a waiting step does, as the admin."""
    words = event.detail["command"].split()
    assert words[:4] == ["az", "role", "assignment", "create"]
    told = dict(zip(words[4::2], words[5::2], strict=True))
    role = f"/providers/Microsoft.Authorization/roleDefinitions/{told['--role']}"
    name = f"00000000-0000-4000-8000-{abs(hash(event.step)) % 10**12:012d}"
    answer = sandbox.call(
        "PUT",
        f"{told['--scope']}/providers/Microsoft.Authorization/roleAssignments/{name}",
        {
            "properties": {
                "roleDefinitionId": role,
                "principalId": told["--assignee-object-id"],
                "principalType": told["--assignee-principal-type"],
            }
        },
        version="2022-04-01",
    )
    assert answer.status_code == 201, answer.text


def make_vault(sandbox: RunningSandbox, name: str) -> str:
    """A vault in the workspace's group that lacks purge protection; returns its id."""
    base = f"/subscriptions/{sandbox.subscription}"
    provider = f"{base}/providers/Microsoft.KeyVault"
    sandbox.call("POST", f"{provider}/register")
    sandbox.advance(300)
    assert sandbox.call("PUT", f"{base}/resourceGroups/rg-ml", {"location": "westeurope"}).ok
    id = f"{base}/resourceGroups/rg-ml/providers/Microsoft.KeyVault/vaults/{name}"
    properties = {
        "tenantId": sandbox.ready["tenant_id"],
        "sku": {"family": "A", "name": "standard"},
        "enableRbacAuthorization": True,
    }
    body = {"location": "westeurope", "properties": properties}
    answer = sandbox.call("PUT", id, body, version="2026-02-01")
    assert answer.ok, answer.text
    sandbox.advance(300)
    return id


async def test_a_vault_closed_to_us_gets_its_key_through_resource_manager(
    sandbox: RunningSandbox, tmp_path: Path
) -> None:
    """Only trusted services pass its firewall, so its data plane refuses the caller."""
    async with connected(sandbox) as conn:
        wish = intent_for(
            sandbox,
            vault={"network": "trusted-services"},
            key={"rotate_every": "P1Y"},
        )
        done = await carry_out(conn, tmp_path, wish)
        assert done.status is RunStatus.SUCCEEDED, done.failures()
        assert "key-rights" not in {step.id for step in done.plan.steps}
        assert ":443" not in done.results["key"]["id"]
        assert not [one for one in writes(sandbox) if "/create" in one]
        await asyncio.sleep(QUICK.propagation_s)
        sandbox.admin("DELETE", "requests")
        again = await carry_out(conn, tmp_path, wish)
        assert [step.id for step in again.plan.steps] == ["key", "verify"]
        assert again.status is RunStatus.SUCCEEDED, again.failures()
        assert writes(sandbox) == []


async def test_a_key_that_only_resource_manager_shows_is_used_without_new_rights(
    sandbox: RunningSandbox, tmp_path: Path
) -> None:
    """The owner of a role-based vault has no way to its keys, and needs none to use one."""
    id = make_vault(sandbox, "kv-old")
    body = {"properties": {"kty": "RSA", "keySize": 2048, "keyOps": ["wrapKey", "unwrapKey"]}}
    assert sandbox.call("PUT", f"{id}/keys/cmk-ml", body, version="2026-02-01").ok
    async with connected(sandbox) as conn:
        wish = intent_for(sandbox, vault={"name": "kv-old", "create": False})
        plan = await make_plan(conn, wish)
        steps = {step.id: step for step in plan.steps}
        assert "key-rights" not in steps
        assert steps["key"].title.startswith("use key cmk-ml, version ")
        assert [one.status for one in plan.findings if one.check == "key-type"] == ["warn"]
        done = await carry_out(conn, tmp_path, plan)
        assert done.status is RunStatus.SUCCEEDED, done.failures()
        assert "key" in done.named("step.skipped")


async def test_a_subscription_nobody_sees_is_a_failing_finding(sandbox: RunningSandbox) -> None:
    async with connected(sandbox) as conn:
        elsewhere = "11111111-2222-4333-8444-555555555555"
        wish = msgspec.structs.replace(intent_for(sandbox), subscription=elsewhere)
        plan = await make_plan(conn, wish)
    (found,) = [one for one in plan.findings if one.check == "subscription"]
    assert found.status == "fail"
    assert elsewhere in found.title


async def test_without_a_way_to_azure_there_is_no_plan(sandbox: RunningSandbox) -> None:
    """One sentence for the person, and not a plan of everything."""
    fault = {"path": "^/subscriptions", "reset": "before", "times": -1}
    async with connected(sandbox, timeouts=Timeouts(backoff=0.01)) as conn:
        await conn.who()
        sandbox.admin("POST", "faults", fault)
        with pytest.raises(AzureError) as caught:
            await make_plan(conn, intent_for(sandbox))
        sandbox.admin("DELETE", "faults")
    assert caught.value.kind is ErrorKind.NETWORK


async def test_a_provider_that_has_just_been_registered_is_not_registered_again(
    sandbox: RunningSandbox,
) -> None:
    """A run that goes on looks first; the registration may end before its next look."""

    async def quiet(*_: object, **__: object) -> None:
        return None

    async with connected(sandbox) as conn:
        plan = await make_plan(conn, intent_for(sandbox))
        step = next(one for one in plan.steps if one.kind == "register")
        sandbox.call("POST", f"{step.target}/register")
        sandbox.advance(600)
        before = len(writes(sandbox))
        assert (await register.apply(Context(conn, plan, QUICK, quiet), step)).done
    assert len(writes(sandbox)) == before
