"""Key dates are judged by the service's clock, whatever this machine's says."""

from datetime import UTC, datetime, timedelta

from estate import Azure

from services.azure import keys, vaults
from services.azure.clocks import Clocks
from services.checks.preflight import judge
from services.checks.reading import read
from services.model.intent import KeyIntent, VaultIntent, WorkspaceIntent, WorkspaceSetup
from services.model.resources import AccessPolicy

MONTH = timedelta(days=30)


def near(one: datetime, other: datetime) -> bool:
    return abs(one - other) < timedelta(seconds=5)


def test_each_host_has_its_own_clock() -> None:
    clocks = Clocks()
    assert near(clocks.now("arm.test"), datetime.now(UTC))
    clocks.note("Arm.test:8443", {"Date": "Wed, 01 Jan 2020 00:00:00 GMT"})
    clocks.note("kv.test", {"Date": "no date at all"})
    long_ago = datetime(2020, 1, 1, tzinfo=UTC)
    assert near(clocks.now("https://arm.test:8443/subscriptions"), long_ago)
    assert near(clocks.now("kv.test", "arm.test:8443"), long_ago)
    assert near(clocks.now("kv.test"), datetime.now(UTC))


def test_a_clock_is_known_better_with_every_answer_and_anew_once_it_is_set() -> None:
    clocks = Clocks()
    for date, now in (
        ("Wed, 01 Jan 2020 00:00:03 GMT", 3),
        ("Wed, 01 Jan 2020 00:00:00 GMT", 3),
        ("Wed, 01 Jan 2020 00:00:05 GMT", 5),
        ("Tue, 31 Dec 2019 23:00:00 GMT", -3600),
    ):
        clocks.note("kv.test", {"Date": date})
        expected = datetime(2020, 1, 1, tzinfo=UTC) + timedelta(seconds=now)
        assert abs(clocks.now("kv.test") - expected) < timedelta(seconds=1)


async def test_a_key_expires_by_the_clock_of_its_vault(azure: Azure) -> None:
    me = await azure.conn.who()
    own = AccessPolicy(object_id=me.object_id, keys=("get", "create"))
    spec = vaults.VaultSpec(
        location="westeurope", tenant_id=azure.tenant, rbac=False, policies=(own,)
    )
    vault = await vaults.create_vault(azure.conn, azure.vault_id("kv-clock"), spec)
    expires = datetime.now(UTC) + MONTH
    await keys.create_key(azure.conn, vault.uri, "cmk", keys.KeySpec(bits=2048, expires=expires))
    intent = WorkspaceSetup(
        subscription=azure.sub,
        region="westeurope",
        resource_group="rg-test",
        vault=VaultIntent(name="kv-clock"),
        key=KeyIntent(name="cmk"),
        workspace=WorkspaceIntent(name="mlw-clock"),
    )
    began, told = azure.conn.now(), {}
    for days in (0, 31):
        azure.advance(days * 86400)
        facts = await read(azure.conn, intent, {})
        assert near(facts.now, azure.conn.now(vault.uri))
        (found,) = (one for one in judge(intent, facts) if one.check == "key-dates")
        told[days] = (found.status, found.title)
    assert told[0][0] == "warn" and "expires in" in told[0][1]
    assert told[31][0] == "fail" and "expired on" in told[31][1]
    assert near(azure.conn.now(), began + timedelta(days=31))
