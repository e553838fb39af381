"""A subscription: its vaults, and what keys can encrypt, one below the other."""

from textual.app import ComposeResult

from screens.browse.deployed import (
    deployed_about,
    deployed_names,
    deployed_touched,
    open_deployed,
)
from screens.browse.listing import Listing
from screens.browse.page import BrowsePage
from screens.browse.rows import EVERYTHING, VAULTS, deleted_pages, deployed_pages, vault_pages
from screens.browse.vaults import open_vault, vault_about, vault_names, vault_touched
from screens.keys import bind
from screens.widgets.table import Row
from services.azure.connection import Connection
from services.browse.machines import Deployed
from services.explain import Names
from services.model.resources import Subscription


class Contents(BrowsePage):
    """What a subscription holds for this job."""

    BINDINGS = bind("other_list")
    title_word = "Browse: subscription"
    guide = (
        "Vaults above, soft-deleted ones too; below workspaces, container groups, disk encryption "
        "sets and clusters, with their keys. Tab goes from one list to the other. Enter on a vault "
        "shows its keys, below what Azure tells about it; from there it is rotated or deleted."
    )

    def __init__(self, subscription: Subscription) -> None:
        super().__init__()
        self._subscription = subscription

    def where(self) -> str:
        return self._subscription.name

    def listings(self) -> ComposeResult:
        yield Listing(f"Vaults of {self._subscription.name}", VAULTS, id="vaults")
        yield Listing("What keys encrypt", EVERYTHING, id="deployed")

    def read(self, conn: Connection) -> None:
        only = [self._subscription]
        self.listing("vaults").read(vault_pages(conn, only), *deleted_pages(conn, only))
        self.listing("deployed").read(deployed_pages(conn, only))

    def opened(self, row: Row) -> None:
        if isinstance(row.data, Deployed):
            open_deployed(self, row.data)
        else:
            open_vault(self, row.data)

    def about(self, row: Row) -> str:
        known = (self._subscription,)
        if isinstance(row.data, Deployed):
            return deployed_about(row.data, known)
        return vault_about(row, known)

    def touched(self) -> tuple[str, str]:
        row = self.row
        if row is not None and isinstance(row.data, Deployed):
            return deployed_touched(row.data)
        return vault_touched(row)

    def names(self, row: Row | None) -> Names:
        if row is not None and isinstance(row.data, Deployed):
            return deployed_names(row.data)
        return vault_names(row)

    def action_other_list(self) -> None:
        self.focus_next("ListTable")
