"""What the journal knows of a run, told again to a view: the same lines and log as live."""

from datetime import datetime

from services.runs.journal import Journal
from services.runs.rows import WriteRow
from services.runs.view import RunView


async def replay(journal: Journal, view: RunView) -> tuple[int, datetime | None]:
    """Tell a view every event of its run; number and time of the last. Raises JournalError."""
    said = await journal.events(view.run)
    for _, event in said:
        view.hear(event)
    log(view, await journal.writes(view.run))
    return (said[-1][0], said[-1][1].at) if said else (0, None)


def log(view: RunView, writes: list[WriteRow]) -> None:
    """The answered writes as the lines of a view's log."""
    view.log.clear()
    for one in writes:
        if one.answered is not None:
            took = (one.answered - one.sent).total_seconds() * 1000
            said = (one.sent, one.method, one.path, one.status)
            view.write(write_line(*said, ms=took, request=one.request_id))


def write_line(
    at: datetime, method: str, path: str, status: int | None, *, ms: float, request: str
) -> str:
    """A write and its answer, as a log shows them; ``ms`` is how long the answer took."""
    name = "/".join(path.partition("?")[0].rstrip("/").split("/")[-2:])
    answer = status if status is not None else "no answer"
    return f"{at:%H:%M:%S}Z {method} {name} {answer} {ms:.0f} ms  request {request[:8]}…"
