"""One container as a person writes it in a line each, and back: pure.

Commands and variables are written as in a shell: blanks separate, quotes hold together.
"""

import re
import shlex
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import msgspec

from services.intents.fields import RULES
from services.model.intent import ContainerIntent
from services.model.resources import GroupLimit

QUOTES = "A quote is open. Example: {example}"
FIELDS = ("name", "image", "command", "cpu", "memory_gb", "ports", "env", "secure_env")
"""Of a container, in the order they are asked."""


def _split(text: str) -> list[str]:
    return shlex.split(text)


def _ports(text: str) -> list[int]:
    return [int(part) for part in re.split(r"[,\s]+", text) if part]


def _pairs(text: str) -> dict[str, str]:
    parts = [part.partition("=") for part in shlex.split(text)]
    bare = [name for name, sign, _ in parts if not sign]
    if bare:
        raise ValueError(f"{bare[0]} has no value: it is written NAME=value")
    return {name: value for name, _, value in parts}


def _sources(text: str) -> dict[str, str]:
    """A name alone is the variable of that name, which the run asks for where it is absent."""
    parts = [part.partition("=") for part in shlex.split(text)]
    return {name: value if sign else f"env:{name}" for name, sign, value in parts}


_READ: Mapping[str, Callable[[str], Any]] = {
    "name": str,
    "image": str,
    "command": _split,
    "cpu": float,
    "memory_gb": float,
    "ports": _ports,
    "env": _pairs,
    "secure_env": _sources,
}
_EXAMPLES = {
    "command": "python serve.py",
    "cpu": "1.5",
    "memory_gb": "2",
    "ports": "80, 443",
    "env": 'MODE=prod GREETING="hello you"',
    "secure_env": "TOKEN=env:SCORE_TOKEN KEY=file:~/key PASSWORD",
}


def problem(field: str, text: str) -> str:
    """What is wrong with a field as it is written; empty where nothing is."""
    try:
        value = _READ[field](text)
    except ValueError as error:
        why = str(error) if "NAME=value" in str(error) else "It can't be read"
        return f"{why}. Example: {_EXAMPLES[field]}"
    check = RULES[f"container_group.containers.{field}"].check
    said = check(value) if check else None
    return f"{said[:1].upper()}{said[1:]}" if said else ""


def container_of(texts: Mapping[str, str]) -> ContainerIntent:
    """The container of fields that keep their rules."""
    return msgspec.convert({name: _READ[name](texts[name]) for name in FIELDS}, ContainerIntent)


def written(one: ContainerIntent) -> dict[str, str]:
    """Its fields the way they are typed."""
    sources = {
        name: name if source == f"env:{name}" else f"{name}={source}"
        for name, source in one.secure_env.items()
    }
    return {
        "name": one.name,
        "image": one.image,
        "command": shlex.join(one.command),
        "cpu": f"{one.cpu:g}",
        "memory_gb": f"{one.memory_gb:g}",
        "ports": ", ".join(map(str, one.ports)),
        "env": shlex.join(f"{name}={value}" for name, value in one.env.items()),
        "secure_env": shlex.join(sources.values()),
    }


def clash(one: ContainerIntent, others: Sequence[ContainerIntent]) -> tuple[str, str] | None:
    """The field that does not go with the rest of the group, and why; None where all do."""
    if one.name in {other.name for other in others}:
        return "name", "Each container of a group has a name of its own."
    taken = {port for other in others for port in other.ports}
    if both := taken.intersection(one.ports):
        return "ports", f"Port {min(both)} is taken: containers of a group share one address."
    if twice := set(one.env) & set(one.secure_env):
        return "secure_env", f"{min(twice)} stands in the environment too."
    return None


def size(containers: Iterable[ContainerIntent]) -> tuple[float, float]:
    """Cores and GB of all together."""
    all_ = list(containers)
    return sum(one.cpu for one in all_), sum(one.memory_gb for one in all_)


def too_large(containers: Iterable[ContainerIntent], limit: GroupLimit | None) -> str:
    """Why the region gives no group of this size; empty where it does or nobody knows."""
    cores, memory = size(containers)
    if limit is None or (cores <= limit.cores and memory <= limit.memory_gb):
        return ""
    return (
        f"The group wants {cores:g} cores and {memory:g} GB; the region gives a {limit.os} group "
        f"at most {limit.cores:g} and {limit.memory_gb:g}."
    )


def proposed(others: Sequence[ContainerIntent], image: str) -> ContainerIntent:
    """A further container, under a name that is free."""
    taken = {one.name for one in others}
    name = next(name for at in range(2, len(others) + 3) if (name := f"side-{at}") not in taken)
    return ContainerIntent(name=name, image=image)
