"""The Retail Prices API as it is asked, followed and read; what is kept of it on disk."""

import stat
from datetime import UTC, datetime, timedelta

import msgspec
import pytest
from estate import Azure
from hypothesis import given, settings
from hypothesis import strategies as st
from samples import intent

from sandbox.providers import prices as list_of_sandbox
from services.azure import prices
from services.azure.errors import AzureError
from services.cost import cache, managed, of_plan
from services.cost.estimate import estimate
from services.model.cost import Prices
from services.model.plan import Plan, Step
from services.model.resources import SearchService, StorageAccount, Workspace

NOW = datetime.now(UTC)


def item(**given):
    usual = {
        "serviceName": "Key Vault",
        "productName": "Key Vault",
        "skuName": "Premium",
        "meterName": "Operations",
        "armRegionName": "westeurope",
        "unitOfMeasure": "10K",
        "currencyCode": "USD",
        "meterId": "m",
        "retailPrice": 1.0,
        "tierMinimumUnits": 0.0,
        "effectiveStartDate": "2024-07-01T00:00:00Z",
        "isPrimaryMeterRegion": True,
    }
    return {**usual, **given}


def asked(azure: Azure) -> list[str]:
    return [one["path"] for one in azure.sandbox.requests() if "/retail/prices" in one["path"]]


async def test_the_meters_of_a_region_are_found_by_service_and_name(azure: Azure) -> None:
    found = await prices.list_meters(azure.conn, "westeurope", "EUR", cache.wanted())
    assert {one.region for one in found} == {"westeurope"}
    assert {one.currency for one in found} == {"EUR"}
    by = {(one.meter, one.sku): one for one in found}
    assert by["Basic Unit", "Basic"].price == pytest.approx(0.101 * 1.2 * 0.9)
    hsm = by["Premium HSM-protected Advanced Key", "Premium"]
    assert [tier.start for tier in hsm.tiers] == [0, 250, 1500, 4000]
    assert by["Analytics Logs Data Ingestion", "Analytics Logs"].tiers[0].price == 0
    assert len(asked(azure)) == len(cache.wanted()), "one question for each service"


async def test_nobody_signs_in_for_prices(azure: Azure) -> None:
    await prices.list_meters(azure.conn, "westeurope", "USD", {"Key Vault": ["Operations"]})
    (one,) = [one for one in azure.sandbox.requests() if "/retail/prices" in one["path"]]
    assert not one.get("principal")


