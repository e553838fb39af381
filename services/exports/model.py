"""What an export is."""

import re

import msgspec

NAME = re.compile(r"[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?\Z")
"""A name in Kubernetes: a DNS subdomain."""


class BadExport(ValueError):
    """Nothing can be written out; the message says why and what to name instead."""


class Export(msgspec.Struct, frozen=True, kw_only=True):
    """A file for another tool, what to do with it, and what is to be known before."""

    kind: str
    """aci-snippet, storage-class or etcd-kms."""
    file: str
    """A name for it; empty where the lines are all there is."""
    text: str
    """The file; of a kind without one the commands, one a line."""
    commands: tuple[str, ...] = ()
    """What to run with it, in this order."""
    says: tuple[str, ...] = ()
    """What it does and does not do, as sentences."""
