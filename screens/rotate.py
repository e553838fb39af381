"""Rotate: what, to which version, who else uses the key; then a question, then the run."""

import asyncio
from collections.abc import Sequence

import msgspec
from textual import work
from textual.app import ComposeResult

from screens.browse.listing import Listing, Pages
from screens.browse.page import BrowsePage
from screens.browse.rows import place
from screens.change import ChangePage, Line, findings, steps
from screens.keys import bind
from screens.widgets.confirm import Confirm, TypedConfirm
from screens.widgets.picker import Picker
from screens.widgets.prompt import Prompt
from screens.widgets.table import Column, Row
from services import browse, portal
from services.azure import keys
from services.azure.connection import Connection
from services.azure.errors import AzureError
from services.changes.findings import unknown_tool
from services.changes.keyed import Keyed, pages
from services.changes.model import GroupPlace, Rotation, SetPlace, Wish
from services.changes.rotation import plan_rotation, read
from services.checks.facts import Unknown
from services.diagnosis.target import NoTarget
from services.explain import Names
from services.model.diagnosis import NOUNS
from services.model.plan import Plan
from services.model.resources import Key, KeyVersion
from services.setup.recreation import LOST, Hole

CHOICES = (Column("To"), Column("What", 26), Column("Created", 10))
KEEP = (
    "The old version stays enabled: Cosmos DB asks for 24 hours at least. The last step says until "
    "when."
)
KEEP_DISKS = (
    "The old version must stay enabled until every disk has moved. The last step says who has not."
)


class RotatePage(ChangePage):
    """What a rotation would do: of a workspace, a set, a group, or of all that use a key."""

    BINDINGS = bind("rotate_now", "rotate_to", "secrets")
    title_word = "Rotate"
    guide = (
        "The steps of the rotation, what speaks against it, and who uses the key with which version. "
        "FAIL refuses it. v chooses another version or another key of the same vault; a asks and "
        "begins. Who takes the version later is waited for, as far as Azure tells. A container group "
        "is deleted and made again: e says where its secrets are found. Keep the old version enabled "
        "until the last step's word."
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
        found = self._found
        group = (
            next((x for x in found.places if isinstance(x, GroupPlace)), None) if found else None
        )
        if group is not None:
            lost = "\n".join(f"- {one}" for one in LOST)
            text = f"{named}\n\nWhat goes for good:\n{lost}"
            question = f"Delete {group.group.name} and make it again?"
            answer = await self.app.push_screen_wait(TypedConfirm(question, text, group.group.name))
            return bool(answer)
        only_disks = found is not None and all(isinstance(x, SetPlace) for x in found.places)
        text = f"{named}\n\n{KEEP_DISKS if only_disks else KEEP}"
        answer = await self.app.push_screen_wait(Confirm(f"Rotate {self._named}?", text))
        return bool(answer)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        if action == "rotate_now":
            return self.ready or None
        if action == "rotate_to":
            return self._found is not None or None
        if action == "secrets":
            return bool(self._holes())
        return super().check_action(action, parameters)

    def action_rotate_now(self) -> None:
        self.begin()

    def action_rotate_to(self) -> None:
        self._choose()

    def _holes(self) -> tuple[Hole, ...]:
        """Secrets that a group needs to be made again."""
        places = self._found.places if self._found is not None else ()
        return tuple(hole for x in places if isinstance(x, GroupPlace) for hole in x.holes)

    def action_secrets(self) -> None:
        self._secrets()

    @work(group="ask", exclusive=True, description="secrets")
    async def _secrets(self) -> None:
        """Ask where each secret is found; never for its value."""
        sources = dict(self._wish.secrets)
        for hole in self._holes():
            prompt = Prompt(f"{hole.name} is found at", value=hole.source, rule=_source)
            said = await self.app.push_screen_wait(prompt)
            if not said:
                break
            sources[hole.name] = said
        self._wish = msgspec.structs.replace(self._wish, secrets=sources)
        self.action_again()

    @work(group="ask", exclusive=True, description="choose")
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
            wish = next(wish for row, wish in offered if row.key == chosen)
            self._wish = msgspec.structs.replace(wish, secrets=self._wish.secrets)
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


def _source(text: str) -> str:
    """The rule of where a secret is found."""
    good = text.startswith(("env:", "file:")) and not text.endswith(":")
    return "" if good else "env:NAME or file:PATH, for example file:~/token"


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
    return Line("", "Another tool might undo it", unknown_tool(NOUNS[found.places[0].kind]))


def _used(one: Keyed) -> browse.Named:
    """Vault, key and version of its key; empty for a cluster, which names a set."""
    return browse.Named() if one.kind == "cluster" else browse.named(one.key)


KEYED = (
    Column("What", 19),
    Column("Name"),
    Column("Region", 11),
    Column("Moves", 10),
    Column("Key", prose=True),
)


class RotateStart(BrowsePage):
    """What is to go to another version?"""

    BINDINGS = bind("delete_this")
    title_word = "Rotate"
    topic = "key"
    guide = (
        "Everything that is encrypted with a key of yours. Enter shows what a rotation would do: its "
        "steps, what speaks against it, and who uses the key. Nothing is changed before a second "
        "question. Moves says how: is moved, by itself (the set follows the newest), by its set, "
        "made again (deleted and created), can't be. A key in Browse rotates every workspace and "
        "disk encryption set that uses it. D shows what deleting the selected one would do."
    )

    def where(self) -> str:
        return "Rotate"

    def listings(self) -> ComposeResult:
        yield Listing("What is to be rotated?", KEYED, id="keyed")

    def read(self, conn: Connection) -> None:
        self.listing("keyed").read(self._pages(conn))

    async def _pages(self, conn: Connection) -> Pages:
        ids = [one.id for one in self.subscriptions]
        if not ids:
            return
        async for page in pages(conn, ids):
            yield [self._row(conn, one) for one in page]

    def _row(self, conn: Connection, one: Keyed) -> Row:
        used = _used(one)
        key = f"{used.vault}/{used.key}" if used.key else f"set {one.key}"
        cells = (NOUNS[one.kind], one.name, one.location, one.how, key)
        page = portal.resource(conn.cloud, one.id, self.tenant)
        also = place(one.id, self.subscriptions)
        return Row(one.id, cells, one.id, one.raw, page, also, data=one)

    def opened(self, row: Row) -> None:
        one: Keyed = row.data
        self.app.push_screen(RotatePage(one.id, one.name))

    def action_delete_this(self) -> None:
        from screens.delete import DeletePage

        if self.row is not None:
            one: Keyed = self.row.data
            self.app.push_screen(DeletePage(one.id, one.name, one.kind))

    def touched(self) -> tuple[str, str]:
        one: Keyed | None = self.row.data if self.row else None
        address = one is not None and one.key.startswith("https://")
        return (one.key, one.name) if one is not None and address else ("", "")

    def about(self, row: Row) -> str:
        one: Keyed = row.data
        used = _used(one)
        key = (
            f"key {used.vault}/{used.key}/{used.version or '??'}" if used.key else f"set {one.key}"
        )
        where = place(one.id, self.subscriptions)
        return f"{NOUNS[one.kind]} {one.name}: {key}. In {where}. Enter shows what would be done."

    def names(self, row: Row | None) -> Names:
        if row is None:
            return Names()
        one: Keyed = row.data
        used = _used(one)
        return Names(
            workspace=one.name,
            region=one.location,
            vault=used.vault or "your vault",
            key=used.key or "your key",
        )
