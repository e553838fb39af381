"""What Azure Policy and Resource Manager are asked about a container group or a cluster."""

from pathlib import Path

import msgspec
import pytest
from sandboxed import RunningSandbox
from test_failures import applied, connected, opened

from services.checks import machines
from services.checks.facts import ids_of
from services.model.intent import ClusterSetup, ContainerGroupSetup, Create, Intent
from services.model.plan import Plan
from services.runs.engine import RunStatus
from services.setup.plan import make_plan
from services.setup.steps import cluster

ASKED = {
    "_group": {"policy-container-group", "container-group-validate"},
    "_cluster": {"policy-encryption-set", "policy-cluster", "cluster-validate"},
}


def statuses(plan: Plan, names: set[str]) -> dict[str, str]:
    return {one.check: one.status for one in plan.findings if one.check in names}


async def planned(sandbox: RunningSandbox, intent: Intent) -> Plan:
    async with connected(sandbox, "admin") as conn:
        return await make_plan(conn, intent)


@pytest.mark.parametrize("base", ASKED)
async def test_all_are_asked_once_and_nothing_is_once_it_is_there(
    sandbox: RunningSandbox, tmp_path: Path, base: str
) -> None:
    intent = opened(sandbox, base)
    async with connected(sandbox, "admin") as conn:
        before = await make_plan(conn, intent)
        assert statuses(before, ASKED[base]) == dict.fromkeys(ASKED[base], "ok")
        status, events = await applied(conn, tmp_path, before)
        assert status is RunStatus.SUCCEEDED, events
        after = await make_plan(conn, intent)
    assert statuses(after, ASKED[base]) == dict.fromkeys(ASKED[base], "skipped")


@pytest.mark.parametrize("base", ASKED)
async def test_a_template_is_not_asked_about_while_its_identity_is_to_be_made(
    sandbox: RunningSandbox, base: str
) -> None:
    intent = opened(sandbox, base)
    if isinstance(intent, ClusterSetup):
        wish = msgspec.structs.replace(intent.cluster, identity=Create(create="uai-new"))
        intent = msgspec.structs.replace(intent, cluster=wish)
    elif isinstance(intent, ContainerGroupSetup):
        own = msgspec.structs.replace(intent.container_group, identity=Create(create="uai-new"))
        intent = msgspec.structs.replace(intent, container_group=own)
    told = statuses(await planned(sandbox, intent), ASKED[base])
    assert {check for check, status in told.items() if status == "skipped"} == {
        check for check in ASKED[base] if check.endswith("-validate")
    }


async def test_the_cluster_that_is_asked_about_is_the_one_that_is_sent(
    sandbox: RunningSandbox,
) -> None:
    intent = opened(sandbox, "_cluster")
    assert isinstance(intent, ClusterSetup)
    plan = await planned(sandbox, intent)
    (step,) = [one for one in plan.steps if one.kind == "cluster"]
    asked = machines.cluster(intent, ids_of(intent), step.params["version"])
    assert asked == {"type": asked["type"], "name": "aks-1", **cluster.body(step)}


async def test_no_secret_is_asked_about_and_brackets_are_no_expression(
    sandbox: RunningSandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SCORE_TOKEN", "very-secret")
    intent = opened(sandbox, "_group")
    assert isinstance(intent, ContainerGroupSetup)
    (one,) = intent.container_group.containers
    main = msgspec.structs.replace(
        one, env={"LIST": '["a", "b"]'}, secure_env={"TOKEN": "env:SCORE_TOKEN"}
    )
    wish = msgspec.structs.replace(intent.container_group, containers=[main])
    intent = msgspec.structs.replace(intent, container_group=wish)
    body = machines.container_group(intent, ids_of(intent), "https://v", "")
    (made,) = body["properties"]["containers"]
    assert made["properties"]["environmentVariables"] == [
        {"name": "LIST", "value": '["a", "b"]'},
        {"name": "TOKEN", "secureValue": machines.UNTOLD},
    ]
    plan = await planned(sandbox, intent)
    assert statuses(plan, ASKED["_group"]) == dict.fromkeys(ASKED["_group"], "ok")
