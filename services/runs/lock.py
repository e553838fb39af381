"""Who owns a run: a flock that frees itself when the process dies, however it dies."""

import fcntl
import json
import os
import socket
from datetime import UTC, datetime
from pathlib import Path
from typing import Self


class RunLocked(Exception):
    """Another process owns the run; the message names host, pid and start."""


class RunLock:
    """A lock on ``runs/ID.lock``, held as long as this object is not freed."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor: int | None = descriptor

    @classmethod
    def take(cls, folder: Path, run: str) -> Self:
        """Own the run or raise RunLocked."""
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor = os.open(folder / f"{run}.lock", os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            owner = os.read(descriptor, 4096).decode(errors="replace")
            os.close(descriptor)
            raise RunLocked(f"run {run} is carried out by {_who(owner)}") from None
        mine = {
            "host": socket.gethostname(),
            "pid": os.getpid(),
            "since": datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z"),
        }
        os.ftruncate(descriptor, 0)
        os.write(descriptor, json.dumps(mine).encode())
        return cls(descriptor)

    def free(self) -> None:
        """Let others own the run; doing it twice is harmless."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None


def owned(folder: Path, run: str) -> bool:
    """Whether a living process owns the run; asks the lock, which frees itself with its owner."""
    try:
        descriptor = os.open(folder / f"{run}.lock", os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(descriptor)
    return False


def _who(text: str) -> str:
    try:
        owner = json.loads(text)
        return f"process {owner['pid']} on {owner['host']}, since {owner['since']}"
    except (ValueError, KeyError, TypeError):
        return "another process"
