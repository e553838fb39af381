"""A line of an estimate before it has a price."""

from typing import Literal

import msgspec


class Want(msgspec.Struct, frozen=True, kw_only=True):
    """An amount, or a range of it, of one meter or of the two it may be."""

    id: str
    what: str
    resource: str
    made_by: Literal["plan", "azure", "use"]
    amount: float
    unit: str
    meter: str
    """Id in services.cost.meters; another text is a thing without a known meter."""
    per: float
    """Units of the meter a month for one of the amount."""
    amount_high: float | None = None
    """None: the amount is not open."""
    meter_high: str = ""
    """Empty: the meter is not open."""
    assumption: str = ""
    assumes: tuple[str, ...] = ()
    instead: str = ""
    """Id of a meter to compare with."""
    instead_if: str = ""
    after_delete: bool = False
