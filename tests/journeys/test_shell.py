"""The program itself on a real pseudo-terminal: starts, ends, bytes, encodings."""

import json
import os
import select
import signal
import sys
import time
from pathlib import Path

import pytest
from sandboxed import RunningSandbox

from tests.journeys.terminal import Terminal

ROOT = Path(__file__).parents[2]


class Shell:
    """Starts wrapkey on terminals and closes them all."""

    def __init__(self, ready: Path, home: Path) -> None:
        self._ready, self._home = ready, home
        self._open: list[Terminal] = []

    def start(self, *arguments: str, columns: int = 80, rows: int = 24, **variables: str):
        environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(self._home),
            "LANG": "C.UTF-8",
            "TERM": "xterm-256color",
            "WRAPKEY_HOME": str(self._home),
            "WRAPKEY_CONNECT": str(self._ready),
            **variables,
        }
        command = [sys.executable, "-m", "tui.main", *arguments]
        terminal = Terminal(
            command, environment=environment, columns=columns, rows=rows, folder=ROOT
        )
        self._open.append(terminal)
        return terminal

    def close(self) -> None:
        for terminal in self._open:
            terminal.close()


@pytest.fixture
def shell(sandbox: RunningSandbox, tmp_path: Path):
    ready = tmp_path / "ready.json"
    ready.write_text(json.dumps(sandbox.ready))
    made = Shell(ready, tmp_path)
    yield made
    made.close()


def quiet(terminal: Terminal, seconds: float) -> int:
    """Bytes that come within so many seconds."""
    before, deadline = terminal.received, time.monotonic() + seconds
    while (left := deadline - time.monotonic()) > 0:
        terminal.read(left)
    return terminal.received - before


def settle(terminal: Terminal) -> None:
    """Read until nothing has come for a moment."""
    while quiet(terminal, 0.4):
        pass


def test_idle_costs_no_bytes_a_focused_field_included(shell):
    terminal = shell.start()
    terminal.wait_for("This is the sandbox", "admin")
    settle(terminal)
    assert quiet(terminal, 1.2) == 0
    terminal.press(":")
    terminal.wait_for("go to:")
    settle(terminal)
    assert quiet(terminal, 1.2) == 0
    terminal.press("esc")
    terminal.wait_for("who", absent="go to:")
    terminal.press("w")
    terminal.wait_for("Who to be")
    settle(terminal)
    assert quiet(terminal, 1.2) == 0
    terminal.press("q")
    assert terminal.end() == 0


@pytest.mark.parametrize("name", [signal.SIGHUP, signal.SIGTERM])
def test_signals_end_it_in_order(shell, name, tmp_path):
    terminal = shell.start()
    terminal.wait_for("admin")
    os.kill(terminal.pid, name)
    assert terminal.end() == 0
    assert list(tmp_path.glob("state/crash-*")) == []


def test_a_terminal_that_is_gone_ends_it(shell, tmp_path):
    terminal = shell.start()
    terminal.wait_for("admin")
    os.close(terminal._fd)
    deadline = time.monotonic() + 15
    pid = 0
    while not pid and time.monotonic() < deadline:
        select.select([], [], [], 0.05)
        pid, status = os.waitpid(terminal.pid, os.WNOHANG)
    assert pid, "still running without a terminal"
    terminal.status, terminal._fd = status, os.open(os.devnull, os.O_RDONLY)


def test_it_can_be_left_at_once_while_it_starts(shell):
    terminal = shell.start()
    terminal.wait_for("go to")
    before = time.monotonic()
    terminal.press("q")
    assert terminal.end() == 0
    assert time.monotonic() - before < 5


def test_no_colour_under_no_color(shell):
    terminal = shell.start(NO_COLOR="1")
    terminal.wait_for("admin")
    terminal.press("w")
    terminal.wait_for("Who to be")
    colours = {
        (char.fg, char.bg) for line in terminal.screen.buffer.values() for char in line.values()
    }
    assert colours == {("default", "default")}
    terminal.wait_until(
        lambda: any(
            char.reverse for line in terminal.screen.buffer.values() for char in line.values()
        ),
        "the selected row, which only its reversed colours show",
    )


def test_only_ascii_where_the_encoding_is_ascii(shell):
    terminal = shell.start(PYTHONIOENCODING="ascii", LANG="C", TERM="linux")
    terminal.wait_for("admin")
    terminal.press("w")
    terminal.wait_for("Who to be")
    terminal.press("?")
    terminal.wait_for("keys and words")
    assert terminal.text().isascii()
    assert "\\u" not in terminal.text()
    terminal.press("esc")
    terminal.wait_for("Who to be", absent="keys and words")
    terminal.press("x")
    terminal.wait_for("|")
    assert terminal.text().isascii()


def test_a_small_terminal_says_so(shell):
    terminal = shell.start(columns=50, rows=12)
    terminal.wait_for("60 columns and 15 lines")
    terminal.press("q")
    assert terminal.end() == 0


@pytest.mark.parametrize("flag", [True, False])
def test_the_mouse_is_left_alone_when_asked(shell, flag):
    terminal = shell.start(*(["--no-mouse"] if flag else []))
    terminal.wait_for("admin")
    assert (1003 << 5 in terminal.screen.mode) is not flag


def burst(terminal: Terminal, keys: str) -> None:
    """Keys that arrive in one read, as over a slow line."""
    os.write(terminal._fd, keys.encode())


def test_keys_of_one_burst_reach_what_the_key_before_them_opens(shell):
    terminal = shell.start()
    terminal.wait_for("admin")
    burst(terminal, ":vaults\r/kv-data")
    terminal.wait_for("Vaults of all subscriptions", "\n kv-data")
    burst(terminal, "\rs:home\rw:nowhere")
    terminal.wait_for("go to:", "\nnowhere")
    burst(terminal, "\x15workspaces\r/mlw\x15kv")
    terminal.wait_for("Workspaces", "\n kv")
    burst(terminal, "\r?")
    terminal.wait_for("keys and words", "Browse: workspaces")


def test_a_burst_is_taken_in_its_order_while_screens_are_imported(shell):
    terminal = shell.start()
    terminal.wait_for("admin")
    burst(terminal, "n:runs\r:home\rh:home\rq")
    assert terminal.end() == 0
