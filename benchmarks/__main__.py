"""Run all benchmarks, or those named: ``python -m benchmarks [NAME ...]``."""

import importlib
import sys

NAMES = (
    "start",
    "first_paint",
    "sandbox",
    "provisioning",
    "large_list",
    "terminal_bytes",
    "checks",
    "diagnosis",
)


def main() -> int:
    """Print every figure; the exit code is 0 whatever they say."""
    for name in sys.argv[1:] or NAMES:
        for figure in importlib.import_module(f"benchmarks.{name}").figures():
            print(figure, flush=True)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
