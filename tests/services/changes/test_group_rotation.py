"""Container groups made again with another key: what is refused, lost, asked for and carried out."""

import asyncio
from pathlib import Path
from typing import Any

import pytest
from carrying import QUICK, carry_out, connected, writes
from sandboxed import RunningSandbox

from services.azure import authorization, containergroups, identities, keys, locks
from services.azure.connection import Connection
from services.changes.model import GroupPlace, Rotation, Wish
from services.changes.rotation import NoRotation, plan_rotation, read
from services.ids import KeyId
from services.model.intent import (
    ContainerGroupIntent,
    ContainerGroupSetup,
    ContainerIntent,
    Create,
    KeyIntent,
    VaultIntent,
)
from services.model.plan import Event
from services.runs.engine import Run, RunStatus
from services.runs.journal import Journal
from services.setup import recreation

SECRET = "s3cret-of-before"


async def group(sandbox: RunningSandbox, conn: Connection, tmp_path: Path, **wish: Any) -> str:
    """A group that runs, with a secret variable; its ARM id."""
    source = tmp_path / "first"
    source.write_text(SECRET)
    container = ContainerIntent(
        name="main",
        image="mcr.microsoft.com/azuredocs/aci-helloworld",
        ports=[80],
        env={"MODE": "prod"},
        secure_env={"TOKEN": f"file:{source}"},
    )
    given: dict[str, Any] = {"name": "score-1", "identity": Create(create="uai-aci"), **wish}
    intent = ContainerGroupSetup(
        subscription=sandbox.subscription,
        region="westeurope",
        resource_group="rg-run",
        vault=VaultIntent(
            name="kv-run-prod", create=True, access="rbac" if given["identity"] else "policies"
        ),
        key=KeyIntent(name="cmk-run", create=True, bits=2048),
        container_group=ContainerGroupIntent(containers=[container], **given),
    )
    done = await carry_out(conn, tmp_path / "setup", intent)
    assert done.status is RunStatus.SUCCEEDED, done.failures()
    source.unlink()
    sandbox.admin("DELETE", "requests")
    return done.plan.subject


def failing(found: Rotation) -> list[str]:
    return [one.title for one in found.findings if one.status == "fail"]


async def test_a_group_is_deleted_and_made_again_with_the_new_version(
    sandbox: RunningSandbox, tmp_path: Path
) -> None:
    async with connected(sandbox) as conn:
        id = await group(sandbox, conn, tmp_path)
        before = await containergroups.get_group(conn, id)
        source = tmp_path / "token"
        source.write_text("s3cret-again")
        wish = Wish(secrets={"variable/main/TOKEN": f"file:{source}"})
        found = await read(conn, "score-1", wish)
        assert failing(found) == [], found.findings
        (warned,) = [one for one in found.findings if one.check == "rotation-recreate"]
        for lost in recreation.LOST:
            assert lost in warned.meaning
        plan = plan_rotation(found)
        assert [step.id for step in plan.steps] == ["key", "away", "again", "verify", "kept"]
        assert [bool(step.irreversible) for step in plan.steps] == [True, True, False, False, False]
        assert writes(sandbox) == []
        done = await carry_out(conn, tmp_path, plan)
        assert done.status is RunStatus.SUCCEEDED, done.failures()
        after = await containergroups.get_group(conn, id)
    assert before is not None and after is not None
    assert after.view == "Running" and after.key_version == done.results["key"]["version"]
    was, now = (recreation.carried(one.raw).body for one in (before, after))
    for one in (was, now):
        one["properties"].pop("encryptionProperties")
    assert was == now
    assert [one.partition(" ")[0] for one in writes(sandbox)] == ["POST", "DELETE", "PUT"]
    source.unlink()
    kept = [one for one in tmp_path.rglob("*") if one.is_file()]
    assert kept and not any(b"s3cret-again" in one.read_bytes() for one in kept)


async def test_a_secret_that_nobody_named_refuses_it(
    sandbox: RunningSandbox, tmp_path: Path
) -> None:
    async with connected(sandbox) as conn:
        id = await group(sandbox, conn, tmp_path)
        found = await read(conn, id, Wish())
        assert failing(found) == ["variable/main/TOKEN must be given again: Azure does not tell it"]
        with pytest.raises(NoRotation, match="has no secret variable/main/OTHER"):
            await read(conn, id, Wish(secrets={"variable/main/OTHER": "env:X"}))


