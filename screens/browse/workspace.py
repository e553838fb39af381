"""A workspace: what Azure tells about its encryption, part by part."""

from collections.abc import Awaitable, Callable
from textwrap import wrap
from typing import Any

from textual import events
from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.content import Content
from textual.widgets import Static

from screens.browse.listing import Listing, Pages
from screens.browse.page import BrowsePage
from screens.browse.workspaces import workspace_names
from screens.keys import bind
from screens.widgets.table import Column, Row
from services import browse, portal
from services.azure import cosmos, groups, search, storage, workspaces
from services.azure.connection import Connection
from services.explain import Names
from services.ids import ArmId
from services.model.resources import Workspace
from services.text import plain

COLUMNS = (
    Column("", status=True),
    Column("What", 11),
    Column("Name", 18),
    Column("State", 9),
    Column("Says about its key", prose=True),
)
KINDS = {
    "microsoft.documentdb/databaseaccounts": "Cosmos DB",
    "microsoft.search/searchservices": "AI Search",
    "microsoft.storage/storageaccounts": "Storage",
}
LABEL = 15
"""Columns of a fact's label."""

Lister = Callable[[Connection, str, str], Awaitable[list[Any]]]


class WorkspaceDetail(BrowsePage):
    """Identity, key, managed group and what is in it."""

    BINDINGS = bind("rotate_this", "delete_this", "refresh")
    again_key = "^r"
    title_word = "Browse: workspace"
    topic = "modes"
    guide = (
        "Above, what the workspace tells about itself; below, what each resource of its managed "
        "group tells about its key. OK: it names the workspace's key. ??: it does not tell. "
        "i shows the JSON of the selected row. r rotates its key, D deletes the workspace, b shows who "
        "else depends on its key."
    )

    def __init__(self, workspace: Workspace) -> None:
        super().__init__()
        self._workspace = workspace

    def where(self) -> str:
        return self._workspace.name

    def listings(self) -> ComposeResult:
        with VerticalScroll(id="facts", can_focus=False):
            yield Static(markup=False)
        yield Listing("The workspace and its managed group", COLUMNS, id="parts")

    def on_mount(self) -> None:
        self._show()
        super().on_mount()

    def on_resize(self, event: events.Resize) -> None:
        super().on_resize(event)
        self.call_after_refresh(self._show)

    def read(self, conn: Connection) -> None:
        self.listing("parts").read(
            self._itself(conn),
            self._others(conn),
            self._parts(conn, cosmos.list_in_group, "Cosmos DB", browse.cosmos_told),
            self._parts(conn, storage.list_in_group, "Storage", browse.storage_told),
            self._parts(conn, search.list_in_group, "AI Search", _search_told),
        )

    async def _itself(self, conn: Connection) -> Pages:
        found = await workspaces.get_workspace(conn, self._workspace.id)
        if found is None:
            raise browse.gone(self._workspace.name, "workspace")
        self._workspace = found
        self._show()
        yield [self._row(conn, found, "Workspace", browse.workspace_told(found))]

    async def _others(self, conn: Connection) -> Pages:
        """Whatever else is in the managed group; wrapkey does not know what tells its key."""
        if self._group:
            for one in await groups.list_resources(conn, self._subscription, self._group):
                if one.type.lower() not in KINDS:
                    kind = one.type.rsplit("/", 1)[-1]
                    yield [self._row(conn, one, kind, browse.Told("??", "not asked about a key"))]

    async def _parts(
        self, conn: Connection, listed: Lister, kind: str, told: Callable[[Any, str], browse.Told]
    ) -> Pages:
        if self._group:
            found = await listed(conn, self._subscription, self._group)
            yield [self._row(conn, one, kind, told(one, self._key)) for one in found]

    def _row(self, conn: Connection, one: Any, kind: str, told: browse.Told) -> Row:
        cells = (told.word, kind, one.name, one.state, told.says)
        return Row(one.id, cells, one.id, one.raw, portal.resource(conn.cloud, one.id, self.tenant))

    @property
    def _key(self) -> str:
        used = self._workspace.encryption
        return used.key_id if used else ""

    @property
    def _group(self) -> str:
        return self._workspace.managed_group

    @property
    def _subscription(self) -> str:
        return ArmId.parse(self._workspace.id).subscription

    def _show(self) -> None:
        """The facts, longer ones going on below where they began."""
        shown = self.query_one("#facts Static", Static)
        room = max(20, (shown.size.width or self.app.size.width) - LABEL - 2)
        parts: list[str | tuple[str, str]] = []
        for label, value in browse.workspace_facts(self._workspace):
            told = wrap(plain(value), room, break_on_hyphens=False) or [""]
            parts.append((f" {label:<{LABEL}}", "$text-muted"))
            parts.append(f"\n{'':<{LABEL + 1}}".join(told) + "\n")
        shown.update(Content.assemble(*parts).rstrip())

    def about(self, row: Row) -> str:
        return f"{row.cells[2]}: {row.cells[4]}. {browse.untold(self._workspace)}"

    def meant(self) -> str:
        return self._workspace.id

    def touched(self) -> tuple[str, str]:
        one = self._workspace
        return (one.id, one.name) if one.encryption else ("", "")

    def action_rotate_this(self) -> None:
        from screens.rotate import RotatePage

        self.app.push_screen(RotatePage(self._workspace.id, self._workspace.name))

    def action_delete_this(self) -> None:
        from screens.delete import DeletePage

        self.app.push_screen(DeletePage(self._workspace.id, self._workspace.name))

    def names(self, row: Row | None) -> Names:
        return workspace_names(self._workspace)


def _search_told(service: Any, _: str) -> browse.Told:
    return browse.search_told(service)
