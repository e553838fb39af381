"""One deployment: what it tells about itself above, its parts below, and what can be done with it."""

from abc import abstractmethod
from collections.abc import Sequence
from textwrap import wrap
from typing import ClassVar

from textual import events
from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.content import Content
from textual.widgets import Static

from screens.browse.listing import Listing
from screens.browse.page import BrowsePage
from screens.keys import bind
from screens.widgets.table import Column
from services.browse import Fact
from services.model.diagnosis import Target
from services.text import plain

COLUMNS = (
    Column("", status=True),
    Column("What", 11),
    Column("Name", 18),
    Column("State", 9),
    Column("Says about its key", prose=True),
)
LABEL = 15
"""Columns of a fact's label."""


class Detail(BrowsePage):
    """Facts, parts, and keys that lead to a rotation, a delete, a diagnosis and exports.

    A page gives ``target``, ``facts()``, ``read()`` and ``parts``, the title of its list.
    """

    BINDINGS = bind("rotate_this", "delete_this", "exports", "refresh")
    again_key = "^r"
    parts: ClassVar[str]

    @property
    @abstractmethod
    def target(self) -> Target:
        """What this is about."""

    @abstractmethod
    def facts(self) -> Sequence[Fact]:
        """What it tells about itself, as label and value."""

    def where(self) -> str:
        return self.target.name

    def listings(self) -> ComposeResult:
        with VerticalScroll(id="facts", can_focus=False):
            yield Static(markup=False)
        yield Listing(self.parts, COLUMNS, id="parts")

    def on_mount(self) -> None:
        self.show_facts()
        super().on_mount()

    def on_resize(self, event: events.Resize) -> None:
        super().on_resize(event)
        self.call_after_refresh(self.show_facts)

    def show_facts(self) -> None:
        """The facts, longer ones going on below where they began."""
        shown = self.query_one("#facts Static", Static)
        room = max(20, (shown.size.width or self.app.size.width) - LABEL - 2)
        parts: list[str | tuple[str, str]] = []
        for label, value in self.facts():
            told = wrap(plain(value), room, break_on_hyphens=False) or [""]
            parts.append((f" {label:<{LABEL}}", "$text-muted"))
            parts.append(f"\n{'':<{LABEL + 1}}".join(told) + "\n")
        shown.update(Content.assemble(*parts).rstrip())

    def meant(self) -> str:
        return self.target.id

    def action_rotate_this(self) -> None:
        from screens.rotate import RotatePage

        self.app.push_screen(RotatePage(self.target.id, self.target.name))

    def action_delete_this(self) -> None:
        from screens.delete import DeletePage

        self.app.push_screen(DeletePage(self.target.id, self.target.name, self.target.kind))

    def action_exports(self) -> None:
        from screens.exports import open_exports

        open_exports(self, self.target)
