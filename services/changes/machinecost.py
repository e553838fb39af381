"""What a container group or a cluster that is there costs a month: what ends with it."""

import asyncio
from pathlib import Path
from typing import Any

from services.azure import calls
from services.azure.connection import Connection
from services.cost import cache
from services.cost.estimate import USUAL, estimate, summed
from services.ids import ArmId
from services.model.cost import Line, Range
from services.model.intent import (
    ClusterIntent,
    ClusterSetup,
    ContainerGroupIntent,
    ContainerGroupSetup,
    ContainerIntent,
    DiskEncryptionSetIntent,
    KeyIntent,
    VaultIntent,
)
from services.model.resources import (
    ContainerGroup,
    DiskEncryptionSet,
    ManagedCluster,
    NodePool,
    Raw,
)

PRICES = "prices"
"""Folder of the prices below the state folder."""
_OWN = ("group-cores", "group-memory", "nodes", "os-disks", "tier")
"""Lines of an estimate that end with what is deleted; the key's do not."""


async def month(
    conn: Connection,
    one: ContainerGroup | DiskEncryptionSet | ManagedCluster,
    state: Path,
    currency: str,
) -> tuple[Range | None, str]:
    """A month of it, running all the time, and why that is not known.

    None for a disk encryption set, which has no price of its own. Raises nothing for prices that
    can't be read: the second value says why.
    """
    if isinstance(one, DiskEncryptionSet):
        return None, ""
    parts = [described(one)] if isinstance(one, ContainerGroup) else _pools(one)
    found = await asyncio.gather(*(_priced(conn, part, state, currency) for part in parts))
    problems = dict.fromkeys(problem for _, problem in found if problem)
    return summed(line for lines, _ in found for line in lines), " ".join(problems)


async def _priced(
    conn: Connection, intent: ContainerGroupSetup | ClusterSetup, state: Path, currency: str
) -> tuple[list[Line], str]:
    size = intent.cluster.node_size if isinstance(intent, ClusterSetup) else ""
    prices = await cache.load(conn, state / PRICES, intent.region, currency, size=size)
    made = estimate(intent, prices, USUAL)
    return [one for one in made.lines if one.id in _OWN], made.problem


def described(one: ContainerGroup) -> ContainerGroupSetup:
    """The intent that a group is the answer to, as far as its price depends on it."""
    found = calls.objects(calls.part(one.raw, "properties"), "containers")
    group = ContainerGroupIntent(
        name=one.name,
        os="Windows" if one.os.lower() == "windows" else "Linux",
        containers=[_container(raw) for raw in found],
    )
    return ContainerGroupSetup(**_place(one.id, one.location), container_group=group)


def _container(raw: Raw) -> ContainerIntent:
    asked = calls.part(calls.part(calls.part(raw, "properties"), "resources"), "requests")
    return ContainerIntent(
        name="",
        image="",
        cpu=float(asked.get("cpu") or 0),
        memory_gb=float(asked.get("memoryInGB") or 0),
    )


def _pools(one: ManagedCluster) -> list[ClusterSetup]:
    """One for each pool; the cluster's tier is counted once."""
    sku = calls.part(one.raw, "sku")
    paid = str(sku.get("tier", "")).lower() not in ("", "free")
    return [_pool(one, pool, tier=paid and not at) for at, pool in enumerate(one.pools)]


def _pool(one: ManagedCluster, pool: NodePool, *, tier: bool) -> ClusterSetup:
    cluster = ClusterIntent(
        name=one.name,
        tier="standard" if tier else "free",
        node_size=pool.size,
        node_count=pool.count,
        os_disk="ephemeral" if pool.os_disk.lower() == "ephemeral" else "managed",
        identity="",
        disk_encryption_set=DiskEncryptionSetIntent(name="any"),
    )
    return ClusterSetup(**_place(one.id, one.location), cluster=cluster)


def _place(id: str, region: str) -> dict[str, Any]:
    where = ArmId.parse(id)
    return {
        "subscription": where.subscription,
        "region": region,
        "resource_group": where.group,
        "vault": VaultIntent(name=""),
        "key": KeyIntent(name=""),
    }
