"""Workspace: name, encryption mode, dependencies."""

from functools import partial
from typing import Any

import msgspec
from textual.app import ComposeResult

from screens.setup.modes import Modes
from screens.setup.page import SetupPage
from screens.setup.tags import tags_of, tags_rule
from screens.widgets.form import Choice, FieldRow, Form, Go
from screens.widgets.picker import Picker
from screens.widgets.prompt import Prompt
from screens.widgets.status import Note, TitleLine
from screens.widgets.table import Column, Row
from services import names
from services.azure import groups, resourcegraph
from services.ids import ArmId
from services.model.intent import Create
from services.setup.dependencies import TYPES
from services.text import plain

OPTIONS = {
    "encryption": (
        ("own-resources", "resources in your subscription", "the key can change"),
        ("service-side", "service-side", "cheaper; the key can't change"),
    ),
    "hbi": (
        ("no", "no", "usual diagnostics"),
        ("yes", "yes", "less diagnostics, scratch disks encrypted, for good"),
    ),
    "public_network": (
        ("yes", "yes", "reachable from every network with a right"),
        ("no", "no", "only by private endpoints; wrapkey makes none"),
    ),
}
NOUNS = {
    "storage": "storage account",
    "insights": "Application Insights",
    "secrets_vault": "vault for its secrets",
    "registry": "container registry",
}
NAMED, NEW = "+", "new"


class WorkspacePage(SetupPage):
    """Everything about the workspace itself."""

    number = 5
    topic = "workspace"
    title_word = "Set up: workspace"
    guide = (
        "Only the name is needed; each other row has a sound choice already. Encryption mode and "
        "high business impact can't be changed after the workspace is made. x compares the modes."
    )

    def question(self) -> ComposeResult:
        wish = self._wish = self.draft.workspace
        if wish.name == "mlw-ml":
            wish = self._wish = msgspec.structs.replace(wish, name=self.draft.proposed_name())
        yield TitleLine("The workspace", f"in {self.draft.group}")
        with Form():
            yield FieldRow("Name", wish.name, id="name", rule=_name)
            yield Choice("Encryption", id="encryption")
            yield Choice("High impact (hbi)", id="hbi")
            yield Choice("Public network", id="public_network")
            for field, noun in NOUNS.items():
                yield Choice(noun[0].upper() + noun[1:], id=field)
            yield FieldRow(
                "Description",
                wish.description,
                id="description",
                rule=_description,
                hint="none, or a few words",
            )
            shown = ", ".join(f"{name}={value}" for name, value in self.draft.tags.items())
            yield FieldRow(
                "Tags",
                shown,
                id="tags",
                rule=tags_rule("storage"),
                hint="none, or name=value, name=value",
            )
            yield Go("Continue to the review")
        yield Note("", id="note")

    def on_mount(self) -> None:
        self._show()
        self.query_one("#name", FieldRow).field.focus()

    def _values(self) -> dict[str, str]:
        wish = self._wish
        return {
            "encryption": wish.encryption,
            "hbi": "yes" if wish.hbi else "no",
            "public_network": "yes" if wish.public_network else "no",
        }

    def _show(self) -> None:
        for name, value in self._values().items():
            word, hint = next((word, hint) for key, word, hint in OPTIONS[name] if key == value)
            self.choice(name).show(word, hint)
        for field in NOUNS:
            self.choice(field).show(*_dependency(getattr(self._wish, field)))
        self.query_one(Note).say(_MODES[self._wish.encryption])
        self.refresh_explanation()

    def on_choice_opened(self, event: Choice.Opened) -> None:
        name = event.choice.id or ""
        if name == "encryption":
            self.app.push_screen(Modes(self._wish.encryption), self._mode)
        elif name in OPTIONS:
            self._pick(name)
        else:
            self.load(partial(self._pick_resource, name))

    def _mode(self, mode: str | None) -> None:
        if mode:
            self._change(encryption=mode)

    def _pick(self, name: str) -> None:
        rows = [Row(value, (word, hint)) for value, word, hint in OPTIONS[name]]
        columns = (Column("", 5), Column("What it means", prose=True))

        def chosen(value: str | None) -> None:
            if value:
                self._change(**{name: value == "yes"})

        title = _title(name)
        self.app.push_screen(Picker(title, columns, rows, chosen=self._values()[name]), chosen)

    def _change(self, **values: Any) -> None:
        self._wish = msgspec.structs.replace(self._wish, **values)
        self._show()

    async def _pick_resource(self, field: str) -> None:
        """New under wrapkey's name, new under yours, or one that exists."""
        kql = f"Resources | where type =~ '{TYPES[field]}' | project id, name, location"
        subscription = self.draft.subscription.id
        there = await groups.list_groups(self.conn, subscription)
        closed = {one.name.lower() for one in there if one.managed_by}
        found: list[dict[str, Any]] = []
        async for page in resourcegraph.query(self.conn, kql, [subscription]):
            found += page
        noun = NOUNS[field]
        rows = [Row("none", ("none", "", "can be added later"))] if field == "registry" else []
        rows.append(Row(NEW, (f"+ a new {noun}", "", "named after the workspace")))
        rows.append(Row(NAMED, ("+ new, under a name of yours", "", "you choose the name")))
        if field == "secrets_vault":
            rows.append(Row("same", ("the vault of the key", "", "secrets beside the key")))
        region = self.draft.region
        known = [_existing(one, region, closed) for one in found]
        rows += sorted(
            known, key=lambda row: (bool(row.data), row.cells[1] != region, row.cells[0])
        )
        columns = (Column("Name"), Column("Region", 14), Column("", 26))

        def chosen(value: str | None) -> None:
            if value == NAMED:
                self._name_resource(field)
            elif value:
                self._change(**{field: value})

        self.app.push_screen(Picker(f"Which {noun}?", columns, rows), chosen)

    def _name_resource(self, field: str) -> None:
        kind = "vault" if field == "secrets_vault" else field
        rule = lambda text: (names.problem(kind, text) or "") if text else ""  # noqa: E731

        def named(name: str | None) -> None:
            if name:
                self._change(**{field: Create(create=name)})

        self.app.push_screen(Prompt(f"Name of the {NOUNS[field]}", rule=rule), named)

    def on_go_pressed(self) -> None:
        bad = self.query_one(Form).first_problem()
        if bad is not None:
            bad.field.focus()
            return
        from screens.setup.review import Review

        row = {one.id or "": one for one in self.query(FieldRow)}
        self.draft.tags = tags_of(row["tags"].value)
        self.draft.workspace = msgspec.structs.replace(
            self._wish, name=row["name"].value, description=row["description"].value
        )
        self.app.push_screen(Review(self.draft))


