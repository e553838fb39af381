"""How figures are taken: alternating runs, medians, and the ratio between them."""

import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass

ENVIRONMENT = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
"""Compiled modules are part of an installation; without them every start is slower."""


@dataclass(frozen=True)
class Figure:
    """One line of the report."""

    name: str
    value: float
    """Seconds, or whatever ``unit`` says."""
    baseline: float
    target: float
    """The ratio that the product promises (at most, unless ``at_least``)."""
    unit: str = "s"
    at_least: bool = False

    @property
    def ratio(self) -> float:
        """Value divided by baseline."""
        return self.value / self.baseline if self.baseline else float("inf")

    def __str__(self) -> str:
        kept = self.ratio >= self.target if self.at_least else self.ratio <= self.target
        word = "within" if kept else "OVER"
        bound = "at least" if self.at_least else "at most"
        return (
            f"{self.name}: {self.value:.3f} {self.unit} against {self.baseline:.3f} {self.unit} "
            f"= {self.ratio:.2f}x ({bound} {self.target:.2f}x: {word})"
        )


def command(code: list[str]) -> float:
    """Seconds that a whole process takes."""
    begun = time.perf_counter()
    subprocess.run(code, check=True, env=ENVIRONMENT, capture_output=True)
    return time.perf_counter() - begun


def python(code: str) -> list[str]:
    """The command that runs ``code`` in this interpreter."""
    return [sys.executable, "-c", code]


def alternate(
    first: Callable[[], float], second: Callable[[], float], runs: int = 11
) -> tuple[float, float]:
    """Medians of two measurements taken in turn, after one warm-up of each."""
    first()
    second()
    pairs = [(first(), second()) for _ in range(runs)]
    return statistics.median(a for a, _ in pairs), statistics.median(b for _, b in pairs)
