"""Textual's driver, made to outlive its terminal: a line that drops must not take a run along.

As it comes, a terminal that has gone raises in the writing thread, whose queue then fills until
the loop of the application stands still, and the reading thread reads the end of the file again
and again. A terminal that takes nothing any more (a line that hangs) fills the queue as well.
"""

import contextlib
import queue
import select
import termios
import threading
from collections.abc import Callable
from typing import IO, Any

from textual.drivers.linux_driver import LinuxDriver

STALLED_S = 2.0
"""A terminal that takes nothing for so long is not waited for any more; what it has missed is
kept for it."""

END_S = 3.0
"""Longest wait at the end for a terminal to take what it was sent."""


class Enduring:
    """A file that can be written to after its terminal has gone; what is written goes nowhere."""

    def __init__(self, file: IO[str], gone: Callable[[], None]) -> None:
        self._file = file
        self._gone = gone

    def write(self, text: str) -> int:
        """Write, or tell that nobody is there."""
        try:
            return self._file.write(text)
        except OSError:
            self._gone()
            return len(text)

    def flush(self) -> None:
        """Flush, or tell that nobody is there."""
        try:
            self._file.flush()
        except OSError:
            self._gone()

    def fileno(self) -> int:
        """The terminal's own."""
        return self._file.fileno()

    def isatty(self) -> bool:
        """Whether it was one."""
        return self._file.isatty()


class SteadyDriver(LinuxDriver):
    """Tells the application once when its terminal has gone, and never makes it wait for one."""

    def __init__(self, app: Any, **options: Any) -> None:
        super().__init__(app, **options)
        self._gone = threading.Event()
        self._watched = False
        file: Any = self._file
        self._file = Enduring(file, self._lost)  # type: ignore[assignment]

    def start_application_mode(self) -> None:
        """As Textual does; and hear of a hang-up also where no SIGHUP comes (nohup, setsid)."""
        super().start_application_mode()  # type: ignore[no-untyped-call]
        if not self._watched:
            self._watched = True
            threading.Thread(target=self._watch, name="hang-up", daemon=True).start()

    def _watch(self) -> None:
        poll = select.poll()
        poll.register(self.fileno, 0)
        if any(what & (select.POLLHUP | select.POLLERR) for _, what in poll.poll()):
            self._lost()

    def run_input_thread(self) -> None:
        """As Textual does, until the terminal has gone."""
        try:
            super().run_input_thread()
        except OSError:
            self._lost()

    def _lost(self) -> None:
        """In any thread: end the reading, and tell the application."""
        self.exit_event.set()
        if not self._gone.is_set():
            self._gone.set()
            # A loop that is closed already: the application has ended, nobody needs to know.
            with contextlib.suppress(RuntimeError):
                self._loop.call_soon_threadsafe(getattr(self._app, "terminal_gone", self._app.exit))

    def write(self, data: str) -> None:
        """Hand it to the writing thread, without waiting long for a terminal that hangs."""
        writer = self._writer_thread
        assert writer is not None, "Driver must be in application mode"
        waiting = writer._queue
        try:
            waiting.put(data, timeout=STALLED_S)
        except queue.Full:
            waiting.maxsize = 0
            waiting.put(data)

    def close(self) -> None:
        """End the writing thread; what a terminal does not take in time is thrown away."""
        writer = self._writer_thread
        if writer is None:
            return
        writer._queue.put(None)
        writer.join(END_S)
        if writer.is_alive():
            with contextlib.suppress(termios.error):
                termios.tcflush(self.fileno, termios.TCOFLUSH)
            writer.join(END_S)