async def test_pages_are_followed(azure: Azure, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = await prices.list_meters(azure.conn, "eastus", "USD", cache.wanted())
    azure.sandbox.on_loop(lambda: monkeypatch.setattr(list_of_sandbox, "PAGE", 2))
    paged = await prices.list_meters(azure.conn, "eastus", "USD", cache.wanted())
    assert set(paged) == set(whole)
    assert len(asked(azure)) > 2 * len(cache.wanted())


async def test_a_list_without_an_end_is_given_up(
    azure: Azure, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(prices, "MOST_PAGES", 2)
    azure.sandbox.on_loop(lambda: monkeypatch.setattr(list_of_sandbox, "PAGE", 1))
    with pytest.raises(AzureError, match="pages of prices"):
        await prices.list_meters(azure.conn, "eastus", "USD", cache.wanted())


async def test_a_currency_that_azure_does_not_take_is_told(azure: Azure) -> None:
    with pytest.raises(AzureError) as caught:
        await prices.list_meters(azure.conn, "eastus", "XXX", {"Key Vault": ["Operations"]})
    assert "XXX" in caught.value.message


def test_quotes_in_a_name_do_not_end_a_filter() -> None:
    made = prices.filter_of("o'hare", "Key Vault", ["A", "B", "A"])
    assert "armRegionName eq 'o''hare'" in made
    assert made.endswith("(meterName eq 'A' or meterName eq 'B')")


def test_items_become_meters_with_tiers() -> None:
    later = (NOW + timedelta(days=9)).isoformat()
    items = [
        item(retailPrice=2.0, tierMinimumUnits=100.0),
        item(),
        item(retailPrice=7.0, isPrimaryMeterRegion=False),
        item(retailPrice=9.0, effectiveStartDate=later),
        item(retailPrice=0.5, effectiveStartDate="2020-01-01T00:00:00Z"),
        item(skuName="Other", retailPrice="3"),
        item(skuName="Bad", retailPrice=-1),
        item(skuName="True", retailPrice=True),
        item(skuName="Nan", retailPrice=float("nan")),
        item(skuName="Huge", retailPrice=10**400),
        item(skuName="Term", reservationTerm="1 Year"),
        item(skuName="\x1b[31mEvil"),
    ]
    evil, found = sorted(prices.meters(items), key=lambda one: one.sku == "Premium")
    assert [(tier.start, tier.price) for tier in found.tiers] == [(0, 1), (100, 2)]
    assert "\x1b" not in evil.sku


async def load(azure: Azure, folder, now=NOW) -> Prices:
    return await cache.load(azure.conn, folder, "westeurope", "USD", now)


def file_of(folder):
    (file,) = folder.iterdir()
    return file


async def test_prices_are_kept_for_a_day(azure: Azure, tmp_path) -> None:
    folder = tmp_path / "state" / "prices"
    first = await load(azure, folder)
    assert (first.at, first.stale, first.problem) == (NOW, False, "")
    assert stat.S_IMODE(file_of(folder).stat().st_mode) == 0o600
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    before = len(asked(azure))
    assert await load(azure, folder, NOW + timedelta(hours=23)) == first
    assert len(asked(azure)) == before, "fresh prices ask nobody"
    again = await load(azure, folder, NOW + timedelta(hours=24))
    assert again.at == NOW + timedelta(hours=24)
    assert len(asked(azure)) == 2 * before


async def test_a_date_in_the_future_is_not_trusted(azure: Azure, tmp_path) -> None:
    await load(azure, tmp_path / "p", NOW + timedelta(days=400))
    assert (await load(azure, tmp_path / "p")).at == NOW


async def test_each_region_and_currency_is_kept_by_itself(azure: Azure, tmp_path) -> None:
    made = [
        await cache.load(azure.conn, tmp_path, region, currency, NOW)
        for region, currency in (("eastus", "USD"), ("eastus", "EUR"), ("uksouth", "USD"))
    ]
    assert len({one.meters for one in made}) == len(list(tmp_path.iterdir())) == 3


async def test_old_prices_serve_as_old_ones_when_nobody_answers(azure: Azure, tmp_path) -> None:
    first = await load(azure, tmp_path)
    azure.sandbox.admin("POST", "faults", {"path": "/retail/prices", "status": 503, "times": -1})
    old = await load(azure, tmp_path, NOW + timedelta(days=3))
    assert (old.meters, old.at, old.stale) == (first.meters, NOW, True)
    assert old.problem.endswith(".")
    made = estimate(intent(), old)
    assert made.stale and made.low is not None and made.problem == old.problem


async def test_without_an_answer_and_without_a_file_nothing_is_known(
    azure: Azure, tmp_path
) -> None:
    azure.sandbox.admin("POST", "faults", {"path": "/retail/prices", "status": 503, "times": -1})
    none = await load(azure, tmp_path)
    assert (none.meters, none.at, none.stale) == ((), None, False)
    assert none.problem
    assert list(tmp_path.iterdir()) == []


async def test_a_list_that_does_not_come_is_done_without(
    azure: Azure, tmp_path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cache, "PATIENCE", 0.1)
    azure.sandbox.admin("POST", "faults", {"path": "/retail/prices", "delay": 1, "times": -1})
    none = await load(azure, tmp_path)
    assert none.problem == "Azure's price list did not answer within 0.1 s."


async def test_a_page_link_to_another_host_is_not_followed(
    azure: Azure, monkeypatch: pytest.MonkeyPatch, tmp_path
) -> None:
    own = list_of_sandbox._page

    def strange(*given):
        return {**own(*given), "NextPageLink": "https://prices.example/api/retail/prices"}

    azure.sandbox.on_loop(lambda: monkeypatch.setattr(list_of_sandbox, "_page", strange))
    none = await load(azure, tmp_path)
    assert none.meters == ()
    assert "outside this cloud" in none.problem


odd = st.sampled_from(
    [None, True, "", "x", "2024-01-01", [], {}, 0, -1, 10**400, float("nan"), float("inf"), 1.5]
)


@settings(deadline=None)
@given(st.lists(st.fixed_dictionaries({}, optional=dict.fromkeys(item(), odd)), max_size=5))
def test_any_items_become_meters_with_tiers_in_rising_order(items) -> None:
    for one in prices.meters(items):
        starts = [tier.start for tier in one.tiers]
        assert starts and starts == sorted(starts)
        assert all(tier.price >= 0 for tier in one.tiers)


@pytest.mark.parametrize(
    "data",
    [b"", b"{", b"[]", b"\xff\xfe", b'{"asked":[],"prices":{"region":"r","currency":"USD"}}'],
)
async def test_a_damaged_file_is_read_anew(azure: Azure, tmp_path, data) -> None:
    first = await load(azure, tmp_path)
    file_of(tmp_path).write_bytes(data)
    assert await load(azure, tmp_path) == first
    assert cache.read(file_of(tmp_path)) == first


async def test_a_meter_without_tiers_in_the_file_is_damage(azure: Azure, tmp_path) -> None:
    await load(azure, tmp_path)
    kept = msgspec.json.decode(file_of(tmp_path).read_bytes())
    kept["prices"]["meters"][0]["tiers"] = []
    file_of(tmp_path).write_bytes(msgspec.json.encode(kept))
    assert cache.read(file_of(tmp_path)) is None


async def test_a_file_where_the_folder_should_be_costs_only_the_memory(
    azure: Azure, tmp_path
) -> None:
    (tmp_path / "p").write_text("")
    made = await load(azure, tmp_path / "p")
    assert made.meters and "kept" in made.problem


def test_no_name_from_outside_leaves_the_folder() -> None:
    assert cache.name_of("../../etc", "west/europe", "US.D") == "-etc_west-europe_us-d.json"


async def test_a_workspace_without_a_managed_group_has_nothing_to_read(azure: Azure) -> None:
    before = len(azure.sandbox.requests())
    found = await managed.read(azure.conn, Workspace(id="/x", name="x", location="westeurope"))
    assert found == managed.Found()
    assert len(azure.sandbox.requests()) == before


ML = "/subscriptions/5b000000-0000-4000-8000-0000000000d1/resourceGroups/rg-ml/providers"
WORKSPACE = f"{ML}/Microsoft.MachineLearningServices/workspaces/mlw-vision"


def plan(*kinds: str) -> Plan:
    steps = tuple(
        Step(id=kind, kind=kind, title=kind, action="verify", target=WORKSPACE) for kind in kinds
    )
    return Plan(intent=intent(), steps=steps)


async def contoso(azure: Azure, tmp_path, *kinds: str) -> of_plan.Basis:
    azure.sandbox.reset("contoso")
    return await of_plan.read(azure.conn, plan(*kinds), tmp_path)


async def test_a_workspace_that_is_still_to_be_made_is_not_looked_for(
    azure: Azure, tmp_path
) -> None:
    basis = await contoso(azure, tmp_path, "workspace", "verify")
    assert not basis.estimate().actual
    assert {one.path for one in azure.seen()} == {"/api/retail/prices"}


async def test_a_workspace_that_exists_is_priced_by_what_azure_made(azure: Azure, tmp_path) -> None:
    made = (await contoso(azure, tmp_path, "verify")).estimate()
    search = next(one for one in made.lines if one.id == "search")
    assert made.actual and not made.problem
    assert "as it was made" in search.assumption
    assert search.low == search.high
    assert search.low.meter == "Standard S1 Unit"


async def test_a_managed_group_that_can_not_be_read_is_assumed(azure: Azure, tmp_path) -> None:
    azure.sandbox.reset("contoso")
    fault = {"path": "/Microsoft.Search/", "status": 403, "times": -1}
    azure.sandbox.admin("POST", "faults", fault)
    made = (await of_plan.read(azure.conn, plan("verify"), tmp_path)).estimate()
    search = next(one for one in made.lines if one.id == "search")
    assert search.low != search.high
    assert "AI Search" in made.problem


def test_nouns_tell_of_prices_what_they_say() -> None:
    raw = {"properties": {"replicaCount": 2, "partitionCount": "x"}}
    service = SearchService(id="", name="", location="", sku="basic", raw=raw)
    account = StorageAccount(id="", name="", location="", sku="Standard_GRS")
    made = managed.found(service, account)
    assert (made.search_sku, made.replicas, made.partitions) == ("basic", 2, 0)
    assert made.storage_sku == "Standard_GRS"
