"""What a month costs: known sums, open ends, and prices that are not known."""

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from samples import ID, PRICE, TIERS, intent, meter, prices

from services.cost.estimate import actual, charge, estimate
from services.cost.meters import METERS
from services.cost.wants import rotations
from services.model.cost import Assumptions, Estimate, Found, Line, Prices


def line(made: Estimate, id: str) -> Line:
    return next(one for one in made.lines if one.id == id)


def ids(made: Estimate) -> set[str]:
    return {one.id for one in made.lines}


PARTS = [
    ({}, "cosmos-throughput", 4000 / 10 / 100 * 0.012 * 730, 4000 / 100 * 0.012 * 730),
    ({}, "cosmos-storage", 0.25, 0.25),
    ({}, "search", 73.73, 245.28),
    ({}, "managed-storage", 0.1, 0.1),
    ({"public_network": False}, "private-endpoint", 7.3, 7.3),
    ({}, "key-operations", 1.5, 1.5),
    ({"key": {"bits": 2048}}, "key-operations", 0.3, 0.3),
    ({"key": {"create": False}}, "key-operations", 0.3, 1.5),
    ({"key": {"type": "RSA-HSM", "bits": 2048}}, "hsm-keys", 1, 1),
    ({"key": {"type": "RSA-HSM", "bits": 4096}}, "hsm-keys", 5, 5),
    ({"key": {"type": "RSA-HSM", "create": False}}, "hsm-keys", 1, 5),
    ({"key": {"rotate_every": "P1Y"}}, "rotation", 1 / 12, 1 / 12),
    ({}, "storage", 2, 2),
    ({}, "secret-operations", 0.03, 0.03),
    ({"registry": "new"}, "registry", 0.6667 * 730 / 24, 0.6667 * 730 / 24),
    ({}, "log-analytics", 12.5, 12.5),
]


@pytest.mark.parametrize(("wish", "id", "low", "high"), PARTS)
def test_a_part_costs_its_amount_times_its_price(wish, id, low, high) -> None:
    found = line(estimate(intent(**wish), prices()), id)
    assert (found.low.subtotal, found.high.subtotal) == (
        pytest.approx(low),
        pytest.approx(high),
    )
    assert found.assumption.endswith(".")
    assert found.low.meter_id


def test_the_price_of_the_other_size_stands_beside_an_operation() -> None:
    large = line(estimate(intent(), prices()), "key-operations")
    small = line(estimate(intent(key={"bits": 2048}), prices()), "key-operations")
    assert (large.instead.subtotal, large.instead_if) == (
        pytest.approx(0.3),
        "with a key of 2048 bits",
    )
    assert small.instead.subtotal == pytest.approx(1.5)
    assert estimate(intent(), prices()).high == pytest.approx(
        sum(one.high.subtotal for one in estimate(intent(), prices()).lines)
    ), "what is only compared is in no sum"


def test_only_what_the_plan_or_azure_makes_stands_there() -> None:
    usual = {"cosmos-throughput", "cosmos-storage", "search", "managed-storage", "key-operations"}
    usual |= {"storage", "secret-operations", "log-analytics"}
    assert ids(estimate(intent(), prices())) == usual
    bare = estimate(
        intent(
            encryption="service-side",
            storage=f"{ID}Microsoft.Storage/storageAccounts/stold",
            insights=f"{ID}Microsoft.Insights/components/appi",
            secrets_vault="same",
            key={"create": False, "rotate_every": "P1Y"},
        ),
        prices(),
    )
    assert ids(bare) == {"search", "key-operations", "secret-operations"}
    assert line(bare, "secret-operations").resource == "vault kv-one"
    assert any("stold exists" in text for text in bare.free)


def test_lines_carry_the_names_that_the_plan_derived() -> None:
    made = estimate(intent(), prices(), names={"storage": "stmlw", "secrets_vault": "kv-mlw"})
    assert line(made, "storage").resource == "stmlw"
    assert line(made, "secret-operations").resource == "vault kv-mlw"


