"""A new vault: name, retention, access model, network."""

import msgspec
from textual import work
from textual.app import ComposeResult
from textual.timer import Timer

from screens.setup.page import SetupPage
from screens.widgets.form import Choice, FieldRow, Form, Go
from screens.widgets.picker import Picker
from screens.widgets.status import Note, TitleLine
from screens.widgets.table import Column, Row
from services import names
from services.azure import vaults
from services.azure.errors import AzureError
from services.model.intent import VaultIntent

PAUSE = 0.3
"""Seconds after the last letter before Azure is asked whether a name is free."""

OPTIONS = {
    "access": (
        ("rbac", "RBAC", "role assignments decide; Azure's default"),
        ("policies", "access policies", "a list kept in the vault decides; works at once"),
    ),
    "network": (
        ("public", "public", "every network; a right is still needed"),
        ("trusted-services", "trusted services", "closed but for services Azure trusts"),
    ),
    "sku": (
        ("standard", "standard", "keys in software"),
        ("premium", "premium", "also keys in hardware (RSA-HSM)"),
    ),
}

TITLES = {
    "access": "What decides who may use the keys?",
    "network": "From where can the vault be reached?",
    "sku": "Which pricing tier?",
}


class NewVault(SetupPage):
    """What the vault will be like; the plan makes it."""

    number = 2
    topic = "soft-delete"
    title_word = "Set up: new vault"
    guide = (
        "The name is checked while you type: its rule first, then whether it is free in all of "
        "Azure. Retention can't be changed later, and purge protection is always turned on."
    )

    def question(self) -> ComposeResult:
        wish, app = self.draft.new_vault, self.draft.first_party
        self._values: dict[str, str] = {
            "access": "policies" if app else wish.access if wish else "rbac",
            "network": "public" if app or not wish else wish.network,
            "sku": wish.sku if wish else "standard",
        }
        self._timer: Timer | None = None
        self._taken = ""
        days = str(wish.retention_days if wish else 90)
        yield TitleLine("A new vault", f"in {self.draft.group}, {self.draft.region}")
        with Form():
            yield FieldRow(
                "Name",
                wish.name if wish else self.draft.proposed_vault(),
                id="name",
                rule=lambda text: names.problem("vault", text) or self._clash(text),
            )
            yield FieldRow("Retention, days", days, id="days", rule=retention)
            for name, label in (
                ("access", "Access"),
                ("network", "Network"),
                ("sku", "Pricing tier"),
            ):
                yield Choice(label, *self._words(name), id=name)
            yield Go("Continue to the key")
        yield Note(
            "Purge protection is turned on and can't be turned off again: until the retention "
            "is over nobody can delete the vault or its keys for good.",
            id="note",
        )

    def on_mount(self) -> None:
        self.query_one(FieldRow).field.focus()
        self._check()

    def _words(self, name: str) -> tuple[str, str]:
        return next(
            (word, hint) for value, word, hint in OPTIONS[name] if value == self._values[name]
        )

    def _why_not(self, value: str) -> str | None:
        """Why the service's own app of a container group could not use such a vault."""
        reasons = {
            "rbac": "the service's own app is documented for access policies alone",
            "trusted-services": "the service's own app passes no firewall",
        }
        return reasons.get(value) if self.draft.first_party else None

    def _clash(self, text: str) -> str:
        return self._taken if self._taken.startswith(f"{text} ") else ""

    def on_field_row_changed(self, event: FieldRow.Changed) -> None:
        if event.row.id == "name":
            if self._timer is not None:
                self._timer.stop()
            self._timer = self.set_timer(PAUSE, self._check)

    def _check(self) -> None:
        name = self.query_one("#name", FieldRow).value
        if names.problem("vault", name) is None:
            self._ask(name)

    @work(group="name", exclusive=True, description="check a vault name")
    async def _ask(self, name: str) -> None:
        row = self.query_one("#name", FieldRow)
        try:
            answer = await vaults.check_name(self.conn, self.draft.subscription.id, name)
            deleted = (
                []
                if answer.available
                else await vaults.list_deleted(self.conn, self.draft.subscription.id)
            )
        except AzureError as error:
            row.say(f"Not checked whether it is free. {error.means}")
            return
        if answer.available:
            row.say(f"{name} is free.")
            return
        gone = next((one for one in deleted if one.name.lower() == name.lower()), None)
        until = f" until {gone.purge_at:%-d %b %Y}" if gone and gone.purge_at else ""
        why = f"taken by a soft-deleted vault{until}" if gone else "taken, perhaps by somebody else"
        self._taken = f"{name} is {why}; choose another name."
        if row.value == name:
            row.say(self._taken, bad=True)

    def on_choice_opened(self, event: Choice.Opened) -> None:
        name = event.choice.id or ""
        rows = [
            Row(value, (word, hint), data=self._why_not(value))
            for value, word, hint in OPTIONS[name]
        ]
        columns = (Column("", 18), Column("What it means", prose=True))

        def chosen(value: str | None) -> None:
            if value:
                self._values[name] = value
                self.choice(name).show(*self._words(name))

        self.app.push_screen(Picker(TITLES[name], columns, rows, chosen=self._values[name]), chosen)

    def on_go_pressed(self) -> None:
        bad = self.query_one(Form).first_problem()
        if bad is not None:
            bad.field.focus()
            return
        from screens.setup.new_key import NewKey

        wish = msgspec.convert(
            {
                "name": self.query_one("#name", FieldRow).value,
                "create": True,
                "retention_days": int(self.query_one("#days", FieldRow).value),
                **self._values,
            },
            VaultIntent,
        )
        self.draft.create_vault(wish)
        self.app.push_screen(NewKey(self.draft))


def retention(text: str) -> str:
    """The rule of the retention field."""
    if not text.isdecimal():
        return "Days, as a number from 7 to 90. Example: 90"
    return names.retention_problem(int(text)) or ""
