"""The journal's tables, and how those of an older wrapkey become these.

Columns are only ever added, with defaults: an older wrapkey that still runs keeps writing its rows.
"""

from collections.abc import Awaitable, Callable

import aiosqlite
import msgspec

from services.model.plan import Plan
from services.runs.view import subject

Migration = Callable[[aiosqlite.Connection], Awaitable[None]]

_FIRST = """
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

_SECOND = """
ALTER TABLE runs ADD COLUMN purpose TEXT NOT NULL DEFAULT 'setup';
ALTER TABLE runs ADD COLUMN subject TEXT NOT NULL DEFAULT '';
ALTER TABLE runs ADD COLUMN digest TEXT NOT NULL DEFAULT '';
ALTER TABLE runs ADD COLUMN principal TEXT NOT NULL DEFAULT '';
ALTER TABLE runs ADD COLUMN nonce TEXT NOT NULL DEFAULT '';
ALTER TABLE writes ADD COLUMN host TEXT NOT NULL DEFAULT '';
ALTER TABLE writes ADD COLUMN ended TEXT;
ALTER TABLE writes ADD COLUMN outcome TEXT NOT NULL DEFAULT '';
CREATE INDEX commands_of_run ON commands (run, taken);
"""


async def _first(database: aiosqlite.Connection) -> None:
    await _all(database, _FIRST)


async def _second(database: aiosqlite.Connection) -> None:
    """What a run is about, who owns it, and how operations ended."""
    await _all(database, _SECOND)
    async with database.execute("SELECT id, plan FROM runs") as cursor:
        found = [(_subject(plan), run) for run, plan in await cursor.fetchall()]
    await database.executemany("UPDATE runs SET subject = ? WHERE id = ?", found)


MIGRATIONS: tuple[Migration, ...] = (_first, _second)
"""In order; the first one makes the tables of an empty file."""

VERSION = len(MIGRATIONS)
"""Of the table layout, kept in ``PRAGMA user_version``."""


async def version(database: aiosqlite.Connection) -> int:
    """The layout of this file; 0 for an empty one."""
    async with database.execute("PRAGMA user_version") as cursor:
        row = await cursor.fetchone()
    return int(row[0]) if row else 0


async def migrate(database: aiosqlite.Connection, found: int) -> None:
    """Bring layout ``found`` to the present one; to be called within a transaction."""
    for step in MIGRATIONS[found:]:
        await step(database)
    await database.execute(f"PRAGMA user_version = {VERSION}")


async def _all(database: aiosqlite.Connection, statements: str) -> None:
    for statement in statements.split(";"):
        await database.execute(statement)


def _subject(plan: str) -> str:
    """Empty for a plan that this version can't read: the row stays, and tells nothing of it."""
    try:
        return str(subject(msgspec.json.decode(plan, type=Plan)))
    except (msgspec.DecodeError, ValueError):
        return ""
