"""What a cluster's page proposes and refuses, of what Azure tells about the region: pure but `read`."""

import asyncio

import msgspec

from services import names
from services.azure import clusters, disks
from services.azure.connection import Connection
from services.checks.facts import CLUSTERS, Unknown, known
from services.checks.fit import Fit
from services.checks.nodefit import existing, open_zones, set_fit, size_fit
from services.ids import ArmId, same
from services.model.intent import ClusterIntent, DiskEncryptionSetIntent
from services.model.resources import DiskEncryptionSet, KubernetesVersion, ManagedCluster, VmSize
from services.setup.draft import Draft

SETS = "Microsoft.Compute/diskEncryptionSets"


class Live(msgspec.Struct, frozen=True, kw_only=True):
    """What Azure tells; Unknown says why something could not be read."""

    versions: tuple[KubernetesVersion, ...] | Unknown
    sizes: tuple[VmSize, ...] | Unknown
    sets: list[DiskEncryptionSet] | Unknown
    clusters: list[ManagedCluster] | Unknown


class Choice(msgspec.Struct, frozen=True, kw_only=True):
    """The cluster as it is wished so far, among what is there."""

    draft: Draft
    wish: ClusterIntent
    live: Live | None = None
    """None until it was read."""

    @property
    def node(self) -> VmSize | None:
        """The chosen size as the region lists it; None where it does not, or is not read."""
        wanted = self.wish.node_size.lower()
        return next((one for one in self._sizes if one.name.lower() == wanted), None)

    @property
    def sets(self) -> list[DiskEncryptionSet]:
        """Those of the subscription, as far as they were read."""
        return self.live.sets if self.live and isinstance(self.live.sets, list) else []

    @property
    def own(self) -> DiskEncryptionSetIntent:
        """The set that is wished."""
        return self.wish.disk_encryption_set

    @property
    def there(self) -> DiskEncryptionSet | None:
        """The set that is wished, where it exists."""
        return next((one for one in self.sets if same(one.id, set_id(self.draft, self.own))), None)

    @property
    def _sizes(self) -> tuple[VmSize, ...]:
        return self.live.sizes if self.live and isinstance(self.live.sizes, tuple) else ()

    def changed(self, **values: object) -> "Choice":
        """With other values of the cluster."""
        return msgspec.structs.replace(self, wish=msgspec.structs.replace(self.wish, **values))

    def with_set(self, **values: object) -> "Choice":
        """With other values of the set."""
        return self.changed(disk_encryption_set=msgspec.structs.replace(self.own, **values))

    def with_size(self, name: str) -> "Choice":
        """With another size; zones and disks that it can't have are given up."""
        made = self.changed(node_size=name)
        node = made.node
        zones = [zone for zone in self.wish.zones if node and zone in open_zones(node)]
        ephemeral = self.wish.os_disk == "ephemeral" and node is not None and node.ephemeral
        return made.changed(zones=zones, os_disk="ephemeral" if ephemeral else "managed")

    def taking(self, found: DiskEncryptionSet) -> "Choice":
        """With a set that exists."""
        group = ArmId.parse(found.id).group
        elsewhere = "" if group.lower() == self.draft.group.lower() else group
        taken = DiskEncryptionSetIntent(name=found.name, create=False, resource_group=elsewhere)
        return self.changed(disk_encryption_set=taken)

    def making(self, name: str) -> "Choice":
        """With a new set of this name."""
        return self.with_set(name=name, create=True, resource_group="")

    def fit(self, one: DiskEncryptionSet) -> Fit:
        """How a set serves the key of the draft."""
        return set_fit(one, vault_uri(self.draft), self.draft.key_name, self.draft.region)

    def set_names(self) -> set[str]:
        """Of the sets in the group, in lower case."""
        group = self.draft.group.lower()
        return {one.name.lower() for one in self.sets if _group(one.id) == group}

    def set_problem(self, name: str) -> str:
        """What speaks against a new set of this name; empty where nothing does."""
        if name.lower() in self.set_names():
            return f"{name} is in {self.draft.group} already: choose it from the list"
        return names.problem("encryption_set", name) or ""

    def name_problem(self, name: str) -> str:
        """The naming rule, or what is there under the name of the cluster already."""
        known = self.live.clusters if self.live else []
        listed = known if isinstance(known, list) else []
        id = str(_place(self.draft).child(CLUSTERS, name))
        there = next((one for one in listed if same(one.id, id)), None)
        if there is not None and not same(there.encryption_set, set_id(self.draft, self.own)):
            return existing(there)
        return names.problem("cluster", name) or ""


