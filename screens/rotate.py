"""Rotate: which workspace, to which version, who else uses the key; then a question, then the run."""

import asyncio
from collections.abc import Sequence

from textual.app import ComposeResult

from screens.browse.listing import Listing, Pages
from screens.browse.page import BrowsePage
from screens.browse.rows import WORKSPACES, workspace_pages
from screens.browse.workspaces import workspace_about, workspace_names
from screens.change import ChangePage, Line, findings, steps
from screens.keys import bind
from screens.widgets.confirm import Confirm
from screens.widgets.picker import Picker
from screens.widgets.table import Column, Row
from services.azure import keys
from services.azure.connection import Connection
from services.azure.errors import AzureError
from services.changes.findings import UNKNOWN_TOOL
from services.changes.model import Rotation, Wish
from services.changes.rotation import plan_rotation, read
from services.checks.facts import Unknown
from services.diagnosis.target import NoTarget
from services.explain import Names
from services.model.plan import Plan
from services.model.resources import Key, KeyVersion, Workspace

CHOICES = (Column("To"), Column("What", 26), Column("Created", 10))
KEEP = (
    "The old version stays enabled: Cosmos DB asks for 24 hours at least. The last step says until "
    "when."
)


class RotatePage(ChangePage):
    """What a rotation of a workspace, or of all that use a key, would do."""

    BINDINGS = bind("rotate_now", "rotate_to")
    title_word = "Rotate"
    guide = (
        "The steps of the rotation, what speaks against it, and who uses the key with which version. "
        "FAIL refuses it. v chooses another version or another key of the same vault; a asks and "
        "begins. Cosmos DB, AI Search and Storage are waited for, as far as each tells. Keep the old "
        "version enabled for 24 hours at least."
    )

    def __init__(self, asked: str, name: str) -> None:
        super().__init__()
        self._asked, self._named = asked, name
        self._wish = Wish()
        self._found: Rotation | None = None
        self.heading = f"Rotate {name}"

    def where(self) -> str:
        return self._named

    async def look(self, conn: Connection) -> Sequence[Line]:
        self._found = None
        try:
            found = await read(conn, self._asked, self._wish)
        except NoTarget as error:
            raise LookupError(str(error)) from None
        self._found, self.plan = found, plan_rotation(found)
        return [*findings(self.plan), *steps(self.plan), *_users(found), _tool(found)]

    def about(self) -> str:
        return "It is so already: there is nothing to do."

    async def ask(self, plan: Plan) -> bool:
        named = "\n".join(f"- {one.title}" for one in plan.steps)
        text = f"{named}\n\n{KEEP}"
        answer = await self.app.push_screen_wait(Confirm(f"Rotate {self._named}?", text))
        return bool(answer)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        if action == "rotate_now":
            return self.ready or None
        if action == "rotate_to":
            return self._found is not None or None
        return super().check_action(action, parameters)

    def action_rotate_now(self) -> None:
        self.begin()

    def action_rotate_to(self) -> None:
        self.run_worker(self._choose(), group="ask", exclusive=True, description="choose")

    async def _choose(self) -> None:
        found = self._found
        if found is None:
            return
        key = found.places[0].key
        address, conn = f"https://{key.host}", self.shell.session.live
        try:
            versions, others = await asyncio.gather(
                keys.list_versions(conn, address, key.name), keys.list_keys(conn, address)
            )
        except AzureError as error:
            self.shell.say(f"{error.what} {error.means} {error.do}", bad=True)
            return
        offered = choices(found, versions, others)
        rows = [row for row, _ in offered]
        chosen = await self.app.push_screen_wait(Picker("Rotate to", CHOICES, rows))
        if chosen:
            self._wish = next(wish for row, wish in offered if row.key == chosen)
            self.action_again()


def choices(
    found: Rotation, versions: Sequence[KeyVersion], others: Sequence[Key]
) -> list[tuple[Row, Wish]]:
    """What can be gone to: a new version, versions that are there, other keys of the vault."""
    name = found.places[0].key.name
    used = {place.key.version for place in found.places}
    made = [(Row("new", ("a new version", f"of key {name}", "")), Wish(new=True))]
    for one in versions:
        what = "in use" if one.version in used else "enabled" if one.enabled else "disabled"
        day = f"{one.created:%Y-%m-%d}" if one.created else "??"
        why = "" if what == "enabled" else f"it is {what}"
        made.append(
            (Row(one.version, (one.version, what, day), data=why), Wish(version=one.version))
        )
    for key in others:
        if key.name.lower() != name.lower():
            cells = (key.name, "another key, its newest", "")
            made.append((Row(f"key/{key.name}", cells), Wish(key=key.name)))
    return made


def _users(found: Rotation) -> list[Line]:
    if isinstance(found.dependents, Unknown):
        return []
    return [
        Line("USES", f"{one.kind} {one.name}, version {_short(one.version)}", one.says, one.id)
        for one in found.dependents
    ]


def _short(version: str) -> str:
    return f"{version[:8]}…" if version else "??"


def _tool(found: Rotation) -> Line:
    named = [one for one in found.findings if one.check == "rotation-tool" and one.status == "warn"]
    if named:
        return Line("", "Another tool may undo it", named[0].meaning)
    return Line("", "Another tool might undo it", UNKNOWN_TOOL)


class RotateStart(BrowsePage):
    """Which workspace is to go to another version?"""

    title_word = "Rotate"
    topic = "key"
    guide = (
        "The workspaces that are encrypted with a key of yours. Enter shows what a rotation would do: "
        "its steps, what speaks against it, and who uses the key. Nothing is changed before a second "
        "question. A key in Browse rotates every workspace that uses it."
    )

    def where(self) -> str:
        return "Rotate"

    def listings(self) -> ComposeResult:
        yield Listing("Which workspace is to be rotated?", WORKSPACES, id="workspaces")

    def read(self, conn: Connection) -> None:
        self.listing("workspaces").read(self._pages(conn))

    async def _pages(self, conn: Connection) -> Pages:
        async for rows in workspace_pages(conn, self.subscriptions):
            yield [row for row in rows if row.data.encryption is not None]

    def opened(self, row: Row) -> None:
        one: Workspace = row.data
        self.app.push_screen(RotatePage(one.id, one.name))

    def about(self, row: Row) -> str:
        return f"{workspace_about(row.data, self.subscriptions)} Enter shows what would be done."

    def names(self, row: Row | None) -> Names:
        return workspace_names(row.data if row else None)
