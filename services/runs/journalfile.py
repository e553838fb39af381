"""The journal's file: opened, checked, migrated, set aside; and what is said when it can't be."""

import os
import sqlite3
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from datetime import UTC, datetime
from pathlib import Path

import aiosqlite

from services.runs import layout
from services.text import plain

COMPANIONS = ("-wal", "-shm", "-journal")
"""What SQLite keeps beside its file."""

_DAMAGED = {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}


class JournalError(Exception):
    """The journal cannot be used; the message says why and what to do."""


class JournalDamaged(JournalError):
    """The file is no journal any more. It is never written to; :func:`set_aside` renames it."""


class RunTaken(JournalError):
    """Another process has taken the run over: this one must write nothing more."""


@contextmanager
def told(path: Path) -> Iterator[None]:
    """What SQLite and the system say, as a sentence."""
    try:
        yield
    except (sqlite3.Error, OSError) as error:
        why = plain(error.strerror if isinstance(error, OSError) else error, 200)
        if (getattr(error, "sqlite_errorcode", 0) & 0xFF) in _DAMAGED:
            raise damaged(path, why) from error
        do = "make room there" if "full" in why or "No space" in why else "move the file away"
        raise JournalError(
            f"The journal of runs {path} can't be used: {why}. Without it nothing more is"
            f" written to Azure; {do}, or set WRAPKEY_HOME to another folder."
        ) from error


def damaged(path: Path, why: str) -> JournalDamaged:
    """The error for a file that is no whole journal."""
    return JournalDamaged(
        f"The journal of runs {path} is damaged: {why}. It was left as it is. Set it aside to"
        " begin a new one: the file is kept under another name. Runs it knew can't be resumed;"
        " apply their intents again, what exists already is not made twice."
    )


def set_aside(path: Path) -> Path:
    """Rename a journal, with what SQLite keeps beside it, to a name that says when (UTC).

    SQLite can still open it there. Returns the new path; raises JournalError.
    """
    stamp = datetime.now(UTC).strftime("%Y%m%dT%H%M%SZ")
    target, number = path.with_name(f"{path.name}.set-aside-{stamp}"), 1
    while target.exists():
        number += 1
        target = path.with_name(f"{path.name}.set-aside-{stamp}-{number}")
    with told(path):
        # The companions first: a whole file without its WAL would pass for a journal.
        for tail in COMPANIONS:
            beside = path.with_name(path.name + tail)
            if beside.exists():
                beside.rename(target.with_name(target.name + tail))
        path.rename(target)
    return target


async def opened(path: Path, mode: str) -> aiosqlite.Connection:
    """The file, made where absent (0600, in a folder made 0700), checked and migrated.

    Raises JournalDamaged, and JournalError, also for a layout newer than this one.
    """
    with told(path):
        if _there(path):
            await _check(path)
        database = await aiosqlite.connect(path, isolation_level=None)
        try:
            await database.execute("PRAGMA busy_timeout=5000")
            await database.execute(f"PRAGMA journal_mode={mode}")
            await database.execute("PRAGMA synchronous=FULL")
            await database.execute("PRAGMA foreign_keys=ON")
            await _layout(path, database)
        except BaseException:
            await database.close()
            raise
    return database


def _there(path: Path) -> bool:
    """Whether there is something in the file, which is made where absent."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
    return path.stat().st_size > 0


def _reading(path: Path) -> str:
    """An address of the file through which SQLite writes nothing."""
    return f"{path.absolute().as_uri()}?mode=ro"


async def _check(path: Path) -> None:
    """Read through the file before anything can be written to it."""
    async with aiosqlite.connect(_reading(path), uri=True) as database:
        # A newer file is not even given another journal mode.
        _refuse_newer(path, await layout.version(database))
        async with database.execute("PRAGMA quick_check(1)") as cursor:
            row = await cursor.fetchone()
    if row is None or row[0] != "ok":
        raise damaged(path, plain(row[0] if row else "nothing in it can be read", 200))


@asynccontextmanager
async def transaction(path: Path, database: aiosqlite.Connection) -> AsyncIterator[None]:
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
    if await layout.version(database) == layout.VERSION:
        return
    async with transaction(path, database):
        found = await layout.version(database)
        _refuse_newer(path, found)
        await layout.migrate(database, found)


def _refuse_newer(path: Path, found: int) -> None:
    if found > layout.VERSION:
        raise JournalError(
            f"{path} was written by a newer wrapkey (layout {found}, this one knows"
            f" {layout.VERSION}); update wrapkey or move the file away"
        )
