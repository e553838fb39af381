"""Subscriptions: where everything is."""

from textual.app import ComposeResult

from screens.browse.listing import Listing, Pages
from screens.browse.page import BrowsePage
from screens.widgets.table import Column, Row
from services import portal
from services.azure.connection import Connection
from services.azure.subscriptions import list_subscriptions
from services.model.resources import Subscription

COLUMNS = (Column("Name"), Column("State", 9), Column("Id", 36))


class Subscriptions(BrowsePage):
    """Every subscription the signed-in person can see."""

    title_word = "Browse: subscriptions"
    guide = (
        "The subscriptions you can see. Enter opens one: its vaults, and what keys encrypt. :vaults, "
        ":workspaces, :container-groups, :encryption-sets and :clusters list those of all "
        "subscriptions. Nothing is changed here."
    )

    def listings(self) -> ComposeResult:
        yield Listing("Subscriptions", COLUMNS, id="subscriptions")

    def read(self, conn: Connection) -> None:
        self.listing("subscriptions").read(self._pages(conn))

    async def _pages(self, conn: Connection) -> Pages:
        yield [_row(one, conn) for one in await list_subscriptions(conn)]

    def opened(self, row: Row) -> None:
        from screens.browse.contents import Contents

        self.app.push_screen(Contents(row.data))

    def meant(self) -> str:
        return ""

    def about(self, row: Row) -> str:
        return (
            f"Enter: vaults of {row.cells[0]}, and what keys encrypt. A subscription you have no right "
            "in is not listed by Azure at all."
        )


def _row(one: Subscription, conn: Connection) -> Row:
    id = f"/subscriptions/{one.id}"
    page = portal.resource(conn.cloud, id, one.tenant_id)
    return Row(one.id, (one.name, one.state, one.id), id, one.raw, page, data=one)
