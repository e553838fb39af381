"""Since when, and by whom: from the key, the activity log, and the vault's audit log."""

import pytest
from alive import NOW, live
from carrying import writes
from looking import TARGET, signed_in, told
from sandboxed import RunningSandbox

from services.azure import activitylog
from services.azure.activitylog import ActivityEvent
from services.diagnosis.causes import roots
from services.diagnosis.diagnose import diagnose
from services.diagnosis.readers import LOOK_BACK
from services.diagnosis.since import dated
from services.model.diagnosis import Change
from services.model.plan import Finding

SUB = "/subscriptions/5b000000-0000-4000-8000-0000000000d1"

VAULT = (
    "/subscriptions/5b000000-0000-4000-8000-0000000000d1/resourceGroups/rg-sec/providers"
    "/Microsoft.KeyVault/vaults/kv-ml-prod"
)


async def test_the_activity_log_tells_who_took_a_grant(sandbox: RunningSandbox) -> None:
    sandbox.reset("broken/f08-grant-removed")
    async with signed_in(sandbox) as conn:
        found = await diagnose(conn, TARGET, ask_azure=False)
    (root,) = roots(found)
    assert root.by == "ada@contoso.test", told(found)
    (fits,) = [one for one in found.timeline if root.id in one.fits]
    assert (fits.source, fits.at, fits.by) == ("activity log", root.since, root.by)
    assert fits.what.endswith("roleAssignments/delete")
    assert fits.correlation_id


async def test_of_several_grants_that_were_taken_the_one_is_named_that_is_missing(
    sandbox: RunningSandbox,
) -> None:
    sandbox.reset("broken/f08-grant-removed-among-others")
    async with signed_in(sandbox) as conn:
        found = await diagnose(conn, TARGET, ask_azure=False)
    (root,) = roots(found)
    taken = [one for one in found.timeline if one.what.endswith("roleAssignments/delete")]
    assert len(taken) == 2
    assert (root.since, root.by) == (taken[-1].at, "ada@contoso.test")
    assert root.since is not None
    assert (found.at - root.since).total_seconds() == pytest.approx(5 * 3600, abs=120)
    assert [one.at for one in found.timeline if root.id in one.fits] == [root.since]


async def test_of_several_changes_that_could_be_it_none_is_named(sandbox: RunningSandbox) -> None:
    sandbox.reset("broken/f14-vault-firewall")
    async with signed_in(sandbox) as conn:
        (alone,) = roots(await diagnose(conn, TARGET, ask_azure=False))
        tags = {"tags": {"owner": "security"}}
        assert sandbox.call("PATCH", VAULT, tags, version="2026-02-01").ok
        (among,) = roots(await diagnose(conn, TARGET, ask_azure=False))
    assert alone.check == among.check == "vault-network"
    assert (alone.since is not None, bool(alone.by)) == (True, True)
    assert (among.since, among.by) == (None, "")


async def test_who_changed_a_key_is_not_known_and_the_finding_says_how_to_know_it_next_time(
    sandbox: RunningSandbox,
) -> None:
    sandbox.reset("broken/f05-key-version-disabled")
    async with signed_in(sandbox) as conn:
        found = await diagnose(conn, TARGET, ask_azure=False)
    (root,) = roots(found)
    assert root.by == "??"
    assert root.since is not None
    assert (found.at - root.since).total_seconds() == pytest.approx(3 * 3600, abs=120)
    assert "az monitor diagnostic-settings create --resource /subscriptions/" in root.meaning


async def test_the_vaults_audit_log_tells_who_changed_a_key(sandbox: RunningSandbox) -> None:
    sandbox.reset("broken/f05-key-version-disabled-logged")
    async with signed_in(sandbox) as conn:
        found = await diagnose(conn, TARGET, ask_azure=False)
    (root,) = roots(found)
    assert root.by == "kofi@contoso.test", told(found)
    assert "diagnostic-settings" not in root.meaning
    fits = [one for one in found.timeline if root.id in one.fits]
    assert [one.source for one in fits] == ["audit log"]
    assert writes(sandbox) == []


