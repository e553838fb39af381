"""``wrapkey --version`` against importing click; it must not import anything heavy."""

import sys
from collections.abc import Iterator
from pathlib import Path

from benchmarks.measure import Figure, alternate, command, python

WRAPKEY = [str(Path(sys.executable).with_name("wrapkey")), "--version"]


def figures() -> Iterator[Figure]:
    """The start of the command line."""
    value, baseline = alternate(lambda: command(WRAPKEY), lambda: command(python("import click")))
    yield Figure("wrapkey --version / import click", value, baseline, 1.5)
