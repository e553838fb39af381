"""A real pseudo-terminal with a program in it, read as a person reads a screen."""

import fcntl
import os
import pty
import select
import signal
import struct
import termios
import time
from collections.abc import Callable, Mapping
from pathlib import Path

import pyte

KEYS = {
    "enter": "\r",
    "esc": "\x1b",
    "tab": "\t",
    "shift+tab": "\x1b[Z",
    "up": "\x1b[A",
    "down": "\x1b[B",
    "right": "\x1b[C",
    "left": "\x1b[D",
    "backspace": "\x7f",
    "home": "\x1b[H",
    "end": "\x1b[F",
    "f1": "\x1bOP",
    "space": " ",
    "ctrl+u": "\x15",
    "ctrl+c": "\x03",
}


class Terminal:
    """Starts a command on a pty of a given size and keeps its screen."""

    def __init__(
        self,
        command: list[str],
        *,
        environment: Mapping[str, str],
        columns: int = 80,
        rows: int = 24,
        folder: Path | None = None,
    ) -> None:
        self.screen = pyte.Screen(columns, rows)
        self._stream = pyte.ByteStream(self.screen)
        self.received = 0
        """Bytes the program has written so far."""
        self.output = bytearray()
        """Those bytes."""
        self.status: int | None = None
        self.pid, self._fd = pty.fork()
        if self.pid == 0:
            os.chdir(folder or Path.cwd())
            os.execvpe(command[0], command, dict(environment))
        fcntl.ioctl(self._fd, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def lines(self) -> list[str]:
        """The screen, without trailing blanks."""
        return [line.rstrip() for line in self.screen.display]

    def text(self) -> str:
        """The screen as one string."""
        return "\n".join(self.lines())

    def read(self, seconds: float) -> bool:
        """Take what the program writes within ``seconds``; False when it has ended."""
        ready, _, _ = select.select([self._fd], [], [], seconds)
        if not ready:
            return True
        try:
            data = os.read(self._fd, 65536)
        except OSError:
            data = b""
        if not data:
            return False
        self.received += len(data)
        self.output += data
        self._stream.feed(data)
        return True

    def wait_for(self, *wanted: str, absent: str = "", seconds: float = 60) -> str:
        """Wait until all of ``wanted`` stand on the screen; fails with the screen."""
        deadline = time.monotonic() + seconds
        while True:
            text = self.text()
            if all(item in text for item in wanted) and not (absent and absent in text):
                return text
            if time.monotonic() > deadline or not self.read(0.2):
                missing = [item for item in wanted if item not in self.text()]
                raise AssertionError(f"not on the screen: {missing}\n{self.text()}")

    def wait_until(self, seen: Callable[[], bool], what: str, seconds: float = 60) -> None:
        """Wait until ``seen`` is true of the screen; fails with ``what`` and the screen."""
        deadline = time.monotonic() + seconds
        while not seen():
            if time.monotonic() > deadline or not self.read(0.2):
                raise AssertionError(f"not seen: {what}\n{self.text()}")

    def press(self, *keys: str) -> None:
        """Press keys by name; anything that is not a name is typed."""
        for key in keys:
            os.write(self._fd, KEYS.get(key, key).encode())
            # Escape alone is told from a sequence by what follows within some milliseconds.
            self.read(0.15 if key == "esc" else 0.02)

    def end(self, seconds: float = 15) -> int:
        """Wait for the program to end; its exit status."""
        deadline = time.monotonic() + seconds
        while self.status is None:
            self.read(0.05)
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid:
                self.status = os.waitstatus_to_exitcode(status)
            elif time.monotonic() > deadline:
                raise AssertionError(f"still running after {seconds} s\n{self.text()}")
        return self.status

    def close(self) -> None:
        """Hang up, as a dropped line does."""
        if self.status is None:
            os.kill(self.pid, signal.SIGHUP)
            try:
                self.end()
            except AssertionError:
                os.kill(self.pid, signal.SIGKILL)
                os.waitpid(self.pid, 0)
        os.close(self._fd)
