"""Runs in forked processes that kill themselves at a chosen write of the journal.

The fork server imports everything once; each process begins in what it left.
"""

import asyncio
import functools
import gc
import json
import multiprocessing
import os
import pkgutil
import re
import resource
import signal
import sqlite3
import ssl
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from typing import Any, ClassVar, NamedTuple, get_args

import aiosqlite
import carrying
import certifi
import msgspec
import pytest

from services.model.plan import EventName, Plan
from services.runs.engine import Run, RunStatus, StepStatus
from services.runs.journal import Journal
from services.setup import steps
from tui import warm as sdk

LATE = (
    "services.checks.readers",
    "azure.core.rest._aiohttp",
    "azure.mgmt.authorization.v2022_04_01.aio",
    "concurrent.futures.thread",
    "jwt",
    "services.azure.translate",
)
COMMIT = "COMMIT"
_WRITE = re.compile(r"\s*(INSERT INTO|UPDATE|DELETE FROM)\s+(\w+)")
_WORDS = {*get_args(EventName), *map(str, StepStatus), *map(str, RunStatus), "gone"}


class Moment(NamedTuple):
    """A commit of the journal, by what it says, so that the order of steps may vary."""

    write: str
    """Statement, table, step, status; then which of its kind it is: ``INSERT events group#1``."""
    after: bool = False
    """Whether the commit is on the disk."""


class Remote:
    """A sandbox of another process, as :func:`carrying.connected` wants it."""

    def __init__(self, ready: dict[str, Any]) -> None:
        self.ready = ready

    def principal(self, name: str) -> dict[str, Any]:
        """One of the cast."""
        return next(item for item in self.ready["principals"] if item["name"] == name)


class Task(NamedTuple):
    """What a process has to do: begin the plan, or go on with the journal's one run."""

    ready: dict[str, Any]
    plan: bytes
    folder: str
    moment: Moment | None = None
    limit: int = 0
    """Bytes that no file may exceed, as on a disk that is full; 0: any."""


class Deadly(sqlite3.Connection):
    """Names every commit, and does not survive one of them."""

    moment: ClassVar[Moment | None] = None
    words: ClassVar[frozenset[str]] = frozenset()
    seen: ClassVar[Counter[str]] = Counter()
    said: ClassVar[dict[int, str]] = {}
    """Rows of the table of writes, by number."""

    def execute(self, sql: str, values: Any = ()) -> sqlite3.Cursor:  # type: ignore[override]
        """As SQLite does it, up to the moment."""
        commits = sql == COMMIT or (_WRITE.match(sql) is not None and not self.in_transaction)
        if not commits:
            return super().execute(sql, values)
        name = self._name(sql, values)
        self.seen[name] += 1
        numbered = f"{name}#{self.seen[name]}"
        if self.moment == (numbered, False):
            os.kill(os.getpid(), signal.SIGKILL)
        cursor = super().execute(sql, values)
        if self.moment == (numbered, True):
            os.kill(os.getpid(), signal.SIGKILL)
        if name.startswith("INSERT INTO writes") and cursor.lastrowid:
            self.said[cursor.lastrowid] = name.removeprefix("INSERT INTO writes ")
        return cursor

    def _name(self, sql: str, values: Any) -> str:
        found = _WRITE.match(sql)
        if found is None:
            return COMMIT
        listed = list(values.values() if isinstance(values, dict) else values)
        told = [one for one in listed if isinstance(one, str) and one in self.words]
        if sql.endswith("WHERE seq = ?") and found[2] == "writes":
            told = [self.said[listed[-1]]]
        return " ".join([found[1], found[2], *told])


def work(task: Task) -> None:
    """The process: succeeds with 0, leaves the names of all commits, or is killed on the way."""
    plan = msgspec.json.decode(task.plan, type=Plan)
    Deadly.moment = task.moment
    if task.limit:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (task.limit, task.limit))
    # The sandbox's authority is all that is needed; this machine's take longer than the run.
    authority = str(task.ready["ca_file"])
    os.environ.update(SSL_CERT_FILE=authority, SSL_CERT_DIR=task.folder)
    certifi.where = lambda: authority
    Deadly.words = frozenset({*_WORDS, *(step.id for step in plan.steps), "PUT", "POST", "PATCH"})
    aiosqlite.connect = functools.partial(aiosqlite.connect, factory=Deadly)
    status = asyncio.run(_carry(task, plan))
    (Path(task.folder) / "commits.json").write_text(json.dumps(Deadly.seen))
    sys.exit(0 if status is RunStatus.SUCCEEDED else 1)


async def _carry(task: Task, plan: Plan) -> RunStatus:
    async with carrying.connected(Remote(task.ready)) as conn:  # type: ignore[arg-type]
        journal = await Journal.open(Path(task.folder) / "runs" / "journal.sqlite")
        known = [row.id for row in await journal.runs()]
        if known:
            run = await Run.load(conn, journal, *known, settings=carrying.QUICK)
        else:
            run = await Run.start(conn, journal, plan, settings=carrying.QUICK)
        try:
            return await run.go()
        finally:
            await run.close()
            await journal.close()


@contextmanager
def _path() -> Iterator[None]:
    """The fork server of this Python looks for what it imports beforehand nowhere else."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("PYTHONPATH", os.pathsep.join(sys.path))
        yield


def warm() -> None:
    """Import what a run would import late; done once, in the fork server."""
    sdk.warm()
    kinds = [one.name for one in pkgutil.iter_modules(steps.__path__, f"{steps.__name__}.")]
    for name in (*LATE, *kinds):
        import_module(name)
    ssl.create_default_context()  # OpenSSL reads how it is set up
    gc.freeze()  # a collection in a forked process would copy all of it


def carry(task: Task) -> int:
    """Do a task in a process of its own; its exit code, -9 where it was killed."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload([__name__])
    process = context.Process(target=work, args=(task,), daemon=True)
    with _path():
        process.start()
    process.join(120)
    assert process.exitcode is not None, "it did not end"
    return process.exitcode


warm()
