"""Container groups, disk encryption sets and clusters of all subscriptions, and their keys."""

from typing import ClassVar

from textual.app import ComposeResult

from screens.base import Page
from screens.browse.listing import Listing
from screens.browse.page import BrowsePage
from screens.browse.rows import DEPLOYED, deployed_pages, place
from screens.browse.workspaces import workspace_about, workspace_names
from screens.widgets.table import Row
from services import browse
from services.azure.connection import Connection
from services.browse import machines
from services.browse.machines import Deployed
from services.explain import Names
from services.model.diagnosis import NOUNS, TargetKind
from services.model.intent import Kind
from services.model.resources import (
    ContainerGroup,
    DiskEncryptionSet,
    ManagedCluster,
    Subscription,
    Workspace,
)

EXPLAINED: dict[TargetKind, Kind] = {
    "workspace": "workspace",
    "container-group": "container-group",
    "disk-encryption-set": "cluster",
    "cluster": "cluster",
}
"""What is explained of each: a set is what a cluster's disks are encrypted through."""


class Deployments(BrowsePage):
    """Everything of one kind that the signed-in person can see."""

    kind: ClassVar[TargetKind]
    topic = "workspace"

    def listings(self) -> ComposeResult:
        yield Listing(f"{NOUNS[self.kind]}s of all subscriptions".capitalize(), DEPLOYED, id="all")

    def read(self, conn: Connection) -> None:
        self.listing("all").read(deployed_pages(conn, self.subscriptions, (self.kind,)))

    def opened(self, row: Row) -> None:
        open_deployed(self, row.data)

    def touched(self) -> tuple[str, str]:
        return deployed_touched(self.row.data) if self.row else ("", "")

    def about(self, row: Row) -> str:
        return deployed_about(row.data, self.subscriptions)

    def names(self, row: Row | None) -> Names:
        return deployed_names(row.data) if row else Names(kind=EXPLAINED[self.kind])


class ContainerGroups(Deployments):
    """Groups of Container Instances."""

    kind = "container-group"
    title_word = "Browse: container groups"
    guide = (
        "The container groups of all your subscriptions, and the key of each. Microsoft's: nobody "
        "chose a key when it was made, and none can be given later. The line below names vault, key "
        "and version. Enter shows its containers; there r rotates it, D deletes it. d diagnoses it."
    )


class EncryptionSets(Deployments):
    """Disk encryption sets."""

    kind = "disk-encryption-set"
    title_word = "Browse: disk encryption sets"
    topic = "key"
    guide = (
        "The disk encryption sets of all your subscriptions. A set stands between a key and the "
        "disks it encrypts. The line below says whether it moves to a new version by itself. Enter "
        "shows what is encrypted through it; there r rotates it, D deletes it. d diagnoses it."
    )


class Clusters(Deployments):
    """Kubernetes clusters."""

    kind = "cluster"
    title_word = "Browse: clusters"
    guide = (
        "The clusters of all your subscriptions. Key names the disk encryption set of the OS disks; "
        "Microsoft's: it was made without one. Enter shows its set, its node pools and its etcd; "
        "there r rotates the set's key, D deletes the cluster, E writes out what kubectl needs. d "
        "diagnoses it."
    )


def open_deployed(page: Page[None], one: Deployed) -> None:
    """What Azure tells about it, part by part."""
    match one:
        case Workspace():
            from screens.browse.workspace import WorkspaceDetail

            page.app.push_screen(WorkspaceDetail(one))
        case ContainerGroup():
            from screens.browse.machine import GroupDetail

            page.app.push_screen(GroupDetail(one))
        case DiskEncryptionSet():
            from screens.browse.machine import SetDetail

            page.app.push_screen(SetDetail(one))
        case ManagedCluster():
            from screens.browse.machine import ClusterDetail

            page.app.push_screen(ClusterDetail(one))


def deployed_touched(one: Deployed) -> tuple[str, str]:
    """What ``b`` asks for: the key of the selected one; a cluster's stands in its set."""
    if isinstance(one, Workspace):
        return (one.id, one.name) if one.encryption else ("", "")
    key = browse.named(machines.key_of(one))
    versionless = machines.key_of(one).removesuffix(f"/{key.version}") if key.version else ""
    return (versionless or machines.key_of(one), key.key)


def deployed_about(one: Deployed, known: tuple[Subscription, ...]) -> str:
    """What counts about one, below the list."""
    if isinstance(one, Workspace):
        return workspace_about(one, known)
    return f"{machines.line(one)} In {place(one.id, known)}."


def deployed_names(one: Deployed) -> Names:
    """The selected one for the explanation."""
    if isinstance(one, Workspace):
        return workspace_names(one)
    key = browse.named(machines.key_of(one))
    return Names(
        kind=EXPLAINED[machines.kind_of(one)],
        workspace=one.name,
        region=one.location,
        vault=key.vault or "your vault",
        key=key.key or "your key",
    )
