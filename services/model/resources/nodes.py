"""What a cluster's nodes are made of, as Compute tells: scale sets and disks."""

from datetime import datetime

from services.model.resources.noun import Noun


class NodeSet(Noun, frozen=True, kw_only=True):
    """A scale set of a cluster: the nodes of one pool."""

    id: str
    name: str
    state: str
    """provisioningState."""
    encryption_set: str = ""
    """ARM id; empty where the platform's keys encrypt the OS disks."""
    ephemeral: bool = False
    """Whether the OS disks lie on the host."""
    running: int = 0
    stopped: int = 0
    """Machines that are stopped or deallocated."""
    moving: int = 0
    """Machines that are about to start or stop."""
    oldest: datetime | None = None
    """When the oldest of its machines was made; None where there is none or nobody tells."""


class Disk(Noun, frozen=True, kw_only=True):
    """A managed disk."""

    id: str
    name: str
    encryption_set: str = ""
    """ARM id; empty where the platform's keys encrypt it."""
    state: str = ""
    """Unattached, Attached, Reserved, ..."""
