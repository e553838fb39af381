"""What a deployment costs in a month: Meter, Line, Estimate, and the Assumptions beneath.

Money is in the currency of the prices; a month is 730 hours, as Azure's own calculator has it.
A price that is not known is None with a reason beside it, never 0.
"""

from datetime import datetime
from typing import Literal

import msgspec

HOURS = 730
"""Hours of a month."""

KEPT_DAYS = 14
"""Days a deleted workspace and its managed group are kept, and billed, before they are purged.
Source: page "Recover a workspace with soft delete"."""

Mode = Literal["own-resources", "service-side"]
"""How a workspace is encrypted, as the intent spells it."""

RegistryTier = Literal["Basic", "Standard", "Premium"]


class Tier(msgspec.Struct, frozen=True, kw_only=True):
    """A price that holds from a quantity on."""

    start: float
    """``tierMinimumUnits``, in units of the meter."""
    price: float


class Meter(msgspec.Struct, frozen=True, kw_only=True):
    """One line of Azure's price list in one region, with all its tiers."""

    id: str
    """``meterId``; the names may be rebranded, it stays."""
    service: str
    product: str
    sku: str
    meter: str
    region: str
    unit: str
    """``unitOfMeasure``, for example 1/Hour or 10K."""
    currency: str
    tiers: tuple[Tier, ...]
    """In rising order; at least one."""
    effective: datetime | None = None
    """Since when the price holds."""
    size: str = ""
    """``armSkuName``: the size of a virtual machine; empty for most meters."""

    @property
    def price(self) -> float:
        """Of the first unit that is charged."""
        return next((tier.price for tier in self.tiers if tier.price), self.tiers[0].price)


class Prices(msgspec.Struct, frozen=True, kw_only=True):
    """The meters of one region in one currency, and how old they are."""

    region: str
    currency: str
    meters: tuple[Meter, ...] = ()
    at: datetime | None = None
    """When they were read; None where they never were."""
    stale: bool = False
    """Older than a day, and could not be read again."""
    problem: str = ""
    """Why they could not be read, as sentences; empty where they could."""


class Part(msgspec.Struct, frozen=True, kw_only=True):
    """One end of a line's range: so much of one meter."""

    quantity: float
    """In units of the meter, a month."""
    unit: str = ""
    """Of the meter, for example 1/Hour; empty where no meter is known."""
    price: float | None = None
    """Of the first unit that is charged."""
    meter_id: str = ""
    meter: str = ""
    """Its name, for a person."""
    subtotal: float | None = None


class Line(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that costs. Both parts are the same where nothing is open."""

    id: str
    """Stable, for example ``cosmos-throughput``."""
    what: str
    resource: str
    """The resource it is for, by its name or what it is."""
    made_by: Literal["plan", "azure", "use"]
    """The plan makes it, Azure makes it in its own group, or using the key costs it."""
    amount: float
    """What the assumption counts (RU/s, GB, operations), at the low end."""
    amount_high: float
    unit: str
    """Of the amount."""
    low: Part
    high: Part
    assumption: str = ""
    """What was assumed, as a sentence."""
    assumes: tuple[str, ...] = ()
    """Fields of Assumptions it depends on."""
    why: str = ""
    """Why the price is not known; empty where it is."""
    instead: Part | None = None
    """The same amount by the meter it would have otherwise, only to compare; in no sum."""
    instead_if: str = ""
    """When it would, for example with a key of 2048 bits."""
    after_delete: bool = False
    """Whether it goes on costing while a deleted workspace is kept."""

    @property
    def known(self) -> bool:
        """Whether both ends have a price."""
        return self.low.subtotal is not None and self.high.subtotal is not None


class Range(msgspec.Struct, frozen=True, kw_only=True):
    """A sum with a low and a high end, and what is left out of it."""

    low: float | None = None
    """None: no part of it has a known price."""
    high: float | None = None
    unknown: tuple[str, ...] = ()
    """What is left out because its price is not known."""


class Comparison(msgspec.Struct, frozen=True, kw_only=True):
    """The same workspace in both modes of encryption."""

    own_resources: Range
    service_side: Range
    difference: Range
    """What only the own resources cost, less what only the other mode costs."""


class Assumptions(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What nobody can know before it is used; rules stand in services/cost/assumptions.py."""

    cosmos_rus: int = 4000
    """Sum of the autoscale maxima of all containers, in RU/s; Azure decides it."""
    cosmos_gb: float = 1
    search_replicas: int = 1
    search_partitions: int = 1
    managed_storage_gb: float = 5
    """In the account that Azure makes."""
    storage_gb: float = 100
    """In the workspace's own account."""
    key_operations: int = 100_000
    """Wraps and unwraps with the key, a month."""
    secret_operations: int = 10_000
    """On the vault with the workspace's secrets, a month."""
    hsm_keys: int = 1
    """Versions of the key that are used in a month; only keys in hardware have this price."""
    registry_tier: RegistryTier = "Standard"
    log_gb: float = 10
    """Into Log Analytics, a month."""
    running_hours: int = HOURS
    """Hours a month that containers or nodes run."""


class Estimate(msgspec.Struct, frozen=True, kw_only=True):
    """A month of what is set up."""

    mode: Mode | None
    """How a workspace is encrypted; None for what has no such choice."""
    lines: tuple[Line, ...]
    low: float | None
    """Sum of what is known; None where nothing is."""
    high: float | None
    currency: str
    region: str
    unknown: tuple[str, ...]
    """Lines left out of the sums."""
    modes: Comparison | None
    """None for what has no such choice."""
    after_delete: Range
    """What the days a deleted workspace is kept cost, all together."""
    free: tuple[str, ...]
    """What has no price of its own, or is on the bill already, as sentences."""
    assumptions: Assumptions
    actual: bool = False
    """Whether SKUs were read from the managed group instead of assumed."""
    prices_at: datetime | None = None
    stale: bool = False
    problem: str = ""
    """Why prices could not be read, as sentences."""


class Found(msgspec.Struct, frozen=True, kw_only=True):
    """What Azure really made; what could not be read stays empty and is assumed."""

    search_sku: str = ""
    """As AI Search spells it, for example standard."""
    replicas: int = 0
    partitions: int = 0
    storage_sku: str = ""
    """For example Standard_LRS."""
    node_size: str = ""
    """Of a cluster's nodes, as Compute spells it."""
    os_disk_gb: int = 0
    """Of each node's OS disk."""
    problem: str = ""
    """Why something could not be read, as sentences."""
