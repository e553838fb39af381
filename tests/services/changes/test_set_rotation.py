"""Rotations of disk encryption sets against the sandbox, with the clusters on them."""

import asyncio
import re
from pathlib import Path
from typing import Any

import msgspec
import pytest
from carrying import carry_out, connected, writes
from keyusers import GROUP, SET, VAULT, VERSION
from sandboxed import RunningSandbox

from sandbox import registrations, scenario
from sandbox.providers import clusters as aks
from sandbox.providers import disks as compute
from services.azure import authorization, disks, keys, vaults
from services.azure.connection import Connection
from services.changes.document import rotation_document
from services.changes.model import Rotation, Wish
from services.changes.rotation import NoRotation, plan_rotation, read
from services.changes.rotationjudges import judged
from services.checks.facts import Unknown
from services.ids import KeyId
from services.model.intent import ClusterSetup
from services.model.plan import Finding, Plan
from services.runs.engine import RunStatus
from services.setup.plan import make_plan

SUBSCRIPTION = "5b000000-0000-4000-8000-0000000000d1"
CLUSTER = f"{GROUP}/Microsoft.ContainerService/managedClusters/aks-prod"
POOLS = [
    {"name": "nodepool1", "count": 3, "osDiskType": "Managed"},
    {"name": "burst", "count": 1, "osDiskType": "Ephemeral", "vmSize": "Standard_D4ds_v5"},
]


def host(sandbox: RunningSandbox) -> str:
    return f"kv-ml-prod.{sandbox.ready['key_vault_suffix'].lstrip('.')}"


def estate(
    sandbox: RunningSandbox, *, granted: bool = True, url: str = VERSION, **parts: Any
) -> None:
    """A set with its grant on the key, and a cluster with nodes on it."""
    sandbox.reset("broken/healthy")
    where = {"subscription": "Contoso-ML", "group": "rg-ml", "location": "westeurope"}
    key = f"https://{host(sandbox)}/keys/cmk-ml/{url}".rstrip("/")

    def seed() -> None:
        registrations.put(sandbox.world, SUBSCRIPTION, "Microsoft.Compute", "Registered")
        one = {**where, "name": "des-prod", "key": key, "vault": VAULT, **parts}
        compute.seed_set(sandbox.world, one)
        aks.seed(sandbox.world, {**where, "name": "aks-prod", "des": SET, "pools": POOLS})

    sandbox.on_loop(seed)
    if granted:
        grant(sandbox, VAULT)


def grant(sandbox: RunningSandbox, scope: str) -> None:
    def give() -> None:
        from sandbox import rbac

        des = sandbox.world.resource(SET)
        assert des is not None
        who = des.doc["identity"]["principalId"]
        role = "Key Vault Crypto Service Encryption User"
        rbac.grant(sandbox.world, scope, role, who, created=sandbox.world.epoch() - 10_000)

    sandbox.on_loop(give)


def checks(found: Rotation, *statuses: str) -> set[str]:
    return {one.check for one in found.findings if one.status in statuses}


async def key_of(conn: Connection) -> KeyId:
    found = await disks.get_set(conn, SET)
    assert found is not None
    return KeyId.parse(found.key_url)


async def test_a_set_that_stays_is_pointed_to_a_new_version(
    sandbox: RunningSandbox, tmp_path: Path
) -> None:
    estate(sandbox)
    async with connected(sandbox) as conn:
        found = await read(conn, SET, Wish())
        plan = plan_rotation(found)
        assert checks(found, "fail") == set(), found.findings
        assert [step.kind for step in plan.steps] == [
            "key-version", "set-key", "verify-set", "key-kept"
        ]  # fmt: skip
        assert writes(sandbox) == []
        done = await carry_out(conn, tmp_path, plan)
        assert done.status is RunStatus.SUCCEEDED, done.failures()
        now = await key_of(conn)
        assert now.version not in ("", VERSION)
        again = await read(conn, SET, Wish(version="latest"))
        assert plan_rotation(again).steps == ()
    notes = {one.step: one.detail.get("note", "") for one in done.events}
    assert VERSION[:8] in notes["kept"] and "Cosmos" not in notes["kept"]
    assert "pool burst of cluster aks-prod" in notes["kept"]


