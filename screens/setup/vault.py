"""Vault: which one holds the key."""

import asyncio

import msgspec
from textual.app import ComposeResult
from textual.widgets import DataTable

from screens.keys import bind
from screens.setup.new_vault import NewVault
from screens.setup.page import SetupPage
from screens.widgets.status import Note, TitleLine
from screens.widgets.table import Column, ListTable, Row
from services.azure import resourcegraph, vaults
from services.azure.errors import AzureError
from services.checks.fit import Fit, deleted_fit, vault_fit
from services.explain import Names
from services.ids import ArmId
from services.model.resources import DeletedVault, Vault
from services.setup.draft import NOUNS

COLUMNS = (
    Column("Name"),
    Column("Group", 10),
    Column("Region", 11),
    Column("Access", 8),
    Column("Fit", status=True),
    Column("Because", prose=True),
)
WHY = (
    "Why: the key must live in the subscription of the {what}, and the vault must be "
    "purge-protected, or one delete could make every byte unreadable."
)
APP = (
    "Why: the service's own app is documented for vaults with access policies and without a "
    "firewall. An identity passes both; who unwraps is chosen on the page before."
)
CREATE = "+"
ORDER = {"ok": 0, "fix": 1, "warn": 2, "no": 3}


class ChooseVault(SetupPage):
    """Every vault of the subscription with its fit, soft-deleted ones too."""

    BINDINGS = bind("create", "again_list")
    number = 2
    topic = "vault"
    guide = (
        "Every vault of the subscription, with how it fits: OK serves, FIX can be repaired by a "
        "step of the plan, WARN serves with a caveat, NO can't serve. Enter chooses, c makes a "
        "new one, i shows the JSON."
    )

    def question(self) -> ComposeResult:
        yield TitleLine("Which vault holds the key?", "reading")
        yield ListTable(COLUMNS)
        yield Note(self._why, id="note")

    def on_mount(self) -> None:
        self.query_one(ListTable).focus()
        self.action_again()

    @property
    def _why(self) -> str:
        return APP if self.draft.first_party else WHY.format(what=NOUNS[self.draft.kind])

    def action_again(self) -> None:
        self.query_one(Note).say(self._why)
        self.load(self._read)

    async def _read(self) -> None:
        subscription = self.draft.subscription.id
        found: list[Vault] = []
        deleted, _ = await asyncio.gather(
            self._deleted(subscription), self._collect(subscription, found)
        )
        tenant = self.draft.subscription.tenant_id
        app = self.draft.first_party
        judged = [
            (vault_fit(one, self.draft.region, tenant, first_party=app), one) for one in found
        ]
        judged.sort(key=lambda pair: (ORDER[pair[0].word], pair[1].name.lower()))
        rows = [_row(one, fit) for fit, one in judged] + deleted
        new = Row(CREATE, ("+ a new vault", "", "", "", "", ""))
        self.query_one(ListTable).load([*rows, new])
        if self.draft.vault is not None:
            self.query_one(ListTable).select(self.draft.vault.id)

    async def _deleted(self, subscription: str) -> list[Row]:
        """The soft-deleted ones; when they can't be read, that alone is said."""
        try:
            found = await vaults.list_deleted(self.conn, subscription)
        except AzureError as error:
            why = f"{error.what} {error.means}"
            return [Row("deleted", ("soft-deleted ones", "", "", "", "??", why))]
        return [_deleted(one) for one in found]

    async def _collect(self, subscription: str, found: list[Vault]) -> None:
        async for page in resourcegraph.list_vaults(self.conn, [subscription]):
            found += page

    def on_list_table_counted(self, event: ListTable.Counted) -> None:
        self.query_one(TitleLine).show(right=f"/ filter   {event.text}")

    def on_data_table_row_selected(self, event: DataTable.RowSelected) -> None:
        row = self.query_one(ListTable).current
        if row is None:
            return
        if row.key == CREATE:
            self.action_create()
        elif isinstance(row.data, tuple):
            self._choose(*row.data)

    def _choose(self, vault: Vault | DeletedVault, fit: Fit) -> None:
        if fit.word == "no" or isinstance(vault, DeletedVault):
            self.query_one(Note).say(f"{vault.name} can't hold the key: {fit.because}.")
            return
        from screens.setup.key import ChooseKey

        self.draft.choose_vault(vault)
        self.app.push_screen(ChooseKey(self.draft))

    def on_data_table_row_highlighted(self, event: DataTable.RowHighlighted) -> None:
        row = self.query_one(ListTable).current
        self.refresh_explanation()
        word, because = row.cells[4:] if row else ("", "")
        fit = row.data[1] if row and isinstance(row.data, tuple) else None
        if row is None or not because:
            self.query_one(Note).say(self._why)
        elif fit is None:
            self.query_one(Note).say(because)
        else:
            repair = "; the review offers the repair" if fit.word == "fix" else ""
            text = f"{row.cells[0]}: {word}, {because}{repair}. {fit.irreversible}"
            self.query_one(Note).say(text.rstrip())

    def names(self) -> Names:
        """The selected vault, before one is chosen."""
        row = self.query_one(ListTable).current
        if row is None or not isinstance(row.data, tuple):
            return super().names()
        return msgspec.structs.replace(super().names(), vault=row.data[0].name, key="your key")

    def action_create(self) -> None:
        self.app.push_screen(NewVault(self.draft))


def _row(vault: Vault, fit: Fit) -> Row:
    group = ArmId.parse(vault.id).group
    access = "RBAC" if vault.rbac else "policies"
    cells = (vault.name, group, vault.location, access, fit.word.upper(), fit.because)
    return Row(vault.id, cells, vault.id, vault.raw, data=(vault, fit))


def _deleted(vault: DeletedVault) -> Row:
    fit = deleted_fit(vault)
    group = ArmId.parse(vault.id).group if vault.id else ""
    cells = (vault.name, group, vault.location, "", "NO", fit.because)
    return Row(f"deleted/{vault.name}", cells, vault.id, vault.raw, data=(vault, fit))