@pytest.mark.parametrize(
    ("quantity", "paid"),
    [(0, 0), (1, 5), (250, 1250), (251, 1252.5), (1500, 4375), (4001, 4375 + 2250 + 0.4)],
)
def test_each_tier_charges_the_units_between_its_start_and_the_next(quantity, paid) -> None:
    assert charge(meter("hsm-advanced", TIERS["hsm-advanced"]), quantity) == pytest.approx(paid)


def test_a_first_tier_that_begins_above_zero_gives_nothing_away() -> None:
    assert charge(meter("hsm-advanced", ((10, 2.0),)), 5) == 10


def test_what_is_free_up_to_a_tier_is_a_known_price() -> None:
    found = line(estimate(intent(), prices(), Assumptions(log_gb=5)), "log-analytics")
    assert (found.known, found.high.subtotal, found.high.price) == (True, 0, 2.5)


def test_a_price_that_is_not_known_is_left_out_with_a_word() -> None:
    whole, without = estimate(intent(), prices()), estimate(intent(), prices("search-standard"))
    found = line(without, "search")
    assert (found.known, found.high.price, found.high.subtotal) == (False, None, None)
    assert "Standard S1 Unit" in found.why
    assert without.unknown == ("AI Search",)
    assert without.low == pytest.approx(whole.low - 73.73)
    assert without.modes.service_side.unknown == ("AI Search",)


def test_without_any_price_there_is_no_sum() -> None:
    nothing = Prices(region="westeurope", currency="USD", problem="Azure did not answer.")
    made = estimate(intent(), nothing)
    assert (made.low, made.high, made.after_delete.low) == (None, None, None)
    assert len(made.unknown) == len(made.lines)
    assert made.problem == "Azure did not answer."
    assert line(made, "search").why == "the prices could not be read"


def test_a_meter_in_another_unit_is_not_counted() -> None:
    strange = meter("cosmos-storage", ((0, 0.25),), unit="100 GB/Month")
    kept = prices("cosmos-storage")
    made = estimate(intent(), Prices(region="x", currency="USD", meters=(*kept.meters, strange)))
    assert not line(made, "cosmos-storage").known
    assert "100 GB/Month" in line(made, "cosmos-storage").why


def test_confidential_search_is_another_meter() -> None:
    other = meter("search-standard", ((0, 9.0),), sku="Standard S1 CC")
    kept = prices()
    made = estimate(intent(), Prices(region="x", currency="USD", meters=(other, *kept.meters)))
    assert line(made, "search").high.price == 0.336


def test_both_modes_stand_side_by_side() -> None:
    own = estimate(intent(), prices())
    service = estimate(intent(encryption="service-side"), prices())
    assert own.modes == service.modes
    assert (own.low, service.low) == (own.modes.own_resources.low, own.modes.service_side.low)
    managed = [line(own, id) for id in ("cosmos-throughput", "cosmos-storage", "managed-storage")]
    assert own.modes.difference.high == pytest.approx(sum(one.high.subtotal for one in managed))
    assert own.low - service.low == pytest.approx(own.modes.difference.low)


def test_a_deleted_workspace_costs_on_for_a_fortnight() -> None:
    made = estimate(intent(), prices())
    azure = math.fsum(one.low.subtotal for one in made.lines if one.made_by == "azure")
    assert made.after_delete.low == pytest.approx(azure * 14 / (730 / 24))


def test_what_azure_made_replaces_what_was_assumed() -> None:
    found = Found(search_sku="standard2", replicas=2, partitions=3, storage_sku="Standard_LRS")
    made = actual(intent(), prices(), Assumptions(), found)
    search = line(made, "search")
    assert search.low.subtotal == search.high.subtotal == pytest.approx(6 * 1.344 * 730)
    assert made.actual
    assert not estimate(intent(), prices()).actual
    other = estimate(intent(), prices()).modes.service_side
    assert made.modes.service_side == other, "the mode that was not built stays an assumption"


def test_a_sku_without_a_meter_is_unknown() -> None:
    made = actual(intent(), prices(), Assumptions(), Found(search_sku="storage_optimized_l1"))
    assert "storage_optimized_l1" in line(made, "search").why
    assert made.unknown == ("AI Search",)


