"""The audit file: two lines for every write that was ever sent, each chained to the one before.

A line holds the SHA-256 of the line before it, so an edit shows; a file that was written anew
from its first line on does not. The journal stays the truth: what a crash kept from the file is
filled in from there, and marked.
"""

import asyncio
import fcntl
import hashlib
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

import msgspec

from services.azure.policies import Outcome, Write
from services.runs.journal import Journal, JournalError, RunRow, WriteRow
from services.runs.lock import owned
from services.text import plain

FILE = "audit.jsonl"
FIRST = "0" * 64
"""What the first line holds in place of a line before it."""
CHUNK = 65536
"""Bytes read at once from the end of the file; a line has some hundred."""


UNENDED = ("running", "interrupted")
"""Statuses of runs whose last lines a crash may have kept from the file."""


class AuditLine(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One line; of a write there is one when it is sent and one when its result is known."""

    at: datetime
    """UTC."""
    event: Literal["sent", "result"]
    run: str
    step: str
    write: int
    """Its number in the journal."""
    who: str
    """Object id of who sent it."""
    name: str = ""
    method: str
    host: str = ""
    path: str
    body_sha256: str
    """Of the body, hex."""
    client_request_id: str
    status: int | None = None
    """HTTP status of the result; absent where no answer came."""
    request_id: str = ""
    operation: str = ""
    """Address of the long-running operation it began."""
    error: str = ""
    filled: bool = False
    """Written later, from the journal: a crash had kept it from the file."""
    torn: bool = False
    """What stands between it and the last whole line was cut by a crash."""
    prev: str = FIRST
    """SHA-256 of the line before, hex; with what a crash cut after it, ends of lines between."""

    @property
    def key(self) -> tuple[str, int, str, str]:
        """Which line of which write it is."""
        return self.run, self.write, self.client_request_id, self.event


class Audit:
    """Writes the lines of one run."""

    def __init__(self, folder: Path, run: str, who: Callable[[], tuple[str, str]]) -> None:
        """``who`` tells object id and name of who is signed in at that moment."""
        self._path = folder / FILE
        self._run = run
        self._who = who

    async def sent(self, seq: int, step: str, write: Write) -> None:
        """A write is about to be sent; raises JournalError where that can't be kept."""
        await self._append(seq, step, write, "sent", Outcome())

    async def result(self, seq: int, step: str, write: Write, outcome: Outcome) -> None:
        """What became of it; raises JournalError where that can't be kept."""
        await self._append(seq, step, write, "result", outcome)

    async def _append(
        self,
        seq: int,
        step: str,
        write: Write,
        event: Literal["sent", "result"],
        outcome: Outcome,
    ) -> None:
        who, name = self._who()
        line = AuditLine(
            at=_now(),
            event=event,
            run=self._run,
            step=step,
            write=seq,
            who=who,
            name=plain(name, 200),
            method=write.method,
            host=write.host,
            path=write.path,
            body_sha256=write.body_sha256,
            client_request_id=write.client_request_id,
            status=outcome.status,
            request_id=outcome.request_id,
            operation=outcome.operation,
            error=outcome.error,
        )
        await asyncio.to_thread(append, self._path, [line])


def append(path: Path, lines: Sequence[AuditLine]) -> None:
    """Chain lines to the end of the file (0600), on the disk when this returns.

    Several processes may do so at once. A last line that a crash cut is ended, and the next one
    says so. Raises JournalError.
    """
    with _told(path):
        handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX)
            block, ended = _last(handle)
            prev, torn = digest(block), bool(block) and read(block[-1]) is None
            data = b"" if ended else b"\n"
            for line in lines:
                text = msgspec.json.encode(msgspec.structs.replace(line, prev=prev, torn=torn))
                data, prev, torn = data + text + b"\n", digest([text]), False
            while data:
                data = data[os.write(handle, data) :]
            os.fsync(handle)
        finally:
            os.close(handle)


async def fill(journal: Journal, run: str = "") -> int:
    """Write the lines that a crash kept from the file; returns how many.

    Of this run, which must be ours; without one, of every run that nobody carries out and that
    has not ended. What is missing of a run that has ended was taken away, and stays missing:
    :func:`services.runs.auditing.verify` says so. Raises JournalError.
    """
    path = journal.path.with_name(FILE)
    rows = [one for one in await journal.runs() if _to_fill(journal, one, run)]
    if not rows:
        return 0
    there = {line.key for line in await asyncio.to_thread(entries, path)}
    lines = [
        msgspec.structs.replace(line, filled=True)
        for row in rows
        for line in expected(row, await journal.writes(row.id))
        if line.key not in there
    ]
    if lines:
        lines.sort(key=lambda line: line.at)
        await asyncio.to_thread(append, path, lines)
    return len(lines)


def _to_fill(journal: Journal, row: RunRow, run: str) -> bool:
    if run:
        return row.id == run
    return row.status in UNENDED and not owned(journal.path.parent, row.id)


def expected(row: RunRow, writes: Sequence[WriteRow]) -> Iterator[AuditLine]:
    """The lines that the journal says there must be of a run, without their place in the chain."""
    for one in writes:
        line = AuditLine(
            at=one.sent,
            event="sent",
            run=row.id,
            step=one.step,
            write=one.seq,
            who=row.caller,
            name=row.principal,
            method=one.method,
            host=one.host,
            path=one.path,
            body_sha256=one.body_sha256,
            client_request_id=one.client_request_id,
        )
        yield line
        if one.answered is not None:
            yield msgspec.structs.replace(
                line,
                at=one.answered,
                event="result",
                status=one.status,
                request_id=one.request_id,
                operation=one.operation,
                error=one.error,
            )


def entries(path: Path) -> list[AuditLine]:
    """Every whole line of the file, whatever its place in the chain; raises JournalError."""
    return [line for line in map(read, raw_lines(path)) if line is not None]


def raw_lines(path: Path) -> list[bytes]:
    """The lines as they stand there, none where there is no file; raises JournalError."""
    with _told(path):
        try:
            handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        except FileNotFoundError:
            return []
        with os.fdopen(handle, "rb") as file:
            fcntl.flock(file, fcntl.LOCK_SH)
            text = file.read()
    return text.removesuffix(b"\n").split(b"\n") if text else []


def _last(handle: int) -> tuple[list[bytes], bool]:
    """The last whole line with what was cut after it, and whether the file ends with a line's end.

    Two crashes in a row leave two cut lines; the next whole line holds the hash of all of it.
    """
    at = os.fstat(handle).st_size
    tail = b""
    while True:
        lines = tail.removesuffix(b"\n").split(b"\n") if tail else []
        known = lines if at == 0 else lines[1:]
        for place in reversed(range(len(known))):
            if read(known[place]) is not None:
                return known[place:], tail.endswith(b"\n")
        if at == 0:
            return known, not tail or tail.endswith(b"\n")
        start = max(0, at - CHUNK)
        tail, at = os.pread(handle, at - start, start) + tail, start


def read(text: bytes) -> AuditLine | None:
    """A line, or None where it is none."""
    try:
        return msgspec.json.decode(text, type=AuditLine)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None


def digest(block: Sequence[bytes]) -> str:
    """What the next line holds of the last whole line and whatever was cut after it."""
    return hashlib.sha256(b"\n".join(block)).hexdigest() if block else FIRST


def _now() -> datetime:
    return datetime.now(UTC)


@contextmanager
def _told(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        why = plain(error.strerror or error, 200)
        raise JournalError(
            f"The audit file {path} can't be used: {why}. Without it nothing more is written to"
            " Azure; make room there, or set WRAPKEY_HOME to another folder."
        ) from error
