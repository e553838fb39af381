"""Keys of a vault, and the versions of a key."""

import asyncio
from datetime import datetime

from textual import work
from textual.app import ComposeResult

from screens.base import Page
from screens.browse.listing import Listing, Pages, sentences
from screens.browse.page import BrowsePage
from screens.keys import bind
from screens.widgets.table import Column, Row
from services import browse, portal
from services.azure import keys
from services.azure.connection import Connection
from services.azure.errors import AzureError
from services.checks.fit import key_fit
from services.explain import Names
from services.model.resources import KeyVersion, Vault

COLUMNS = (
    Column("Name"),
    Column("State", 8),
    Column("Type", 7),
    Column("Bits", 4, right=True),
    Column("Expires", 10),
    Column("Fit", status=True),
    Column("Because", prose=True),
)
VERSIONS = (
    Column("Version"),
    Column("State", 8),
    Column("Created", 10),
    Column("Expires", 10),
    Column("Bits", 4, right=True),
    Column("Fit", status=True),
    Column("Because", prose=True),
)
AT_ONCE = 8
"""Keys read at the same time: Key Vault's lists tell neither type nor size."""


class Keys(BrowsePage):
    """The keys of a vault, each with its newest version."""

    BINDINGS = bind("rotate_this", "refresh")
    again_key = "^r"
    title_word = "Browse: keys"
    topic = "wrap"
    guide = (
        "The keys of the vault, each by its newest version. Fit says whether that version can "
        "encrypt a workspace. Enter shows all versions. Deleted keys are not listed here. r "
        "rotates the workspaces that use a key, b shows everything that depends on it."
    )

    def __init__(self, vault: Vault) -> None:
        super().__init__()
        self._vault = vault

    def where(self) -> str:
        return self._vault.name

    def listings(self) -> ComposeResult:
        yield Listing(f"Keys of {self._vault.name}", COLUMNS, id="keys")

    def read(self, conn: Connection) -> None:
        self.listing("keys").read(self._pages(conn), because=self._because)

    async def _pages(self, conn: Connection) -> Pages:
        self._vault = vault = await browse.open_vault(conn, self._vault.id)
        self.say(browse.vault_line(vault))
        listed = await keys.list_keys(conn, vault.uri)
        for start in range(0, len(listed), AT_ONCE):
            some = listed[start : start + AT_ONCE]
            yield await asyncio.gather(*(self._row(conn, key.current, key.name) for key in some))

    async def _row(self, conn: Connection, listed: KeyVersion, name: str) -> Row:
        version, why = await _read(conn, self._vault, name, "", listed)
        cells = (
            name,
            browse.key_state(version, conn.now(self._vault.uri)),
            version.type or "??",
            str(version.bits or "??"),
            _day(version.expires, "never"),
            *_fit(version, why, conn.now(self._vault.uri)),
        )
        return _row(conn, name, cells, version, self._vault)

    def _because(self, error: AzureError) -> str:
        return browse.key_refusal(error, self._vault) or sentences(error)

    def opened(self, row: Row) -> None:
        self.app.push_screen(Versions(self._vault, row.key))

    def touched(self) -> tuple[str, str]:
        row = self.row
        return (f"{self._vault.uri}/keys/{row.key}", row.key) if row else ("", "")

    def action_rotate_this(self) -> None:
        rotate(self, *self.touched())

    def about(self, row: Row) -> str:
        return f"{row.cells[0]}: {_about(row.data)} {browse.vault_line(self._vault)}"

    def names(self, row: Row | None) -> Names:
        return _names(self._vault, row.key if row else "your key")