async def read(conn: Connection, draft: Draft) -> Live:
    """What the region and the subscription have; raises AzureError for a lost sign-in alone."""
    place, region = draft.subscription.id, draft.region
    versions, sizes, sets, made = await asyncio.gather(
        known(clusters.versions(conn, place, region)),
        known(disks.sizes(conn, place, region)),
        known(disks.list_sets(conn, place)),
        known(clusters.list_clusters(conn, place)),
    )
    return Live(versions=versions, sizes=sizes, sets=sets, clusters=made)


def proposed(draft: Draft) -> ClusterIntent:
    """The draft's cluster, named after its group where nobody named it."""
    wish, own = draft.cluster, draft.cluster.disk_encryption_set
    if wish.name != "aks-ml":
        return wish
    name = draft.proposed_name()
    if own.name == "des-ml" and own.create:
        own = msgspec.structs.replace(own, name=set_name(name))
    return msgspec.structs.replace(wish, name=name, disk_encryption_set=own)


def settled(choice: Choice) -> tuple[Choice, str]:
    """Proposals that what is there allows, and what was changed about them, in sentences."""
    choice, size = _settled_size(choice)
    choice, one = _settled_set(choice)
    return choice, " ".join(said for said in (size, one) if said)


def _settled_size(choice: Choice) -> tuple[Choice, str]:
    """Where the proposed size can't be had, one like it."""
    node, gone = choice.node, choice.wish.node_size
    if node is not None and size_fit(node).word != "no":
        return choice, ""
    least = node.cores if node else 4
    fitting = [one for one in choice._sizes if size_fit(one).word == "ok" and one.cores >= least]
    if not fitting:
        return choice, ""
    other = min(fitting, key=lambda one: (one.cores, one.name.lower())).name
    why = size_fit(node).because if node else f"{choice.draft.region} has no such size"
    return choice.with_size(other), f"{gone}: {why}; {other} is proposed."


def _settled_set(choice: Choice) -> tuple[Choice, str]:
    """Where a set has the proposed name: that one if it serves, else another name."""
    there, name = choice.there, choice.own.name
    if there is None or not choice.own.create:
        return choice, ""
    fit, taken = choice.fit(there), choice.set_names()
    if fit.word != "no":
        return choice.taking(there), f"{name} is there already, with this key: it is used."
    names_ = (f"{name}-{at}" for at in range(2, len(taken) + 3))
    free = next(one for one in names_ if one.lower() not in taken)
    return choice.making(free), f"{name} {fit.because}; a new one, {free}, is proposed."


def set_id(draft: Draft, wish: DiskEncryptionSetIntent) -> str:
    """ARM id of a set."""
    place = ArmId(_place(draft).subscription, wish.resource_group or draft.group)
    return str(place.child(SETS, wish.name))


def set_name(cluster: str) -> str:
    """A name for the set of a cluster."""
    name = f"des-{cluster.removeprefix('aks-')}"
    return name if names.problem("encryption_set", name) is None else "des-ml"


def vault_uri(draft: Draft) -> str:
    """Address of the vault; empty for one that is to be made, which no set can use yet."""
    return draft.vault.uri if draft.vault else ""


def _place(draft: Draft) -> ArmId:
    return ArmId(draft.subscription.id.lower(), draft.group)


def _group(id: str) -> str:
    return ArmId.parse(id).group.lower()
