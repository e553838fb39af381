"""Rules of the house that no contract of import-linter can say."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def modules(room: str) -> Iterator[tuple[str, str]]:
    """Path below the root, and text, of each module of a room."""
    for path in sorted((ROOT / room).rglob("*.py")):
        yield str(path.relative_to(ROOT)), path.read_text(encoding="utf-8")


def imported(text: str) -> set[str]:
    """Full names of what a module imports, wherever in it."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Import):
            found |= {name.name for name in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module)
    return found


def importers(room: str, *packages: str) -> list[str]:
    """Modules of a room that import one of these packages."""
    return [
        path
        for path, text in modules(room)
        if any(
            name == one or name.startswith(f"{one}.") for name in imported(text) for one in packages
        )
    ]


def test_services_and_the_sandbox_draw_nothing() -> None:
    assert importers("services", "textual", "rich") == []
    assert importers("sandbox", "textual", "rich") == []
    assert importers("screens", "textual") != []


def test_azures_packages_are_known_to_one_room_only() -> None:
    assert importers("screens", "azure") == []
    assert importers("tui", "azure") == []
    assert importers("sandbox", "azure") == []
    inside = importers("services", "azure")
    assert inside and all(path.startswith("services/azure/") for path in inside)


def test_no_service_asks_whether_it_speaks_to_the_sandbox() -> None:
    asks = re.compile(r"\bcloud\.sandbox\b|\bis_sandbox\b")
    assert [path for path, text in modules("services") if asks.search(text)] == []


def test_no_provider_asks_which_scenario_it_is_in() -> None:
    providers = [*modules("sandbox/providers"), *modules("sandbox/keyvault")]
    assert providers
    assert [path for path, text in providers if re.search(r"\bstate\.scenario\b", text)] == []


def test_nothing_is_swallowed_or_left_for_later() -> None:
    silent = re.compile(r"except[^\n]*:\s*\n\s*pass\b")
    later = re.compile(r"\b(TODO|FIXME|XXX)\b")
    for room in ("tui", "screens", "services", "sandbox", "benchmarks", "docs"):
        for path, text in modules(room):
            assert not silent.search(text), path
            assert not later.search(text), path


def test_no_worker_is_given_a_coroutine() -> None:
    """One that is replaced before it begins would never be awaited; a decorated method is made
    into a coroutine only when it begins."""
    given = re.compile(r"\brun_worker\(")
    assert [
        path for room in ("tui", "screens") for path, text in modules(room) if given.search(text)
    ] == []
