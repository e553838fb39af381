"""The journal of all runs: one SQLite file that knows of every write before it is sent.

Another process may read it at any time (WAL); only the owner of a run writes its rows.
"""

import asyncio
import os
import sqlite3
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Self

import aiosqlite
import msgspec

from services.model.plan import Event, Plan
from services.runs.lock import owned
from services.text import plain

VERSION = 1
"""Of the table layout, kept in ``PRAGMA user_version``."""

_TABLES = """
CREATE TABLE runs (
    id TEXT PRIMARY KEY, created TEXT NOT NULL, cloud TEXT NOT NULL, caller TEXT NOT NULL,
    host TEXT NOT NULL, pid INTEGER NOT NULL, status TEXT NOT NULL, finished TEXT,
    plan TEXT NOT NULL
) STRICT;
CREATE TABLE steps (
    run TEXT NOT NULL REFERENCES runs (id), id TEXT NOT NULL, position INTEGER NOT NULL,
    kind TEXT NOT NULL, status TEXT NOT NULL, started TEXT, finished TEXT,
    result TEXT NOT NULL DEFAULT '{}', error TEXT NOT NULL DEFAULT '{}',
    PRIMARY KEY (run, id)
) STRICT;
CREATE TABLE writes (
    seq INTEGER PRIMARY KEY AUTOINCREMENT, run TEXT NOT NULL REFERENCES runs (id),
    step TEXT NOT NULL, method TEXT NOT NULL, path TEXT NOT NULL, body_sha256 TEXT NOT NULL,
    client_request_id TEXT NOT NULL, sent TEXT NOT NULL, answered TEXT, status INTEGER,
    request_id TEXT NOT NULL DEFAULT '', operation TEXT NOT NULL DEFAULT '',
    error TEXT NOT NULL DEFAULT ''
) STRICT;
CREATE TABLE events (
    seq INTEGER PRIMARY KEY AUTOINCREMENT, run TEXT NOT NULL REFERENCES runs (id),
    at TEXT NOT NULL, event TEXT NOT NULL, step TEXT NOT NULL, document TEXT NOT NULL
) STRICT;
CREATE TABLE commands (
    seq INTEGER PRIMARY KEY AUTOINCREMENT, run TEXT NOT NULL REFERENCES runs (id),
    at TEXT NOT NULL, command TEXT NOT NULL, argument TEXT NOT NULL DEFAULT '', taken TEXT
) STRICT;
CREATE INDEX writes_of_run ON writes (run, seq);
CREATE INDEX events_of_run ON events (run, seq);
"""


class JournalError(Exception):
    """The journal cannot be used; the message says why and what to do."""


class RunRow(msgspec.Struct, frozen=True, kw_only=True):
    """One run as the journal knows it."""

    id: str
    created: datetime
    cloud: str
    caller: str
    host: str
    pid: int
    status: str
    finished: datetime | None
    plan: Plan


class StepRow(msgspec.Struct, frozen=True, kw_only=True):
    """Where one step stands."""

    id: str
    kind: str
    status: str
    result: dict[str, Any]
    error: dict[str, Any]


class WriteRow(msgspec.Struct, frozen=True, kw_only=True):
    """One write: sent, and answered where ``answered`` is there."""

    seq: int
    step: str
    method: str
    path: str
    body_sha256: str
    client_request_id: str
    sent: datetime
    answered: datetime | None
    status: int | None
    request_id: str
    operation: str
    error: str


