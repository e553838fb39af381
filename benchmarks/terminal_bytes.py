"""Bytes to the terminal: idle on every screen, a run's clock, and a whole run."""

import json
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from benchmarks.line import Line
from benchmarks.measure import Figure
from benchmarks.sandbox import running
from screens.places import PLACES

WRAPKEY = str(Path(sys.executable).with_name("wrapkey"))
SPEED = 5
"""A run paints as often at any speed: this one ends within two minutes."""
LISTEN_S = 2.0
CLOCK_BYTES, RUN_BYTES = 500.0, 1000.0
"""Promised bytes a second of a run's clock, and of a whole run on average."""

SETUP = (
    "Which vault holds the key?",
    "A new vault",
    "A new key",
    "Who gets what",
    "The workspace",
    "[Plan 2",
)
"""What stands on the pages of Set up after Where; enter leads from one to the next."""


def idle(line: Line) -> float:
    """Bytes a second once everything that was on its way has been painted."""
    line.settle(1.0)
    return line.listen(LISTEN_S) / LISTEN_S


def idle_places(line: Line) -> Iterator[float]:
    """The field that asks where to go, and every place it knows; Home comes last."""
    line.send(":")
    line.shown("go to:")
    yield idle(line)
    line.send("\x1b")
    for place in (*PLACES[1:], PLACES[0]):
        line.settle()
        line.send(":")
        line.shown("go to:")
        line.send(f"{place.name}\r")
        yield idle(line)


def idle_setup(line: Line) -> Iterator[float]:
    """Every page of Set up; those with forms have the focus in a field."""
    line.send("n")
    line.shown("Where will it be?", "all four services")
    yield idle(line)
    for words in SETUP:
        line.send("\r")
        line.shown(words)
        yield idle(line)


def run_bytes(line: Line) -> list[int]:
    """Bytes of each second of a run on its screen, from the confirmation to the end."""
    line.send("a")
    line.shown("Apply ", "can't be undone", "n no")
    line.send("y")
    seconds = []
    until = time.perf_counter() + 300
    while "Finished in" not in line.text():
        seconds.append(line.listen(1.0))
        if time.perf_counter() > until:
            raise RuntimeError(f"the run does not end:\n{line.text()}")
    return seconds


def figures() -> Iterator[Figure | str]:
    """Every place, then Set up page by page and a run in an empty subscription."""
    with tempfile.TemporaryDirectory() as folder, running("empty", SPEED) as (ready, _):
        file = Path(folder) / "ready.json"
        file.write_text(json.dumps(ready))
        command = [WRAPKEY, "--connect", str(file)]
        with Line(command, WRAPKEY_HOME=folder) as line:
            line.shown("Set up", "Contoso-ML")
            found = list(idle_places(line))
        with Line(command, WRAPKEY_HOME=folder) as line:
            line.shown("Set up", "Contoso-ML")
            found += idle_setup(line)
            seconds = run_bytes(line)
    yield Figure(f"idle, the worst of {len(found)} screens", max(found), 1.0, 0.0, unit="B/s")
    clock = float(statistics.median(seconds))
    yield Figure("the clock of a run, a second", clock, CLOCK_BYTES, 1.0, unit="B/s")
    yield f"a run at speed {SPEED}: {sum(seconds)} bytes in {len(seconds)} seconds"
    yield Figure("a run, on average", statistics.mean(seconds), RUN_BYTES, 1.0, unit="B/s")
