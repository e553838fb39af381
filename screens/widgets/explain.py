"""The explain pane: what something is, why it matters, what to do, with the user's own names."""

from dataclasses import dataclass

from textual.containers import Vertical, VerticalScroll
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


class ExplainPane(Vertical, can_focus=False):
    """On the right: beside the body where there is room for it, over it where there is not.

    A text that is longer than the pane is read with the key that opened it.
    """

    DEFAULT_CSS = """
    #explain-text { height: 1fr; scrollbar-size-vertical: 1; }
    #explain-foot { color: $text-muted; text-align: right; }
    """

    def __init__(self) -> None:
        self._text = VerticalScroll(Static(markup=False), id="explain-text", can_focus=False)
        self._foot = Static(markup=False, id="explain-foot")
        super().__init__(self._text, self._foot, id="explain")
        self._shown: Explanation | None = None
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
        self._text.scroll_home(animate=False)
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
        """Explain this, from its beginning."""
        if explanation != self._shown or explanation is None:
            self._shown = explanation
            self._text.query_one(Static).update(explained(explanation))
            self._text.scroll_home(animate=False)
        self.call_after_refresh(self._say_more)

    def read_on(self) -> bool:
        """The next page of a long text; False at its end."""
        if not self.is_open or self._text.scroll_offset.y >= self._text.max_scroll_y:
            return False
        self._text.scroll_page_down(animate=False)
        self.call_after_refresh(self._say_more)
        return True

    def _say_more(self) -> None:
        more = self._text.scroll_offset.y < self._text.max_scroll_y
        self._foot.update("x more" if more else "x closes")