async def test_nodes_with_ephemeral_disks_are_named_with_the_command(
    sandbox: RunningSandbox,
) -> None:
    estate(sandbox)
    async with connected(sandbox) as conn:
        found = await read(conn, "aks-prod", Wish())
    assert found.subject == SET, "a cluster stands for its set"
    (one,) = [one for one in found.findings if one.check == "rotation-ephemeral"]
    assert one.status == "warn" and "Pool burst of cluster aks-prod" in one.title
    assert one.repair is not None
    assert "--node-image-only --name burst --cluster-name aks-prod" in one.repair.text
    assert "--resource-group rg-ml" in one.repair.text


@pytest.mark.parametrize("url", [VERSION, ""])
async def test_a_set_that_follows_is_watched_and_not_sent_anything(
    sandbox: RunningSandbox, tmp_path: Path, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(compute, "ROTATE_S", 1000 * sandbox.speed)
    estate(sandbox, url=url, rotate=True)
    async with connected(sandbox) as conn:
        before = await disks.get_set(conn, SET)
        plan = plan_rotation(await read(conn, SET, Wish()))
        (moved,) = [step for step in plan.steps if step.kind == "set-key"]
        assert moved.action == "wait" and "by itself" in moved.title
        carrying = asyncio.create_task(carry_out(conn, tmp_path, plan))
        await asked(sandbox, "POST", "/keys/cmk-ml/create")
        await asyncio.to_thread(sandbox.admin, "DELETE", "requests")
        await asked(sandbox, "GET", "/diskEncryptionSets/des-prod", times=2)
        assert not carrying.done()
        sent = writes(sandbox)
        await asyncio.to_thread(sandbox.advance, 1001)
        done = await carrying
        assert done.status is RunStatus.SUCCEEDED, done.failures()
        after = await disks.get_set(conn, SET)
        assert before is not None and after is not None
        assert after.rotated is not None and after.rotated != before.rotated
    waits = [one.detail["why"] for one in done.events if one.event == "step.waiting"]
    assert any("within one hour, and promises nothing" in why for why in waits)
    assert [*sent, *writes(sandbox)] == []


async def asked(sandbox: RunningSandbox, method: str, words: str, times: int = 1) -> None:
    async with asyncio.timeout(20):
        while times > sum(
            one["method"] == method and words.lower() in one["path"].lower()
            for one in await asyncio.to_thread(sandbox.requests)
        ):
            await asyncio.sleep(0.01)


async def test_a_following_set_goes_to_no_given_version(
    sandbox: RunningSandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(compute, "ROTATE_S", 1e9)
    estate(sandbox, rotate=True)
    async with connected(sandbox) as conn:
        key = await key_of(conn)
        made = await keys.create_key(conn, f"https://{key.host}", key.name, keys.KeySpec(bits=2048))
        old = await read(conn, SET, Wish(version=VERSION))
        (one,) = [one for one in old.findings if one.check == "rotation-follows"]
        assert one.status == "fail" and one.repair is not None
        assert "--enable-auto-key-rotation false" in one.repair.text
        newest = await read(conn, SET, Wish(version=made.version))
        assert "rotation-follows" not in checks(newest, "fail")
        assert [s.kind for s in plan_rotation(newest).steps][1] == "set-key"


async def test_a_set_that_has_stopped_to_follow_is_refused(sandbox: RunningSandbox) -> None:
    estate(sandbox, rotate=True)

    def stop() -> None:
        des = sandbox.world.resource(SET)
        assert des is not None
        error = {"code": "ManagedServiceIdentityNotFound", "message": "gone"}
        des.doc["properties"]["autoKeyRotationError"] = error

    sandbox.on_loop(stop)
    async with connected(sandbox) as conn:
        found = await read(conn, SET, Wish())
    (one,) = [one for one in found.findings if one.check == "rotation-stopped"]
    assert one.status == "fail" and "ManagedServiceIdentityNotFound" in one.title


async def test_another_key_is_granted_to_the_set_before_it_is_used(
    sandbox: RunningSandbox, tmp_path: Path
) -> None:
    estate(sandbox, granted=False)
    grant(sandbox, f"{VAULT}/keys/cmk-ml")
    async with connected(sandbox) as conn:
        key = await key_of(conn)
        made = await keys.create_key(conn, f"https://{key.host}", "cmk-2", keys.KeySpec(bits=2048))
        found = await read(conn, SET, Wish(key="cmk-2"))
        assert checks(found, "fix") == {"rotation-grant"}
        plan = plan_rotation(found)
        assert [step.id for step in plan.steps] == ["key", "grant", "set-key", "verify", "kept"]
        done = await carry_out(conn, tmp_path, plan)
        assert done.status is RunStatus.SUCCEEDED, done.failures()
        assert str(await key_of(conn)) == made.id
        des = await disks.get_set(conn, SET)
        assert des is not None
        given = await authorization.list_assignments(conn, f"{VAULT}/keys/cmk-2", des.principal_id)
        assert any(one.scope.lower() == f"{VAULT}/keys/cmk-2".lower() for one in given)


async def test_a_key_of_another_vault_is_judged_by_the_rules_of_disks(
    sandbox: RunningSandbox, tmp_path: Path
) -> None:
    estate(sandbox)
    async with connected(sandbox) as conn:
        tenant = sandbox.ready["tenant_id"]
        group = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/rg-sec/providers"
        spec = vaults.VaultSpec(location="westeurope", tenant_id=tenant, rbac=False)
        made = await vaults.create_vault(
            conn, f"{group}/Microsoft.KeyVault/vaults/kv-disks-2", spec
        )
        me = await conn.who()
        policy = vaults.AccessPolicy(
            object_id=me.object_id, tenant_id=tenant, keys=("get", "list", "create")
        )
        await vaults.add_policy(conn, made.id, policy)
        key = await keys.create_key(conn, made.uri, "cmk-3", keys.KeySpec(bits=2048))
        found = await read(conn, SET, Wish(key=KeyId.parse(key.id).versionless))
        assert checks(found, "fail") == set(), found.findings
        done = await carry_out(conn, tmp_path, plan_rotation(found))
        assert done.status is RunStatus.SUCCEEDED, done.failures()
        moved = await disks.get_set(conn, SET)
        assert moved is not None and moved.key_url == key.id
        assert moved.vault_id.lower() == made.id.lower()


async def test_who_can_not_use_the_key_is_never_moved_to_it(sandbox: RunningSandbox) -> None:
    """Where nobody can tell whom the set works as, nothing is changed."""
    estate(sandbox)

    def lose() -> None:
        des = sandbox.world.resource(SET)
        assert des is not None
        des.doc["identity"] = {"type": "None"}

    sandbox.on_loop(lose)
    async with connected(sandbox) as conn:
        found = await read(conn, SET, Wish())
    (one,) = [one for one in found.findings if one.check == "rotation-grant"]
    assert one.status == "fail" and "has no identity" in one.meaning


async def test_a_key_stands_for_workspaces_and_sets(
    sandbox: RunningSandbox, tmp_path: Path
) -> None:
    estate(sandbox)
    async with connected(sandbox) as conn:
        address = (await key_of(conn)).versionless
        found = await read(conn, address, Wish())
        told = rotation_document(found, plan_rotation(found))
        assert {one["kind"] for one in told["places"]} == {"workspace", "disk-encryption-set"}
        assert [one["name"] for one in told["workspaces"]] == ["mlw-prod"]
        done = await carry_out(conn, tmp_path, plan_rotation(found))
        assert done.status is RunStatus.SUCCEEDED, done.failures()
        assert (await key_of(conn)).version == done.results["key"]["version"]
        with pytest.raises(NoRotation, match="F46"):
            await read(conn, address, Wish(key="https://kv-other.vault.localhost/keys/k"))


async def test_a_lock_and_a_busy_set_refuse(sandbox: RunningSandbox) -> None:
    estate(sandbox)
    lock = f"{SET}/providers/Microsoft.Authorization/locks/freeze"
    sandbox.call("PUT", lock, {"properties": {"level": "ReadOnly"}}, version="2016-09-01")

    def busy() -> None:
        des = sandbox.world.resource(SET)
        assert des is not None
        des.doc["properties"]["provisioningState"] = "Updating"

    sandbox.on_loop(busy)
    async with connected(sandbox) as conn:
        found = await read(conn, SET, Wish())
    assert checks(found, "fail") == {"change-lock", "rotation-state"}


async def test_a_cluster_without_a_set_has_nothing_to_rotate(sandbox: RunningSandbox) -> None:
    sandbox.reset("broken/healthy")
    where = {"subscription": "Contoso-ML", "group": "rg-ml", "location": "westeurope"}
    sandbox.on_loop(lambda: aks.seed(sandbox.world, {**where, "name": "aks-prod"}))
    async with connected(sandbox) as conn:
        with pytest.raises(NoRotation, match="the platform's keys"):
            await read(conn, CLUSTER, Wish())


async def test_a_key_that_can_not_be_read_refuses(sandbox: RunningSandbox) -> None:
    estate(sandbox)
    async with connected(sandbox, "contributor") as conn:
        found = await read(conn, SET, Wish())
    assert "rotation-key" in checks(found, "fail")
    assert plan_rotation(found).steps == ()


@pytest.mark.parametrize(
    ("change", "why"),
    [({"location": "northeurope"}, "in northeurope"), ({"purge_protection": False}, "purge")],
)
async def test_a_vault_that_can_not_serve_disks_is_refused(
    sandbox: RunningSandbox, change: dict[str, Any], why: str
) -> None:
    estate(sandbox)
    async with connected(sandbox) as conn:
        found = await read(conn, SET, Wish())
    replace = msgspec.structs.replace
    assert not isinstance(found.vault, Unknown)
    other = replace(found, host="kv-b.vault.localhost", vault=replace(found.vault, **change))
    (one,) = [one for one in judged(other) if one.check == "rotation-vault"]
    assert one.status == "fail" and why in one.title


async def test_a_plan_that_finds_its_set_behind_is_content_after_the_rotation_it_names(
    sandbox: RunningSandbox, tmp_path: Path
) -> None:
    """The set was planned to stay on its version, and the key has got a new one since."""
    sandbox.reset("failures/_cluster")
    wish = msgspec.convert(scenario.read("failures/_cluster")["intent"], ClusterSetup)
    des = msgspec.structs.replace(wish.cluster.disk_encryption_set, rotate_to_latest=False)
    own = msgspec.structs.replace(wish.cluster, disk_encryption_set=des)
    intent = msgspec.structs.replace(wish, cluster=own)
    async with connected(sandbox) as conn:
        made = await carry_out(conn, tmp_path, await make_plan(conn, intent))
        assert made.status is RunStatus.SUCCEEDED, made.failures()
        await conn.keys(conn.cloud.vault_uri("kv-cmk")).rotate_key("cmk")
        (behind,) = of_set(await make_plan(conn, intent))
        assert behind.status == "fail" and behind.repair is not None
        told = re.search(r"wrapkey rotate (\S+) --version (\S+)", behind.repair.text)
        assert told is not None
        found = await read(conn, told[1], Wish(version=told[2]))
        done = await carry_out(conn, tmp_path, plan_rotation(found))
        assert done.status is RunStatus.SUCCEEDED, done.failures()
        after = await make_plan(conn, intent)
    assert [one.status for one in of_set(after)] == ["ok"]
    assert [one for one in after.findings if one.status == "fail"] == []


def of_set(plan: Plan) -> list[Finding]:
    return [one for one in plan.findings if one.check == "encryption-set"]
