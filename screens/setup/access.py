"""Access: who will get what on the key, and why."""

from textual.app import ComposeResult

from screens.keys import bind
from screens.setup.kinds import page_of
from screens.setup.page import SetupPage
from screens.widgets.form import Choice, Form, Go
from screens.widgets.inspect import TextView
from screens.widgets.picker import Picker
from screens.widgets.prompt import Prompt
from screens.widgets.status import Note, TitleLine
from screens.widgets.table import Column, ListTable, Row
from services import names
from services.azure import identities
from services.checks.reading import read
from services.model.intent import Create, Kind
from services.setup.access import AccessLine, access_lines
from services.setup.dependencies import dependencies_of
from services.setup.draft import NOUNS, STEPS, identity_word
from services.setup.plan import build
from services.text import plain

COLUMNS = (
    Column("Who", 22),
    Column("Object id", 13),
    Column("State", status=True),
    Column("Gets", prose=True),
)
STATES = {
    "OK": "has it already",
    "NEW": "a step of the plan gives it",
    "??": "could not be read",
}
NEW, SYSTEM, NONE = "+", "system", "-"
LABELS: dict[Kind, str] = {
    "workspace": "Workspace identity",
    "container-group": "Identity of the group",
    "cluster": "Cluster identity",
}


class Lines(ListTable):
    """Down from its last row goes on to the rows below the list."""

    def action_cursor_down(self) -> None:
        if self.cursor_row >= self.row_count - 1:
            self.screen.query_one(Choice).focus()
        else:
            super().action_cursor_down()


class Access(SetupPage):
    """Everybody who gets something, with the object id of this tenant; the identity to use."""

    BINDINGS = bind("again_list")
    number = 4
    topic = "access"
    title_word = "Set up: access"
    guide = (
        "Each line is a principal, the object id it has in your tenant, and what it gets: OK has "
        "it already, NEW is given by a step of the plan, ?? could not be read. The identity "
        "of what is set up is chosen here, because a user-assigned one needs access too."
    )

    def question(self) -> ComposeResult:
        yield TitleLine("Who gets what", "reading")
        yield Lines(COLUMNS)
        with Form(id="access-form"):
            yield Choice(LABELS[self.draft.kind], id="identity")
            yield Go(f"Continue to the {STEPS[self.draft.kind].lower()}")
        yield Note("", id="note")

    def on_mount(self) -> None:
        self._show_identity()
        self.query_one(Go).focus()
        self.action_again()

    def _show_identity(self) -> None:
        self.choice("identity").show(identity_word(self.draft.identity))

    def action_again(self) -> None:
        self.load(self._read)

    async def _read(self) -> None:
        intent = self.draft.intent()
        facts = await read(self.conn, intent, dependencies_of(intent).further)
        lines = access_lines(intent, facts, build(intent, facts))
        self.query_one(ListTable).load([_row(line) for line in lines])
        self.query_one(TitleLine).show(right=f"on {self.draft.vault_name}")
        self._say(lines[0])

    def _say(self, line: AccessLine) -> None:
        note = f" {line.note[0].upper()}{line.note[1:]}." if line.note else ""
        self.query_one(Note).say(f"{line.who}: {line.gets}, {line.why}.{note}")

    def on_data_table_row_highlighted(self) -> None:
        row = self.query_one(ListTable).current
        if row is not None and isinstance(row.data, AccessLine):
            self._say(row.data)

    def on_data_table_row_selected(self) -> None:
        row = self.query_one(ListTable).current
        if row is not None and isinstance(row.data, AccessLine):
            self.app.push_screen(TextView(row.data.who, in_full(row.data)))

    def on_choice_opened(self, event: Choice.Opened) -> None:
        self.load(self._pick)

    async def _pick(self) -> None:
        found = await identities.list_identities(self.conn, self.draft.subscription.id)
        rows = [
            *self._without(),
            Row(NEW, ("+ create a user-assigned identity", "", "the plan makes it")),
        ]
        region = self.draft.region
        rows += [
            Row(one.id, (one.name, one.location, ""), one.id, one.raw)
            for one in sorted(found, key=lambda one: (one.location != region, one.name))
        ]
        columns = (Column("Identity", 34), Column("Region", 12), Column(""))
        title = f"As whom does the {NOUNS[self.draft.kind]} work?"
        self.app.push_screen(Picker(title, columns, rows, chosen=self._chosen), self._identity)

    def _without(self) -> list[Row]:
        """What there is besides a user-assigned identity: a cluster needs one."""
        match self.draft.kind:
            case "workspace":
                return [Row(SYSTEM, ("system-assigned", "", "only for this workspace"))]
            case "container-group":
                cells = ("none: the service's own app", "", "first-party flow")
                return [Row(NONE, cells, data=self.draft.first_party_problem or None)]
            case "cluster":
                return []

    @property
    def _chosen(self) -> str:
        """Row of the identity that is chosen now."""
        wish = self.draft.identity
        return NEW if isinstance(wish, Create) else wish or NONE

    def _identity(self, chosen: str | None) -> None:
        if chosen == NEW:
            proposal = self.draft.proposed_identity()
            rule = lambda text: (names.problem("identity", text) or "") if text else ""  # noqa: E731
            self.app.push_screen(
                Prompt("Name of the identity", value=proposal, rule=rule), self._created
            )
        elif chosen == NONE:
            self.draft.choose_flow(first_party=True)
            self._changed()
        elif chosen:
            self._use(chosen)

    def _created(self, name: str | None) -> None:
        if name:
            self._use(Create(create=name))

    def _use(self, identity: str | Create) -> None:
        self.draft.identity = identity
        self._changed()

    def _changed(self) -> None:
        self._show_identity()
        self.action_again()

    def on_go_pressed(self) -> None:
        self.app.push_screen(page_of(self.draft))


def in_full(line: AccessLine) -> str:
    """Everything about one principal, as lines."""
    known = [
        ("Who", line.who),
        ("Object id", line.object_id or "not known yet"),
        ("Gets", line.gets),
        ("Why", line.why),
        ("State", STATES[line.state]),
        ("Note", line.note),
    ]
    return "\n".join(f"{name}: {plain(value)}" for name, value in known if value)


def _row(line: AccessLine) -> Row:
    shown = f"{line.object_id[:8]}…" if line.object_id else "not known yet"
    cells = (line.who, shown, line.state, line.gets)
    return Row(line.who, cells, line.object_id, data=line)
