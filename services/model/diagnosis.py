"""What diagnosis tells of something that is there: target, tree, changes."""

from datetime import datetime
from typing import Literal

import msgspec

from services.model.plan import Finding, Status

TargetKind = Literal["workspace", "container-group", "cluster", "disk-encryption-set"]

NOUNS: dict[TargetKind, str] = {
    "workspace": "workspace",
    "container-group": "container group",
    "cluster": "cluster",
    "disk-encryption-set": "disk encryption set",
}
"""What each kind of target is called."""


class Target(msgspec.Struct, frozen=True, kw_only=True):
    """What is diagnosed."""

    id: str
    """ARM id."""
    name: str
    kind: TargetKind = "workspace"
    asked: str = ""
    """What the person gave: an id, an address or a name."""


class Node(msgspec.Struct, frozen=True, kw_only=True):
    """One thing the target depends on, with everything that hangs below it."""

    id: str
    """ARM id, key identifier or object id; empty where nothing can be named."""
    kind: str
    """workspace, key-version, key, vault, managed-group, cosmos, search, storage, identity,
    grant, own or attached; of clusters cluster, encryption-set, pool, disk or kms; of container groups
    container-group or container."""
    title: str
    status: Status
    note: str = ""
    """What it says of itself: the key it uses, its state, why it is not known."""
    findings: tuple[str, ...] = ()
    """Ids of the findings about it."""
    below: tuple["Node", ...] = ()


class Change(msgspec.Struct, frozen=True, kw_only=True):
    """Something that happened, for the timeline."""

    at: datetime
    """UTC."""
    what: str
    subject: str
    """ARM id or key identifier."""
    by: str = ""
    """Empty where it happens by itself; ``??`` where nobody tells."""
    source: Literal["activity log", "key", "audit log"] = "activity log"
    correlation_id: str = ""
    fits: tuple[str, ...] = ()
    """Ids of findings that it explains."""


class NotRead(msgspec.Struct, frozen=True, kw_only=True):
    """Something that could not be read, so that nothing can be said of it."""

    what: str
    """Which facts, in words."""
    why: str
    """The reason, with the right that is missing where Azure names it."""


class Diagnosis(msgspec.Struct, frozen=True, kw_only=True):
    """All that one look at a target told."""

    target: Target
    at: datetime
    """By ARM's clock; UTC."""
    by: str = ""
    """Who asked: a sign-in name, else an app id or an object id."""
    cloud: str = ""
    tree: Node
    findings: tuple[Finding, ...]
    """Root causes first, each followed by what it causes; then the rest in the checks' order."""
    timeline: tuple[Change, ...] = ()
    """Newest first."""
    unread: tuple[NotRead, ...] = ()
    """What could not be read."""
    masked: bool = False
    """Whether masks stand for names and ids."""
