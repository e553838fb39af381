"""What container groups and clusters cost a month, running all of it."""

from collections.abc import Iterator

from services.cost.want import Want
from services.model.cost import HOURS
from services.model.intent import ClusterSetup, ContainerGroupSetup

ALL_MONTH = "Running all month; a group that has ended or was stopped costs nothing."
OS_DISK_GB = 128


def group(intent: ContainerGroupSetup) -> Iterator[Want]:
    """Cores and memory of the containers, by the hour."""
    wish = intent.container_group
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
        system = "" if wish.os == "Linux" else " What Windows costs on top is not counted."
        yield Want(
            id=id,
            what=what,
            resource=f"container group {wish.name}",
            made_by="plan",
            amount=amount,
            unit=unit,
            meter=meter,
            per=HOURS,
            assumption=ALL_MONTH + system,
        )


def cluster(intent: ClusterSetup) -> Iterator[Want]:
    """Nodes, and their OS disks where those are managed."""
    wish = intent.cluster
    yield Want(
        id="nodes",
        what=f"Nodes {wish.node_size}",
        resource=f"cluster {wish.name}",
        made_by="plan",
        amount=wish.node_count,
        unit="nodes",
        # No meter is asked for by size: a line without a price is in no sum.
        meter=f"node {wish.node_size}",
        per=HOURS,
        assumption="Running all month, Linux.",
    )
    if wish.os_disk == "managed":
        yield Want(
            id="os-disks",
            what="OS disks",
            resource=f"cluster {wish.name}",
            made_by="plan",
            amount=wish.node_count,
            unit="disks",
            meter="disk-p10",
            per=1,
            assumption=f"Premium SSD of {OS_DISK_GB} GB (P10) for each node; sizes without premium"
            " storage get cheaper ones.",
        )


def free(intent: ContainerGroupSetup | ClusterSetup) -> tuple[str, ...]:
    """What no line stands for, and why, as sentences."""
    nothing = "Encryption with a key of your own costs nothing but the key's operations."
    if isinstance(intent, ContainerGroupSetup):
        return (nothing, "Traffic, and an address while the group is stopped, are not counted.")
    return (
        nothing,
        "The cluster is of the free tier: it has no price and no agreement on its uptime.",
        "Load balancer, addresses, traffic and data disks are not counted.",
    )
