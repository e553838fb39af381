"""What a run did, in full: as data, as Markdown, and as one line among all runs."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

import msgspec

from services.ids import ArmId
from services.model.plan import Event, Purpose
from services.runs.journal import Journal, RunRow
from services.runs.view import subject
from services.text import plain


class RunLine(msgspec.Struct, frozen=True, kw_only=True):
    """One run among all."""

    id: str
    purpose: Purpose
    subject: str
    """ARM id of what it was about."""
    status: str
    """running, succeeded, failed, stopped or interrupted."""
    created: datetime
    finished: datetime | None
    seconds: int | None
    """How long it took; null while it runs, or where its process ended without a word."""
    who: str
    """Name of who carried it out, as the sign-in says it; else the object id."""
    cloud: str
    host: str


class StepLog(msgspec.Struct, frozen=True, kw_only=True):
    """How one step ended."""

    id: str
    title: str
    action: str
    target: str
    status: str
    error: dict[str, Any] = {}
    """Of a failed step: cause and repair."""


class WriteLog(msgspec.Struct, frozen=True, kw_only=True):
    """One write, as the journal has it."""

    step: str
    method: str
    path: str
    sent: datetime
    answered: datetime | None
    status: int | None
    """Null: no answer came."""
    request_id: str
    error: str


class RunLog(msgspec.Struct, frozen=True, kw_only=True):
    """Everything the journal knows of a run. Every text has passed plain()."""

    run: RunLine
    steps: tuple[StepLog, ...]
    writes: tuple[WriteLog, ...]
    events: tuple[Event, ...]


async def lines(journal: Journal) -> list[RunLine]:
    """All runs, newest first; raises JournalError."""
    return [run_line(row) for row in await journal.standing()]


async def log(journal: Journal, run: str) -> RunLog:
    """The full log of a run; raises LookupError for one there is not, and JournalError."""
    row = next((one for one in await journal.standing() if one.id == run), None)
    if row is None:
        raise LookupError(f"There is no run {plain(run, 40)} in {journal.path}.")
    rows = {one.id: one for one in await journal.steps(run)}
    return RunLog(
        run=run_line(row),
        steps=tuple(
            StepLog(
                id=step.id,
                title=plain(step.title),
                action=step.action,
                target=plain(step.target),
                status=rows[step.id].status,
                error=_plain(rows[step.id].error) if rows[step.id].status == "failed" else {},
            )
            for step in row.plan.steps
        ),
        writes=tuple(
            WriteLog(
                step=one.step,
                method=one.method,
                path=plain(one.path),
                sent=one.sent,
                answered=one.answered,
                status=one.status,
                request_id=plain(one.request_id, 100),
                error=plain(one.error),
            )
            for one in await journal.writes(run)
        ),
        events=tuple(
            msgspec.structs.replace(
                event, resource=plain(event.resource), detail=_plain(event.detail)
            )
            for _, event in await journal.events(run)
        ),
    )


def run_line(row: RunRow) -> RunLine:
    """A row of the journal as one line."""
    spent = row.finished - row.created if row.finished and row.status != "running" else None
    return RunLine(
        id=row.id,
        purpose=row.plan.purpose,
        subject=str(subject(row.plan)),
        status=row.status,
        created=row.created,
        finished=row.finished,
        seconds=round(spent.total_seconds()) if spent else None,
        who=plain(row.principal or row.caller, 200),
        cloud=plain(row.cloud, 100),
        host=plain(row.host, 200),
    )


FORMS = (".md", ".json")
"""In which a log is written, as the name of a file ends."""


def written(found: RunLog, form: str) -> bytes:
    """The log as the text of a file; ``form`` is one of FORMS."""
    if form == ".md":
        return markdown(found).encode()
    told = {"schema": 1, **msgspec.to_builtins(found)}
    return msgspec.json.format(msgspec.json.encode(told), indent=2) + b"\n"


def markdown(found: RunLog) -> str:
    """The log as a page: what, who, when; steps, writes with their request ids, events."""
    run = found.run
    took = f"{run.seconds} s" if run.seconds is not None else "??"
    head = [
        f"# Run {run.id}: {run.purpose} {_cell(ArmId.parse(run.subject).name)}",
        "",
        f"- status: {run.status}",
        f"- began: {_time(run.created)}, took {took}",
        f"- by: {_cell(run.who)} on {_cell(run.host)}",
        f"- cloud: {_cell(run.cloud)}",
        f"- about: {_cell(run.subject)}",
    ]
    steps = [(one.status, one.title, one.target, _cause(one.error)) for one in found.steps]
    writes = [
        (
            _time(one.sent),
            one.step,
            f"{one.method} {one.path}",
            str(one.status or one.error or "no answer"),
            one.request_id,
        )
        for one in found.writes
    ]
    events = [
        (_time(one.at), one.event, one.step, one.resource, _said(one.detail))
        for one in found.events
    ]
    return "\n".join(
        [
            *head,
            *_table("Steps", ("status", "step", "target", "why it failed"), steps),
            *_table("Writes", ("sent", "step", "request", "answer", "request id"), writes),
            *_table("Events", ("at", "event", "step", "resource", "detail"), events),
            "",
        ]
    )


def _table(title: str, names: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> list[str]:
    head = f"| {' | '.join(names)} |"
    rule = f"|{'---|' * len(names)}"
    return ["", f"## {title}", "", head, rule, *(f"| {_row(row)} |" for row in rows)]


def _row(cells: tuple[str, ...]) -> str:
    return " | ".join(map(_cell, cells))


def _cell(text: str) -> str:
    """Text that no Markdown reader takes for markup."""
    return "".join(f"\\{char}" if char in "\\`*_{}[]<>|#!~" else char for char in plain(text))


def _time(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M:%S}Z"


def _cause(error: dict[str, Any]) -> str:
    cause = error.get("cause")
    return str(cause.get("what", "")) if isinstance(cause, dict) else ""


def _said(detail: dict[str, Any]) -> str:
    told = (f"{name}: {value}" for name, value in detail.items() if not isinstance(value, dict))
    cause = detail.get("cause")
    more = [str(cause.get("what", ""))] if isinstance(cause, dict) else []
    return "; ".join([*more, *told])


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {plain(name, 200): _plain(one) for name, one in value.items()}
    if isinstance(value, list):
        return [_plain(one) for one in value]
    return plain(value) if isinstance(value, str) else value
