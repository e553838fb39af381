"""From an intent and prices to a month's estimate: pure.

Each line stands for a resource of the plan, one that Azure makes in the managed group, or the
use of the key. A part without a price is left out of every sum and named. What is assumed and
why: docs/cost.md.
"""

import math
from collections.abc import Iterable, Mapping

import msgspec

from services.cost import wants
from services.cost.meters import find, wanted_of
from services.cost.want import Want
from services.model.cost import (
    HOURS,
    KEPT_DAYS,
    Assumptions,
    Comparison,
    Estimate,
    Found,
    Line,
    Meter,
    Part,
    Prices,
    Range,
)
from services.model.intent import Intent, WorkspaceSetup

NOTHING = Found()
USUAL = Assumptions()


def estimate(
    intent: Intent,
    prices: Prices,
    assumptions: Assumptions = USUAL,
    names: Mapping[str, str] | None = None,
) -> Estimate:
    """A month of what the intent makes, before it is made.

    ``names`` are the plan's derived names, by what they are for.
    """
    return actual(intent, prices, assumptions, NOTHING, names)


def actual(
    intent: Intent,
    prices: Prices,
    assumptions: Assumptions,
    found: Found,
    names: Mapping[str, str] | None = None,
) -> Estimate:
    """The same with the SKUs that Azure chose, as read from the managed group."""

    def lines(intent: Intent, found: Found) -> tuple[Line, ...]:
        return tuple(
            line(one, prices) for one in wants.wants(intent, assumptions, found, names or {})
        )

    chosen = lines(intent, found)
    mode, modes = None, None
    if isinstance(intent, WorkspaceSetup):
        mode = intent.workspace.encryption
        # What was found belongs to the mode that was built, not to the other one.
        other = lines(_in_other_mode(intent), NOTHING)
        modes = compare(chosen, other) if mode == "own-resources" else compare(other, chosen)
    total = summed(chosen)
    return Estimate(
        mode=mode,
        lines=chosen,
        low=total.low,
        high=total.high,
        currency=prices.currency,
        region=prices.region,
        unknown=total.unknown,
        modes=modes,
        after_delete=kept_after_delete(chosen),
        free=wants.free(intent),
        assumptions=assumptions,
        actual=bool(found.search_sku or found.storage_sku),
        prices_at=prices.at,
        stale=prices.stale,
        problem=" ".join(part for part in (prices.problem, found.problem) if part),
    )


def _in_other_mode(intent: WorkspaceSetup) -> WorkspaceSetup:
    other = "service-side" if intent.workspace.encryption == "own-resources" else "own-resources"
    workspace = msgspec.structs.replace(intent.workspace, encryption=other)
    return msgspec.structs.replace(intent, workspace=workspace)


def line(want: Want, prices: Prices) -> Line:
    """A line with its prices, where they are known."""
    most = want.amount if want.amount_high is None else want.amount_high
    low, why = _part(want.meter, want.amount * want.per, prices)
    high, why_high = _part(want.meter_high or want.meter, most * want.per, prices)
    if low.subtotal is not None and high.subtotal is not None and low.subtotal > high.subtotal:
        low, high = high, low
    return Line(
        id=want.id,
        what=want.what,
        resource=want.resource,
        made_by=want.made_by,
        amount=want.amount,
        amount_high=most,
        unit=want.unit,
        low=low,
        high=high,
        assumption=want.assumption,
        assumes=want.assumes,
        why=why or why_high,
        instead=_part(want.instead, want.amount * want.per, prices)[0] if want.instead else None,
        instead_if=want.instead_if,
        after_delete=want.after_delete,
    )


def _part(id: str, quantity: float, prices: Prices) -> tuple[Part, str]:
    wanted = wanted_of(id)
    if wanted is None:
        return Part(quantity=quantity), f"no meter is known for {id}"
    meter, why = find(prices, id)
    if meter is None:
        return Part(quantity=quantity, unit=wanted.unit, meter=wanted.meter), why
    return Part(
        quantity=quantity,
        unit=meter.unit,
        price=meter.price,
        meter_id=meter.id,
        meter=meter.meter,
        subtotal=charge(meter, quantity),
    ), ""


def charge(meter: Meter, quantity: float) -> float:
    """What so many units cost: each tier's price for the units between its start and the next.

    Units below the first tier's start cost what the first tier does.
    """
    total = []
    for at, tier in enumerate(meter.tiers):
        start = tier.start if at else 0.0
        end = meter.tiers[at + 1].start if at + 1 < len(meter.tiers) else math.inf
        total.append(max(0.0, min(quantity, end) - start) * tier.price)
    return math.fsum(total)


def summed(lines: Iterable[Line], share: float = 1) -> Range:
    """The sum of the lines whose price is known; the others by name."""
    kept = list(lines)
    known = [one for one in kept if one.known]
    return Range(
        low=math.fsum((one.low.subtotal or 0.0) * share for one in known) if known else None,
        high=math.fsum((one.high.subtotal or 0.0) * share for one in known) if known else None,
        unknown=tuple(one.what for one in kept if not one.known),
    )


def compare(own: Iterable[Line], service: Iterable[Line]) -> Comparison:
    """Both modes; the difference is what only the own resources have.

    AI Search has an open SKU in both, so that subtracting the sums would say too much.
    """
    own, service = list(own), list(service)
    shared = {one.id for one in service}
    return Comparison(
        own_resources=summed(own),
        service_side=summed(service),
        difference=summed(one for one in own if one.id not in shared),
    )


def kept_after_delete(lines: Iterable[Line]) -> Range:
    """What Azure's own resources go on costing until a deleted workspace is purged."""
    return summed((one for one in lines if one.after_delete), KEPT_DAYS * 24 / HOURS)
