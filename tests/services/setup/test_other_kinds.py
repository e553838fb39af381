"""Container groups and clusters, planned and carried out against the sandbox."""

import asyncio
from pathlib import Path
from typing import Any

import pytest
from carrying import QUICK, carry_out, connected, writes
from sandboxed import RunningSandbox

from services.azure import clusters, containergroups, disks
from services.model.intent import (
    ClusterIntent,
    ClusterSetup,
    ContainerGroupIntent,
    ContainerGroupSetup,
    ContainerIntent,
    Create,
    DiskEncryptionSetIntent,
    Intent,
    KeyIntent,
    VaultIntent,
)
from services.model.plan import Event
from services.runs.engine import Run, RunStatus
from services.runs.journal import Journal
from services.setup.plan import make_plan


def shared(sandbox: RunningSandbox, vault: dict[str, Any]) -> dict[str, Any]:
    return {
        "subscription": sandbox.subscription,
        "region": "westeurope",
        "resource_group": "rg-run",
        "vault": VaultIntent(**{"name": "kv-run-prod", "create": True, **vault}),
        "key": KeyIntent(name="cmk-run", create=True, bits=2048),
    }


def group_for(
    sandbox: RunningSandbox, vault: dict[str, Any] | None = None, **parts: Any
) -> ContainerGroupSetup:
    container = ContainerIntent(
        name="main",
        image="mcr.microsoft.com/azuredocs/aci-helloworld",
        ports=[80],
        env={"MODE": "prod"},
        secure_env=parts.pop("secure_env", {}),
    )
    wish = {"name": "score-1", "identity": Create(create="uai-aci"), "containers": [container]}
    return ContainerGroupSetup(
        **shared(sandbox, vault or {}),
        container_group=ContainerGroupIntent(**{**wish, **parts}),  # type: ignore[arg-type]
    )


def cluster_for(
    sandbox: RunningSandbox, vault: dict[str, Any] | None = None, **parts: Any
) -> ClusterSetup:
    des = DiskEncryptionSetIntent(name="des-1", **parts.pop("des", {}))
    wish = {"name": "aks-1", "identity": Create(create="uai-aks"), "disk_encryption_set": des}
    return ClusterSetup(
        **shared(sandbox, vault or {}),
        cluster=ClusterIntent(**{**wish, **parts}),
    )


FLOWS = [
    ({"access": "rbac"}, {}),
    ({"access": "policies"}, {}),
    ({"access": "rbac", "network": "trusted-services"}, {}),
    ({"access": "policies"}, {"flow": "first-party", "identity": ""}),
]


@pytest.mark.parametrize(("vault", "wish"), FLOWS)
async def test_a_container_group_in_each_flow(
    sandbox: RunningSandbox, tmp_path: Path, vault: dict[str, Any], wish: dict[str, Any]
) -> None:
    async with connected(sandbox) as conn:
        done = await carry_out(conn, tmp_path, group_for(sandbox, vault, **wish))
        assert done.status is RunStatus.SUCCEEDED, done.failures()
        assert {line["status"] for line in done.results["verify"]["lines"]} == {"ok"}
        found = await containergroups.get_group(conn, done.plan.subject)
        assert found and found.view == "Running"
        assert found.key_version == done.results["key"]["id"].rpartition("/")[2]
        assert bool(found.identity) is (wish.get("flow") != "first-party")
        told = [one.detail.get("note", "") for one in done.events if one.step == "containers"]
        assert any("Pulled" in note for note in told), told


@pytest.mark.parametrize("access", ["rbac", "policies"])
@pytest.mark.parametrize("rotate", [True, False])
async def test_a_cluster_with_its_disk_encryption_set(
    sandbox: RunningSandbox, tmp_path: Path, access: str, rotate: bool
) -> None:
    async with connected(sandbox) as conn:
        intent = cluster_for(sandbox, {"access": access}, des={"rotate_to_latest": rotate})
        done = await carry_out(conn, tmp_path, intent)
        assert done.status is RunStatus.SUCCEEDED, done.failures()
        assert {line["status"] for line in done.results["verify"]["lines"]} == {"ok"}
        found = await clusters.get_cluster(conn, done.plan.subject)
        assert found and [pool.count for pool in found.pools] == [3]
        used = await disks.get_set(conn, found.encryption_set)
        assert used and used.rotates is rotate
        version = done.results["key"]["id"].rpartition("/")[2]
        assert used.key_url.endswith(version) is not rotate or rotate


@pytest.mark.parametrize("make", [group_for, cluster_for])
async def test_again_writes_nothing_for_them_either(
    sandbox: RunningSandbox, tmp_path: Path, make: Any
) -> None:
    async with connected(sandbox) as conn:
        intent: Intent = make(sandbox)
        first = await carry_out(conn, tmp_path, intent)
        assert first.status is RunStatus.SUCCEEDED, first.failures()
        await asyncio.sleep(QUICK.propagation_s)
        sandbox.admin("DELETE", "requests")
        same = await carry_out(conn, tmp_path, first.plan)
        assert same.status is RunStatus.SUCCEEDED, same.failures()
        assert same.named("step.done") == ["verify"]
        anew = await carry_out(conn, tmp_path, intent)
        assert anew.status is RunStatus.SUCCEEDED
        assert [step.id for step in anew.plan.steps] == ["key", "verify"]
        assert {one.status for one in anew.plan.findings} <= {"ok", "warn", "skipped", "unknown"}
        assert writes(sandbox) == []


async def test_a_missing_secret_pauses_the_run_and_stands_in_no_file(
    sandbox: RunningSandbox, tmp_path: Path
) -> None:
    source = tmp_path / "token"
    async with connected(sandbox) as conn:
        intent = group_for(sandbox, secure_env={"TOKEN": f"file:{source}"})
        plan = await make_plan(conn, intent)
        assert [one.status for one in plan.findings if one.check == "group-secrets"] == ["warn"]
        journal = await Journal.open(tmp_path / "runs" / "journal.sqlite")
        run = await Run.start(conn, journal, plan, settings=QUICK)
        events: list[Event] = []
        paused = asyncio.Event()

        def listen(event: Event) -> None:
            events.append(event)
            if event.event == "run.paused":
                paused.set()

        run.subscribe(listen)
        going = asyncio.create_task(run.go())
        await asyncio.wait_for(paused.wait(), 30)
        assert events[-1].detail["why"] == "secret"
        assert str(source) in events[-1].detail["what"]
        source.write_text("s3cret-value\n")
        run.proceed()
        assert await asyncio.wait_for(going, 30) is RunStatus.SUCCEEDED
        await run.close()
        await journal.close()
    source.unlink()
    kept = [one for one in tmp_path.rglob("*") if one.is_file()]
    assert kept and not any(b"s3cret-value" in one.read_bytes() for one in kept)
    assert not any("s3cret-value" in str(one) for one in events)
