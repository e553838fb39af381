"""Changes as data: what is wished, what was read, what was judged."""

from collections.abc import Sequence
from datetime import datetime

import msgspec

from services.checks.facts import Unknown
from services.ids import ArmId, KeyId, same
from services.model.cost import Range
from services.model.fleet import Dependent
from services.model.plan import Finding
from services.model.resources import KeyVersion, Lock, Permission, Vault, Workspace


class Wish(msgspec.Struct, frozen=True, kw_only=True):
    """Where to go: which key of the vault, and which version of it."""

    key: str = ""
    """Name or address of the key; empty: the one in use."""
    version: str = ""
    """32 hex digits, ``latest``, or empty: a new version; of another key, its newest."""
    new: bool = False
    """A new version, also of another key."""


class Place(msgspec.Struct, frozen=True, kw_only=True):
    """One workspace of a rotation, and what was read of it."""

    workspace: Workspace
    key: KeyId
    locks: tuple[Lock, ...] | Unknown = ()
    permissions: tuple[Permission, ...] | Unknown = ()

    @property
    def movable(self) -> bool:
        """Whether Azure changes its key at all: with service-side encryption it does not."""
        used = self.workspace.encryption
        return used is not None and not used.service_side


class Rotation(msgspec.Struct, frozen=True, kw_only=True):
    """A rotation as it was read and judged."""

    at: datetime
    """When it was read, by Azure's clock."""
    subject: str
    """ARM id of the workspace, or of the key where it is about several."""
    places: tuple[Place, ...]
    vault: Vault | Unknown
    name: str
    """Of the key that is gone to."""
    current: KeyVersion | Unknown | None
    """The newest version of that key; None where there is none."""
    wanted: KeyVersion | Unknown | None
    """The version that is gone to, where it is there already."""
    makes: bool
    """Whether a new version is made."""
    dependents: tuple[Dependent, ...] | Unknown = ()
    """Who uses the present key."""
    vault_rights: tuple[Permission, ...] | Unknown = ()
    caller: str = ""
    findings: tuple[Finding, ...] = ()


def left_behind(rotation: Rotation, found: Sequence[Dependent]) -> list[Dependent]:
    """Dependents that stay on the version they have, and have nothing to do with the places."""
    moved = {place.workspace.id.lower() for place in rotation.places if place.movable}
    groups = {
        str(ArmId(ArmId.parse(place.workspace.id).subscription, place.workspace.managed_group))
        for place in rotation.places
        if place.workspace.managed_group
    }
    return [
        one
        for one in found
        if one.how == "key"
        and one.id.lower() not in moved
        and not any(same(group, _group(one.id)) for group in groups)
    ]


def _group(id: str) -> str:
    where = ArmId.parse(id)
    return str(ArmId(where.subscription, where.group))


class Part(msgspec.Struct, frozen=True, kw_only=True):
    """Something that a delete takes, or leaves."""

    id: str
    """ARM id or key identifier."""
    kind: str
    """What it is in a word or two."""
    why: str = ""


class Deletion(msgspec.Struct, frozen=True, kw_only=True):
    """A delete as it was read and judged."""

    at: datetime
    """When it was read, by Azure's clock."""
    id: str
    """ARM id of the workspace."""
    name: str
    purge: bool
    """For good at once, instead of kept for 14 days."""
    there: bool
    """False: it was deleted softly before, and only waits for its end."""
    managed_group: str = ""
    """Name; empty where it has none."""
    goes: tuple[Part, ...] = ()
    stays: tuple[Part, ...] = ()
    unread: str = ""
    """Why what goes with it could not be read; empty where it could."""
    kept: Range | None = None
    """What 14 days of soft delete cost; None where the workspace can't be estimated any more."""
    currency: str = ""
    cost_problem: str = ""
    caller: str = ""
    findings: tuple[Finding, ...] = ()
