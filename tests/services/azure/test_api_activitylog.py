"""The activity log through the SDK: who did what, what was refused, what failed late."""

from datetime import timedelta

import msgspec
import pytest
from estate import Azure, connect
from sandboxed import RunningSandbox

from sandbox import scenario
from services.azure import activitylog, groups, workspaces
from services.azure.errors import AzureError
from services.checks import needed
from services.checks.facts import ids_of
from services.model.intent import Intent

ML = "0736f41a-0425-4b46-bdb5-1563eff02385"
DAY = timedelta(days=1)


async def test_a_write_and_a_refusal_name_their_caller(azure: Azure) -> None:
    start = azure.conn.now() - DAY
    async with await connect(azure.sandbox.ready, "reader") as other:
        with pytest.raises(AzureError) as caught:
            await groups.create_group(other, azure.sub, "rg-test", "westeurope", {"a": "b"})
    found = await activitylog.events(azure.conn, azure.sub, since=start, resource_group="RG-TEST")
    assert [one.status for one in found] == ["Failed", "Succeeded"]
    refused, made = found
    assert refused.code == caught.value.code == "AuthorizationFailed"
    assert refused.message == caught.value.message
    assert (refused.sub_status, made.sub_status) == ("Forbidden", "Created")
    assert made.caller == "ada@contoso.test" != refused.caller
    assert made.operation == "Microsoft.Resources/subscriptions/resourceGroups/write"
    assert made.resource_id == azure.group
    assert refused.at >= made.at > start
    assert (made.code, made.message) == ("", "")


async def test_only_what_was_asked_for_is_told(azure: Azure) -> None:
    await groups.create_group(azure.conn, azure.sub, "rg-other", "westeurope", {})
    now = azure.conn.now()
    found = await activitylog.events(azure.conn, azure.sub, since=now - DAY)
    assert {one.resource_id.rpartition("/")[2] for one in found} >= {"rg-test", "rg-other"}
    one = await activitylog.events(azure.conn, azure.sub, since=now - DAY, resource_id=azure.group)
    assert {event.resource_id for event in one} == {azure.group}
    azure.advance(3600)
    await groups.get_group(azure.conn, azure.sub, "rg-test")
    later = azure.conn.now() - timedelta(minutes=30)
    assert await activitylog.events(azure.conn, azure.sub, since=later) == []


async def test_every_page_is_read(azure: Azure) -> None:
    start = azure.conn.now() - DAY
    path = f"/subscriptions/{azure.sub}/resourceGroups/rg-test"
    for _ in range(204):
        azure.sandbox.call("PATCH", path, {})
    found = await activitylog.events(azure.conn, azure.sub, since=start, resource_id=path)
    assert len(found) == 205


async def created(sandbox: RunningSandbox, name: str) -> list[activitylog.ActivityEvent]:
    """What the log holds after a workspace failed in a scenario, oldest first."""
    sandbox.reset(f"failures/{name}")
    intent = msgspec.convert(scenario.read(f"failures/{name}")["intent"], Intent)
    ids = ids_of(intent)
    async with await connect(sandbox.ready) as conn:
        key = f"{conn.cloud.vault_uri(intent.vault.name)}/keys/{intent.key.name}"
        body = needed.workspace(intent, str(ids.vault), key, "", {})
        body = {name: value for name, value in body.items() if name not in ("type", "name")}
        await workspaces.begin_create(conn, str(ids.target), body)
        sandbox.advance(900)
        found = await activitylog.events(conn, intent.subscription, since=conn.now() - DAY)
    return found[::-1]


async def test_what_fails_late_stands_under_who_began_it_and_who_was_refused(
    sandbox: RunningSandbox,
) -> None:
    accepted, refused, failed = await created(sandbox, "ml-contributor")
    assert (accepted.status, accepted.caller) == ("Accepted", "ada@contoso.test")
    assert (failed.status, failed.caller) == ("Failed", "ada@contoso.test")
    assert (refused.status, refused.caller) == ("Failed", ML)
    assert refused.operation == "Microsoft.Resources/subscriptions/resourceGroups/write"
    assert refused.code == failed.code == "AuthorizationFailed"
    assert len({one.correlation_id for one in (accepted, refused, failed)}) == 1


async def test_a_policy_in_the_managed_group_is_told_where_it_refused(
    sandbox: RunningSandbox,
) -> None:
    found = await created(sandbox, "policy-search")
    (refused,) = [one for one in found if one.caller == ML and one.status == "Failed"]
    assert refused.operation == "Microsoft.Search/searchServices/write"
    assert refused.code == "RequestDisallowedByPolicy"
    assert found[-1].code == "RequestDisallowedByPolicy"
    assert {one.status for one in found if one.caller == ML} == {"Succeeded", "Failed"}
