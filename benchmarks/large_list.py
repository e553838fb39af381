"""Ten thousand vaults in a list: from a key to its paint, and from a page to its first rows."""

import json
import ssl
import statistics
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from benchmarks.line import Line
from benchmarks.measure import Figure
from benchmarks.sandbox import running

WRAPKEY = str(Path(sys.executable).with_name("wrapkey"))
BARE = [sys.executable, str(Path(__file__).with_name("bare_table.py"))]
DOWN, UP, PAGE, END, HOME = "\x1b[B", "\x1b[A", "\x1b[6~", "\x1b[F", "\x1b[H"
KEYS = [*[DOWN] * 30, *[UP] * 6, *[PAGE] * 3, *[DOWN] * 6]
"""Within the screen, scrolling by a line and by a page."""

PAGE_S = 0.5
"""Promised seconds from the first page's arrival to its first rows."""


def answered(ready: dict[str, Any]) -> float:
    """When, since 1970, the sandbox had sent its first page of vaults."""
    context = ssl.create_default_context(cafile=ready["ca_file"])
    with urllib.request.urlopen(f"{ready['admin']}/requests", context=context) as answer:
        entries = json.load(answer)["value"]
    pages = [one for one in entries if one["path"].lower().endswith("resourcegraph/resources")]
    return float(pages[0]["at"])


def figures() -> Iterator[Figure]:
    """Both programs stay open and are asked in turn."""
    with (
        tempfile.TemporaryDirectory() as folder,
        running("large") as (ready, _),
        Line(BARE) as bare,
    ):
        file = Path(folder) / "ready.json"
        file.write_text(json.dumps(ready))
        command = [WRAPKEY, "--connect", str(file)]
        with Line(command, WRAPKEY_HOME=folder) as line:
            start = time.time() - (time.perf_counter() - line.begun)
            line.shown("Set up", "admin")
            line.settle()
            line.send(":")
            line.shown("go to:")
            line.send("vaults\r")
            rows = start + line.shown("Vaults of all", "kv-")
            yield Figure("first rows after their page", rows - answered(ready), PAGE_S, 1.0)
            line.shown("   10000", seconds=120)
            bare.shown("kv-0001", "palette")
            line.settle()
            bare.settle()
            pairs = [(line.press(key), bare.press(key)) for key in KEYS]
    value = statistics.median(ours for ours, _ in pairs)
    baseline = statistics.median(theirs for _, theirs in pairs)
    yield Figure("key to paint, 10,000 vaults / bare 100 rows", value, baseline, 1.5)
