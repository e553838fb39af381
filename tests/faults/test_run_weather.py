"""Runs while connections break, tokens end and the world changes: nothing twice, nothing lost."""

from collections import Counter
from pathlib import Path
from typing import Any

import msgspec
import pytest
from carrying import QUICK, carry_out, connected, intent_for, writes
from sandboxed import RunningSandbox

from services.azure import keys
from services.azure.connection import Timeouts
from services.model.intent import Create, Intent
from services.runs.engine import RunStatus
from services.setup.plan import make_plan

WRITES = (
    ("POST", "/register$"),
    ("PUT", "/resourcegroups/rg-ml$"),
    ("PUT", "/vaults/kv-ml-prod$"),
    ("PUT", "/roleAssignments/"),
    ("POST", "/keys/cmk-ml/create"),
    ("PUT", "/Microsoft.OperationalInsights/workspaces/"),
    ("PUT", "/components/"),
    ("PUT", "/storageAccounts/"),
    ("PUT", "/Microsoft.MachineLearningServices/workspaces/"),
    ("PUT", "/userAssignedIdentities/"),
    ("PUT", "/registries/"),
)
"""Every kind of write in the plan of :func:`wide`."""

EXPIRED = {
    "error": {
        "code": "ExpiredAuthenticationToken",
        "message": "The access token expiry UTC time is earlier than current UTC time.",
    }
}


def wide(sandbox: RunningSandbox) -> Intent:
    """An intent whose plan has every kind of write."""
    return intent_for(sandbox, workspace={"identity": Create(create="id-ml"), "registry": "new"})


def spoil_every_write(sandbox: RunningSandbox, **how: Any) -> None:
    for method, path in WRITES:
        sandbox.admin("POST", "faults", {"method": method, "path": path, **how})


@pytest.mark.parametrize("when", ["before", "middle", "after"])
async def test_a_broken_connection_doubles_and_loses_no_write(
    sandbox: RunningSandbox, tmp_path: Path, when: str
) -> None:
    spoil_every_write(sandbox, reset=when)
    async with connected(sandbox) as conn:
        done = await carry_out(conn, tmp_path, wide(sandbox))
        assert done.status is RunStatus.SUCCEEDED, done.failures()
        uri = next(step for step in done.plan.steps if step.id == "key").params["vault_uri"]
        assert len(await keys.list_versions(conn, uri, "cmk-ml")) == 1
    sent = Counter(one for one in writes(sandbox))
    twice = {one for one, count in sent.items() if count > 1}
    if when == "before":
        assert len(twice) >= len(WRITES), "every kind of write met its fault"
    else:
        assert twice == set()


@pytest.mark.parametrize("status", [429, 500, 503])
async def test_every_kind_of_write_outlives_a_refusal_that_passes(
    sandbox: RunningSandbox, tmp_path: Path, status: int
) -> None:
    wait = {"retry_after": 1} if status == 429 else {}
    spoil_every_write(sandbox, status=status, **wait)
    async with connected(sandbox) as conn:
        done = await carry_out(conn, tmp_path, wide(sandbox))
    assert done.status is RunStatus.SUCCEEDED, done.failures()
    if status == 429:
        said = [one.detail for one in done.events if "attempt" in one.detail]
        assert said
        assert all(one["until"].endswith("Z") for one in said)


async def test_a_token_that_ends_on_the_way_is_renewed(
    sandbox: RunningSandbox, tmp_path: Path
) -> None:
    spoil_every_write(sandbox, status=401, body=EXPIRED)
    async with connected(sandbox) as conn:
        done = await carry_out(conn, tmp_path, wide(sandbox))
    assert done.status is RunStatus.SUCCEEDED, done.failures()


async def test_a_sign_in_that_is_refused_for_good_ends_in_a_sentence(
    sandbox: RunningSandbox, tmp_path: Path
) -> None:
    fault = {"method": "PUT", "path": "/resourcegroups/rg-ml$", "status": 401, "times": -1}
    sandbox.admin("POST", "faults", {**fault, "body": EXPIRED})
    async with connected(sandbox) as conn:
        done = await carry_out(conn, tmp_path, wide(sandbox))
    assert done.status is RunStatus.FAILED
    (failed,) = done.failures()
    assert failed["group"]["repair"] == "Sign in again."
    assert (
        sum(one.endswith("/resourcegroups/rg-ml") for one in map(str.lower, writes(sandbox))) == 2
    )


async def test_short_lived_tokens_last_a_whole_run(sandbox: RunningSandbox, tmp_path: Path) -> None:
    sandbox.admin("POST", "settings", {"token_lifetime_s": 1})
    async with connected(sandbox) as conn:
        done = await carry_out(conn, tmp_path, wide(sandbox))
    assert done.status is RunStatus.SUCCEEDED, done.failures()