async def test_nothing_goes_before_its_secrets_are_there(
    sandbox: RunningSandbox, tmp_path: Path
) -> None:
    async with connected(sandbox) as conn:
        id = await group(sandbox, conn, tmp_path)
        source = tmp_path / "token"
        wish = Wish(secrets={"variable/main/TOKEN": f"file:{source}"})
        plan = plan_rotation(await read(conn, id, wish))
        journal = await Journal.open(tmp_path / "runs" / "journal.sqlite")
        run = await Run.start(conn, journal, plan, settings=QUICK)
        paused = asyncio.Event()

        def listen(event: Event) -> None:
            if event.event == "run.paused":
                paused.set()

        run.subscribe(listen)
        going = asyncio.create_task(run.go())
        await asyncio.wait_for(paused.wait(), 30)
        there = await containergroups.get_group(conn, id)
        assert there is not None and there.view == "Running"
        assert not any(one.startswith("DELETE") for one in writes(sandbox))
        source.write_text("s3cret-again")
        run.proceed()
        assert await asyncio.wait_for(going, 30) is RunStatus.SUCCEEDED
        await run.close()
        await journal.close()


async def test_what_has_changed_since_it_was_shown_is_not_deleted(
    sandbox: RunningSandbox, tmp_path: Path
) -> None:
    async with connected(sandbox) as conn:
        id = await group(sandbox, conn, tmp_path)
        source = tmp_path / "token"
        source.write_text("x")
        wish = Wish(secrets={"variable/main/TOKEN": f"file:{source}"})
        plan = plan_rotation(await read(conn, id, wish))
        sandbox.call("PATCH", id, {"tags": {"team": "other"}}, version=containergroups.API)
        done = await carry_out(conn, tmp_path, plan)
        assert done.status is RunStatus.FAILED
        ((failure,),) = [list(one.values()) for one in done.failures()]
        assert failure["cause"]["code"] == "Changed"
        assert await containergroups.get_group(conn, id) is not None
    assert not any(one.startswith("DELETE") for one in writes(sandbox))


async def test_the_identity_gets_another_key_before_anything_goes(
    sandbox: RunningSandbox, tmp_path: Path
) -> None:
    async with connected(sandbox) as conn:
        id = await group(sandbox, conn, tmp_path)
        found = await containergroups.get_group(conn, id)
        assert found is not None
        address = found.vault_uri.removesuffix("/")
        made = await keys.create_key(conn, address, "cmk-2", keys.KeySpec(bits=2048))

        own = await identities.get_identity(conn, found.identity)
        assert own is not None
        for one in await authorization.list_assignments(conn, vault_of(id), own.principal_id):
            await authorization.delete_assignment(conn, one.id)
        source = tmp_path / "token"
        source.write_text("x")
        wish = Wish(key="cmk-2", secrets={"variable/main/TOKEN": f"file:{source}"})
        wanted = await read(conn, id, wish)
        plan = plan_rotation(wanted)
        ids = [step.id for step in plan.steps]
        assert ids == ["key", "grant", "away", "again", "verify", "kept"], wanted.findings
        done = await carry_out(conn, tmp_path, plan)
        assert done.status is RunStatus.SUCCEEDED, done.failures()
        after = await containergroups.get_group(conn, id)
        assert after is not None and after.key == "cmk-2"
        assert after.key_version == KeyId.parse(made.id).version


def vault_of(id: str) -> str:
    return f"{id.partition('/providers/')[0]}/providers/Microsoft.KeyVault/vaults/kv-run-prod"


async def test_the_service_s_own_app_needs_no_grant_again(
    sandbox: RunningSandbox, tmp_path: Path
) -> None:
    async with connected(sandbox) as conn:
        id = await group(sandbox, conn, tmp_path, flow="first-party", identity="")
        source = tmp_path / "token"
        source.write_text("x")
        wish = Wish(secrets={"variable/main/TOKEN": f"file:{source}"})
        found = await read(conn, id, wish)
        assert failing(found) == [], found.findings
        done = await carry_out(conn, tmp_path, plan_rotation(found))
        assert done.status is RunStatus.SUCCEEDED, done.failures()


async def test_a_lock_and_missing_rights_refuse(sandbox: RunningSandbox, tmp_path: Path) -> None:
    async with connected(sandbox) as conn:
        id = await group(sandbox, conn, tmp_path)
    lock = f"{id}/providers/Microsoft.Authorization/locks/keep"
    sandbox.call("PUT", lock, {"properties": {"level": "CanNotDelete"}}, version="2016-09-01")
    async with connected(sandbox, "reader") as conn:
        assert await locks.list_locks(conn, id)
        found = await read(conn, id, Wish(secrets={"variable/main/TOKEN": "env:TOKEN"}))
    told = failing(found)
    assert any(one.startswith("Lock keep (CanNotDelete)") for one in told), told
    assert "You may not delete container group score-1" in told


