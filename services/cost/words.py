"""An estimate in words and numbers, in characters that every terminal has."""

from services.model.cost import KEPT_DAYS, Estimate, Line, Range

UNKNOWN = "??"


def money(value: float | None) -> str:
    """An amount of money; ?? where it is not known, and a small one is never shown as none."""
    if value is None:
        return UNKNOWN
    if 0 < value < 0.005:
        return "<0.01"
    return f"{value:,.2f}" if value < 99.995 else f"{value:,.0f}"


def span(low: float | None, high: float | None) -> str:
    """``42-420``, or one number where both ends look the same."""
    first, last = money(low), money(high)
    # Two numbers beside each other have the same digits: 42-420, not 42.05-420.
    if low is not None and high is not None and low >= 0.5 and high >= 99.995:
        first = f"{low:,.0f}"
    return first if first == last else f"{first}-{last}"


def price(value: float | None) -> str:
    """A unit price with four digits that count."""
    if value is None:
        return UNKNOWN
    return f"{value:.4g}" if value < 1 else f"{value:,.2f}"


_EACH = {
    "1/Hour": "100 RU/s h",
    "1 Hour": "h",
    "1/Day": "day",
    "1/Month": "month",
    "1 GB/Month": "GB",
    "1 GB": "GB",
    "10K": "10k",
    "1": "each",
}
"""A meter's unit in short. Of the meters asked for, only Cosmos DB's is written 1/Hour."""


def prices(line: Line) -> str:
    """The unit price of a line with its unit, or both where the meter is open."""
    if not line.known:
        return UNKNOWN
    both = sorted({line.low.price or 0.0, line.high.price or 0.0})
    shown = "-".join(dict.fromkeys(price(one) for one in both))
    return f"{shown}/{_EACH.get(line.low.unit, line.low.unit)}"


def amount(line: Line) -> str:
    """How much of its unit, from low to high."""
    ends = dict.fromkeys(_count(one) for one in (line.amount, line.amount_high))
    return "-".join(ends)


def _count(value: float) -> str:
    if value >= 1_000_000 and value % 100_000 == 0:
        return f"{value / 1_000_000:g}M"
    if value >= 10_000 and value % 100 == 0:
        return f"{value / 1000:g}k"
    return f"{value:.3g}" if value < 100 else f"{value:.0f}"


def short(estimate: Estimate) -> str:
    """``~109-702 USD/month``; a plus says that something is left out of it."""
    if estimate.low is None:
        return UNKNOWN
    low, high = (f"{round(value or 0):,}" for value in (estimate.low, estimate.high))
    more = "+" if estimate.unknown else ""
    return f"~{low if low == high else f'{low}-{high}'}{more} {estimate.currency}/month"


def total(estimate: Estimate) -> str:
    """The sum, and what is left out of it."""
    sums = f"{span(estimate.low, estimate.high)} {estimate.currency} a month"
    if estimate.low is None:
        sums = "No price is known"
    left = f", without {', '.join(estimate.unknown)} (price not known)" if estimate.unknown else ""
    return f"{sums}{left}."


def age(estimate: Estimate) -> str:
    """How old the prices are."""
    if estimate.prices_at is None:
        return "There are no prices."
    day = f"{estimate.prices_at:%Y-%m-%d %H:%MZ}"
    return f"Stale prices, of {day}." if estimate.stale else f"Retail prices of {day}."


def sides(estimate: Estimate) -> tuple[str, ...]:
    """Both modes of encryption beside each other, and what a delete leaves."""
    modes, money_of = estimate.modes, estimate.currency
    if modes is None:
        return ()
    own = estimate.mode == "own-resources"
    return (
        _side("own resources", modes.own_resources, money_of, "*" if own else " "),
        _side("service-side", modes.service_side, money_of, " " if own else "*"),
        _side("own resources cost more", modes.difference, money_of),
        _side(f"{KEPT_DAYS} days after a delete", estimate.after_delete, money_of),
    )


def _side(name: str, side: Range, currency: str, mark: str = " ") -> str:
    left = f"  + {len(side.unknown)} ??" if side.unknown else ""
    return f"{mark} {name:<24}{span(side.low, side.high):>14} {currency}{left}"