@pytest.mark.parametrize(
    ("period", "times"),
    [("P1Y", 1 / 12), ("P1Y6M", 1 / 18), ("P30D", 730 / 24 / 30), ("PT5M", 0), ("", 0)],
)
def test_rotations_a_month(period, times) -> None:
    assert rotations(period) == pytest.approx(times)


price = st.floats(0.0001, 1000)
lists = st.fixed_dictionaries(
    {id: st.none() | st.lists(price, min_size=1, max_size=3) for id in METERS}
)
wishes = st.builds(
    intent,
    key=st.fixed_dictionaries(
        {
            "create": st.booleans(),
            "bits": st.sampled_from([2048, 3072, 4096]),
            "type": st.sampled_from(["RSA", "RSA-HSM"]),
            "rotate_every": st.sampled_from(["", "P1Y", "P90D"]),
        }
    ),
    vault=st.fixed_dictionaries({"sku": st.sampled_from(["standard", "premium"])}),
    encryption=st.sampled_from(["own-resources", "service-side"]),
    public_network=st.booleans(),
    registry=st.sampled_from(["none", "new"]),
)


@settings(deadline=None)
@given(
    wishes, lists, st.builds(Assumptions, cosmos_rus=st.integers(1, 900).map(lambda n: n * 1000))
)
def test_sums_ranges_and_unknown_of_any_list(wish, kept, assumed) -> None:
    meters = tuple(
        meter(id, tuple((10.0 * at, one) for at, one in enumerate(tiers)))
        for id, tiers in kept.items()
        if tiers
    )
    made = estimate(wish, Prices(region="r", currency="USD", meters=meters), assumed)
    known = [one for one in made.lines if one.known]
    assert made.unknown == tuple(one.what for one in made.lines if not one.known)
    for one in made.lines:
        if one.known:
            assert 0 < one.low.subtotal <= one.high.subtotal, "no price here is zero"
            assert not one.why
        else:
            assert one.why
            assert None in (one.low.subtotal, one.high.subtotal)
    if known:
        assert made.low == pytest.approx(math.fsum(one.low.subtotal for one in known))
        assert made.low <= made.high
    else:
        assert made.low is made.high is None
    sides = made.modes
    mine = sides.own_resources if made.mode == "own-resources" else sides.service_side
    assert (mine.low, mine.high, mine.unknown) == (made.low, made.high, made.unknown)


@settings(deadline=None)
@given(st.lists(price, min_size=1, max_size=4), st.floats(0, 1e5), st.floats(0, 1e5))
def test_more_never_costs_less(tiers, one, other) -> None:
    kept = meter("log-analytics", tuple((100.0 * at, price) for at, price in enumerate(tiers)))
    less, more = sorted((one, other))
    assert charge(kept, less) <= charge(kept, more) * (1 + 1e-9)


def test_every_meter_of_the_table_is_asked_by_some_line() -> None:
    asked = set()
    for bits in (2048, 3072):
        for type in ("RSA", "RSA-HSM"):
            for sku in ("standard", "premium"):
                for tier in ("Basic", "Standard", "Premium"):
                    for made in ("basic", "standard", "standard2", "standard3", ""):
                        wish = intent(
                            key={"bits": bits, "type": type, "rotate_every": "P1Y"},
                            vault={"sku": sku},
                            public_network=False,
                            registry="new",
                        )
                        storage = "Standard_GRS" if made else "Standard_LRS"
                        found = Found(search_sku=made, storage_sku=storage)
                        cost = actual(wish, prices(), Assumptions(registry_tier=tier), found)
                        asked |= {part.meter for one in cost.lines for part in (one.low, one.high)}
    # Those of other kinds: test_machines.py.
    machines = {id for id in METERS if id.startswith(("aci-", "aks-", "disk-"))}
    assert asked == {one.meter for id, one in METERS.items() if id not in machines}
    assert set(PRICE) | set(TIERS) <= set(METERS)
