"""Scenarios: TOML files that say what a sandbox holds when it opens.

``include = ["cast.toml"]`` puts other files' tables first. ``[settings]`` goes into the
state as it is; ``[intent]`` is for whoever opens the scenario, an intent that fits it, and no
part of the state; ``[history]`` and ``[[calls]]`` are what happened since the tables held
(:mod:`sandbox.history`). Every other table is an array; its items go to the provider that registered
it (:meth:`sandbox.routing.Api.seed`).
"""

import tomllib
from functools import lru_cache
from pathlib import Path
from typing import Any

from sandbox import faults
from sandbox.routing import Api
from sandbox.state import Json, State
from sandbox.world import World

FOLDER = Path(__file__).parent / "scenarios"
FOLDERS = ("failures", "broken", "combined")
"""What hinders a new workspace, by id of the check; workspaces broken since they were made, by
one failure and by several."""
_OWN = {"settings", "faults", "intent", "history", "calls"}
"""Tables that are no provider's."""


class ScenarioError(ValueError):
    """A scenario that can't be opened, and why."""


def find(name: str) -> Path:
    """The file of a built-in scenario or of a path; raises ScenarioError."""
    path = FOLDER / f"{name}.toml"
    if not path.is_file() and (name.endswith(".toml") or "/" in name):
        path = Path(name)
    if not path.is_file():
        known = ", ".join([*names(), *(f"{folder}/<name>" for folder in FOLDERS)])
        raise ScenarioError(f"there is no scenario {name!r}; the built-in ones are: {known}")
    return path


def names(below: str = "") -> list[str]:
    """The built-in scenarios, or those of one of :data:`FOLDERS`."""
    found = (FOLDER / below).glob("*.toml")
    return sorted(path.stem for path in found if not path.stem.startswith("_"))


def read(name: str) -> Json:
    """A scenario with what it includes; raises ScenarioError."""
    path = find(name)
    return _read(path.resolve(), path.stat().st_mtime_ns)


@lru_cache(maxsize=32)
def _read(path: Path, _changed: int) -> Json:
    try:
        data = tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ScenarioError(f"{path}: {error}") from None
    merged: Json = {}
    for other in data.pop("include", []):
        base = path.parent if (path.parent / other).is_file() else FOLDER
        _merge(merged, read(str(base / other)))
    _merge(merged, data)
    return merged


def _merge(into: Json, more: Json) -> None:
    for name, value in more.items():
        if isinstance(value, list):
            into[name] = [*into.get(name, []), *value]
        elif isinstance(value, dict):
            before = into.get(name)
            below = dict(before) if isinstance(before, dict) else {}
            _merge(below, value)
            into[name] = below
        else:
            into[name] = value


def open_into(world: World, apis: list[Api], name: str, seed: int) -> None:
    """Replace the world's state by a scenario's; raises ScenarioError and changes nothing."""
    data = read(name)
    known = {table for api in apis for table in api.seeds}
    strange = set(data) - known - _OWN
    if strange:
        raise ScenarioError(f"{name}: no provider knows the tables {', '.join(sorted(strange))}")
    before, offset = world.state, world.clock.offset
    world.clock.offset = 0.0  # before the seeds: what they date is dated by it
    world.state = State(scenario=name, seed=seed, settings=dict(data.get("settings", {})))
    world.caches.clear()
    days = float(data.get("history", {}).get("days", 0))
    try:
        world.clock.offset = -days * 86_400
        for api in apis:
            for table, handler in api.seeds.items():
                for item in data.get(table, []):
                    handler(world, _copy(item))
        if days:
            from sandbox import history  # few scenarios have one, and it needs the server

            history.play(world, apis, _copy(data.get("calls", [])), days)
        for item in data.get("faults", []):
            faults.add(world, faults.parse(item))
    except Exception as error:
        world.state, world.clock.offset = before, offset
        world.caches.clear()
        raise ScenarioError(f"{name}: {type(error).__name__}: {error}") from error
    world.changed = True


def _copy(value: Any) -> Any:
    """A copy of parsed TOML: seeds may keep what they are given, the cache may not change."""
    if isinstance(value, dict):
        return {key: _copy(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_copy(item) for item in value]
    return value
