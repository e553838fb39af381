"""The tabs of the review, in one line with their counts."""

import re
from collections.abc import Sequence
from typing import NamedTuple

from rich.cells import cell_len
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
        texts = [f"{tab.title} {self._words.get(tab.id, '')}".rstrip() for tab in self._tabs]
        at = next(index for index, tab in enumerate(self._tabs) if tab.id == self._chosen)
        for tab, text in zip(self._tabs, fitted(texts, at, self.size.width), strict=True):
            chosen = tab.id == self._chosen
            parts.append((f"[{text}]", "bold $text-accent") if chosen else f" {text} ")
            parts.append("  ")
        return Content.assemble(*parts)


def fitted(texts: Sequence[str], chosen: int, width: int) -> tuple[str, ...]:
    """The texts of the tabs as they fit in one line, each with four columns around it.

    The longest one that is not chosen loses what stands last in it, a count with its word or a
    word; titles stay.
    """
    made = list(texts)
    while 1 + sum(cell_len(text) + 4 for text in made) > width:
        open_ = [at for at, text in enumerate(made) if at != chosen and " " in text]
        if not open_:
            break
        longest = max(open_, key=lambda at: len(made[at]))
        made[longest] = re.sub(r" (\d+ )?\S+$", "", made[longest])
    return tuple(made)
