"""Workspaces of all subscriptions, and whose key encrypts them."""

from textual.app import ComposeResult

from screens.browse.listing import Listing
from screens.browse.page import BrowsePage
from screens.browse.rows import WORKSPACES, place, workspace_pages
from screens.widgets.table import Row
from services import browse
from services.azure.connection import Connection
from services.explain import Names
from services.model.resources import Subscription, Workspace


class Workspaces(BrowsePage):
    """Every workspace the signed-in person can see."""

    title_word = "Browse: workspaces"
    topic = "modes"
    guide = (
        "The workspaces of all your subscriptions. Encryption: own group is your own key and a "
        "managed group of yours, service-side is your own key in Microsoft's subscription, "
        "Microsoft is Microsoft's keys. The line below names vault, key and version. Enter shows "
        "what Azure tells about it."
    )

    def listings(self) -> ComposeResult:
        yield Listing("Workspaces of all subscriptions", WORKSPACES, id="workspaces")

    def read(self, conn: Connection) -> None:
        self.listing("workspaces").read(workspace_pages(conn, self.subscriptions))

    def opened(self, row: Row) -> None:
        from screens.browse.workspace import WorkspaceDetail

        self.app.push_screen(WorkspaceDetail(row.data))

    def touched(self) -> tuple[str, str]:
        one = self.row.data if self.row else None
        return (one.id, one.name) if one is not None and one.encryption else ("", "")

    def about(self, row: Row) -> str:
        return workspace_about(row.data, self.subscriptions)

    def names(self, row: Row | None) -> Names:
        return workspace_names(row.data if row else None)


def workspace_about(one: Workspace, known: tuple[Subscription, ...]) -> str:
    """What counts about a workspace, below the list."""
    key = browse.named(one.encryption.key_id) if one.encryption else None
    whose = f"key {key.vault}/{key.key}/{key.version or '??'}" if key else "Microsoft's keys"
    group = f", managed group {one.managed_group}" if one.managed_group else ""
    return f"{one.name}: {whose}{group}. In {place(one.id, known)}."


def workspace_names(one: Workspace | None) -> Names:
    """The selected workspace for the explanation."""
    if one is None:
        return Names()
    key = browse.named(one.encryption.key_id) if one.encryption else browse.Named()
    return Names(
        workspace=one.name,
        region=one.location,
        vault=key.vault or "your vault",
        key=key.key or "your key",
    )
