"""From exec to the first whole frame: Home against a bare application with header and footer."""

import json
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from benchmarks.line import Line
from benchmarks.measure import Figure, alternate
from benchmarks.sandbox import running

WRAPKEY = str(Path(sys.executable).with_name("wrapkey"))
BARE = [sys.executable, str(Path(__file__).with_name("bare_app.py"))]


def seconds(command: list[str], *wanted: str, **variables: str) -> float:
    """From exec until all of these words are on the terminal."""
    with Line(command, **variables) as line:
        return line.shown(*wanted)


def figures() -> Iterator[Figure]:
    """First paint of Home; the sandbox runs already, so that nobody else starts meanwhile."""
    with tempfile.TemporaryDirectory() as folder, running() as (ready, _):
        file = Path(folder) / "ready.json"
        file.write_text(json.dumps(ready))
        home = [WRAPKEY, "--connect", str(file)]
        value, baseline = alternate(
            lambda: seconds(home, "wrapkey", "Set up", "keys", WRAPKEY_HOME=folder),
            lambda: seconds(BARE, "bare", "palette"),
            runs=15,
        )
        yield Figure("first paint of Home / of a bare application", value, baseline, 1.25)
