"""What container groups and clusters cost a month."""

from collections.abc import Iterator

from services.cost.meters import NODE
from services.cost.want import Want
from services.model.cost import HOURS, Assumptions, Found
from services.model.intent import ClusterSetup, ContainerGroupSetup

OS_DISK_GB = 128
"""Where nobody knows the cores of a node."""

_BY_CORES = ((64, 1024), (16, 512), (8, 256))
_TIERS = {32: "p4", 64: "p6", 128: "p10", 256: "p15", 512: "p20", 1024: "p30", 2048: "p40"}
"""Largest GB of a premium disk to its tier (page "Azure managed disk types")."""


def os_disk_gb(cores: int) -> int:
    """GB of a managed OS disk that nobody gave a size (page "Storage options" of AKS)."""
    return next((gb for least, gb in _BY_CORES if cores >= least), OS_DISK_GB)


def group(intent: ContainerGroupSetup, given: Assumptions) -> Iterator[Want]:
    """Cores and memory of the containers, by the hour."""
    wish = intent.container_group
    system = "" if wish.os == "Linux" else " What Windows costs on top is not counted."
    said = f"{_running(given)}; a group that has ended or was stopped costs nothing.{system}"
    for id, what, amount, unit, meter in (
        ("group-cores", "Cores", sum(one.cpu for one in wish.containers), "cores", "aci-cpu"),
        (
            "group-memory",
            "Memory",
            sum(one.memory_gb for one in wish.containers),
            "GB",
            "aci-memory",
        ),
    ):
        yield Want(
            id=id,
            what=what,
            resource=f"container group {wish.name}",
            made_by="plan",
            amount=amount,
            unit=unit,
            meter=meter,
            per=given.running_hours,
            assumption=said,
            assumes=("running_hours",),
        )


def cluster(intent: ClusterSetup, given: Assumptions, found: Found) -> Iterator[Want]:
    """Nodes, their OS disks where those are managed, and the tier where it has a price."""
    wish = intent.cluster
    size, resource = found.node_size or wish.node_size, f"cluster {wish.name}"
    yield Want(
        id="nodes",
        what=f"Nodes {size}",
        resource=resource,
        made_by="plan",
        amount=wish.node_count,
        unit="nodes",
        meter=f"{NODE}{size}",
        per=given.running_hours,
        assumption=f"Linux, no reservation. {_running(given)}; a stopped cluster's nodes cost"
        " nothing.",
        assumes=("running_hours",),
    )
    if wish.os_disk == "managed":
        gb = found.os_disk_gb or OS_DISK_GB
        tier = next((word for most, word in _TIERS.items() if gb <= most), "")
        why = "as nodes of that size get" if found.os_disk_gb else "the cores are not known"
        yield Want(
            id="os-disks",
            what="OS disks",
            resource=resource,
            made_by="plan",
            amount=wish.node_count,
            unit="disks",
            meter=f"disk-{tier}" if tier else f"a disk of {gb} GB",
            per=1,
            assumption=f"Premium SSD of {gb} GB for each node, {why}. Sizes without premium"
            " storage get cheaper ones.",
        )
    if wish.tier == "standard":
        yield Want(
            id="tier",
            what="Tier Standard",
            resource=resource,
            made_by="plan",
            amount=1,
            unit="cluster",
            meter="aks-standard",
            per=HOURS,
            assumption="Azure's agreement on the uptime of the API server, by the hour.",
        )


def _running(given: Assumptions) -> str:
    hours = given.running_hours
    return "Running all month" if hours == HOURS else f"Running {hours} hours a month"


def free(intent: ContainerGroupSetup | ClusterSetup) -> tuple[str, ...]:
    """What no line stands for, and why, as sentences."""
    nothing = "Encryption with a key of your own costs nothing but the key's operations."
    if isinstance(intent, ContainerGroupSetup):
        return (nothing, "Traffic, and an address while the group is stopped, are not counted.")
    tier = ("The cluster is of the free tier: it has no price and no agreement on its uptime.",)
    return (
        nothing,
        *(tier if intent.cluster.tier == "free" else ()),
        "A disk encryption set has no price.",
        "Load balancer, addresses, traffic and data disks are not counted.",
    )
