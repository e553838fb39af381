"""How the facts are read that only container groups have."""

import asyncio
from typing import Any

from services.azure import containergroups
from services.checks.facts import Unknown, known
from services.checks.reading import Reader, Reading
from services.diagnosis.readers import READERS as COMMON
from services.diagnosis.readers import activity_in
from services.model.resources import ContainerGroup, Usage

CORES = "standardcores"
AT_MOST = 40
"""Groups of a region whose instance view is read; a list does not tell it."""


async def _neighbours(on: Reading) -> Any:
    """The region's other groups; each is asked what it does where cores are running out."""
    mine: ContainerGroup = await on.get("container_group")
    listed, usages = await asyncio.gather(
        known(containergroups.list_groups(on.conn, str(on.ids.group.subscription))),
        on.get("group_usages"),
    )
    if isinstance(listed, Unknown):
        return listed
    near = [
        one for one in listed if one.location == mine.location and one.id.lower() != mine.id.lower()
    ]
    if isinstance(usages, Unknown) or not short(usages, mine):
        return tuple(near)
    told = await asyncio.gather(
        *(known(containergroups.get_group(on.conn, one.id)) for one in near[:AT_MOST])
    )
    viewed = [
        now if isinstance(now, ContainerGroup) else one
        for one, now in zip(near, told, strict=False)
    ]
    return (*viewed, *near[AT_MOST:])


def short(usages: tuple[Usage, ...], mine: ContainerGroup) -> bool:
    """Whether a group as large as this one would find no cores any more."""
    cores = next((one for one in usages if one.name.lower() == CORES), None)
    return cores is not None and cores.used + mine.cores > cores.limit


async def _activity(on: Reading) -> Any:
    """Of the group's resource group, the vault's, and the identity's."""
    home = on.ids.group.subscription
    places = {(home, on.ids.group.group.lower())}
    for id in (on.ids.vault, on.ids.identity):
        if id is not None and id.group:
            places.add((id.subscription, id.group.lower()))
    return await activity_in(on, home, places)


READERS: dict[str, Reader] = {
    **{
        name: COMMON[name]
        for name in ("versions", "rotation", "grants", "principals", "audit", "probe")
    },
    "neighbours": _neighbours,
    "activity": _activity,
}
"""By name of fact."""

FIELDS = {
    **{name: name for name in ("versions", "grants", "principals", "audit", "probe", "activity")},
    "neighbours": "neighbours",
}
"""Name of fact to field of ContainerLive."""
