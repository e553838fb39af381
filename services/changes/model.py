"""Changes as data: what is wished, what was read, what was judged."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, ClassVar

import msgspec

from services.checks.facts import Unknown
from services.ids import ArmId, KeyId, same
from services.model.cost import Range
from services.model.diagnosis import TargetKind
from services.model.fleet import Dependent
from services.model.plan import Finding
from services.model.resources import (
    ContainerGroup,
    DiskEncryptionSet,
    KeyVersion,
    Lock,
    ManagedCluster,
    Permission,
    RoleAssignment,
    Vault,
    Workspace,
)
from services.setup.recreation import Hole


class Wish(msgspec.Struct, frozen=True, kw_only=True):
    """Where to go: which key of the vault, and which version of it."""

    key: str = ""
    """Name or address of the key; empty: the one in use. Another vault's only by address."""
    version: str = ""
    """32 hex digits, ``latest``, or empty: a new version; of another key, its newest."""
    new: bool = False
    """A new version, also of another key."""
    secrets: dict[str, str] = {}
    """Where what Azure does not tell is found when a container group is made again: name of the
    secret (services/setup/recreation.py) to ``env:NAME`` or ``file:PATH``."""


class KeyUser(msgspec.Struct, frozen=True, kw_only=True):
    """Who unwraps the key on behalf of a set or a group."""

    name: str
    object_id: str | Unknown
    keys: tuple[str, ...]
    """What an access policy must allow."""
    roles: tuple[RoleAssignment, ...] | Unknown = ()
    """On the key that is gone to, and above it."""


class Place(msgspec.Struct, frozen=True, kw_only=True):
    """One workspace of a rotation, and what was read of it."""

    kind: ClassVar[TargetKind] = "workspace"
    write: ClassVar[str] = "Microsoft.MachineLearningServices/workspaces/write"

    workspace: Workspace
    key: KeyId
    locks: tuple[Lock, ...] | Unknown = ()
    permissions: tuple[Permission, ...] | Unknown = ()

    @property
    def of(self) -> Workspace:
        """What is moved."""
        return self.workspace

    @property
    def movable(self) -> bool:
        """Whether Azure changes its key at all: with service-side encryption it does not."""
        used = self.workspace.encryption
        return used is not None and not used.service_side


class SetPlace(msgspec.Struct, frozen=True, kw_only=True):
    """One disk encryption set of a rotation, and what was read of it."""

    kind: ClassVar[TargetKind] = "disk-encryption-set"
    write: ClassVar[str] = "Microsoft.Compute/diskEncryptionSets/write"

    set: DiskEncryptionSet
    key: KeyId
    user: KeyUser
    clusters: tuple[ManagedCluster, ...] | Unknown = ()
    """Those whose OS disks it encrypts."""
    locks: tuple[Lock, ...] | Unknown = ()
    permissions: tuple[Permission, ...] | Unknown = ()

    @property
    def of(self) -> DiskEncryptionSet:
        """What is moved."""
        return self.set

    @property
    def movable(self) -> bool:
        """Azure lets every set go to another key."""
        return True


class GroupPlace(msgspec.Struct, frozen=True, kw_only=True):
    """A container group that is to be made again with another key, and what was read of it."""

    kind: ClassVar[TargetKind] = "container-group"
    write: ClassVar[str] = "Microsoft.ContainerInstance/containerGroups/write"

    group: ContainerGroup
    key: KeyId
    user: KeyUser
    body: dict[str, Any]
    """The request that makes it again, without its secrets and with the key of before."""
    holes: tuple[Hole, ...] = ()
    refused: tuple[str, ...] = ()
    """Why it can't be made again from what Azure tells, as sentences."""
    locks: tuple[Lock, ...] | Unknown = ()
    permissions: tuple[Permission, ...] | Unknown = ()

    @property
    def of(self) -> ContainerGroup:
        """What is made again."""
        return self.group

    @property
    def movable(self) -> bool:
        """Whether it can be made again from what Azure tells."""
        return not self.refused


AnyPlace = Place | SetPlace | GroupPlace


class Rotation(msgspec.Struct, frozen=True, kw_only=True):
    """A rotation as it was read and judged."""

    at: datetime
    """When it was read, by Azure's clock."""
    subject: str
    """ARM id of the workspace, or of the key where it is about several."""
    places: tuple[AnyPlace, ...]
    vault: Vault | Unknown
    """Of the key that is gone to."""
    host: str
    """Of that vault."""
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


def workspaces_of(rotation: Rotation) -> list[Place]:
    """The places that are workspaces."""
    return [one for one in rotation.places if isinstance(one, Place)]


def same_key(rotation: Rotation) -> bool:
    """Whether it stays with the key that every place uses, and only the version changes."""
    return all(
        (place.key.host, place.key.name.lower()) == (rotation.host, rotation.name.lower())
        for place in rotation.places
    )


def left_behind(rotation: Rotation, found: Sequence[Dependent]) -> list[Dependent]:
    """Dependents that stay on the version they have, and have nothing to do with the places."""
    moved = {place.of.id.lower() for place in rotation.places if place.movable}
    groups = {
        str(ArmId(ArmId.parse(place.of.id).subscription, place.workspace.managed_group))
        for place in workspaces_of(rotation)
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
    """ARM id of what is deleted."""
    kind: TargetKind = "workspace"
    name: str
    purge: bool
    """For good at once, instead of kept for 14 days; only workspaces know anything else."""
    there: bool
    """False: it was deleted softly before, and only waits for its end."""
    managed_group: str = ""
    """Name of the group that Azure made for it and that goes with it; empty where there is none."""
    goes: tuple[Part, ...] = ()
    stays: tuple[Part, ...] = ()
    unread: str = ""
    """Why what goes with it could not be read; empty where it could."""
    kept: Range | None = None
    """What 14 days of soft delete cost; None where the workspace can't be estimated any more."""
    ends: Range | None = None
    """What a month of it costs, which ends with it; None for a workspace."""
    currency: str = ""
    cost_problem: str = ""
    caller: str = ""
    findings: tuple[Finding, ...] = ()
