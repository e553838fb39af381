"""The entry point. Answers --version before anything else is imported."""

import atexit
import gc
import sys

from tui.version import VERSION


def main(arguments: list[str] | None = None) -> int:
    """Run wrapkey with these arguments (default: the process's own); returns the exit code."""
    given = sys.argv[1:] if arguments is None else arguments
    if given in (["--version"], ["-V"]):
        print(f"wrapkey {VERSION}")
        return 0
    # What modules make lives to the end: looking through it for garbage, again and again while
    # they are imported and once more at the exit, costs a third of a short command.
    gc.set_threshold(50_000)
    atexit.register(gc.freeze)
    from tui.cli import run

    return run(given)


if __name__ == "__main__":
    sys.exit(main())
