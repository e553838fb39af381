"""The step rail on the left of a very wide terminal: what each step has settled so far.

Beside the explain pane a list still needs some 76 columns, so the rail waits for 150.
"""

from textual.app import RenderResult
from textual.content import Content
from textual.widget import Widget

from services.setup.draft import Draft, decided
from services.text import plain, shorten

WIDTH = 28


class SideRail(Widget):
    """The six steps with what was chosen, those ahead dimmed."""

    DEFAULT_CSS = f"""
    SideRail {{ dock: left; width: {WIDTH}; height: 1fr; display: none; padding: 1 1 0 1;
                border-right: solid $rule; }}
    """

    def __init__(self, number: int, draft: Draft | None = None) -> None:
        super().__init__()
        self._number, self._draft = number, draft

    def show(self, draft: Draft) -> None:
        """Show what this draft has settled now."""
        self._draft = draft
        self.refresh()

    def render(self) -> RenderResult:
        if self._draft is None:
            return Content("")
        room = max(4, self.content_size.width - 3)
        parts: list[str | tuple[str, str]] = []
        for at, (name, values) in enumerate(decided(self._draft), 1):
            style = "$text-muted" if at > self._number else "bold" if at == self._number else ""
            parts.append((f"{at} {name}\n", style))
            if at <= self._number:
                parts += [(f"   {shorten(plain(one), room)}\n", "$text-muted") for one in values]
            parts.append("\n")
        return Content.assemble(*parts)
