"""Start a diagnosis anywhere: an id, an address, a name, an error, or one of the list."""

from textual import events
from textual.app import ComposeResult
from textual.message import Message
from textual.widgets import Input

from screens.browse.listing import Listing
from screens.browse.page import BrowsePage
from screens.diagnose.asked import answer, open_
from screens.diagnose.targets import TARGETS, target_about, target_names, target_pages
from screens.keys import bind
from screens.widgets.explain import Explanation
from screens.widgets.field import Field
from screens.widgets.status import TitleLine
from screens.widgets.table import ListTable, Row
from services.azure.connection import Connection
from services.diagnosis.target import Candidate
from services.explain import Names
from services.model.diagnosis import Target

HINT = "an id, a key's address, a name, or the error itself"
ABOUT = (
    "Paste whatever you have: the id of a workspace, a container group, a cluster or a disk "
    "encryption set, of its vault or of something in its managed group; a key's address; a name; the file of a bundle; or the error as az, the portal or Terraform "
    "printed it. Or choose from the list with down and enter. Nothing is changed here."
)


class AskField(Field):
    """One line to type; what is pasted may have many."""

    BINDINGS = bind("ask", "ask_list")

    class Pasted(Message):
        """Text of several lines, or longer than a line holds."""

        def __init__(self, text: str) -> None:
            super().__init__()
            self.text = text

    def _on_paste(self, event: events.Paste) -> None:
        text = event.text.strip()
        if "\n" in text or "\r" in text or len(text) > 500:
            event.prevent_default()
            event.stop()
            self.post_message(self.Pasted(text))

    def action_to_list(self) -> None:
        self.screen.query_one(ListTable).focus()


class Start(BrowsePage):
    """What does not work?"""

    AUTO_FOCUS = "AskField"
    title_word = "Diagnose"
    topic = "wrap"
    guide = (
        "Paste an ARM id, the address of a key or a vault, or a name, and press "
        "enter; names are searched over all your subscriptions. An error can be pasted as it is, "
        "with all its lines: it is explained, and what it names can be diagnosed. Down leads to "
        "what is encrypted with a key of your own: workspaces, container groups, disk encryption "
        "sets, and clusters by their sets. The file of a bundle shows what "
        "somebody else could read. Nothing is changed here."
    )

    def where(self) -> str:
        return "Diagnose"

    def listings(self) -> ComposeResult:
        yield TitleLine("What does not work?", "enter")
        yield AskField(placeholder=HINT, select_on_focus=False)
        yield Listing("Encrypted with a key of yours", TARGETS, id="targets")

    def read(self, conn: Connection) -> None:
        self.listing("targets").read(target_pages(conn, self.subscriptions))
        self._tell()

    def opened(self, row: Row) -> None:
        one: Candidate = row.data
        open_(self, Target(id=one.id, name=one.name, kind=one.kind))

    def on_input_submitted(self, event: Input.Submitted) -> None:
        if isinstance(event.input, AskField):
            answer(self, event.value)

    def on_ask_field_pasted(self, event: AskField.Pasted) -> None:
        answer(self, event.text)

    def leave_field(self) -> None:
        self.query_one(ListTable).focus()

    def about(self, row: Row) -> str:
        if isinstance(self.focused, AskField):
            return ABOUT
        return f"{target_about(row.data, self.subscriptions)} Enter diagnoses it."

    def _tell(self) -> None:
        if isinstance(self.focused, AskField):
            self.say(ABOUT)
            self.refresh_explanation()
        else:
            super()._tell()

    def names(self, row: Row | None) -> Names:
        return target_names(row.data if row else None)

    def explain(self) -> Explanation | None:
        return super().explain()
