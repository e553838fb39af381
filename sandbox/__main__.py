"""``python -m sandbox``: serve one until it is told to stop."""

import argparse
import sys
from pathlib import Path

from sandbox.serve import serve


def main(arguments: list[str] | None = None) -> int:
    """Read the flags and serve; returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m sandbox", description=__doc__)
    parser.add_argument("--port", type=int, default=0, help="0 takes a free one")
    parser.add_argument("--scenario", default="empty", help="a built-in name or a TOML file")
    parser.add_argument("--speed", type=float, default=1.0, help="Azure seconds per second")
    parser.add_argument("--state", type=Path, help="keep the state in this file")
    parser.add_argument("--seed", type=int, default=0, help="makes the ids repeatable")
    parser.add_argument("--ready-file", type=Path, help="write the ready document here too")
    parser.add_argument("--idle-minutes", type=float, default=0.0, help="end when unused")
    parser.add_argument("--home", type=Path, default=Path.home() / ".wrapkey-sandbox")
    given = parser.parse_args(arguments)
    return serve(
        home=given.home,
        port=given.port,
        scenario=given.scenario,
        speed=given.speed,
        state_file=given.state,
        seed=given.seed,
        ready_file=given.ready_file,
        idle_minutes=given.idle_minutes,
    )


if __name__ == "__main__":
    sys.exit(main())
