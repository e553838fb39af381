"""A program on a pseudo-terminal, with the moment at which each of its bytes arrived."""

import fcntl
import os
import pty
import select
import signal
import struct
import termios
import time
from pathlib import Path
from types import TracebackType
from typing import Self

import pyte

from benchmarks.measure import ENVIRONMENT

COLUMNS, ROWS = 80, 24
FRAME_S = 0.005
"""Within a frame bytes follow each other faster, between two frames slower (1/60 s)."""
QUIET_S = 0.06
"""Several frames: what has been silent so long has painted."""


class Line:
    """Reads as fast as it can and looks at the screen later, so as not to slow the program."""

    def __init__(self, command: list[str], **variables: str) -> None:
        self._screen = pyte.Screen(COLUMNS, ROWS)
        self._stream = pyte.ByteStream(self._screen)
        self._unseen: list[tuple[float, bytes]] = []
        self.received = 0
        """Bytes so far."""
        environment = {**ENVIRONMENT, "TERM": "xterm-256color", "LC_ALL": "C.UTF-8", **variables}
        self.begun = time.perf_counter()
        self._pid, self._fd = pty.fork()
        if self._pid == 0:
            size = struct.pack("HHHH", ROWS, COLUMNS, 0, 0)
            fcntl.ioctl(0, termios.TIOCSWINSZ, size)
            os.chdir(Path(__file__).parents[1])
            os.execvpe(command[0], command, environment)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        os.kill(self._pid, signal.SIGTERM)
        while self._read(1.0):
            pass
        os.close(self._fd)
        os.waitpid(self._pid, 0)

    def _read(self, seconds: float) -> bytes:
        """What comes within so many seconds; empty when nothing does."""
        if not select.select([self._fd], [], [], seconds)[0]:
            return b""
        try:
            data = os.read(self._fd, 65536)
        except OSError:
            return b""
        self._unseen.append((time.perf_counter(), data))
        self.received += len(data)
        return data

    def text(self) -> str:
        """The screen as it is now."""
        while self._unseen:
            self._stream.feed(self._unseen.pop(0)[1])
        return "\n".join(self._screen.display)

    def shown(self, *wanted: str, seconds: float = 60) -> float:
        """When, since the start of the program, the last of these words had arrived.

        Raises RuntimeError with the screen when they don't come in time.
        """
        deadline = time.perf_counter() + seconds
        while time.perf_counter() < deadline:
            while self._unseen:
                at, data = self._unseen.pop(0)
                self._stream.feed(data)
                text = "\n".join(self._screen.display)
                if all(word in text for word in wanted):
                    return at - self.begun
            self._read(0.2)
        raise RuntimeError(f"{wanted} did not appear:\n{self.text()}")

    def send(self, keys: str) -> None:
        """Press keys."""
        os.write(self._fd, keys.encode())

    def press(self, key: str) -> float:
        """Seconds from a key to the last byte of the first frame it painted.

        Frames that follow (a line about what is selected now) are waited for and not counted.
        """
        begun = time.perf_counter()
        self.send(key)
        if not self._read(5.0):
            raise RuntimeError(f"nothing was painted for {key!r}:\n{self.text()}")
        while self._read(FRAME_S):
            pass
        painted = self._unseen[-1][0]
        self.settle(QUIET_S)
        return painted - begun

    def settle(self, seconds: float = 0.5) -> None:
        """Read until nothing has come for so long."""
        while self._read(seconds):
            pass

    def listen(self, seconds: float) -> int:
        """Bytes that come within so many seconds."""
        before, deadline = self.received, time.perf_counter() + seconds
        while (left := deadline - time.perf_counter()) > 0:
            self._read(left)
        return self.received - before
