"""Finds the sandbox of this home, or starts one that outlives the terminal."""

import asyncio
import contextlib
import fcntl
import json
import os
import ssl
import subprocess
import sys
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import IO, Any
from urllib.parse import urlsplit

Ready = dict[str, Any]
"""The ready document of a sandbox."""

Talk = Callable[[str], None]

SCHEMA = 1
"""Of the ready documents that are understood here."""

IDLE_MINUTES = 30
"""A sandbox that nobody asks for so long ends by itself."""

START_S = 20.0
"""Seconds a sandbox may take to answer; a slow disk with a cold cache needs several."""

_ROOT = Path(__file__).resolve().parent.parent
"""Where our packages lie, whatever folder we were started in."""

_PROBE_S = 2.0
_LOOK_S = 0.03


class NoSandbox(Exception):
    """There is no sandbox to speak to; the message says why and what to do."""


def read_ready(path: Path) -> Ready:
    """The ready document in this file; raises NoSandbox when it is none."""
    try:
        document = json.loads(path.read_text())
    except OSError as error:
        reason = error.strerror or "it can't be read"
        raise NoSandbox(
            f"{path}: {reason}. It should be the file that `wrapkey sandbox serve --ready-file` "
            "writes while it runs."
        ) from None
    except ValueError:
        raise NoSandbox(f"{path} is not the JSON that `wrapkey sandbox serve` writes.") from None
    if not isinstance(document, dict) or not _located(document.get("arm")):
        raise NoSandbox(f"{path} has no address `arm`: it is not a sandbox's ready file.")
    for name in ("principals", "subscriptions"):
        listed = document.setdefault(name, [])
        if not isinstance(listed, list) or not all(isinstance(one, dict) for one in listed):
            raise NoSandbox(f"{path} has no list `{name}`: it is not a sandbox's ready file.")
    if document.get("schema", SCHEMA) != SCHEMA:
        raise NoSandbox(
            f"{path} is of another version of the sandbox than this wrapkey knows: stop that one "
            "with the wrapkey that started it, then start it anew."
        )
    return document


def _located(address: object) -> bool:
    """Whether this is an address with a port."""
    try:
        return isinstance(address, str) and bool(urlsplit(address).port)
    except ValueError:
        return False


async def alive(ready: Ready) -> bool:
    """Whether the sandbox of this document answers, with the certificate it names."""
    address = urlsplit(str(ready["arm"]))
    try:
        context = ssl.create_default_context(cafile=str(ready.get("ca_file", "")))
        async with asyncio.timeout(_PROBE_S):
            _, writer = await asyncio.open_connection(
                "127.0.0.1", address.port, ssl=context, server_hostname=address.hostname
            )
    except (OSError, ssl.SSLError, TimeoutError, ValueError):
        return False
    writer.close()
    return True


async def attach(
    home: Path, *, scenario: str = "", speed: float = 0, talk: Talk | None = None
) -> Ready:
    """The ready document of the sandbox in this folder, started when there is none.

    A sandbox that runs already is taken as it is, its scenario and speed too. Raises
    NoSandbox when none can be started.
    """
    try:
        async with _lock(home):
            if (found := await running(home)) is not None:
                return found
            if talk:
                talk("Starting the sandbox.")
            process = start(home, scenario=scenario, speed=speed)
            return await _wait(process, home)
    except OSError as error:
        raise NoSandbox(
            f"{error.filename or home}: {error.strerror}. The sandbox keeps its files there."
        ) from None


async def running(home: Path) -> Ready | None:
    """The ready document of the sandbox that runs in this folder, or None."""
    with contextlib.suppress(NoSandbox):
        found = read_ready(home / "ready.json")
        if await alive(found):
            return found
    return None


def start(home: Path, *, scenario: str = "", speed: float = 0) -> "subprocess.Popen[bytes]":
    """Start one in a session of its own: it neither hears our terminal nor ends with it."""
    home.mkdir(mode=0o700, parents=True, exist_ok=True)
    (home / "ready.json").unlink(missing_ok=True)
    flags = ["--home", str(home), "--state", str(home / "state.json")]
    flags += ["--ready-file", str(home / "ready.json"), "--idle-minutes", str(IDLE_MINUTES)]
    flags += ["--scenario", scenario] if scenario else []
    flags += ["--speed", f"{speed:g}"] if speed else []
    log = os.open(home / "log.txt", os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    try:
        return subprocess.Popen(  # noqa: S603  (our own module, our own flags)
            [sys.executable, "-m", "sandbox", *flags],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=log,
            start_new_session=True,
            cwd=_ROOT,
        )
    finally:
        os.close(log)


async def _wait(process: "subprocess.Popen[bytes]", home: Path) -> Ready:
    until = asyncio.get_running_loop().time() + START_S
    while asyncio.get_running_loop().time() < until:
        if (home / "ready.json").exists():
            return read_ready(home / "ready.json")
        if process.poll() is not None:
            said = (home / "log.txt").read_text(errors="replace").strip().splitlines()
            raise NoSandbox(said[-1] if said else "The sandbox ended before it answered.")
        await asyncio.sleep(_LOOK_S)
    process.terminate()
    raise NoSandbox(f"The sandbox did not answer within {START_S:.0f} s; see {home / 'log.txt'}.")


@contextlib.asynccontextmanager
async def _lock(home: Path) -> AsyncIterator[None]:
    """Two terminals that start at the same time share one sandbox."""
    home.mkdir(mode=0o700, parents=True, exist_ok=True)  # noqa: ASYNC240  (a moment, before all)
    with (home / "start.lock").open("w") as file:
        while not _locked(file):  # noqa: ASYNC110  (another process holds it: nothing to wait on)
            await asyncio.sleep(_LOOK_S)
        yield


def _locked(file: IO[str]) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
