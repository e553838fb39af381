"""A disk encryption set in another group than its cluster: rights, locks and the group itself."""

from pathlib import Path

import msgspec
from sandboxed import RunningSandbox
from test_failures import RUNS, SUBSCRIPTION, applied, connected, opened

from services.model.intent import ClusterSetup
from services.model.plan import Finding, Plan
from services.runs.engine import RunStatus
from services.setup.plan import make_plan

DISKS = f"{SUBSCRIPTION}/resourceGroups/rg-disks"
CONTRIBUTOR = "b24988ac-6180-42a0-ab88-20f7382dd24c"
WRITE = "Microsoft.Compute/diskEncryptionSets/write"


def elsewhere(sandbox: RunningSandbox) -> ClusterSetup:
    intent = opened(sandbox, "_cluster")
    assert isinstance(intent, ClusterSetup)
    des = msgspec.structs.replace(intent.cluster.disk_encryption_set, resource_group="rg-disks")
    wish = msgspec.structs.replace(intent.cluster, disk_encryption_set=des)
    return msgspec.structs.replace(intent, cluster=wish)


def make_group(sandbox: RunningSandbox) -> None:
    answer = sandbox.call("PUT", DISKS, {"location": "westeurope"}, version="2021-04-01")
    assert answer.status_code == 201


def contributor_of(sandbox: RunningSandbox, scope: str) -> None:
    name = "11111111-1111-4111-8111-111111111111"
    role = f"{SUBSCRIPTION}/providers/Microsoft.Authorization/roleDefinitions/{CONTRIBUTOR}"
    who = sandbox.principal("reader")["object_id"]
    path = f"{scope}/providers/Microsoft.Authorization/roleAssignments/{name}"
    body = {"properties": {"roleDefinitionId": role, "principalId": who}}
    assert sandbox.call("PUT", path, body, version="2022-04-01").status_code == 201


async def planned(sandbox: RunningSandbox, intent: ClusterSetup, who: str = "admin") -> Plan:
    async with connected(sandbox, who) as conn:
        return await make_plan(conn, intent)


def of(plan: Plan, check: str, part: str = "") -> list[Finding]:
    return [one for one in plan.findings if one.check == check and one.id.endswith(part)]


async def test_the_right_to_make_a_set_is_asked_where_the_set_is(sandbox: RunningSandbox) -> None:
    intent = elsewhere(sandbox)
    make_group(sandbox)
    contributor_of(sandbox, RUNS)
    sandbox.advance(900)
    (missing,) = of(await planned(sandbox, intent, "reader"), "caller-permissions", WRITE)
    assert missing.status == "fail" and missing.subject.lower() == DISKS.lower()
    assert missing.repair and "Contributor on rg-disks" in missing.repair.text


async def test_who_may_make_sets_in_their_group_is_told_of_nothing(sandbox: RunningSandbox) -> None:
    intent = elsewhere(sandbox)
    make_group(sandbox)
    contributor_of(sandbox, DISKS)
    sandbox.advance(900)
    plan = await planned(sandbox, intent, "reader")
    assert of(plan, "caller-permissions", WRITE) == []
    (cluster,) = of(plan, "caller-permissions", "managedClusters/write")
    assert cluster.subject.lower() == RUNS.lower()


async def test_a_lock_on_the_sets_group_is_in_the_way(sandbox: RunningSandbox) -> None:
    intent = elsewhere(sandbox)
    make_group(sandbox)
    path = f"{DISKS}/providers/Microsoft.Authorization/locks/frozen"
    body = {"properties": {"level": "ReadOnly"}}
    assert sandbox.call("PUT", path, body, version="2016-09-01").status_code in (200, 201)
    (lock,) = of(await planned(sandbox, intent), "lock-read-only")
    assert (lock.status, lock.title) == ("fail", "Lock frozen makes rg-disks read-only")


async def test_its_group_is_made_where_it_is_not_there(
    sandbox: RunningSandbox, tmp_path: Path
) -> None:
    intent = elsewhere(sandbox)
    async with connected(sandbox, "admin") as conn:
        plan = await make_plan(conn, intent)
        assert [one.target for one in plan.steps if one.kind == "group"] == [DISKS]
        assert not [one for one in plan.findings if one.status == "fail"]
        status, events = await applied(conn, tmp_path, plan)
        assert status is RunStatus.SUCCEEDED, events
        again = await make_plan(conn, intent)
    assert [one.action for one in again.steps if one.action != "verify"] == []


async def test_the_right_to_assign_an_identity_is_asked_where_it_is(
    sandbox: RunningSandbox,
) -> None:
    intent = opened(sandbox, "_cluster")
    assert isinstance(intent, ClusterSetup)
    make_group(sandbox)
    contributor_of(sandbox, RUNS)
    sandbox.advance(900)
    other = intent.cluster.identity.replace("rg-run", "rg-disks")  # type: ignore[union-attr]
    wish = msgspec.structs.replace(intent.cluster, identity=other)
    plan = await planned(sandbox, msgspec.structs.replace(intent, cluster=wish), "reader")
    (missing,) = of(plan, "caller-permissions", "assign/action")
    assert missing.status == "fail" and missing.subject.lower() == DISKS.lower()
