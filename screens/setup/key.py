"""Key: which one encrypts the workspace."""

import asyncio
from dataclasses import replace
from datetime import datetime

import msgspec
from textual.app import ComposeResult
from textual.widgets import DataTable

from screens.keys import bind
from screens.setup.new_key import NewKey
from screens.setup.page import SetupPage
from screens.widgets.prompt import Prompt
from screens.widgets.status import Note, TitleLine
from screens.widgets.table import Column, ListTable, Row
from services import names
from services.azure import keys
from services.azure.errors import AzureError, ErrorKind
from services.checks.fit import Fit, key_fit
from services.explain import Names
from services.ids import KeyId
from services.model.resources import Key, KeyVersion
from services.setup.draft import NOUNS

COLUMNS = (
    Column("Name"),
    Column("Version", 9),
    Column("Type", 7),
    Column("Bits", 4, right=True),
    Column("Expires", 11),
    Column("Fit", status=True),
    Column("Because", prose=True),
)
VERSIONS = (
    Column("Version"),
    Column("Created", 16),
    Column("Expires", 11),
    Column("Fit", status=True),
    Column("Because", prose=True),
)
WHY = (
    "Why: the services wrap their data keys with this key. It must be RSA, enabled, valid now, "
    "and allow wrapKey and unwrapKey. The version chosen here is the one that is used."
)
CREATE, BY_NAME = "+", "="
AT_ONCE = 8
"""Keys read at the same time."""


class ChooseKey(SetupPage):
    """The keys of the vault with their current version; ``v`` shows all versions."""

    BINDINGS = bind("create", "versions", "again_list")
    number = 3
    topic = "key"
    title_word = "Set up: key"
    guide = (
        "The keys of the vault, each with its newest version and how it fits. Enter chooses, v "
        "lists the versions of the selected key, c makes a new key."
    )

    def question(self) -> ComposeResult:
        self._counted = False
        """Whether the keys could be listed."""
        yield TitleLine(f"Which key of {self.draft.vault_name}?", "reading")
        yield ListTable(COLUMNS)
        yield Note(WHY, id="note")

    def on_mount(self) -> None:
        self.query_one(ListTable).focus()
        self.action_again()

    def action_again(self) -> None:
        self.query_one(Note).say(WHY)
        self.load(self._read)

    @property
    def _uri(self) -> str:
        assert self.draft.vault is not None
        return self.draft.vault.uri

    async def _read(self) -> None:
        found = await keys.list_keys(self.conn, self._uri)
        limit = asyncio.Semaphore(AT_ONCE)
        now = self.conn.now(self._uri)
        rows = await asyncio.gather(*(self._row(key, limit, now) for key in found))
        self._counted = True
        self._load(list(rows))

    async def _row(self, key: Key, limit: asyncio.Semaphore, now: datetime) -> Row:
        """One key; what could not be read stays visible with the reason."""
        async with limit:
            try:
                version = await keys.get_key(self.conn, self._uri, key.name)
            except AzureError as error:
                cells = (key.name, "", "", "", "", "??", error.what)
                return Row(key.name, cells, key.id, key.raw)
        return key_row(key.name, version or key.current, now)

    def _load(self, rows: list[Row]) -> None:
        new = Row(CREATE, ("+ a new key", "", "", "", "", "", ""))
        named = Row(BY_NAME, ("= by its name", "", "", "", "", "", ""))
        self.query_one(ListTable).load([*rows, new, named])

    def failed(self, error: AzureError) -> None:
        self._counted = False
        self._load([])
        if error.kind is ErrorKind.FORBIDDEN:
            self.query_one(TitleLine).show(right="not listed")
            self.query_one(Note).say(
                f"You may not list the keys of {self.draft.vault_name}. {error.do} Or create a "
                "new key: the plan first gives you the right, where you may give it. Or name a "
                "key that exists."
            )
        else:
            super().failed(error)

    def on_list_table_counted(self, event: ListTable.Counted) -> None:
        if self._counted:
            count = sum(row.key not in (CREATE, BY_NAME) for row in event.table.rows_shown)
            noun = "key" if count == 1 else "keys"
            self.query_one(TitleLine).show(right=f"/ filter   {count} {noun}")

    def on_data_table_row_highlighted(self) -> None:
        self.refresh_explanation()
        row = self.query_one(ListTable).current
        word, because = row.cells[5:] if row else ("", "")
        if row is not None and because:
            text = because if word == "??" else f"{row.cells[0]}: {word}, {because}."
            self.query_one(Note).say(text)
        elif self._counted:
            self.query_one(Note).say(WHY)

    def on_data_table_row_selected(self, event: DataTable.RowSelected) -> None:
        row = self.query_one(ListTable).current
        if row is None:
            return
        if row.key == CREATE:
            self.action_create()
        elif row.key == BY_NAME:
            rule = lambda text: (names.problem("key", text) or "") if text else ""  # noqa: E731
            self.app.push_screen(Prompt("Name of the key", rule=rule), self._named)
        elif isinstance(row.data, tuple):
            self.choose(*row.data)

    def _named(self, name: str | None) -> None:
        if name:
            key = KeyVersion(id=f"{self._uri}/keys/{name}", version="")
            self.choose(name, key, Fit("ok", ""))

    def choose(self, name: str, version: KeyVersion, fit: Fit) -> None:
        """Go on with this version, or say why it can't serve."""
        if fit.word == "no":
            self.query_one(Note).say(
                f"{name} can't encrypt a {NOUNS[self.draft.kind]}: {fit.because}."
            )
            return
        from screens.setup.access import Access

        self.draft.choose_key(name, version)
        self.app.push_screen(Access(self.draft))

    def names(self) -> Names:
        """The selected key, before one is chosen."""
        row = self.query_one(ListTable).current
        named = isinstance(row.data, tuple) if row else False
        chosen = row.cells[0] if row and named else "your key"
        return msgspec.structs.replace(super().names(), key=chosen)

    def action_create(self) -> None:
        rows = self.query_one(ListTable).rows_shown if self._counted else ()
        taken = frozenset(row.cells[0] for row in rows if row.key not in (CREATE, BY_NAME))
        self.app.push_screen(NewKey(self.draft, taken))

    def action_versions(self) -> None:
        row = self.query_one(ListTable).current
        if row is not None and isinstance(row.data, tuple):
            self.app.push_screen(ChooseVersion(self, row.data[0]))


