"""The review's tab Quota: what the plan needs of each limit, and what is left."""

from screens.widgets.table import Column, Row
from services.checks.quotawords import cells, number, word
from services.model.quota import QuotaLine

QUOTAS = (
    Column("State", status=True),
    Column("Service", prose=True),
    Column("Limit", 9, right=True),
    Column("Used", 6, right=True),
    Column("Needed", 6, right=True),
    Column("Left", 6, right=True),
)


def row(line: QuotaLine) -> Row:
    """A quota as a line of the list."""
    return Row(line.service, cells(line), line.source, data=line)


def short(lines: tuple[QuotaLine, ...]) -> str:
    """The gravest word among them, for the tab."""
    words = {word(line) for line in lines}
    return next((one for one in ("FAIL", "??", "OK") if one in words), "")


def note(line: QuotaLine) -> str:
    """What there is to say about one."""
    said = f"{line.note[:1].upper()}{line.note[1:]}. " if line.note else ""
    return f"{line.service}: {said}Told by {line.source}."


def details(line: QuotaLine) -> str:
    """Everything about one, to read in full."""
    fields = {
        "Limit": "unlimited" if line.limit == -1 else number(line.limit),
        "Used": number(line.used),
        "Needed by this plan": str(line.needed),
        "Left after it": number(line.left),
        "Told by": line.source,
        "Note": line.note or "none",
    }
    return "\n".join(f"{name}: {value}" for name, value in fields.items())
