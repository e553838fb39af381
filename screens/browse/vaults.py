"""Vaults of all subscriptions, the soft-deleted ones too."""

from textual.app import ComposeResult

from screens.base import Page
from screens.browse.listing import Listing
from screens.browse.page import BrowsePage
from screens.browse.rows import VAULTS, deleted_pages, place, vault_pages
from screens.widgets.table import Row
from services import browse
from services.azure.connection import Connection
from services.explain import Names
from services.model.resources import DeletedVault, Subscription, Vault


class Vaults(BrowsePage):
    """Every vault the signed-in person can see."""

    title_word = "Browse: vaults"
    topic = "vault"
    guide = (
        "The vaults of all your subscriptions, soft-deleted ones too. Fit says how well one would "
        "hold the key of a workspace in its own region: OK, FIX (wrapkey can repair it), WARN, "
        "NO. / also finds the names of subscriptions and groups. Enter shows the keys."
    )

    def listings(self) -> ComposeResult:
        yield Listing("Vaults of all subscriptions", VAULTS, id="vaults")

    def read(self, conn: Connection) -> None:
        seen = self.subscriptions
        self.listing("vaults").read(vault_pages(conn, seen), *deleted_pages(conn, seen))

    def opened(self, row: Row) -> None:
        open_vault(self, row.data)

    def touched(self) -> tuple[str, str]:
        return vault_touched(self.row)

    def about(self, row: Row) -> str:
        return vault_about(row, self.subscriptions)

    def names(self, row: Row | None) -> Names:
        return vault_names(row)


def open_vault(page: Page[None], vault: Vault | DeletedVault) -> None:
    """Its keys; those of a deleted vault can't be read."""
    from screens.browse.keys import Keys

    if isinstance(vault, Vault):
        page.app.push_screen(Keys(vault))
    else:
        page.shell.say(
            f"{vault.name} is deleted: nobody can read its keys until it is recovered "
            f"(az keyvault recover --name {vault.name})."
        )


def vault_touched(row: Row | None) -> tuple[str, str]:
    """Id and name of the selected vault."""
    vault = row.data if row else None
    return (vault.id, vault.name) if isinstance(vault, Vault | DeletedVault) else ("", "")


def vault_about(row: Row, known: tuple[Subscription, ...]) -> str:
    """What counts about a vault, below the list; its reason in full."""
    vault: Vault | DeletedVault = row.data
    if isinstance(vault, Vault):
        because = f"{row.cells[4]}: {row.cells[5]}. " if row.cells[5] else ""
        return f"{because}{browse.vault_line(vault)} In {place(vault.id, known)}."
    until = f"{vault.purge_at:%Y-%m-%d}" if vault.purge_at else "a day Azure does not tell"
    purge = "nobody can purge it before" if vault.purge_protection else "it can be purged before"
    return f"{vault.name} is soft-deleted and can be recovered until {until}; {purge}."


def vault_names(row: Row | None) -> Names:
    """The selected vault for the explanation."""
    vault = row.data if row else None
    if isinstance(vault, Vault):
        return Names(vault=vault.name, region=vault.location, retention_days=vault.retention_days)
    return Names()
