"""The explain pane: what something is, why it matters, what to do, with the user's own names."""

from dataclasses import dataclass

from textual.containers import VerticalScroll
from textual.content import Content
from textual.widgets import Static

from services.text import plain, plain_lines


@dataclass(frozen=True)
class Explanation:
    """Plain sentences; no markup, names may come from outside."""

    title: str
    what: str
    why: str = ""
    do: str = ""
    source: str = ""
    """Where the rule stands: the title of a document, or its address."""


def explained(explanation: Explanation | None) -> Content:
    """The text of the pane."""
    if explanation is None:
        return Content("There is nothing to explain here.")
    parts: list[str | tuple[str, str]] = [(plain(explanation.title), "bold")]
    for head, text in (
        ("", explanation.what),
        ("Why it matters", explanation.why),
        ("What to do", explanation.do),
        ("Source", explanation.source),
    ):
        if text:
            parts += ["\n\n", (f"{head}\n" if head else "", "$text-muted"), plain_lines(text)]
    return Content.assemble(*parts)


class ExplainPane(VerticalScroll, can_focus=False):
    """On the right: beside the body where there is room for it, over it where there is not."""

    def __init__(self) -> None:
        super().__init__(Static(markup=False), id="explain")
        self.by_itself = False
        """Opened because the terminal is wide, not because somebody asked."""
        self._wide = False
        self._closed = False
        """Somebody closed it where it opens by itself: it stays closed."""

    @property
    def is_open(self) -> bool:
        """Whether it can be seen."""
        return bool(self.display)

    def toggle(self) -> None:
        """Open or close it because somebody asked."""
        self.display = not self.display
        self.by_itself = False
        self._closed = self._wide and not self.display

    def place(self, *, wide: bool, explained: bool) -> None:
        """Open by itself on a wide terminal, and close again on a narrow one."""
        self._wide = wide
        if wide and explained and not self._closed and not self.display:
            self.display = self.by_itself = True
        elif self.by_itself and not wide:
            self.display = self.by_itself = False

    def show(self, explanation: Explanation | None) -> None:
        """Explain this."""
        self.query_one(Static).update(explained(explanation))
