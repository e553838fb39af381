"""A container group, a disk encryption set or a cluster: what it tells, part by part."""

from abc import abstractmethod
from collections.abc import Iterable

from screens.browse.deployed import deployed_about, deployed_names, deployed_touched
from screens.browse.detail import Detail
from screens.browse.listing import Pages
from screens.widgets.table import Row
from services import browse, portal
from services.azure import clusters, containergroups, disks
from services.azure.connection import Connection
from services.browse import Fact, machines
from services.browse.machines import Machine, Part
from services.explain import Names
from services.model.diagnosis import NOUNS, Target
from services.model.resources import ContainerGroup, DiskEncryptionSet, ManagedCluster


class MachineDetail(Detail):
    """What the three share: read anew by its id, then what is below it."""

    topic = "workspace"

    def __init__(self, one: Machine) -> None:
        super().__init__()
        self._one = one
        self._set: DiskEncryptionSet | None = None
        """Through which a cluster's disks are encrypted, once it was read."""

    @property
    def target(self) -> Target:
        one = self._one
        return Target(id=one.id, name=one.name, kind=machines.kind_of(one))

    def facts(self) -> list[Fact]:
        return machines.facts(self._one)

    @abstractmethod
    async def again(self, conn: Connection) -> Machine | None:
        """It as it is now; None where it is gone; raises AzureError."""

    async def _itself(self, conn: Connection) -> Pages:
        found = await self.again(conn)
        if found is None:
            raise browse.gone(self._one.name, NOUNS[self.target.kind])
        self._one = found
        self.show_facts()
        yield [self._row(conn, machines.itself(found, "itself"), found)]
        yield [self._row(conn, part) for part in self.below(found)]

    def below(self, one: Machine) -> Iterable[Part]:
        """Its parts, as far as it tells them itself."""
        return ()

    def read(self, conn: Connection) -> None:
        self.listing("parts").read(self._itself(conn))

    def _row(self, conn: Connection, part: Part, one: Machine | None = None) -> Row:
        cells = (part.told.word, part.kind, part.name, part.state, part.told.says)
        page = portal.resource(conn.cloud, part.id, self.tenant)
        return Row(part.id, cells, part.id, one.raw if one else None, page, data=one)

    def about(self, row: Row) -> str:
        _, kind, name, _, says = row.cells
        part = f"{kind.capitalize()} {name}: {says}. " if row.key != self._one.id else ""
        return f"{part}{deployed_about(self._one, self.subscriptions)}"

    def touched(self) -> tuple[str, str]:
        return deployed_touched(self._set or self._one)

    def names(self, row: Row | None) -> Names:
        return deployed_names(self._one)


class GroupDetail(MachineDetail):
    """A container group and its containers."""

    title_word = "Browse: container group"
    parts = "The group and its containers"
    guide = (
        "Above, what the group tells about itself; below, its containers as Azure last saw them. Its "
        "key was chosen when it was made: r deletes it and makes it again with another version, after "
        "it has said what is lost. D deletes it, d diagnoses it, b shows who else depends on its key."
    )

    async def again(self, conn: Connection) -> ContainerGroup | None:
        return await containergroups.get_group(conn, self._one.id)

    def below(self, one: Machine) -> Iterable[Part]:
        return machines.containers(one) if isinstance(one, ContainerGroup) else ()


class SetDetail(MachineDetail):
    """A disk encryption set and what is encrypted through it."""

    title_word = "Browse: disk encryption set"
    topic = "key"
    parts = "The set and what is encrypted through it"
    guide = (
        "Above, what the set tells about itself; below, the disks, snapshots and scale sets that are "
        "encrypted through it. r moves it to another version of its key, D deletes it where nothing "
        "uses it, E writes out a StorageClass, d diagnoses it, b shows who else depends on its key."
    )

    async def again(self, conn: Connection) -> DiskEncryptionSet | None:
        return await disks.get_set(conn, self._one.id)

    def read(self, conn: Connection) -> None:
        self.listing("parts").read(self._itself(conn), self._users(conn))

    async def _users(self, conn: Connection) -> Pages:
        found = await disks.users(conn, self._one.id)
        yield [self._row(conn, part) for part in machines.users(found)]


class ClusterDetail(MachineDetail):
    """A cluster, its node pools, and the set that encrypts their disks."""

    title_word = "Browse: cluster"
    parts = "The cluster, its node pools and its set"
    guide = (
        "Above, what the cluster tells about itself; below, its node pools and the disk encryption "
        "set of their OS disks; enter opens the set. r moves the set to another version of its key, D "
        "deletes the cluster, E writes out what kubectl and az need for data disks and etcd, d "
        "diagnoses it, b shows who else depends on the set's key."
    )

    async def again(self, conn: Connection) -> ManagedCluster | None:
        return await clusters.get_cluster(conn, self._one.id)

    def below(self, one: Machine) -> Iterable[Part]:
        return machines.pools(one) if isinstance(one, ManagedCluster) else ()

    def read(self, conn: Connection) -> None:
        self.listing("parts").read(self._itself(conn), self._through(conn))

    async def _through(self, conn: Connection) -> Pages:
        """Its set; a cluster that was made without one has none."""
        id = self._one.encryption_set if isinstance(self._one, ManagedCluster) else ""
        found = await disks.get_set(conn, id) if id else None
        self._set = found
        if found is not None:
            yield [self._row(conn, machines.itself(found, "its set"), found)]

    def opened(self, row: Row) -> None:
        if isinstance(row.data, DiskEncryptionSet):
            self.app.push_screen(SetDetail(row.data))
