"""Where a field stands in a TOML text."""

import re

from services.intents.fields import join


class Lines:
    """Finds the line of a field by scanning for table and key; tomllib keeps no places."""

    def __init__(self, text: str) -> None:
        self._places: dict[str, int] = {}
        table = ""
        seen: dict[str, int] = {}
        for number, line in enumerate(text.splitlines(), 1):
            head = re.match(r"\s*(\[\[?)\s*([^\[\]]+?)\s*\]", line)
            if head:
                table = _bare(head[2])
                if head[1] == "[[":
                    seen[table] = seen.get(table, -1) + 1
                    self._places.setdefault(table, number)
                    table = f"{table}[{seen[table]}]"
                self._places.setdefault(table, number)
                continue
            key = re.match(r"""\s*([A-Za-z0-9_.\-"' ]+?)\s*=""", line)
            if key:
                self._places.setdefault(join(table, _bare(key[1])), number)

    def find(self, path: str) -> int:
        """The line of a path, or of the nearest table around it; 0 for none."""
        while path:
            if path in self._places:
                return self._places[path]
            path = path.rpartition(".")[0]
        return 0


def _bare(key: str) -> str:
    return ".".join(part.strip().strip("\"'") for part in key.split("."))
