"""What may be assumed, with the rule of each field: ``name=value`` as people write it."""

from typing import NamedTuple, get_args

import msgspec

from services.model.cost import HOURS, Assumptions, RegistryTier
from services.text import plain


class Rule(NamedTuple):
    """A number between two others, in steps."""

    about: str
    low: float
    high: float
    step: int = 0
    """Multiples of this only; 0: any number, also a broken one."""


RULES: dict[str, Rule] = {
    "cosmos_rus": Rule("RU/s, sum of the autoscale maxima", 1000, 1_000_000, 1000),
    "cosmos_gb": Rule("GB in Cosmos DB", 0, 100_000),
    "search_replicas": Rule("replicas of AI Search", 1, 12, 1),
    "search_partitions": Rule("partitions of AI Search", 1, 12, 1),
    "managed_storage_gb": Rule("GB in the storage account that Azure makes", 0, 1_000_000),
    "storage_gb": Rule("GB in the workspace's storage account", 0, 10_000_000),
    "key_operations": Rule("operations with the key, a month", 0, 10_000_000_000, 1),
    "secret_operations": Rule("operations on the secrets vault, a month", 0, 10_000_000_000, 1),
    "hsm_keys": Rule("versions of the key used in a month", 1, 10_000, 1),
    "log_gb": Rule("GB into Log Analytics, a month", 0, 1_000_000),
    "running_hours": Rule("hours a month that containers or nodes run", 0, HOURS, 1),
}
"""Numbers. Autoscale maxima are multiples of 1,000 RU/s (page "Provision autoscale throughput");
AI Search has 1 to 12 replicas and partitions (page "Service limits")."""

NAMES = tuple(field.name for field in msgspec.structs.fields(Assumptions))
PARTITIONS = (1, 2, 3, 4, 6, 12)
"""Numbers of partitions there are. Source: page "Estimate and manage capacity" of AI Search."""


class BadAssumption(ValueError):
    """Not an assumption; the text is the rule that it breaks, with an example."""


def about(name: str) -> str:
    """What a field is, in a few words."""
    return RULES[name].about if name in RULES else "tier of the registry"


def changed(assumptions: Assumptions, text: str) -> Assumptions:
    """With one ``name=value`` taken over; raises BadAssumption."""
    name, mark, value = (part.strip() for part in text.partition("="))
    if not mark or name not in NAMES:
        raise BadAssumption(
            f"{plain(name, 30) or 'Nothing'} is no assumption. Example: cosmos_rus=2000."
            f" Names: {', '.join(NAMES)}."
        )
    if name == "registry_tier":
        return msgspec.structs.replace(assumptions, registry_tier=_tier(value))
    return msgspec.structs.replace(assumptions, **{name: _number(name, value)})


def problem(assumptions: Assumptions, text: str) -> str:
    """The rule that ``name=value`` breaks, or an empty string."""
    try:
        changed(assumptions, text)
    except BadAssumption as error:
        return str(error)
    return ""


def written(assumptions: Assumptions, names: tuple[str, ...] = NAMES) -> tuple[str, ...]:
    """``name=value`` of these fields."""
    return tuple(f"{name}={_shown(getattr(assumptions, name))}" for name in names)


def _shown(value: object) -> str:
    return f"{value:.12g}" if isinstance(value, float) else str(value)


def _tier(value: str) -> RegistryTier:
    tiers: tuple[RegistryTier, ...] = get_args(RegistryTier)
    for tier in tiers:
        if tier.lower() == value.lower():
            return tier
    raise BadAssumption(f"registry_tier is one of {', '.join(tiers)}. Example: registry_tier=Basic")


def _number(name: str, value: str) -> int | float:
    rule = RULES[name]
    step = f" in steps of {rule.step:,}" if rule.step > 1 else ""
    broken = BadAssumption(
        f"{name} is {rule.about}: {rule.low:,} to {rule.high:,}{step}."
        f" Example: {name}={max(rule.low, rule.step, 1):g}"
    )
    try:
        number = float(value)
    except ValueError:
        raise broken from None
    # Written so that nan, which is neither smaller nor larger, is refused too.
    if not rule.low <= number <= rule.high or (rule.step and number % rule.step):
        raise broken
    if name == "search_partitions" and number not in PARTITIONS:
        raise BadAssumption("AI Search has 1, 2, 3, 4, 6 or 12 partitions. Example: 2")
    return int(number) if rule.step else number