async def test_a_vault_that_is_gone_is_named(sandbox: RunningSandbox, tmp_path: Path) -> None:
    async with connected(sandbox) as conn:
        first = await carry_out(conn, tmp_path, intent_for(sandbox))
        assert first.status is RunStatus.SUCCEEDED, first.failures()
        plan = await make_plan(
            conn, intent_for(sandbox, vault={"create": False}, workspace={"name": "mlw-two"})
        )
        vault = next(step for step in plan.steps if step.id == "key").params["vault_id"]
        assert sandbox.call("DELETE", vault, version="2023-07-01").ok
        sandbox.admin("DELETE", "requests")
        done = await carry_out(conn, tmp_path, plan)
    assert done.status is RunStatus.FAILED
    failed = {name: detail for one in done.failures() for name, detail in one.items()}
    assert "it was deleted" in failed["key"]["cause"]["means"]
    assert "recover" in failed["key"]["repair"]
    assert not any("/workspaces/mlw-two" in one for one in writes(sandbox))


@pytest.mark.parametrize(
    ("what", "code", "says"),
    [
        ("lock", "ScopeLocked", "lock"),
        ("policy", "RequestDisallowedByPolicy", "policy"),
        ("unregistered", "MissingSubscriptionRegistration", "Register"),
    ],
)
async def test_what_changed_since_the_plan_ends_in_sentences_and_a_retry_goes_on(
    sandbox: RunningSandbox, tmp_path: Path, what: str, code: str, says: str
) -> None:
    async with connected(sandbox) as conn:
        first = await carry_out(conn, tmp_path, intent_for(sandbox))
        assert first.status is RunStatus.SUCCEEDED, first.failures()
        plan = await make_plan(conn, intent_for(sandbox, workspace={"name": "mlw-two"}))
        undo = change(sandbox, what)
        done = await carry_out(conn, tmp_path, plan)
        assert done.status is RunStatus.FAILED
        failed = {name: detail for one in done.failures() for name, detail in one.items()}
        assert failed["storage"]["cause"]["code"] == code
        assert says in failed["storage"]["repair"]
        assert failed["storage"]["request_id"]
        undo()
        again = await carry_out(conn, tmp_path, plan)
    assert again.status is RunStatus.SUCCEEDED, again.failures()


def change(sandbox: RunningSandbox, what: str) -> Any:
    """Somebody else's change; returns how to take it back."""
    subscription = f"/subscriptions/{sandbox.subscription}"
    group = f"{subscription}/resourceGroups/rg-ml"
    ours = "providers/Microsoft.Authorization"
    if what == "lock":
        lock = f"{group}/{ours}/locks/no"
        body = {"properties": {"level": "ReadOnly"}}
        assert sandbox.call("PUT", lock, body, version="2020-05-01").ok
        return lambda: sandbox.call("DELETE", lock, version="2020-05-01")
    if what == "policy":
        storage = {"field": "type", "equals": "Microsoft.Storage/storageAccounts"}
        rule = {"if": storage, "then": {"effect": "deny"}}
        definition = f"{subscription}/{ours}/policyDefinitions/no-storage"
        body = {"properties": {"displayName": "No", "policyRule": rule, "mode": "All"}}
        assert sandbox.call("PUT", definition, body, version="2023-04-01").ok
        assignment = f"{group}/{ours}/policyAssignments/no"
        body = {"properties": {"displayName": "No", "policyDefinitionId": definition}}
        assert sandbox.call("PUT", assignment, body, version="2023-04-01").ok
        return lambda: sandbox.call("DELETE", assignment, version="2023-04-01")
    provider = f"{subscription}/providers/Microsoft.Storage"
    assert sandbox.call("POST", f"{provider}/unregister").ok
    sandbox.advance(600)

    def register() -> None:
        assert sandbox.call("POST", f"{provider}/register").ok
        sandbox.advance(600)

    return register


async def test_a_whole_outage_is_waited_out(sandbox: RunningSandbox, tmp_path: Path) -> None:
    """More broken connections in a row than tries: nobody answered, so nobody refused."""
    fault = {"path": "/resourcegroups/rg-ml$", "reset": "before", "times": 40}
    sandbox.admin("POST", "faults", fault)
    async with connected(sandbox, timeouts=Timeouts(backoff=0.001)) as conn:
        plan = await make_plan(conn, intent_for(sandbox))
        brief = msgspec.structs.replace(QUICK, backoff_s=0.001)
        done = await carry_out(conn, tmp_path, plan, brief)
    assert done.status is RunStatus.SUCCEEDED, done.failures()


async def test_an_outage_without_an_end_fails_the_step(
    sandbox: RunningSandbox, tmp_path: Path
) -> None:
    async with connected(sandbox, timeouts=Timeouts(backoff=0.001)) as conn:
        plan = await make_plan(conn, intent_for(sandbox))
        fault = {"path": "/resourcegroups/rg-ml$", "reset": "before", "times": -1}
        sandbox.admin("POST", "faults", fault)
        brief = msgspec.structs.replace(QUICK, backoff_s=0.001, outage_s=0.3)
        done = await carry_out(conn, tmp_path, plan, brief)
    assert done.status is RunStatus.FAILED
    assert [next(iter(one)) for one in done.failures()] == ["group"]
