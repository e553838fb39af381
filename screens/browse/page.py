"""What all pages of Browse share: they read when somebody is signed in, and say what they know."""

from typing import ClassVar

from textual.app import ComposeResult
from textual.widgets import DataTable

from screens.base import Page
from screens.browse.listing import Listing
from screens.keys import bind
from screens.setup.page import explanation
from screens.widgets.explain import Explanation
from screens.widgets.status import Note
from screens.widgets.table import ListTable, Row
from services.azure.connection import Connection
from services.explain import Names
from services.model.resources import Subscription

WAITING = "Signing in. The list fills itself when that is done; w on Home shows how far it is."


class BrowsePage(Page[None]):
    """Lists and a note below them about the selected row.

    A page gives ``listings()``, ``read()``, ``opened()`` for enter, and ``about()``.
    """

    AUTO_FOCUS = "ListTable"
    BINDINGS = bind("again_list", "diagnose_this", "dependents")
    title_word = "Browse"
    again_key: ClassVar[str] = "r"
    """The key that reads everything again, as it is written."""
    topic: ClassVar[str] = "browse"
    """Topic of services.explain."""

    def __init__(self) -> None:
        super().__init__()
        self._read_with: Connection | None = None

    def body(self) -> ComposeResult:
        yield from self.listings()
        yield Note(WAITING, id="note")

    def listings(self) -> ComposeResult:
        """The lists, from top to bottom."""
        yield from ()

    def read(self, conn: Connection) -> None:
        """Read everything there is to read here."""

    def opened(self, row: Row) -> None:
        """Enter on a row."""

    def about(self, row: Row) -> str:
        """What is worth saying about a row below the lists."""
        return ""

    def names(self, row: Row | None) -> Names:
        """The user's own names for the explanation."""
        return Names()

    def meant(self) -> str:
        """The id of what ``d`` diagnoses; empty where nothing is selected that could be."""
        row = self.row
        return row.id if row is not None else ""

    def touched(self) -> tuple[str, str]:
        """Id or address, and name, of the vault or key whose dependents ``b`` shows; else empty."""
        return "", ""

    # -- the frame's own work

    def on_mount(self) -> None:
        self.session_changed()

    def session_changed(self) -> None:
        session = self.shell.session
        if session.connection is None or session.stage != "ready":
            error = session.error
            self.say(f"{error.what} {error.means} {error.do}" if error else WAITING)
        elif session.connection is not self._read_with:
            self._read_with = session.connection
            self.say("")
            self.read(session.connection)

    def action_again(self) -> None:
        if self._read_with is not None:
            self.read(self._read_with)
        else:
            self.shell.say("Nobody is signed in yet.")

    def action_diagnose_this(self) -> None:
        from screens.diagnose.asked import seek

        if id := self.meant():
            seek(self, id)
        else:
            self.shell.say("Select a workspace, a vault or a key: d diagnoses what depends on it.")

    def action_dependents(self) -> None:
        from screens.dependents import Dependents

        asked, name = self.touched()
        if asked:
            self.app.push_screen(Dependents(asked, name))
        else:
            self.shell.say("Select a vault, a key or a workspace: b shows who depends on it.")

    @property
    def row(self) -> Row | None:
        """The selected row of the list that has the focus, else of the first."""
        table = self.focused if isinstance(self.focused, ListTable) else self.query(ListTable)[0]
        return table.current

    def say(self, text: str) -> None:
        """Say something below the lists."""
        self.query_one(Note).say(text)

    def listing(self, id: str) -> Listing:
        """A list of this page."""
        return self.query_one(f"#{id}", Listing)

    @property
    def tenant(self) -> str:
        """The tenant of whoever is signed in."""
        conn = self._read_with
        return conn.caller.tenant_id if conn and conn.caller else ""

    @property
    def subscriptions(self) -> tuple[Subscription, ...]:
        """What the session can see."""
        return self.shell.session.subscriptions

    def explain(self) -> Explanation | None:
        return explanation(self.topic, self.names(self.row if self.is_mounted else None))

    def on_data_table_row_selected(self, event: DataTable.RowSelected) -> None:
        table = event.data_table
        row = table.current if isinstance(table, ListTable) else None
        if row is not None:
            self.opened(row)

    def on_data_table_row_highlighted(self, event: DataTable.RowHighlighted) -> None:
        if event.data_table.has_focus:
            self._tell()

    def on_descendant_focus(self) -> None:
        super().on_descendant_focus()
        self._tell()

    def _tell(self) -> None:
        row = self.row
        if row is not None:
            self.say(self.about(row))
        self.refresh_explanation()
