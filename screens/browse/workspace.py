"""A workspace: what Azure tells about its encryption, part by part."""

from collections.abc import Awaitable, Callable
from typing import Any

from screens.browse.detail import Detail
from screens.browse.listing import Pages
from screens.browse.workspaces import workspace_names
from screens.widgets.table import Row
from services import browse, portal
from services.azure import cosmos, groups, search, storage, workspaces
from services.azure.connection import Connection
from services.explain import Names
from services.ids import ArmId
from services.model.diagnosis import Target
from services.model.resources import Workspace

KINDS = {
    "microsoft.documentdb/databaseaccounts": "Cosmos DB",
    "microsoft.search/searchservices": "AI Search",
    "microsoft.storage/storageaccounts": "Storage",
}

Lister = Callable[[Connection, str, str], Awaitable[list[Any]]]


class WorkspaceDetail(Detail):
    """Identity, key, managed group and what is in it."""

    parts = "The workspace and its managed group"
    title_word = "Browse: workspace"
    topic = "modes"
    guide = (
        "Above, what the workspace tells about itself; below, what each resource of its managed "
        "group tells about its key. OK: it names the workspace's key. ??: it does not tell. "
        "i shows the JSON of the selected row. r rotates its key, D deletes the workspace, E writes out "
        "what SDK v1 needs to deploy a model, b shows who else depends on its key."
    )

    def __init__(self, workspace: Workspace) -> None:
        super().__init__()
        self._workspace = workspace

    @property
    def target(self) -> Target:
        return Target(id=self._workspace.id, name=self._workspace.name)

    def facts(self) -> list[browse.Fact]:
        return browse.workspace_facts(self._workspace)

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
        self.show_facts()
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

    def about(self, row: Row) -> str:
        return f"{row.cells[2]}: {row.cells[4]}. {browse.untold(self._workspace)}"

    def touched(self) -> tuple[str, str]:
        one = self._workspace
        return (one.id, one.name) if one.encryption else ("", "")

    def names(self, row: Row | None) -> Names:
        return workspace_names(self._workspace)


def _search_told(service: Any, _: str) -> browse.Told:
    return browse.search_told(service)
