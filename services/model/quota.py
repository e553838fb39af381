"""How much of a quota a plan needs."""

import msgspec


class QuotaLine(msgspec.Struct, frozen=True, kw_only=True):
    """One quota in the table. Numbers are counts; None where they can't be known."""

    service: str
    limit: int | None
    """-1: unlimited."""
    used: int | None
    needed: int
    left: int | None
    """After the plan; negative where it does not fit."""
    source: str
    """The call that told it."""
    note: str = ""

    @property
    def fits(self) -> bool | None:
        """Whether the plan fits; None where nobody knows."""
        return None if self.left is None else self.limit == -1 or self.left >= 0