class Journal:
    """Open with :meth:`open`, close with :meth:`close`; every method commits before it returns.

    Every method raises JournalError where the file is damaged, or can't be read or written.
    """

    def __init__(self, path: Path, database: aiosqlite.Connection) -> None:
        self.path = path
        self._db = database
        self._turn = asyncio.Lock()

    @classmethod
    async def open(cls, path: Path) -> Self:
        """Open or create the journal (0600, in a folder made 0700).

        Raises JournalError, also for a layout newer than this version understands.
        """
        with told(path):
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
            database = await aiosqlite.connect(path, isolation_level=None)
            try:
                await database.execute("PRAGMA journal_mode=WAL")
                await database.execute("PRAGMA synchronous=FULL")
                await database.execute("PRAGMA foreign_keys=ON")
                await database.execute("PRAGMA busy_timeout=5000")
                await _layout(path, database)
            except BaseException:
                await database.close()
                raise
        return cls(path, database)

    async def close(self) -> None:
        """Close the file; the journal cannot be used afterwards."""
        await self._db.close()

    async def add_run(self, run: str, plan: Plan, *, cloud: str, host: str, pid: int) -> None:
        """Enter a new run with all its steps as pending."""
        async with self._turn, _transaction(self.path, self._db):
            await self._db.execute(
                "INSERT INTO runs (id, created, cloud, caller, host, pid, status, plan)"
                " VALUES (?, ?, ?, ?, ?, ?, 'running', ?)",
                (run, now(), cloud, plan.caller, host, pid, _json(plan)),
            )
            await self._db.executemany(
                "INSERT INTO steps (run, id, position, kind, status)"
                " VALUES (?, ?, ?, ?, 'pending')",
                [(run, step.id, place, step.kind) for place, step in enumerate(plan.steps)],
            )

    async def take_over(self, run: str, *, host: str, pid: int) -> None:
        """Note that another process carries the run on."""
        await self._write(
            "UPDATE runs SET status = 'running', finished = NULL, host = ?, pid = ? WHERE id = ?",
            (host, pid, run),
        )

    async def finish_run(self, run: str, status: str) -> None:
        """Note how the run ended."""
        await self._write(
            "UPDATE runs SET status = ?, finished = ? WHERE id = ?", (status, now(), run)
        )

    async def set_step(
        self,
        run: str,
        step: str,
        status: str,
        *,
        result: dict[str, Any] | None = None,
        error: dict[str, Any] | None = None,
    ) -> None:
        """Note where a step stands; results and errors stay until replaced."""
        await self._write(
            "UPDATE steps SET status = :status,"
            " started = CASE WHEN :status = 'running' THEN :at ELSE started END,"
            " finished = CASE WHEN :status IN ('done', 'skipped', 'failed') THEN :at END,"
            " result = coalesce(:result, result), error = coalesce(:error, error)"
            " WHERE run = :run AND id = :step",
            {
                "status": status,
                "at": now(),
                "result": None if result is None else _json(result),
                "error": None if error is None else _json(error),
                "run": run,
                "step": step,
            },
        )

    async def begin_write(
        self, run: str, step: str, *, method: str, path: str, body_sha256: str, request: str
    ) -> int:
        """Enter a write that is about to be sent; returns its number."""
        return await self._write(
            "INSERT INTO writes (run, step, method, path, body_sha256, client_request_id, sent)"
            " VALUES (?, ?, ?, ?, ?, ?, ?)",
            (run, step, method, path, body_sha256, request, now()),
        )

    async def end_write(
        self, seq: int, *, status: int | None, request_id: str, operation: str, error: str
    ) -> None:
        """Enter what became of a write; ``error`` is the transport's, where nothing answered."""
        await self._write(
            "UPDATE writes SET answered = ?, status = ?, request_id = ?, operation = ?, error = ?"
            " WHERE seq = ?",
            (now(), status, request_id, operation, error, seq),
        )

    async def add_event(self, event: Event) -> int:
        """Keep an event; returns its number."""
        return await self._write(
            "INSERT INTO events (run, at, event, step, document) VALUES (?, ?, ?, ?, ?)",
            (event.run, _text(event.at), event.event, event.step, _json(event)),
        )

    async def add_command(self, run: str, command: str, argument: str = "") -> None:
        """Leave a command (pause, proceed, stop, retry) for the owner of the run."""
        await self._write(
            "INSERT INTO commands (run, at, command, argument) VALUES (?, ?, ?, ?)",
            (run, now(), command, argument),
        )

    async def take_commands(self, run: str) -> list[tuple[str, str]]:
        """The commands not taken yet, oldest first, marked as taken."""
        rows = await self._rows(
            "SELECT seq, command, argument FROM commands"
            " WHERE run = ? AND taken IS NULL ORDER BY seq",
            (run,),
        )
        if rows:
            await self._write(
                "UPDATE commands SET taken = ? WHERE run = ? AND taken IS NULL AND seq <= ?",
                (now(), run, rows[-1]["seq"]),
            )
        return [(row["command"], row["argument"]) for row in rows]

    async def runs(self) -> list[RunRow]:
        """All runs, newest first."""
        rows = await self._rows("SELECT * FROM runs ORDER BY created DESC, id")
        return [_run(row) for row in rows]

    async def standing(self) -> list[RunRow]:
        """All runs, newest first; one that nobody carries out any more is interrupted."""
        return [
            msgspec.structs.replace(row, status="interrupted")
            if row.status == "running" and not owned(self.path.parent, row.id)
            else row
            for row in await self.runs()
        ]

    async def run(self, run: str) -> RunRow | None:
        """One run, or None."""
        rows = await self._rows("SELECT * FROM runs WHERE id = ?", (run,))
        return _run(rows[0]) if rows else None

    async def steps(self, run: str) -> list[StepRow]:
        """The steps of a run in the plan's order."""
        rows = await self._rows(
            "SELECT id, kind, status, result, error FROM steps WHERE run = ? ORDER BY position",
            (run,),
        )
        return [
            StepRow(
                id=row["id"],
                kind=row["kind"],
                status=row["status"],
                result=msgspec.json.decode(row["result"]),
                error=msgspec.json.decode(row["error"]),
            )
            for row in rows
        ]

    async def writes(self, run: str) -> list[WriteRow]:
        """The writes of a run in the order they were sent."""
        rows = await self._rows("SELECT * FROM writes WHERE run = ? ORDER BY seq", (run,))
        return [msgspec.convert(_without(row, "run"), WriteRow, strict=False) for row in rows]

    async def events(self, run: str, after: int = 0) -> list[tuple[int, Event]]:
        """The events of a run with their numbers, those after number ``after`` only."""
        rows = await self._rows(
            "SELECT seq, document FROM events WHERE run = ? AND seq > ? ORDER BY seq", (run, after)
        )
        return [(row["seq"], msgspec.json.decode(row["document"], type=Event)) for row in rows]

    async def _rows(self, sql: str, values: tuple[object, ...] = ()) -> list[dict[str, Any]]:
        with told(self.path):
            async with self._db.execute(sql, values) as cursor:
                names = [column[0] for column in cursor.description]
                return [dict(zip(names, row, strict=True)) for row in await cursor.fetchall()]

    async def _write(self, sql: str, values: tuple[object, ...] | dict[str, object]) -> int:
        """One statement, on the disk when this returns; gives the row's number."""
        with told(self.path):
            async with self._turn, self._db.execute(sql, values) as cursor:
                return cursor.lastrowid or 0


