"""What an export is."""

import re
from typing import Literal

import msgspec

from services.model.diagnosis import TargetKind

ExportKind = Literal["aci-snippet", "storage-class", "etcd-kms"]

EXPORTS: dict[TargetKind, tuple[ExportKind, ...]] = {
    "workspace": ("aci-snippet",),
    "cluster": ("storage-class", "etcd-kms"),
    "disk-encryption-set": ("storage-class",),
}
"""What is written out of what; of a container group nothing is."""

SKUS = (
    "StandardSSD_LRS",
    "Standard_LRS",
    "Premium_LRS",
    "StandardSSD_ZRS",
    "Premium_ZRS",
)
"""Kinds of disk that the driver takes here ("Azure Disk CSI driver parameters")."""

NAME = re.compile(r"[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?\Z")
"""A name in Kubernetes: a DNS subdomain."""


class BadExport(ValueError):
    """Nothing can be written out; the message says why and what to name instead."""


class Wish(msgspec.Struct, frozen=True, kw_only=True):
    """What an export is asked to say; each kind takes what it has a use for."""

    key: str = ""
    """Address of another key than the workspace's own, or of the one for etcd."""
    encryption_set: str = ""
    """Id or name of another disk encryption set than the cluster's."""
    name: str = "encrypted"
    """Of the StorageClass."""
    sku: str = SKUS[0]
    """Kind of disk, one of SKUS."""


class Export(msgspec.Struct, frozen=True, kw_only=True):
    """A file for another tool, what to do with it, and what is to be known before."""

    kind: ExportKind
    file: str
    """A name for it; empty where the lines are all there is."""
    text: str
    """The file; of a kind without one the commands, one a line."""
    commands: tuple[str, ...] = ()
    """What to run with it, in this order."""
    says: tuple[str, ...] = ()
    """What it does and does not do, as sentences."""
