"""The shape of an answer, as recordings show it and as the sandbox gives it.

``shapes.json`` keeps the shapes of the recordings (statuses, header names, error codes, JSON
paths and types; no values), so that they hold where the recordings themselves are not.
``python tests/sandbox/shapes.py FOLDER`` writes it anew from a folder with recordings.
"""

import json
import sys
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

FILE = Path(__file__).with_name("shapes.json")
LRO_HEADERS = ("azure-asyncoperation", "location", "retry-after")
_FREE = ("tags", "userAssignedIdentities")
"""Objects whose member names are the user's own."""
_ENVELOPES = ("$.value[].", "$.data[].")


@dataclass(frozen=True)
class Shape:
    """What a client can notice of an answer."""

    status: int
    headers: list[str]
    """Which of the long-running headers there are."""
    codes: list[Any]
    """error.code and innererror.code; null where there is none."""
    paths: dict[str, list[str]]
    """JSON paths with the types seen there; ``$`` is the whole body."""
    excerpt: bool = False
    """Taken from a log: only status, codes and the headers that are there are trusted."""


def shape(status: int, headers: dict[str, str], body: Any, *, excerpt: bool = False) -> Shape:
    """The shape of one answer; header names in lower case."""
    found: dict[str, set[str]] = {}
    for path, name in _paths(body):
        found.setdefault(path, set()).add(name)
    present = [name for name in LRO_HEADERS if name in headers]
    types = {path: sorted(names) for path, names in sorted(found.items())}
    return Shape(status, present, _codes(body), {} if excerpt else types, excerpt)


def _kind(value: Any) -> str:
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, int | float):
        return "number"
    return {str: "string", list: "array", dict: "object"}[type(value)]


def _paths(value: Any, at: str = "$") -> Iterator[tuple[str, str]]:
    yield at, _kind(value)
    if isinstance(value, dict) and at.rpartition(".")[2] not in _FREE:
        for name, item in value.items():
            yield from _paths(item, f"{at}.{name}")
    elif isinstance(value, list):
        for item in value:
            yield from _paths(item, f"{at}[]")


def _codes(body: Any) -> list[Any]:
    error = body.get("error") if isinstance(body, dict) else None
    if not isinstance(error, dict):
        return [None, None]
    return [error.get("code"), (error.get("innererror") or {}).get("code")]


def differences(recorded: Shape, ours: Shape, known: set[str]) -> list[str]:
    """What a client could notice, one short line each; empty when the shapes agree.

    ``known`` are paths of newer examples, which may be there although not recorded here.
    """
    found = []
    if recorded.status != ours.status:
        found.append(f"status {recorded.status} -> {ours.status}")
    if recorded.codes != ours.codes and recorded.codes[0] is not None:
        found.append(f"code {recorded.codes} -> {ours.codes}")
    found += [f"header {name} missing" for name in recorded.headers if name not in ours.headers]
    if recorded.excerpt:
        return found
    found += [f"header {name} extra" for name in ours.headers if name not in recorded.headers]
    return found + _of_bodies(recorded.paths, ours.paths, known)


def _of_bodies(
    recorded: dict[str, list[str]], ours: dict[str, list[str]], known: set[str]
) -> list[str]:
    found = []
    for path, types in recorded.items():
        if path not in ours:
            if not _reported(path, recorded, ours):
                found.append(f"missing {path}")
        elif not set(ours[path]) <= set(types):
            found.append(f"type {path} {'/'.join(types)} -> {'/'.join(ours[path])}")
    for path in ours:
        strange = path not in recorded and _bare(path) not in known
        if strange and not _reported(path, ours, recorded):
            found.append(f"extra {path}")
    return found


def _bare(path: str) -> str:
    """The path below a list's envelope: a resource looks the same alone and in a list."""
    for envelope in _ENVELOPES:
        if path.startswith(envelope):
            return "$." + path.removeprefix(envelope)
    return path


def _reported(path: str, one: dict[str, list[str]], other: dict[str, list[str]]) -> bool:
    """Whether an object above the path is missing as a whole, so that its line says it all."""
    parent = path
    while "." in parent or "[]" in parent:
        parent = parent.removesuffix("[]") if parent.endswith("[]") else parent.rpartition(".")[0]
        if parent in one and parent not in other:
            return True
    return False


def recorded_shapes(folder: Path) -> dict[str, Shape]:
    """The shapes of all recordings below ``folder/traffic``, by ``area/name``."""
    found = {}
    for path in sorted((folder / "traffic").glob("*/*.json")):
        pair = json.loads(path.read_text(encoding="utf-8"))
        response = pair["response"]
        headers = {name.lower(): value for name, value in (response.get("headers") or {}).items()}
        excerpt = pair.get("kind") == "log-excerpt"
        name = f"{path.parent.name}/{path.stem}"
        found[name] = shape(response["status"], headers, response.get("body"), excerpt=excerpt)
    return found


def known_paths(folder: Path) -> list[str]:
    """Every path that any recording or example below a folder shows, without envelopes."""
    found: set[str] = set()
    for path in [*folder.glob("traffic/*/*.json"), *folder.glob("examples/*/*.json")]:
        pair = json.loads(path.read_text(encoding="utf-8"))
        answers = [pair.get("response"), *(pair.get("responses") or {}).values()]
        for answer in answers:
            if isinstance(answer, dict):
                found |= {_bare(at) for at, _ in _paths(answer.get("body"))}
    return sorted(found)


def document(folder: Path) -> dict[str, Any]:
    """What ``shapes.json`` holds for a folder with recordings."""
    shapes = {name: asdict(item) for name, item in recorded_shapes(folder).items()}
    return {"shapes": shapes, "known": known_paths(folder)}


def load() -> tuple[dict[str, Shape], set[str]]:
    """The kept shapes, and the paths that newer examples show."""
    kept = json.loads(FILE.read_text(encoding="utf-8"))
    return {name: Shape(**item) for name, item in kept["shapes"].items()}, set(kept["known"])


if __name__ == "__main__":
    text = json.dumps(document(Path(sys.argv[1])), indent=1, sort_keys=True)
    FILE.write_text(text + "\n", encoding="utf-8")
