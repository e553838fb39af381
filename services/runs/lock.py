"""Who owns a run: a flock that frees itself when the process dies, however it dies.

Between hosts a network file system may keep no such promise. There a lock file that names
another host counts until somebody says that it does not.
"""

import fcntl
import os
import secrets
import socket
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Self

import msgspec

from services.runs import place
from services.text import plain

TRIES, PAUSE_S = 4, 0.01
"""A look at a lock holds it for a moment: who wants to own it asks again."""


class Owner(msgspec.Struct, frozen=True, kw_only=True):
    """A process that carries a run out, as its lock file says."""

    host: str = ""
    pid: int = 0
    since: str = ""
    """When it took the run, UTC."""
    nonce: str = ""
    """Random, made for this ownership: the journal takes writes from its holder alone."""
    certain: bool = True
    """False where nobody can tell from here whether the process still lives."""

    @property
    def here(self) -> bool:
        """Whether it runs on this host."""
        return self.host == socket.gethostname()

    def __str__(self) -> str:
        if not self.pid:
            return "another process"
        doubt = "" if self.certain else ", if it still lives"
        return f"process {self.pid} on {plain(self.host, 100)}, since {plain(self.since)}{doubt}"


class RunLocked(Exception):
    """Another process owns the run; ``owner`` and the message tell host, pid and start."""

    def __init__(self, run: str, owner: Owner) -> None:
        super().__init__(f"run {run} is carried out by {owner}")
        self.owner = owner


class RunLock:
    """A lock on ``runs/ID.lock``, held as long as this object is not freed."""

    def __init__(self, descriptor: int, nonce: str) -> None:
        self.nonce = nonce
        self._descriptor: int | None = descriptor

    @classmethod
    def take(cls, folder: Path, run: str, consent: bool = False) -> Self:
        """Own the run or raise RunLocked, and OSError where the file can't be written.

        ``consent``: somebody has said that the process on the other host does not live any
        more. It never takes a run from a process of this host.
        """
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        path = folder / f"{run}.lock"
        descriptor = _locked(path)
        if descriptor is None:
            theirs = _read(path)
            if theirs.here or not (consent and theirs.pid):
                raise RunLocked(run, theirs)
            # Their lock stays with the file they hold; ours is on a new one. Should they live
            # after all, the journal takes no more writes from them.
            path.unlink(missing_ok=True)
            descriptor = _locked(path)
            if descriptor is None:
                raise RunLocked(run, _read(path))
        elif not consent and (left := _left(path)) is not None:
            os.close(descriptor)
            raise RunLocked(run, left)
        return cls(descriptor, _sign(descriptor))

    @property
    def held(self) -> bool:
        """Whether it has not been freed."""
        return self._descriptor is not None

    def free(self) -> None:
        """Let others own the run; doing it twice is harmless."""
        if self._descriptor is not None:
            # Empty: left in order, so that no other host has to ask whether we still live.
            os.ftruncate(self._descriptor, 0)
            os.close(self._descriptor)
            self._descriptor = None


def owner(folder: Path, run: str) -> Owner | None:
    """Who owns the run now, or None; asks the lock, which frees itself with its owner."""
    path = folder / f"{run}.lock"
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        return None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return _read(path)
    finally:
        os.close(descriptor)
    return _left(path)


def owned(folder: Path, run: str) -> bool:
    """Whether somebody owns the run."""
    return owner(folder, run) is not None


def _locked(path: Path) -> int | None:
    """A descriptor that holds the lock of the file that is at ``path`` now; None: taken."""
    for _ in range(TRIES):
        descriptor = os.open(path, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if path.exists() and os.path.samestat(os.fstat(descriptor), path.stat()):
                return descriptor
            os.close(descriptor)
        except BlockingIOError:
            os.close(descriptor)
            time.sleep(PAUSE_S)
    return None


def _sign(descriptor: int) -> str:
    nonce = secrets.token_hex(16)
    mine = Owner(
        host=socket.gethostname(),
        pid=os.getpid(),
        since=datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z"),
        nonce=nonce,
    )
    os.ftruncate(descriptor, 0)
    os.pwrite(descriptor, msgspec.json.encode(mine), 0)
    return nonce


def _left(path: Path) -> Owner | None:
    """Who a lock that nobody holds, as far as this host knows, may belong to all the same."""
    theirs = _read(path)
    if not theirs.pid or theirs.here or not place.shared(path.parent):
        return None
    return msgspec.structs.replace(theirs, certain=False)


def _read(path: Path) -> Owner:
    """What the file says; nobody in particular where it says nothing that can be read."""
    try:
        return msgspec.json.decode(path.read_bytes(), type=Owner)
    except (OSError, msgspec.DecodeError):
        return Owner()
