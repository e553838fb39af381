"""The tabs of the review, in one line with their counts."""

from typing import NamedTuple

from textual.app import RenderResult
from textual.content import Content
from textual.widget import Widget


class Tab(NamedTuple):
    """One tab."""

    id: str
    title: str


class TabLine(Widget):
    """Names of the tabs with a word about each; the chosen one stands in brackets."""

    DEFAULT_CSS = "TabLine { height: 1; }"

    def __init__(self, tabs: tuple[Tab, ...]) -> None:
        super().__init__(id="tabs")
        self._tabs = tabs
        self._chosen = tabs[0].id
        self._words: dict[str, str] = {}

    def show(self, words: dict[str, str]) -> None:
        """Say something about tabs."""
        self._words.update(words)
        self.refresh()

    def choose(self, id: str) -> None:
        """Mark this tab."""
        self._chosen = id
        self.refresh()

    def render(self) -> RenderResult:
        parts: list[str | tuple[str, str]] = [" "]
        for tab in self._tabs:
            text = f"{tab.title} {self._words.get(tab.id, '')}".rstrip()
            chosen = tab.id == self._chosen
            parts.append((f"[{text}]", "bold $text-accent") if chosen else f" {text} ")
            parts.append("  ")
        return Content.assemble(*parts)