_MODES = {
    "own-resources": "Azure makes a managed resource group with Cosmos DB, AI Search and Storage, "
    "encrypted with your key and billed to you.",
    "service-side": "Your data lies in Microsoft's shared resources, each document encrypted with "
    "your key. This mode can't rotate the key and can't be changed later.",
}


def _existing(one: dict[str, Any], region: str, closed: set[str]) -> Row:
    """A resource that is there; those of a managed group are closed to everybody else."""
    managed = ArmId.parse(str(one["id"])).group.lower() in closed
    word = "NO: of a managed group" if managed else "exists"
    if not managed and one["location"] != region:
        word = "exists, other region"
    cells = (plain(one["name"]), plain(one["location"]), word)
    reason = "it belongs to a managed group, which nobody else may change" if managed else None
    return Row(str(one["id"]), cells, raw=one, data=reason)


def _title(name: str) -> str:
    titles = {
        "hbi": "Does it hold data of high business impact?",
        "public_network": "May it be reached from public networks?",
    }
    return titles[name]


def _dependency(wish: str | Create) -> tuple[str, str]:
    if isinstance(wish, Create):
        return f"new: {wish.create}", ""
    words = {
        "new": ("new", "named after the workspace"),
        "none": ("none", ""),
        "same": ("the vault of the key", ""),
    }
    return words.get(wish) or (ArmId.parse(wish).name, "exists")


def _name(text: str) -> str:
    return names.problem("workspace", text) or ""


def _description(text: str) -> str:
    return names.problem("description", text) or ""
