"""Numbers as people read them, assumptions as they write them, bars in plain characters."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from samples import intent, prices

from services.cost import words
from services.cost.assumptions import NAMES, RULES, BadAssumption, changed, problem, written
from services.cost.chart import bars
from services.cost.estimate import estimate
from services.model.cost import Assumptions, Prices

NONE = Prices(region="westeurope", currency="USD")


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (None, "??"),
        (0, "0.00"),
        (0.001, "<0.01"),
        (0.27, "0.27"),
        (99.999, "100"),
        (1234.6, "1,235"),
    ],
)
def test_money(value, shown) -> None:
    assert words.money(value) == shown


@pytest.mark.parametrize(
    ("low", "high", "shown"),
    [
        (42.05, 420.4, "42-420"),
        (0.2, 420, "0.20-420"),
        (1.5, 2.25, "1.50-2.25"),
        (3, 3, "3.00"),
        (None, None, "??"),
    ],
)
def test_spans(low, high, shown) -> None:
    assert words.span(low, high) == shown


def test_the_headline_says_when_something_is_left_out() -> None:
    assert words.short(estimate(intent(), prices())) == "~125-612 USD/month"
    assert words.short(estimate(intent(), prices("storage-lrs"))) == "~123-610+ USD/month"
    assert words.short(estimate(intent(), NONE)) == "??"


def test_the_sum_names_what_is_left_out() -> None:
    told = words.total(estimate(intent(), prices("storage-lrs")))
    assert "without Storage made by Azure, Workspace storage (price not known)" in told
    assert words.total(estimate(intent(), NONE)).startswith("No price is known, without")


def test_prices_name_their_unit() -> None:
    shown = {one.id: words.prices(one) for one in estimate(intent(), prices()).lines}
    assert shown["search"] == "0.101-0.336/h"
    assert shown["cosmos-throughput"] == "0.012/100 RU/s h"
    assert shown["log-analytics"] == "2.50/GB"
    assert {words.prices(one) for one in estimate(intent(), NONE).lines} == {"??"}


def test_the_modes_stand_in_lines_with_the_chosen_one_marked() -> None:
    own, service, more, kept = words.sides(estimate(intent(), prices()))
    assert own.startswith("* own resources ") and service.startswith("  service-side ")
    assert more.startswith("  own resources cost more ") and kept.startswith("  14 days ")
    assert words.sides(estimate(intent(encryption="service-side"), prices()))[1].startswith("* ")


def test_the_longest_bar_is_the_dearest_part() -> None:
    lines = estimate(intent(), prices("storage-lrs")).lines
    made = bars(lines, 60)
    assert {len(one) for one in made} == {60}
    by = dict(zip((one.id for one in lines), made, strict=True))
    length = {id: text.count("#") + text[21:].count(".") for id, text in by.items()}
    assert max(length, key=length.__getitem__) == "cosmos-throughput"
    assert by["storage"].split() == ["Workspace", "storage", "??"]
    assert by["cosmos-storage"].split()[-2] == ".", "what costs a little still has a bar"


@settings(deadline=None)
@given(st.integers(60, 200))
def test_bars_fit_and_are_ascii(width) -> None:
    for text in bars(estimate(intent(), prices("registry-standard")).lines, width):
        assert len(text) <= width and text.isascii()


def test_nothing_has_no_bars() -> None:
    assert bars(()) == ()
    assert all(
        text.endswith("??") and "#" not in text for text in bars(estimate(intent(), NONE).lines)
    )


def test_each_assumption_has_a_rule_and_a_default_that_keeps_it() -> None:
    assert set(NAMES) == set(RULES) | {"registry_tier"}
    for text in written(Assumptions()):
        assert problem(Assumptions(), text) == ""


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("", "Names: cosmos_rus"),
        ("cosmos", "no assumption"),
        ("nothing=1", "no assumption"),
        ("cosmos_rus=1500", "steps of 1,000"),
        ("cosmos_rus=0", "1,000 to"),
        ("cosmos_gb=-1", "0 to"),
        ("cosmos_gb=nan", "0 to"),
        ("log_gb=inf", "0 to"),
        ("log_gb=much", "Example: log_gb=1"),
        ("search_replicas=1.5", "1 to 12"),
        ("search_partitions=5", "1, 2, 3, 4, 6 or 12"),
        ("registry_tier=gold", "Basic, Standard, Premium"),
    ],
)
def test_a_broken_assumption_is_told_with_its_rule(text, part) -> None:
    assert part in problem(Assumptions(), text)
    with pytest.raises(BadAssumption):
        changed(Assumptions(), text)


def test_an_assumption_is_taken_over() -> None:
    made = changed(changed(Assumptions(), "cosmos_rus = 2000"), "registry_tier=premium")
    assert (made.cosmos_rus, made.registry_tier) == (2000, "Premium")
    assert written(changed(made, "storage_gb=1234567.5"), ("storage_gb",)) == (
        "storage_gb=1234567.5",
    )


@settings(deadline=None)
@given(st.text(max_size=40))
def test_any_text_is_an_assumption_or_a_sentence(text) -> None:
    told = problem(Assumptions(), text)
    assert told == "" or told.endswith((".", "2", "1")) or "Example" in told
