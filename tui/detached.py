"""A run handed to a process without a terminal."""

import asyncio
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from screens.session import Options
from tui.cli.failed import BadInput
from tui.farewell import flags

if TYPE_CHECKING:
    from services.runs.journal import Journal

START_S = 120.0
"""Seconds in which it must have begun; signing in with az on a slow disk takes twenty of them."""

LOOK_S = 0.1
SAID = 3
"""Lines of its log that are shown when it did not begin."""


class NotDetached(Exception):
    """The process did not begin; the message says why. The run can be resumed."""


def needs_person(way: str) -> str:
    """Why a process without a terminal can't sign in this way; empty where it can."""
    if way != "device-code":
        return ""
    return (
        "You are signed in with a device code, which only a person can enter again, so no "
        "process can go on without you."
    )


def refuse(way: str) -> None:
    """Raise BadInput where a process without a terminal can't sign in."""
    if reason := needs_person(way):
        raise BadInput(
            f"--detach is not possible. {reason} Sign in with az, environment variables or a "
            "managed identity; or leave --detach out, and keep the terminal (tmux, screen)."
        )


def signed_in_as(options: Options, way: str, principal: str) -> Options:
    """The options with which another process signs in as this one did."""
    if (options.connect or options.sandbox) and way != "device-code":
        return replace(options, principal=principal)
    return replace(options, credential=way)


def start(run: str, options: Options, state: Path) -> "subprocess.Popen[bytes]":
    """Start a process of a session of its own that takes this run over and goes on with it.

    It has no terminal; what it says besides events goes into a file that only we may read.
    """
    log = os.open(_log(run, state), os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    words = ["resume", run, "--take-over", "--yes", *flags(options)]
    try:
        return subprocess.Popen(  # noqa: S603  (our own module, our own flags)
            [sys.executable, "-P", "-m", "tui.main", *words],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=log,
            start_new_session=True,
        )
    finally:
        os.close(log)


def _log(run: str, state: Path) -> Path:
    return state / f"detached-{run}.log"


async def begun(
    process: "subprocess.Popen[bytes]", journal: "Journal", run: str, after: int, state: Path
) -> None:
    """Wait until an event after number ``after`` says that it has begun; raises NotDetached."""
    until = asyncio.get_running_loop().time() + START_S
    while asyncio.get_running_loop().time() < until:
        if any(event.event == "run.started" for _, event in await journal.events(run, after)):
            return
        if process.poll() == 0:
            return  # The run had come to its end meanwhile.
        if process.poll() is not None:
            said = _log(run, state).read_text(errors="replace").strip().splitlines()
            raise NotDetached(" ".join(said[-SAID:]) or "The process ended before it began.")
        await asyncio.sleep(LOOK_S)
    process.terminate()
    raise NotDetached(f"The process did not begin within {START_S:.0f} s.")
