"""What the journal knows of a run, told again to a view: the same lines and log as live."""

from datetime import datetime

from services.runs.journal import Journal
from services.runs.rows import WriteRow
from services.runs.view import RunView


class WriteLog:
    """The answered writes of a run as the lines of a view's log, in the order of their answers."""

    def __init__(self, view: RunView) -> None:
        self._view = view
        self._before = 0
        """Every write up to this number is in the log."""
        self._told: set[int] = set()
        """Later ones that are; one before them has no answer yet."""

    async def read(self, journal: Journal) -> None:
        """Add what has been answered since the last time; raises JournalError."""
        rows = await journal.writes(self._view.run, after=self._before)
        new = [one for one in rows if one.answered is not None and one.seq not in self._told]
        for one in sorted(new, key=lambda one: (one.answered, one.seq)):
            self._view.write(_line(one))
            self._told.add(one.seq)
        waiting = min((one.seq for one in rows if one.seq not in self._told), default=None)
        self._before = waiting - 1 if waiting else max(self._told, default=self._before)
        self._told = {seq for seq in self._told if seq > self._before}


async def replay(
    journal: Journal, view: RunView, log: WriteLog | None = None
) -> tuple[int, datetime | None]:
    """Tell a view every event of its run; number and time of the last. Raises JournalError."""
    said = await journal.events(view.run)
    for _, event in said:
        view.hear(event)
    await (log or WriteLog(view)).read(journal)
    return (said[-1][0], said[-1][1].at) if said else (0, None)


def _line(one: WriteRow) -> str:
    answered = one.answered or one.sent
    said = (one.sent, one.method, one.path, one.status)
    took = (answered - one.sent).total_seconds() * 1000
    return write_line(*said, ms=took, request=one.request_id)


def write_line(
    at: datetime, method: str, path: str, status: int | None, *, ms: float, request: str
) -> str:
    """A write and its answer, as a log shows them; ``ms`` is how long the answer took."""
    name = "/".join(path.partition("?")[0].rstrip("/").split("/")[-2:])
    answer = status if status is not None else "no answer"
    return f"{at:%H:%M:%S}Z {method} {name} {answer} {ms:.0f} ms  request {request[:8]}…"
