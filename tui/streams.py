"""stdout and stderr when whoever read them has gone."""

import os
import sys
from typing import TextIO


def nobody_reads(stream: TextIO) -> None:
    """A pipe that was closed or a terminal that hung up: what is still written goes nowhere."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, stream.fileno())
    os.close(nowhere)


def settle() -> None:
    """Send what is kept back; else the interpreter would fail over it at its end."""
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except OSError:
            nobody_reads(stream)
