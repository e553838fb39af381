import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest

from tui.clipboard import LIMIT, sequence
from tui.exits import Exit

ROOT = Path(__file__).parents[2]


def test_without_a_terminal_it_names_the_command(call):
    said = call("--sandbox")
    assert said.code == Exit.BAD_INPUT
    assert "wrapkey --sandbox plan INTENT.toml" in said.err


@pytest.mark.parametrize("term", ["dumb", ""])
def test_a_dumb_terminal_is_refused_before_textual(term, tmp_path):
    master, slave = pty.openpty()
    program = (
        "import sys\nfrom tui.main import main\ncode = main([])\n"
        "print('textual' in sys.modules)\nsys.exit(code)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=ROOT,
        stdin=slave,
        stderr=slave,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "TERM": term, "WRAPKEY_HOME": str(tmp_path)},
        check=False,
    )
    os.close(slave)
    said = os.read(master, 4096).decode()
    os.close(master)
    assert done.returncode == Exit.BAD_INPUT
    assert done.stdout.strip() == "False"
    assert "TERM" in said


def test_a_reader_that_has_left_is_no_fault(tmp_path):
    read, write = os.pipe()
    os.close(read)
    done = subprocess.run(
        [sys.executable, "-m", "tui.main", "completion", "bash"],
        cwd=ROOT,
        stdout=write,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "WRAPKEY_HOME": str(tmp_path)},
        check=False,
    )
    os.close(write)
    assert (done.returncode, done.stderr) == (0, "")


def test_clipboard_sequences():
    assert sequence("ab", {}) == "\x1b]52;c;YWI=\x07"
    tmux = sequence("ab", {"TMUX": "/tmp/x,1,0"})
    assert tmux.startswith("\x1b]52;c;YWI=\x07")
    assert tmux.endswith("\x1bPtmux;\x1b\x1b]52;c;YWI=\x07\x1b\\")
    screen = sequence("a" * 600, {"TERM": "screen-256color"})
    pieces = [piece.removeprefix("\x1bP") for piece in screen.split("\x1b\\") if piece]
    assert all(len(piece) <= 254 for piece in pieces)
    assert "".join(pieces) == sequence("a" * 600, {})
    assert sequence("a" * (LIMIT + 1), {}) == ""