class ChooseVersion(SetupPage):
    """All versions of one key, newest first."""

    BINDINGS = bind("again_list")
    number = 3
    topic = "key"
    title_word = "Set up: key version"
    guide = "Every version of the key, newest first. Enter pins the one that is used."

    def __init__(self, parent: ChooseKey, name: str) -> None:
        super().__init__(parent.draft)
        self._keys, self._key = parent, name

    def question(self) -> ComposeResult:
        yield TitleLine(f"Which version of {self._key}?", "reading")
        yield ListTable(VERSIONS)
        yield Note("Services that were set up with an older version keep using it.", id="note")

    def on_mount(self) -> None:
        self.query_one(ListTable).focus()
        self.action_again()

    def action_again(self) -> None:
        self.load(self._read)

    async def _read(self) -> None:
        assert self.draft.vault is not None
        uri = self.draft.vault.uri
        found = await keys.list_versions(self.conn, uri, self._key)
        now = self.conn.now(uri)
        self.query_one(ListTable).load([_version(key_row(self._key, one, now)) for one in found])

    def on_list_table_counted(self, event: ListTable.Counted) -> None:
        self.query_one(TitleLine).show(
            right=f"{event.text} version{'' if event.text == '1' else 's'}"
        )

    def on_data_table_row_selected(self, event: DataTable.RowSelected) -> None:
        row = self.query_one(ListTable).current
        if row is not None and isinstance(row.data, tuple):
            self._keys.choose(*row.data)


def key_row(name: str, version: KeyVersion, now: datetime) -> Row:
    """A version as a row; what the lists of Key Vault do not tell stays empty."""
    fit = key_fit(version, now)
    expires = f"{version.expires:%Y-%m-%d}" if version.expires else "never"
    pinned = version.version or (KeyId.parse(version.id).version if version.id else "")
    cells = (
        name,
        f"{pinned[:8]}…" if pinned else "",
        version.type,
        str(version.bits) if version.bits else "",
        expires,
        fit.word.upper(),
        fit.because,
    )
    return Row(f"{name}/{pinned}", cells, version.id, version.raw, data=(name, version, fit))


def _version(row: Row) -> Row:
    """A version among the others of its key, which need no name but their age."""
    _, version, _ = row.data
    created = f"{version.created:%Y-%m-%d %H:%M}" if version.created else "??"
    cells = (row.key.rpartition("/")[2], created, *row.cells[4:])
    return replace(row, cells=cells)