RAW: dict[str, Any] = {
    "id": "/subscriptions/5b000000-0000-4000-8000-0000000000d1/resourceGroups/g/providers"
    "/Microsoft.ContainerInstance/containerGroups/one",
    "name": "one",
    "type": "Microsoft.ContainerInstance/containerGroups",
    "location": "westeurope",
    "tags": {"team": "ml"},
    "zones": ["1"],
    "identity": {
        "type": "UserAssigned",
        "userAssignedIdentities": {"/a/b": {"principalId": "p", "clientId": "c"}},
    },
    "properties": {
        "provisioningState": "Succeeded",
        "sku": "Standard",
        "osType": "Linux",
        "restartPolicy": "Never",
        "encryptionProperties": {"vaultBaseUrl": "https://v/", "keyName": "k", "keyVersion": "1"},
        "instanceView": {"events": [], "state": "Running"},
        "ipAddress": {
            "type": "Public",
            "ip": "20.1.2.3",
            "fqdn": "one.westeurope.azurecontainer.io",
            "dnsNameLabel": "one",
            "ports": [{"port": 80, "protocol": "TCP"}],
        },
        "volumes": [
            {"name": "scratch", "emptyDir": {}},
            {"name": "share", "azureFile": {"shareName": "s", "storageAccountName": "a"}},
        ],
        "imageRegistryCredentials": [
            {"server": "own.azurecr.io", "identity": "/a/b"},
            {"server": "other.io", "username": "u"},
        ],
        "diagnostics": {"logAnalytics": {"workspaceId": "w", "logType": "ContainerInsights"}},
        "containers": [
            {
                "name": "main",
                "properties": {
                    "image": "i",
                    "environmentVariables": [{"name": "A", "value": "1"}, {"name": "B"}],
                    "instanceView": {"restartCount": 0},
                    "volumeMounts": [{"name": "share", "mountPath": "/m"}],
                },
            }
        ],
        "initContainers": [
            {"name": "first", "properties": {"environmentVariables": [{"name": "C"}]}}
        ],
    },
}


def changed(path: tuple[str | int, ...], value: Any) -> dict[str, Any]:
    return recreation.filled(RAW, {path: value})


def test_what_azure_gives_is_not_sent_and_every_secret_is_named() -> None:
    told = recreation.carried(RAW)
    assert told.refused == ()
    assert [one.name for one in told.holes] == [
        "variable/main/B",
        "variable/first/C",
        "registry/other.io",
        "volume/share",
        "log-analytics",
    ]
    properties = told.body["properties"]
    assert set(told.body) == {"location", "tags", "zones", "identity", "properties"}
    assert not {"provisioningState", "instanceView"} & set(properties)
    assert set(properties["ipAddress"]) == {"type", "dnsNameLabel", "ports"}
    assert told.body["identity"]["userAssignedIdentities"] == {"/a/b": {}}
    whole = recreation.filled(told.body, {one.path: f"<{one.name}>" for one in told.holes})
    assert whole["properties"]["volumes"][1]["azureFile"]["storageAccountKey"] == "<volume/share>"
    variable = whole["properties"]["containers"][0]["properties"]["environmentVariables"][1]
    assert variable == {"name": "B", "secureValue": "<variable/main/B>"}
    assert recreation.carried(RAW).body == told.body, "a body that was filled is another one"


@pytest.mark.parametrize(
    ("path", "value", "why"),
    [
        (("identity", "type"), "SystemAssigned", "system-assigned identity"),
        (("identity", "type"), "SystemAssigned, UserAssigned", "system-assigned identity"),
        (("properties", "volumes", 0), {"name": "s", "secret": {"a": None}}, "secret files"),
        (("properties", "extensions"), [{"name": "kube-proxy"}], "extensions"),
        (("properties", "confidentialComputeProperties"), {"ccePolicy": "x"}, "confidential"),
        (("properties", "containers", 0, "properties", "configMap"), {"a": 1}, "configMap"),
        (("properties", "ipAddress", "someday"), 1, "someday"),
        (("extendedLocation",), {"name": "edge"}, "extendedLocation"),
        (("properties", "imageRegistryCredentials", 1, "token"), "t", "token"),
    ],
)
def test_what_is_not_known_to_come_back_refuses(
    path: tuple[str | int, ...], value: Any, why: str
) -> None:
    told = recreation.carried(changed(path, value))
    assert len(told.refused) == 1 and why in told.refused[0]


async def test_a_group_that_can_not_be_made_again_is_refused_with_the_other_way(
    sandbox: RunningSandbox, tmp_path: Path
) -> None:
    async with connected(sandbox) as conn:
        id = await group(sandbox, conn, tmp_path)

        def odd() -> None:
            one = sandbox.world.resource(id)
            assert one is not None
            one.doc["properties"]["extensions"] = [{"name": "kube-proxy"}]

        sandbox.on_loop(odd)
        found = await read(conn, id, Wish(secrets={"variable/main/TOKEN": "env:T"}))
    (one,) = [one for one in found.findings if one.status == "fail"]
    assert one.repair is not None and "wrapkey apply" in one.repair.text
    assert plan_rotation(found).steps == ()
    (place,) = found.places
    assert isinstance(place, GroupPlace) and not place.movable
