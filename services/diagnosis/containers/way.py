"""How a container group is judged."""

from services.diagnosis.containers import registry
from services.diagnosis.containers.facts import ContainerLive, key_of
from services.diagnosis.containers.judges import JUDGES
from services.diagnosis.containers.repairs import with_repairs
from services.diagnosis.containers.tree import tree
from services.diagnosis.facts import Examined
from services.diagnosis.since import LOOKS, NEVER_TOLD, Look, When, entries
from services.diagnosis.way import Way
from services.model.plan import Finding
from services.model.resources import ContainerGroup

_STARTS = ("containergroups/write", "/restart/action", "/start/action", "/stop/action")
_ASKED = ("provider-registered", "lock-read-only", "group-quota")
"""Preflight's checks that can be judged where there is no vault to look at."""


def checks_for(group: ContainerGroup) -> tuple[str, ...]:
    """The checks that are asked: of its own flow, and none of a key that has no name."""
    shared = registry.SHARED if key_of(group) is not None else _ASKED
    flow = (
        {"containers-principal", "containers-grant", "group-flow"}
        if group.identity
        else {"identity-exists", "identity-grant"}
    )
    return (*(check for check in shared if check not in flow), *JUDGES)


def _state_since(finding: Finding, live: Examined) -> When:
    """The last time that somebody made, started or stopped it."""
    found = entries(live, live.target.name, _STARTS)
    return (found[0].at, found[0].caller) if found else NEVER_TOLD


LOOKS_HERE: dict[str, Look] = {**LOOKS, "group-runs": _state_since, "group-events": _state_since}

CONTAINERS: Way[ContainerLive] = Way(
    checks=lambda live: checks_for(live.group),
    judges=JUDGES,
    whole=lambda live: live.group.state == "Succeeded",
    looks=LOOKS_HERE,
    lag=(),
    mended=with_repairs,
    tree=tree,
)
