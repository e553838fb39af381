"""The journal of all runs: one SQLite file that knows of every write before it is sent.

Another process may read it at any time; only the owner of a run writes its rows, but for commands.
"""

import asyncio
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Self

import aiosqlite
import msgspec

from services.model.plan import Event, Plan
from services.runs import place, wish
from services.runs.journalfile import (
    JournalDamaged,
    JournalError,
    RunTaken,
    opened,
    set_aside,
    told,
    transaction,
)
from services.runs.layout import VERSION
from services.runs.lock import owner
from services.runs.rows import RunRow, StepRow, WriteRow
from services.runs.view import subject

__all__ = [
    "VERSION",
    "Journal",
    "JournalDamaged",
    "JournalError",
    "RunRow",
    "RunTaken",
    "StepRow",
    "WriteRow",
    "now",
    "set_aside",
    "told",
]


class Journal:
    """Open with :meth:`open`, close with :meth:`close`; every method commits before it returns.

    Every method raises JournalError where the file is damaged, or can't be read or written.
    """

    def __init__(self, path: Path, database: aiosqlite.Connection, mode_note: str = "") -> None:
        self.path = path
        self.mode_note = mode_note
        """A sentence where the journal can't be written the usual way; empty on a local disk."""
        self._db = database
        self._turn = asyncio.Lock()

    @classmethod
    async def open(cls, path: Path) -> Self:
        """Open or create the journal (0600, in a folder made 0700), migrating an older layout.

        Raises JournalDamaged for a file that is no whole journal, which is left as it is, and
        JournalError, also for a layout newer than this version understands.
        """
        mode, note = place.mode_of(place.shared(path.parent))
        return cls(path, await opened(path, mode), note)

    async def close(self) -> None:
        """Close the file; the journal cannot be used afterwards."""
        await self._db.close()

    async def mark(self) -> tuple[int, int]:
        """Changes with every commit, of other processes (``PRAGMA data_version``) and our own."""
        (row,) = await self._rows("PRAGMA data_version")
        return row["data_version"], self._db.total_changes

    async def add_run(
        self,
        run: str,
        plan: Plan,
        *,
        cloud: str,
        host: str,
        pid: int,
        nonce: str = "",
        principal: str = "",
    ) -> None:
        """Enter a new run with all its steps as pending."""
        about = (plan.purpose, str(subject(plan)), wish.digest(plan), principal, nonce)
        async with self._turn, transaction(self.path, self._db):
            await self._db.execute(
                "INSERT INTO runs (id, created, cloud, caller, host, pid, status, plan,"
                " purpose, subject, digest, principal, nonce)"
                " VALUES (?, ?, ?, ?, ?, ?, 'running', ?, ?, ?, ?, ?, ?)",
                (run, now(), cloud, plan.caller, host, pid, _json(plan), *about),
            )
            await self._db.executemany(
                "INSERT INTO steps (run, id, position, kind, status)"
                " VALUES (?, ?, ?, ?, 'pending')",
                [(run, step.id, position, step.kind) for position, step in enumerate(plan.steps)],
            )

    async def take_over(
        self, run: str, *, host: str, pid: int, nonce: str = "", principal: str = ""
    ) -> None:
        """Note that another process carries the run on; who had it before can write no more."""
        await self._write(
            "UPDATE runs SET status = 'running', finished = NULL, host = ?, pid = ?, nonce = ?,"
            " principal = coalesce(nullif(?, ''), principal) WHERE id = ?",
            (host, pid, nonce, principal, run),
        )

    async def finish_run(self, run: str, status: str, nonce: str = "") -> None:
        """Note how the run ended; with a nonce, only where that process still owns it."""
        await self._write(
            "UPDATE runs SET status = ?, finished = ? WHERE id = ? AND ? IN ('', nonce)",
            (status, now(), run, nonce),
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
        self,
        run: str,
        step: str,
        *,
        method: str,
        path: str,
        body_sha256: str,
        request: str,
        host: str = "",
        nonce: str = "",
    ) -> int:
        """Enter a write that is about to be sent; returns its number.

        Raises RunTaken where ``nonce`` is not the present owner's: the write must not be sent.
        """
        with told(self.path):
            async with (
                self._turn,
                self._db.execute(
                    "INSERT INTO writes"
                    " (run, step, method, host, path, body_sha256, client_request_id, sent)"
                    " SELECT ?, ?, ?, ?, ?, ?, ?, ? WHERE ? = ''"
                    " OR EXISTS (SELECT 1 FROM runs WHERE id = ? AND nonce = ?)",
                    (run, step, method, host, path, body_sha256, request, now(), nonce, run, nonce),
                ) as cursor,
            ):
                if cursor.rowcount:
                    return cursor.lastrowid or 0
        raise _taken(run)

    async def keep(self, run: str, nonce: str) -> None:
        """Raise RunTaken where another process owns the run by now."""
        rows = await self._rows("SELECT nonce FROM runs WHERE id = ?", (run,))
        if not rows or rows[0]["nonce"] != nonce:
            raise _taken(run)

    async def end_write(
        self, seq: int, *, status: int | None, request_id: str, operation: str, error: str
    ) -> None:
        """Enter what became of a write; ``error`` is the transport's, where nothing answered."""
        await self._write(
            "UPDATE writes SET answered = ?, status = ?, request_id = ?, operation = ?, error = ?"
            " WHERE seq = ?",
            (now(), status, request_id, operation, error, seq),
        )

    async def end_operation(self, run: str, address: str, outcome: str) -> None:
        """Enter how the operation at this address ended: succeeded, failed or gone."""
        await self._write(
            "UPDATE writes SET ended = ?, outcome = ?"
            " WHERE run = ? AND operation = ? AND outcome = ''",
            (now(), outcome, run, address),
        )

    async def end_operations(self, run: str, step: str) -> None:
        """Enter that what a step started is there: its operations have nothing left to tell."""
        await self._write(
            "UPDATE writes SET ended = ?, outcome = 'succeeded'"
            " WHERE run = ? AND step = ? AND operation != '' AND status < 300 AND outcome = ''",
            (now(), run, step),
        )

    async def operations(self, run: str, step: str = "") -> list[WriteRow]:
        """The writes of a run whose operations may still go on, oldest first."""
        return [one for one in await self.writes(run, step) if one.running]

    async def took(self, run: str, step: str) -> bool:
        """Whether Azure took a write of this step in this run."""
        return any(one.accepted for one in await self.writes(run, step))

    async def add_event(self, event: Event) -> int:
        """Keep an event; returns its number."""
        return await self._write(
            "INSERT INTO events (run, at, event, step, document) VALUES (?, ?, ?, ?, ?)",
            (event.run, _text(event.at), event.event, event.step, _json(event)),
        )

    async def add_command(self, run: str, command: str, argument: str = "") -> int:
        """Leave a command (see :mod:`services.runs.commands`) for the owner; returns its number."""
        return await self._write(
            "INSERT INTO commands (run, at, command, argument) VALUES (?, ?, ?, ?)",
            (run, now(), command, argument),
        )

    async def withdraw(self, command: int) -> None:
        """Take a command back that the owner has not heard yet."""
        await self._write(
            "UPDATE commands SET taken = ? WHERE seq = ? AND taken IS NULL", (now(), command)
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
            if row.status == "running" and owner(self.path.parent, row.id) is None
            else row
            for row in await self.runs()
        ]

    async def same(self, plan: Plan, cloud: str = "") -> RunRow | None:
        """The run, carried out at this moment, that wants the same or works on the same subject.

        ``cloud`` narrows it to runs in the cloud of that name.
        """
        wanted, about = wish.digest(plan), str(subject(plan)).lower()
        for row in await self.standing():
            alike = row.digest == wanted or (row.subject and row.subject.lower() == about)
            if row.status == "running" and alike and cloud in ("", row.cloud):
                return row
        return None

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

    async def writes(self, run: str, step: str = "", after: int = 0) -> list[WriteRow]:
        """The writes of a run, or of one of its steps, in the order they were sent.

        Those after number ``after`` only.
        """
        rows = await self._rows(
            "SELECT * FROM writes WHERE run = ? AND ? IN ('', step) AND seq > ? ORDER BY seq",
            (run, step, after),
        )
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


def _taken(run: str) -> RunTaken:
    return RunTaken(
        f"Run {run} was taken over by another process. This one sends nothing more for it;"
        " watch it instead."
    )


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
