"""What all pages of Set up share: the rail of steps, the draft, reading with a reason."""

from collections.abc import Awaitable, Callable
from typing import ClassVar

from textual import work
from textual.app import ComposeResult, RenderResult
from textual.content import Content
from textual.widget import Widget

from screens.base import Page
from screens.setup.rail import SideRail
from screens.widgets.explain import Explanation
from screens.widgets.form import Choice
from screens.widgets.status import Note, TitleLine
from services.azure.connection import Connection
from services.azure.errors import AzureError
from services.explain import Names, explain
from services.model.intent import Kind
from services.setup.draft import STEPS, Draft

BEFORE, AFTER = ("Where", "Vault", "Key", "Access"), ("Review",)
"""The steps around the one that is named after what is set up."""


class Rail(Widget):
    """The six steps: those behind are OK, the one we are at is in capitals."""

    DEFAULT_CSS = "Rail { height: 2; border-bottom: solid $rule; }"

    def __init__(self, number: int, kind: Kind = "workspace") -> None:
        super().__init__(id="rail")
        self._number, self._kind = number, kind

    def show(self, kind: Kind) -> None:
        """Name the fifth step after this."""
        self._kind = kind
        self.refresh()

    def render(self) -> RenderResult:
        parts: list[str | tuple[str, str]] = [" Set up  "]
        for at, name in enumerate((*BEFORE, STEPS[self._kind], *AFTER), 1):
            if at < self._number:
                parts += [f" {at} {name} ", ("OK ", "$text-success")]
            elif at == self._number:
                parts.append((f" {at} {name.upper()} ", "bold $text-accent"))
            else:
                parts.append((f" {at} {name} ", "$text-muted"))
        text = Content.assemble(*parts)
        if text.cell_length > self.size.width:
            text = Content.assemble(*parts[1:])
        return text


class SetupPage(Page[None]):
    """One page. ``question()`` gives its widgets; ``self.draft`` is shared by all pages."""

    number: ClassVar[int] = 1
    topic: ClassVar[str] = "where"
    """Topic of services.explain that the page explains."""
    title_word = "Set up"

    def __init__(self, draft: Draft) -> None:
        super().__init__()
        self.draft = draft

    def body(self) -> ComposeResult:
        yield Rail(self.number, self.draft.kind)
        yield SideRail(self.number, self.draft)
        yield from self.question()

    def question(self) -> ComposeResult:
        """The widgets below the rail."""
        yield from ()

    def where(self) -> str:
        return f"{self.draft.subscription.name} > {self.draft.region or 'no region yet'}"

    @property
    def conn(self) -> Connection:
        """The connection; pages exist only while somebody is signed in."""
        return self.shell.session.live

    def names(self) -> Names:
        """The user's own names for the explanations."""
        draft = self.draft
        vault = draft.vault
        retention = draft.new_vault.retention_days if draft.new_vault else 90
        return Names(
            vault=draft.vault_name or "your vault",
            key=draft.key_name or "your key",
            workspace=draft.name,
            kind=draft.kind,
            group=draft.group,
            region=draft.region or "its region",
            retention_days=vault.retention_days if vault else retention,
        )

    def explain(self) -> Explanation | None:
        return explanation(self.topic, self.names())

    @work(group="load", exclusive=True, description="read from Azure")
    async def load(self, read: Callable[[], Awaitable[None]]) -> None:
        """Read something in the background; what fails is said on the page, ``r`` retries."""
        try:
            await read()
        except AzureError as error:
            self.failed(error)

    def failed(self, error: AzureError) -> None:
        """Say what happened, what it means and what to do."""
        self.query_one(TitleLine).show(right="not read")
        self.query_one(Note).say(f"{error.what} {error.means} {error.do} r tries again.")

    def choice(self, id: str) -> Choice:
        """A choice of this page."""
        return self.query_one(f"#{id}", Choice)


def explanation(topic: str, names: Names) -> Explanation:
    """A topic of services.explain for the explain pane."""
    found = explain(topic, names)
    return Explanation(found.title, "\n\n".join(found.paragraphs), source=found.source)