async def test_who_may_not_query_the_audit_log_is_told_so(sandbox: RunningSandbox) -> None:
    sandbox.reset("broken/f05-key-version-disabled-logged")
    error = {"error": {"code": "InsufficientAccessError", "message": "No access to the workspace."}}
    sandbox.admin("POST", "faults", {"path": "/query$", "status": 403, "body": error, "times": 9})
    async with signed_in(sandbox) as conn:
        found = await diagnose(conn, TARGET, ask_azure=False)
    (root,) = roots(found)
    assert root.by == "??"
    assert "Who did it stands in the vault's audit log." in root.meaning
    assert any("audit" in one.what for one in found.unread)
    assert writes(sandbox) == []


async def test_where_no_cloud_tells_of_log_analytics_the_finding_says_why(
    sandbox: RunningSandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    sandbox.reset("broken/f05-key-version-disabled-logged")
    monkeypatch.setitem(sandbox.ready, "log_analytics", "")
    async with signed_in(sandbox) as conn:
        found = await diagnose(conn, TARGET, ask_azure=False)
    (root,) = roots(found)
    assert root.by == "??"
    assert "does not tell where Log Analytics is asked" in root.meaning
    assert any("audit" in one.what for one in found.unread)


async def test_the_newest_change_comes_first(sandbox: RunningSandbox) -> None:
    sandbox.reset("broken/f56-recovered-without-grants")
    async with signed_in(sandbox) as conn:
        found = await diagnose(conn, TARGET)
    times = [one.at for one in found.timeline]
    assert times == sorted(times, reverse=True)
    assert not [one for one in found.timeline if "diagnose" in one.what]
    (root,) = roots(found)
    assert fitting(found.timeline, root.id).what.endswith("vaults/delete")


def fitting(timeline: tuple[Change, ...], finding: str) -> Change:
    (one,) = [change for change in timeline if finding in change.fits]
    return one


@pytest.mark.parametrize("scenario", ["f22-provider-unregistered", "f52-ml-not-contributor"])
async def test_what_was_done_at_the_subscription_is_known_too(
    sandbox: RunningSandbox, scenario: str
) -> None:
    sandbox.reset(f"broken/{scenario}")
    async with signed_in(sandbox) as conn:
        found = await diagnose(conn, TARGET, ask_azure=False)
    (root,) = roots(found)
    assert root.by == "ada@contoso.test", told(found)
    fits = fitting(found.timeline, root.id)
    assert fits.what.endswith(("unregister/action", "roleAssignments/delete"))
    assert "/resourceGroups/" not in fits.subject
    asked = [one for one in sandbox.requests() if "eventtypes" in one["path"]]
    assert sum("Microsoft.Authorization" in one["query"] for one in asked) == 1


async def test_only_so_much_of_a_subscriptions_log_is_read(sandbox: RunningSandbox) -> None:
    sandbox.reset("broken/healthy")
    role = "/providers/Microsoft.Authorization/locks/again"
    for _ in range(201):
        body = {"properties": {"level": "CanNotDelete"}}
        assert sandbox.call("PUT", f"{SUB}{role}", body, version="2016-09-01").ok
    async with signed_in(sandbox) as conn:
        since = conn.now() - LOOK_BACK
        few = await activitylog.events(
            conn, SUB.split("/")[2], since=since, provider="Microsoft.Authorization", at_most=100
        )
    assert len(few) == 200, "one page, though there is more"


def test_a_policy_that_denies_is_dated_by_its_assignment() -> None:
    assignment = f"{SUB}/providers/Microsoft.Authorization/policyAssignments/no-local-auth"
    event = ActivityEvent(
        at=NOW,
        caller="ada",
        operation="Microsoft.Authorization/policyAssignments/write",
        status="Succeeded",
        resource_id=assignment,
        correlation_id="c-1",
    )
    of = live(activity=(event,))
    for subject, expected in ((assignment, "ada"), (f"{assignment}-2", "")):
        one = Finding(id="p", check="policy-cosmos", subject=subject, status="fail", title="denied")
        assert dated(one, of).by == expected
