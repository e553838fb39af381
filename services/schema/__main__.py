"""``python -m services.schema --write`` writes the stale documents, ``--check`` only names them."""

import sys
from pathlib import Path

from services.schema.documents import stale


def main(arguments: list[str], root: Path) -> int:
    """Write or check the files below ``root``; returns the exit code.

    0: all are fresh, or were written; 1: some are stale; 2: neither was asked for.
    """
    if arguments not in (["--check"], ["--write"]):
        print("usage: python -m services.schema --check | --write", file=sys.stderr)
        return 2
    found = stale(root)
    if arguments == ["--check"]:
        for path in found:
            print(f"{path} is stale: python -m services.schema --write", file=sys.stderr)
        return 1 if found else 0
    for path, text in found.items():
        (root / path).parent.mkdir(exist_ok=True)
        (root / path).write_text(text, encoding="utf-8")
        print(path)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], Path.cwd()))