@contextmanager
def told(path: Path) -> Iterator[None]:
    """What SQLite and the system say, as a sentence."""
    try:
        yield
    except (sqlite3.Error, OSError) as error:
        why = plain(error.strerror if isinstance(error, OSError) else error, 200)
        do = "make room there" if "full" in why or "No space" in why else "move the file away"
        raise JournalError(
            f"The journal of runs {path} can't be used: {why}. Without it nothing more is"
            f" written to Azure; {do}, or set WRAPKEY_HOME to another folder."
        ) from error


@asynccontextmanager
async def _transaction(path: Path, database: aiosqlite.Connection) -> AsyncIterator[None]:
    """All or nothing."""
    with told(path):
        await database.execute("BEGIN IMMEDIATE")
        try:
            yield
            await database.execute("COMMIT")
        except BaseException:
            if database.in_transaction:
                await database.execute("ROLLBACK")
            raise


async def _layout(path: Path, database: aiosqlite.Connection) -> None:
    async with _transaction(path, database):
        async with database.execute("PRAGMA user_version") as cursor:
            row = await cursor.fetchone()
        version = row[0] if row else 0
        if version > VERSION:
            raise JournalError(
                f"{path} was written by a newer wrapkey (layout {version}, this one knows"
                f" {VERSION}); update wrapkey or move the file away"
            )
        if version == 0:
            for statement in _TABLES.split(";"):
                await database.execute(statement)
            await database.execute(f"PRAGMA user_version = {VERSION}")


def now() -> str:
    """The present, UTC, as the journal writes it."""
    return _text(datetime.now(UTC))


def _text(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _json(value: object) -> str:
    return msgspec.json.encode(value).decode()


def _without(row: dict[str, Any], name: str) -> dict[str, Any]:
    return {key: value for key, value in row.items() if key != name}


def _run(row: dict[str, Any]) -> RunRow:
    plan = msgspec.json.decode(row["plan"])
    return msgspec.convert({**row, "plan": plan}, RunRow, strict=False)
