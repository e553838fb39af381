"""Plans carried out while Azure, the network or time are in the way."""

import re
from pathlib import Path

import msgspec
from carrying import QUICK, carry_out, connected, intent_for, writes
from sandboxed import RunningSandbox
from test_carry_out import make_vault

from services.azure import keys
from services.runs.engine import RunStatus

GONE_4002 = {
    "code": "BadRequest",
    "message": "The account's default identity no longer has permission to access the"
    " associated Azure Key Vault key. Substatus code 4002.",
}


async def test_a_workspace_refused_over_a_fresh_grant_is_sent_once_more(
    sandbox: RunningSandbox, tmp_path: Path
) -> None:
    fault = {"method": "PUT", "path": "/workspaces/mlw-prod", "operation": "failed"}
    sandbox.admin("POST", "faults", {**fault, "error": GONE_4002})
    async with connected(sandbox) as conn:
        done = await carry_out(conn, tmp_path, intent_for(sandbox))
    assert done.status is RunStatus.SUCCEEDED, done.failures()
    said = [one.detail for one in done.events if one.step == "workspace" and "why" in one.detail]
    assert len(said) == 1
    assert "sent once more" in said[0]["why"]
    assert "4002" in said[0]["message"]
    assert sum("/workspaces/mlw-prod" in one for one in writes(sandbox)) == 2


async def test_a_second_refusal_is_the_end_with_the_services_words(
    sandbox: RunningSandbox, tmp_path: Path
) -> None:
    fault = {"method": "PUT", "path": "/workspaces/mlw-prod", "operation": "failed", "times": 2}
    sandbox.admin("POST", "faults", {**fault, "error": GONE_4002})
    async with connected(sandbox) as conn:
        done = await carry_out(conn, tmp_path, intent_for(sandbox))
    assert done.status is RunStatus.FAILED
    (failed,) = [one for one in done.events if one.event == "step.failed"]
    assert failed.step == "workspace"
    assert "4002" in failed.detail["message"]
    assert failed.detail["repair"]


async def test_a_key_whose_answer_is_lost_is_not_made_twice(
    sandbox: RunningSandbox, tmp_path: Path
) -> None:
    sandbox.admin("POST", "faults", {"method": "POST", "path": "/keys/.*/create", "reset": "after"})
    async with connected(sandbox) as conn:
        done = await carry_out(conn, tmp_path, intent_for(sandbox))
        assert done.status is RunStatus.SUCCEEDED, done.failures()
        uri = next(step for step in done.plan.steps if step.id == "key").params["vault_uri"]
        assert len(await keys.list_versions(conn, uri, "cmk-ml")) == 1
    waits = [one for one in done.events if one.event == "step.waiting" and one.step == "key"]
    assert len(waits) == 1


async def test_failures_that_pass_are_waited_out(sandbox: RunningSandbox, tmp_path: Path) -> None:
    for fault in (
        {"method": "PUT", "path": "/vaults/kv-ml-prod$", "status": 500, "body": {}},
        {"method": "POST", "path": "DocumentDB/register", "status": 429, "retry_after": 1},
        {"method": "PUT", "path": "/storageAccounts/", "status": 503, "body": {}},
    ):
        sandbox.admin("POST", "faults", fault)
    async with connected(sandbox) as conn:
        done = await carry_out(conn, tmp_path, intent_for(sandbox))
    assert done.status is RunStatus.SUCCEEDED, done.failures()
    waits = {one.step for one in done.events if "attempt" in one.detail}
    assert waits == {"vault", "register-documentdb", "storage"}


async def test_a_measured_grant_needs_no_assumption(
    sandbox: RunningSandbox, tmp_path: Path
) -> None:
    async with connected(sandbox) as conn:
        patient = msgspec.structs.replace(QUICK, propagation_s=60.0)
        done = await carry_out(conn, tmp_path, intent_for(sandbox), patient)
    assert done.status is RunStatus.SUCCEEDED, done.failures()
    said = [one.detail for one in done.events if one.step == "grant-cosmos" and "why" in one.detail]
    assert all(one["assumption"] is False for one in said)


async def test_where_nothing_can_be_measured_the_assumption_is_shown(
    sandbox: RunningSandbox, tmp_path: Path
) -> None:
    """The key is there already: no right of our own is new, so none is measured."""
    make_vault(sandbox, "kv-old")
    async with connected(sandbox) as conn:
        wish = intent_for(sandbox, vault={"name": "kv-old", "create": False})
        first = await carry_out(conn, tmp_path, wish)
        assert first.status is RunStatus.SUCCEEDED, first.failures()
        other = intent_for(
            sandbox,
            vault={"name": "kv-old", "create": False},
            workspace={"name": "mlw-two", "identity": "system"},
        )
        for one in list(sandbox.world.state.assignments):
            if "/keys/cmk-ml/" in one.lower():
                assert sandbox.call("DELETE", one, version="2022-04-01").ok
        sandbox.advance(600)
        second = await carry_out(conn, tmp_path, other)
    assert second.status is RunStatus.SUCCEEDED, second.failures()
    assert "key-rights" not in {step.id for step in second.plan.steps}
    (said,) = [
        one.detail
        for one in second.events
        if one.step == "grant-cosmos" and one.event == "step.waiting"
    ]
    assert said["assumption"] is True
    assert "nobody can ask Key Vault as another principal" in said["why"]


async def test_what_is_still_being_made_is_waited_for_not_sent_again(
    sandbox: RunningSandbox, tmp_path: Path
) -> None:
    """Answers lost after the effect: each resource is on its way when it is looked at again."""
    for path in ("/vaults/kv-ml-prod$", "/storageAccounts/", "/workspaces/mlw-prod$"):
        sandbox.admin("POST", "faults", {"method": "PUT", "path": path, "reset": "after"})
    async with connected(sandbox) as conn:
        done = await carry_out(conn, tmp_path, intent_for(sandbox))
    assert done.status is RunStatus.SUCCEEDED, done.failures()
    sent = writes(sandbox)
    for name in ("/vaults/kv-ml-prod", "/storageAccounts/st", "/workspaces/mlw-prod"):
        assert sum(bool(re.search(f"^PUT .*{name}[^/]*$", one)) for one in sent) == 1, sent
