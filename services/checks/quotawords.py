"""The table of quotas in words, for screens and the command line alike."""

from services.model.quota import QuotaLine

HEAD = ("State", "Service", "Limit", "Used", "Needed", "Left")


def word(line: QuotaLine) -> str:
    """OK, FAIL, or ?? where nobody can know."""
    return "??" if line.fits is None else "OK" if line.fits else "FAIL"


def number(value: int | None) -> str:
    """A count, or ?? where it can't be known."""
    return "??" if value is None else str(value)


def cells(line: QuotaLine) -> tuple[str, ...]:
    """A quota as a row below :data:`HEAD`."""
    unlimited = line.limit == -1
    limit = "unlimited" if unlimited else number(line.limit)
    left = "" if unlimited else number(line.left)
    return (word(line), line.service, limit, number(line.used), str(line.needed), left)