class Versions(BrowsePage):
    """Every version of a key, newest first."""

    BINDINGS = bind("rotate_this", "refresh")
    again_key = "^r"
    title_word = "Browse: versions"
    topic = "key"
    guide = (
        "Every version of the key, newest first. A service keeps using the version it was set "
        "up with until it is told another one. y sends the full identifier. r rotates the "
        "workspaces that use the key, b shows who depends on this version."
    )

    def __init__(self, vault: Vault, name: str) -> None:
        super().__init__()
        self._vault, self._key = vault, name
        self._rotation = ""

    def where(self) -> str:
        return f"{self._vault.name} > {self._key}"

    def listings(self) -> ComposeResult:
        yield Listing(f"Versions of {self._key}, newest first", VERSIONS, id="versions")

    def read(self, conn: Connection) -> None:
        self.listing("versions").read(self._pages(conn), because=self._because)
        self._policy(conn)

    async def _pages(self, conn: Connection) -> Pages:
        listed = await keys.list_versions(conn, self._vault.uri, self._key)
        if not listed:
            raise browse.gone(self._key, "key")
        for start in range(0, len(listed), AT_ONCE):
            some = listed[start : start + AT_ONCE]
            yield await asyncio.gather(*(self._row(conn, one) for one in some))

    async def _row(self, conn: Connection, listed: KeyVersion) -> Row:
        version, why = await _read(conn, self._vault, self._key, listed.version, listed)
        cells = (
            version.version,
            browse.key_state(version, conn.now(self._vault.uri)),
            _day(version.created, "??"),
            _day(version.expires, "never"),
            str(version.bits or "??"),
            *_fit(version, why, conn.now(self._vault.uri)),
        )
        return _row(conn, version.version, cells, version, self._vault)

    @work(group="policy", exclusive=True, description="rotation")
    async def _policy(self, conn: Connection) -> None:
        try:
            policy = await keys.get_rotation_policy(conn, self._vault.uri, self._key)
            self._rotation = browse.rotation_line(policy)
        except AzureError as error:
            self._rotation = f"Rotation: ?? ({error.what} {error.means})"
        self._tell()

    def _because(self, error: AzureError) -> str:
        return browse.key_refusal(error, self._vault) or sentences(error)

    def about(self, row: Row) -> str:
        return f"{_about(row.data)} {self._rotation}"

    def touched(self) -> tuple[str, str]:
        row = self.row
        name = f"{self._key} {row.key[:8]}…" if row else ""
        return (row.id, name) if row else ("", "")

    def action_rotate_this(self) -> None:
        rotate(self, f"{self._vault.uri}/keys/{self._key}", self._key)

    def opened(self, row: Row) -> None:
        self.shell.say("A version holds nothing more: i shows its JSON, y sends its identifier.")

    def names(self, row: Row | None) -> Names:
        return _names(self._vault, self._key)


def rotate(page: Page[None], key: str, name: str) -> None:
    """Rotate every workspace that uses the key; where none is selected, say so."""
    from screens.rotate import RotatePage

    if key:
        page.app.push_screen(RotatePage(key, name))
    else:
        page.shell.say("Select a key: r rotates the workspaces that use it.")


async def _read(
    conn: Connection, vault: Vault, name: str, version: str, listed: KeyVersion
) -> tuple[KeyVersion, str]:
    """A version with type and bits; where it can't be read, as it was listed, and why."""
    try:
        found = await keys.get_key(conn, vault.uri, name, version)
    except AzureError as error:
        return listed, f"{error.what} {error.means}"
    return (found, "") if found else (listed, "deleted since the list was read")


def _fit(version: KeyVersion, why: str, now: datetime) -> tuple[str, str]:
    if why:
        return "??", why
    fit = key_fit(version, now)
    return fit.word.upper(), fit.because


def _row(
    conn: Connection, key: str, cells: tuple[str, ...], version: KeyVersion, vault: Vault
) -> Row:
    page = portal.key(conn.cloud, version.id, vault.tenant_id)
    also = " ".join(f"{name}={value}" for name, value in version.tags.items())
    return Row(key, cells, version.id, version.raw, page, also, data=version)


def _about(version: KeyVersion) -> str:
    told = [f"version {version.version or '??'}"]
    if version.not_before:
        told.append(f"active from {version.not_before:%Y-%m-%d}")
    told.append(f"may {', '.join(version.ops)}" if version.ops else "operations ??")
    told += [f"{name}={value}" for name, value in version.tags.items()]
    return f"{'; '.join(told)}."


def _day(when: datetime | None, none: str) -> str:
    return f"{when:%Y-%m-%d}" if when else none


def _names(vault: Vault, key: str) -> Names:
    return Names(vault=vault.name, key=key, retention_days=vault.retention_days)
