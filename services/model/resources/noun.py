"""What every noun of Azure has in common."""

from typing import Any

import msgspec

Raw = dict[str, Any]


class Noun(msgspec.Struct, frozen=True, kw_only=True):
    """What every noun of Azure has."""

    raw: Raw = msgspec.field(default_factory=dict)
    """The JSON as received; never a rule's input."""
