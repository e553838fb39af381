"""A subscription: its vaults and its workspaces, one below the other."""

from textual.app import ComposeResult

from screens.browse.listing import Listing
from screens.browse.page import BrowsePage
from screens.browse.rows import VAULTS, WORKSPACES, deleted_pages, vault_pages, workspace_pages
from screens.browse.vaults import open_vault, vault_about, vault_names, vault_touched
from screens.browse.workspaces import workspace_about, workspace_names
from screens.keys import bind
from screens.widgets.table import Row
from services.azure.connection import Connection
from services.explain import Names
from services.model.resources import Subscription, Workspace


class Contents(BrowsePage):
    """What a subscription holds for this job."""

    BINDINGS = bind("other_list")
    title_word = "Browse: subscription"
    guide = (
        "Vaults above, soft-deleted ones too, and workspaces below; tab goes from one list to "
        "the other. Enter on a vault shows its keys, on a workspace its encryption."
    )

    def __init__(self, subscription: Subscription) -> None:
        super().__init__()
        self._subscription = subscription

    def where(self) -> str:
        return self._subscription.name

    def listings(self) -> ComposeResult:
        yield Listing(f"Vaults of {self._subscription.name}", VAULTS, id="vaults")
        yield Listing("Workspaces", WORKSPACES, id="workspaces")

    def read(self, conn: Connection) -> None:
        only = [self._subscription]
        self.listing("vaults").read(vault_pages(conn, only), *deleted_pages(conn, only))
        self.listing("workspaces").read(workspace_pages(conn, only))

    def opened(self, row: Row) -> None:
        if isinstance(row.data, Workspace):
            from screens.browse.workspace import WorkspaceDetail

            self.app.push_screen(WorkspaceDetail(row.data))
        else:
            open_vault(self, row.data)

    def about(self, row: Row) -> str:
        known = (self._subscription,)
        if isinstance(row.data, Workspace):
            return workspace_about(row.data, known)
        return vault_about(row, known)

    def touched(self) -> tuple[str, str]:
        row = self.row
        if row is not None and isinstance(row.data, Workspace):
            return (row.data.id, row.data.name) if row.data.encryption else ("", "")
        return vault_touched(row)

    def names(self, row: Row | None) -> Names:
        if row is not None and isinstance(row.data, Workspace):
            return workspace_names(row.data)
        return vault_names(row)

    def action_other_list(self) -> None:
        self.focus_next("ListTable")
